"""What every place for keys keeps: it starts locked, keeps what it is given, and lets notes through."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from legate_core.crypto.keys import BODIES, DEVICE, KeyPort, get_or_make, key_port, master_name, note_name
from legate_core.crypto.keys.memory import MemoryKeys
from legate_core.crypto.keys.passphrase import PassphraseKeys
from legate_core.crypto.keys.system import SystemKeys
from legate_core.crypto.secret import Secret
from legate_core.errors import Damaged, Invalid, LegateError, Locked, Unavailable
from legate_core.settings import from_environment

PASSPHRASE = Secret("correct horse battery staple")


class DictKeyring:
    """A keyring of the operating system, as python-keyring shows it."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.values.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.values[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.values[service, username]


@pytest.fixture(params=["keyring", "passphrase", "memory"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], KeyPort]:
    """Opens the same place again, as the next process would; what is only in memory is gone by then."""
    backend = DictKeyring()
    match request.param:
        case "keyring":
            return lambda: SystemKeys(tmp_path, find=lambda: backend)
        case "passphrase":
            return lambda: PassphraseKeys(tmp_path)
        case _:
            return lambda: MemoryKeys(b"seed", is_throw_away=True)


@pytest.fixture
def port(reopen: Callable[[], KeyPort]) -> KeyPort:
    port = reopen()
    port.unlock(PASSPHRASE)
    return port


def test_a_place_starts_locked_and_says_how_to_go_on(reopen: Callable[[], KeyPort]) -> None:
    port = reopen()
    assert port.is_locked
    for act in (lambda: port.get(BODIES), lambda: port.put("example", b"x"), lambda: port.delete("example")):
        with pytest.raises(Locked, match="try again"):
            act()


def test_what_is_put_is_there_and_what_is_deleted_is_gone(port: KeyPort) -> None:
    assert port.get("example/1") is None
    port.put("example/1", b"\x00\xffone")
    port.put("example/2", b"")
    port.put("example/1", b"another")
    assert (port.get("example/1"), port.get("example/2")) == (b"another", b"")
    port.delete("example/1")
    port.delete("example/1")
    assert port.get("example/1") is None
    assert port.get("example/2") == b""


def test_lock_forgets_and_unlock_brings_back(port: KeyPort) -> None:
    port.put("example", b"value")
    port.lock()
    port.lock()
    assert port.is_locked
    with pytest.raises(Locked):
        port.get("example")
    port.unlock(PASSPHRASE)
    assert not port.is_locked
    assert port.get("example") == b"value"


def test_notes_are_public_and_pass_a_lock(port: KeyPort) -> None:
    port.lock()
    name = note_name("ws_1")
    assert port.get(name) is None
    port.put(name, "legate/ws_1\n4\n— ü\n".encode())
    assert port.get(name) == "legate/ws_1\n4\n— ü\n".encode()
    port.delete(name)
    assert port.get(name) is None
    assert port.is_locked


@pytest.mark.parametrize("name", [BODIES, DEVICE, master_name(1)])
def test_the_first_keys_are_made_once_and_found_by_the_next_process(
    reopen: Callable[[], KeyPort], port: KeyPort, name: str
) -> None:
    key = get_or_make(port, name, may_make=True)
    assert len(key) == 32
    again = reopen()
    again.unlock(PASSPHRASE)
    assert get_or_make(again, name, may_make=False) == key


def test_no_two_names_share_a_key(port: KeyPort) -> None:
    names = [BODIES, DEVICE, master_name(1), master_name(2)]
    assert len({get_or_make(port, name, may_make=True) for name in names}) == len(names)


def test_a_key_that_something_depends_on_is_never_made_anew(port: KeyPort) -> None:
    port.delete(BODIES)
    with pytest.raises(Damaged, match="missing"):
        get_or_make(port, BODIES, may_make=False)
    assert port.get(BODIES) is None


def test_a_key_of_another_length_is_refused(port: KeyPort) -> None:
    port.put(BODIES, b"short")
    with pytest.raises(Damaged, match="wrong length"):
        get_or_make(port, BODIES, may_make=True)


@pytest.mark.parametrize("name", ["", "Bodies", "a/b/c", "../x", "a b", "x" * 21, "checkpoint/" + "x" * 81, "ä"])
def test_a_name_that_some_keyring_could_not_hold_is_refused_by_all(port: KeyPort, name: str) -> None:
    for act in (lambda: port.get(name), lambda: port.put(name, b""), lambda: port.delete(name)):
        with pytest.raises(Invalid, match="cannot name a key"):
            act()


def test_a_place_that_loses_a_new_key_shows_before_anything_depends_on_it() -> None:
    class Sieve(MemoryKeys):
        def put(self, name: str, value: bytes) -> None:
            pass

    port = Sieve(b"seed", is_throw_away=True)
    port.unlock()
    with pytest.raises(Unavailable, match="did not keep"):
        get_or_make(port, "example", may_make=True)


def test_the_setting_names_the_place(tmp_path: Path) -> None:
    for name, kind in (("keyring", SystemKeys), ("passphrase", PassphraseKeys)):
        assert isinstance(key_port(from_environment({"LEGATE_KEYS": name}, tmp_path)), kind)
    with pytest.raises(LegateError, match="throw-away"):
        key_port(from_environment({"LEGATE_KEYS": "memory"}, tmp_path))
