"""The operating system's keyring: known back ends only, a canary first, and no hanging on a prompt."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Iterator
from pathlib import Path

import keyring.errors
import pytest

from legate_core.crypto.keys.system import SystemKeys, find_backend
from legate_core.errors import Damaged, Locked, Unavailable


class Ring:
    """A well-behaved keyring."""

    viable = True

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.values.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.values[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.values[service, username]


class Failing(Ring):
    """A keyring that raises."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (keyring.errors.KeyringLocked("no"), Locked, "Unlock it"),
        (keyring.errors.InitError("no bus"), Unavailable, "LEGATE_KEYS=passphrase"),
        (keyring.errors.PasswordSetError("no"), Unavailable, "LEGATE_KEYS=passphrase"),
        (OSError("bus"), Unavailable, "LEGATE_KEYS=passphrase"),
    ],
)
def test_a_keyring_that_fails_is_said_in_words(
    tmp_path: Path, error: BaseException, kind: type[Exception], words: str
) -> None:
    port = SystemKeys(tmp_path, find=lambda: Failing(error))
    with pytest.raises(kind, match=words):
        port.unlock()
    assert port.is_locked


def test_no_other_place_is_proposed_for_keys_that_lie_in_it(tmp_path: Path) -> None:
    def nowhere() -> Ring:
        raise Unavailable("This system has no keyring.", no_keyring=True)

    fresh, used = SystemKeys(tmp_path, find=nowhere), SystemKeys(tmp_path, holds_keys=True, find=nowhere)
    with pytest.raises(Unavailable, match="no keyring"):
        fresh.unlock()
    assert not (tmp_path / "keyring.id").exists()
    with pytest.raises(Unavailable, match="lie in this system's keyring") as caught:
        used.unlock()
    assert "LEGATE_KEYS" not in str(caught.value)
    assert caught.value.details == {"reason": "This system has no keyring."}


def test_a_keyring_that_loses_things_is_not_used(tmp_path: Path) -> None:
    class Forgetful(Ring):
        def get_password(self, service: str, username: str) -> str | None:
            return None

    with pytest.raises(Unavailable, match="did not give back"):
        SystemKeys(tmp_path, find=Forgetful).unlock()


def test_the_canary_does_not_stay(tmp_path: Path) -> None:
    ring = Ring()
    SystemKeys(tmp_path, find=lambda: ring).unlock()
    assert ring.values == {}


@pytest.fixture
def answer() -> Iterator[threading.Event]:
    """Set, it ends every prompt that is still open when the test is over."""
    event = threading.Event()
    yield event
    event.set()


class Prompting(Ring):
    """A locked Secret Service: nothing comes back until somebody answers a prompt."""

    def __init__(self, answer: threading.Event) -> None:
        super().__init__()
        self.answer = answer
        self.prompts = 0
        self.asked = threading.Event()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.prompts += 1
        self.asked.set()
        self.answer.wait()
        super().set_password(service, username, password)


def test_a_prompt_nobody_answers_is_a_lock_and_opens_no_second_prompt(tmp_path: Path, answer: threading.Event) -> None:
    ring = Prompting(answer)
    port = SystemKeys(tmp_path, find=lambda: ring, timeout_seconds=0.01)
    for _ in range(2):
        with pytest.raises(Locked, match="Answer its prompt"):
            port.unlock()
    assert ring.asked.wait(10)
    assert ring.prompts == 1
    assert port.is_locked


def test_once_the_prompt_is_answered_the_keys_are_there(tmp_path: Path, answer: threading.Event) -> None:
    ring = Prompting(answer)
    port = SystemKeys(tmp_path, find=lambda: ring, timeout_seconds=0.01)
    with pytest.raises(Locked, match="Answer its prompt"):
        port.unlock()
    answer.set()
    patient = SystemKeys(tmp_path, find=lambda: ring)
    patient.unlock()
    patient.put("bodies", b"key")
    assert patient.get("bodies") == b"key"


def test_two_folders_do_not_share_keys_and_one_that_was_moved_finds_its_own(tmp_path: Path) -> None:
    ring = Ring()
    ports = [SystemKeys(tmp_path / name, find=lambda: ring) for name in ("one", "two")]
    for number, port in enumerate(ports):
        port.unlock()
        port.put("bodies", bytes([number]))
    (tmp_path / "one").rename(tmp_path / "moved")
    moved = SystemKeys(tmp_path / "moved", find=lambda: ring)
    moved.unlock()
    assert (moved.get("bodies"), ports[1].get("bodies")) == (b"\x00", b"\x01")


@pytest.mark.parametrize("content", [b"", b"zz", b"\xff" * 16])
def test_a_damaged_folder_name_is_said_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "keyring.id").write_bytes(content)
    with pytest.raises((Damaged, Unavailable), match=r"keyring\.id"):
        SystemKeys(tmp_path, find=Ring).unlock()
    assert (tmp_path / "keyring.id").read_bytes() == content


def test_an_entry_that_somebody_edited_is_said_to_be_changed(tmp_path: Path) -> None:
    ring = Ring()
    port = SystemKeys(tmp_path, find=lambda: ring)
    port.unlock()
    port.put("bodies", b"key")
    ring.values = dict.fromkeys(ring.values, "not base64!")
    with pytest.raises(Damaged, match="was changed"):
        port.get("bodies")


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three modules with keyrings: one for another system, one that works, one that works as well."""

    class Foreign(Ring):
        viable = False

    for name, kind in (("foreign", Foreign), ("first", Ring), ("second", type("Second", (Ring,), {}))):
        module = types.ModuleType(f"fake_{name}")
        module.Keyring = kind  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.mark.usefixtures("modules")
def test_the_first_allowed_keyring_that_works_is_used() -> None:
    allowed = [("fake_absent", "Keyring"), ("fake_foreign", "Keyring"), ("fake_first", "Nothing")]
    assert type(find_backend([*allowed, ("fake_first", "Keyring"), ("fake_second", "Keyring")])) is Ring
    with pytest.raises(Unavailable, match="LEGATE_KEYS=passphrase"):
        find_backend(allowed)


def test_a_plain_file_named_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    try:
        found = type(find_backend())
    except Unavailable:
        return  # A machine without a keyring, which is an answer as well.
    assert found.__module__ != "keyring.backends.null"
