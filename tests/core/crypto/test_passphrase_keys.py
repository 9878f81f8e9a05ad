"""Keys under a passphrase: a wrong one, a damaged file or a full disk is said clearly and changes nothing."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from legate_core.crypto.keys import note_name
from legate_core.crypto.keys.passphrase import PassphraseKeys
from legate_core.crypto.secret import Secret
from legate_core.errors import Damaged, Invalid, Locked, Unavailable

RIGHT = Secret("a few quiet words")
OTHER = Secret("some other words")


@pytest.fixture
def port(tmp_path: Path) -> PassphraseKeys:
    port = PassphraseKeys(tmp_path)
    port.unlock(RIGHT)
    port.put("bodies", b"k" * 32)
    return port


def reopened(port: PassphraseKeys, passphrase: Secret = RIGHT) -> PassphraseKeys:
    again = PassphraseKeys(port.path.parent)
    again.unlock(passphrase)
    return again


def edit(port: PassphraseKeys, **changes: Any) -> None:
    port.path.write_text(json.dumps(json.loads(port.path.read_text()) | changes))


def test_the_file_names_argon2id_at_the_floor_and_holds_no_key(port: PassphraseKeys) -> None:
    document = json.loads(port.path.read_text())
    assert re.fullmatch(r"\$argon2id\$v=19\$m=65536,t=3,p=4\$[A-Za-z0-9+/]{22}", document["kdf"])
    assert set(document["keys"]) == {"bodies"}
    assert b"k" * 32 not in port.path.read_bytes()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes; the folder's rights guard the file")
def test_the_file_is_its_owners(port: PassphraseKeys) -> None:
    assert port.path.stat().st_mode & 0o777 == 0o600


def test_a_wrong_passphrase_is_said_and_changes_nothing(port: PassphraseKeys) -> None:
    before = port.path.read_bytes()
    with pytest.raises(Locked, match="passphrase is wrong"):
        reopened(port, Secret("a few quiet word"))
    with pytest.raises(Locked, match="passphrase is wrong"):
        port.unlock(Secret("another few words"))
    assert port.get("bodies") == b"k" * 32
    assert port.path.read_bytes() == before


@pytest.mark.parametrize("nothing", [None, Secret("")])
def test_no_passphrase_is_no_passphrase(tmp_path: Path, nothing: Secret | None) -> None:
    with pytest.raises(Locked, match="Give the passphrase"):
        PassphraseKeys(tmp_path).unlock(nothing)
    assert list(tmp_path.iterdir()) == []


def test_a_short_passphrase_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="at least 8"):
        PassphraseKeys(tmp_path).unlock(Secret("seven77"))
    assert list(tmp_path.iterdir()) == []


def test_one_passphrase_typed_on_two_keyboards_is_one(tmp_path: Path) -> None:
    PassphraseKeys(tmp_path).unlock(Secret("caf\u00e9 au lait"))
    again = PassphraseKeys(tmp_path)
    again.unlock(Secret("cafe\u0301 au lait"))
    assert not again.is_locked


def test_a_new_passphrase_opens_everything_and_the_old_one_nothing(port: PassphraseKeys) -> None:
    port.put(note_name("ws_1"), b"a note")
    port.change_passphrase(RIGHT, OTHER)
    assert port.get("bodies") == b"k" * 32
    again = reopened(port, OTHER)
    assert (again.get("bodies"), again.get(note_name("ws_1"))) == (b"k" * 32, b"a note")
    with pytest.raises(Locked, match="wrong"):
        reopened(port)


@pytest.mark.parametrize(
    ("old", "new", "error"), [("not this one", "some other words", Locked), (None, "short", Invalid)]
)
def test_a_refused_change_of_passphrase_changes_nothing(
    port: PassphraseKeys, old: str | None, new: str, error: type[Exception]
) -> None:
    before = port.path.read_bytes()
    with pytest.raises(error):
        port.change_passphrase(Secret(old) if old else RIGHT, Secret(new))
    assert port.path.read_bytes() == before
    assert port.get("bodies") == b"k" * 32


SALT = "A" * 22


@pytest.mark.parametrize(
    ("kdf", "words"),
    [
        (f"$argon2id$v=19$m=65535,t=3,p=4${SALT}", "weaker"),
        (f"$argon2id$v=19$m=65536,t=2,p=4${SALT}", "weaker"),
        (f"$argon2id$v=19$m=65536,t=3,p=1${SALT}", "weaker"),
        (f"$argon2id$v=19$m=999999999,t=3,p=4${SALT}", "more work"),
        (f"$argon2id$v=19$m=65536,t=999999,p=4${SALT}", "more work"),
        (f"$argon2d$v=19$m=65536,t=3,p=4${SALT}", "no known"),
        (f"$argon2id$v=16$m=65536,t=3,p=4${SALT}", "no known"),
        ("", "no known"),
    ],
)
def test_a_file_that_asks_for_another_derivation_is_refused_before_any_work(
    port: PassphraseKeys, kdf: str, words: str
) -> None:
    edit(port, kdf=kdf)
    with pytest.raises(Damaged, match=words):
        reopened(port)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"format": "one"}', '{"format": 1, "kdf": "", "check": "", "keys": [], "notes": {}}',
     '{"format": 1, "kdf": "", "check": "", "keys": {"bodies": 3}, "notes": {}}'],
)  # fmt: skip
def test_a_damaged_file_is_said_to_be_damaged(port: PassphraseKeys, text: str) -> None:
    port.path.write_text(text)
    with pytest.raises(Damaged, match="are damaged"):
        reopened(port)


def test_a_file_of_a_newer_legate_is_left_alone(port: PassphraseKeys) -> None:
    edit(port, format=2)
    before = port.path.read_bytes()
    with pytest.raises(Damaged, match="newer Legate"):
        reopened(port)
    assert port.path.read_bytes() == before


def test_a_key_changed_or_moved_to_another_name_does_not_open(port: PassphraseKeys) -> None:
    port.put("device", b"d" * 32)
    keys = json.loads(port.path.read_text())["keys"]
    edit(port, keys={"bodies": keys["device"], "device": "AAAA"})
    for name in ("bodies", "device"):
        with pytest.raises(Damaged, match="was changed"):
            port.get(name)
    edit(port, keys={"bodies": "not base64!"})
    with pytest.raises(Damaged, match="base64"):
        port.get("bodies")


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(port: PassphraseKeys, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    before = port.path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(f"legate_core.crypto.keys.passphrase.os.{call}", full)
        with pytest.raises(Unavailable, match="No space left"):
            port.put("device", b"d" * 32)
    assert port.path.read_bytes() == before
    port.put("device", b"d" * 32)
    assert reopened(port).get("device") == b"d" * 32


def test_a_change_of_passphrase_can_be_taken_back_with_what_was_added_since(port: PassphraseKeys) -> None:
    take_back = port.change_passphrase(RIGHT, OTHER)
    port.put("device", b"d" * 32)
    take_back()
    again = reopened(port)
    assert (again.get("bodies"), again.get("device"), port.get("device")) == (b"k" * 32, b"d" * 32, b"d" * 32)
    with pytest.raises(Locked, match="passphrase is wrong"):
        reopened(port, OTHER)


def test_a_disk_that_fails_once_the_new_file_is_in_place_leaves_the_new_passphrase(
    port: PassphraseKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = os.fsync, iter([False, True])

    def failing(handle: int) -> None:
        if next(calls):
            raise OSError(5, "Input/output error")
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr("legate_core.crypto.keys.files.os.fsync", failing)
        with pytest.raises(Unavailable, match="were written, but"):
            port.change_passphrase(RIGHT, OTHER)
    assert port.get("bodies") == reopened(port, OTHER).get("bodies") == b"k" * 32


def test_what_a_crash_left_half_written_is_overwritten(port: PassphraseKeys) -> None:
    port.path.with_name("keys.json.new").write_text('{"format"')
    port.put("device", b"d" * 32)
    assert reopened(port).get("device") == b"d" * 32
    assert [path.name for path in port.path.parent.iterdir()] == ["keys.json"]


def test_too_little_memory_is_said(port: PassphraseKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    import argon2.exceptions
    import argon2.low_level

    def fail(**arguments: object) -> bytes:
        raise argon2.exceptions.HashingError("Memory allocation error")

    monkeypatch.setattr(argon2.low_level, "hash_secret_raw", fail)
    with pytest.raises(Unavailable, match="not enough memory"):
        port.unlock(RIGHT)
