"""On a system without a keyring the start asks for a passphrase: a new one once, and the same one ever after."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

import legate_core as core
from legate_core.errors import Damaged, Invalid, Locked, Unavailable
from legate_desktop.keys import open_own
from legate_desktop.shell.keys_dialog import KeyAsker, KeysDialog

PASSPHRASE = "a lamp in the window"


@pytest.fixture
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: object) -> None:
        raise Unavailable("This system has no keyring that Legate may use.", no_keyring=True)

    for name in ("LEGATE_KEYS", "LEGATE_PASSPHRASE", "LEGATE_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("legate_core.crypto.keys.system.find_backend", refuse)


class Person:
    """Answers what is asked, and keeps the questions."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[bool, str]] = []

    async def ask(self, is_new: bool, problem: str) -> str | None:
        self.asked.append((is_new, problem))
        return self.answers.pop(0)


async def test_a_new_folder_is_opened_with_a_passphrase_that_is_asked_for_again(
    no_keyring: None, tmp_path: Path
) -> None:
    first = Person(PASSPHRASE)
    await (await open_own(core, tmp_path, first.ask)).close()
    assert first.asked == [(True, "")]
    again = Person("not this one", PASSPHRASE)
    await (await open_own(core, tmp_path, again.ask)).close()
    assert again.asked == [(False, ""), (False, "The passphrase is wrong. Nothing was changed; try again.")]
    with pytest.raises(Locked, match="Start Legate again"):
        await open_own(core, tmp_path, Person(None).ask)


async def test_a_folder_with_work_in_it_gets_no_new_keys_because_its_keyring_is_gone(
    no_keyring: None, tmp_path: Path
) -> None:
    (tmp_path / core.DATABASE_FILE).write_bytes(b"")
    nobody = Person()
    with pytest.raises(Unavailable, match="no keyring"):
        await open_own(core, tmp_path, nobody.ask)
    assert nobody.asked == []


async def test_nobody_is_asked_for_a_passphrase_of_work_whose_keys_lie_in_the_keyring(
    no_keyring: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / core.DATABASE_FILE).write_bytes(b"")
    (tmp_path / "keyring.id").write_text("0123456789abcdef\n")
    nobody = Person()
    with pytest.raises(Unavailable, match=r"lie in this system's keyring, which cannot be used now\. Start it"):
        await open_own(core, tmp_path, nobody.ask)
    monkeypatch.setenv("LEGATE_KEYS", "passphrase")
    with pytest.raises(Invalid, match=r"lie in this system's keyring, not under a passphrase\."):
        await open_own(core, tmp_path, nobody.ask)
    assert nobody.asked == []
    assert not (tmp_path / core.KEYS_FILE).exists()


async def test_a_lost_file_of_keys_is_said_to_be_lost(
    no_keyring: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEGATE_KEYS", "passphrase")
    await (await open_own(core, tmp_path, Person(PASSPHRASE).ask)).close()
    (tmp_path / core.KEYS_FILE).unlink()
    again = Person(PASSPHRASE)
    with pytest.raises(Damaged, match="Restore the keys from a backup"):
        await open_own(core, tmp_path, again.ask)
    assert again.asked == [(True, "")]


class Engine(threading.Thread):
    """The core's thread, waiting for an answer."""

    def __init__(self, asker: KeyAsker, *question: object) -> None:
        super().__init__(daemon=True)
        self.asker, self.question = asker, question
        self.got: list[str | None] = []

    def run(self) -> None:
        import asyncio

        self.got.append(asyncio.run(self.asker.ask(*self.question)))  # type: ignore[arg-type]  # the two of `ask`


@pytest.fixture
def asked(app: QApplication, qtbot: QtBot) -> Iterator[Callable[..., tuple[Engine, KeysDialog, KeyAsker]]]:
    # One window that outlives every dialog, as Legate's does.
    window = QWidget()

    def ask(*question: object) -> tuple[Engine, KeysDialog, KeyAsker]:
        asker = KeyAsker(window)
        engine = Engine(asker, *question)
        engine.start()
        qtbot.waitUntil(lambda: asker.dialog is not None)
        assert asker.dialog is not None
        return engine, asker.dialog, asker

    yield ask
    app.processEvents()
    window.close()
    window.deleteLater()


def test_a_new_passphrase_is_typed_twice_and_given_to_the_engine(
    asked: Callable[..., tuple[Engine, KeysDialog, KeyAsker]],
) -> None:
    engine, dialog, _asker = asked(True, "")
    assert dialog.again is not None
    dialog.passphrase.setText("short")
    dialog.try_to_send()
    assert dialog.problem.text() == "At least 8 characters; a few words are best."
    dialog.passphrase.setText(PASSPHRASE)
    dialog.try_to_send()
    assert dialog.problem.text() == "The two differ."
    dialog.again.setText(PASSPHRASE)
    dialog.try_to_send()
    engine.join(10)
    assert engine.got == [PASSPHRASE]


def test_who_gives_none_or_ends_legate_lets_the_engine_go(
    asked: Callable[..., tuple[Engine, KeysDialog, KeyAsker]],
) -> None:
    engine, dialog, _asker = asked(False, "The passphrase is wrong. Nothing was changed; try again.")
    assert dialog.problem.text().startswith("The passphrase is wrong.")
    dialog.reject()
    engine.join(10)
    waiting, _dialog, asker = asked(False, "")
    asker.give_up()
    waiting.join(10)
    assert engine.got == waiting.got == [None]
