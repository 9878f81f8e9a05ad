"""The settings of what is kept: where and how long, backups, and when the vault locks itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from legate_desktop.pages.settings.sources import Sources
from legate_desktop.pages.settings.view import Setting
from legate_desktop.prefs import LOCK_MINUTES
from legate_desktop.words import language, number, plural, tr

RETENTION_DAYS = (0, 7, 30, 90, 365)


def storage(kept: Sources) -> list[Setting]:
    """Where work is kept, how much, how long, and copies of it."""
    return [
        Setting(
            "home",
            "storage",
            tr("Where work is kept"),
            tr("One folder holds everything; nothing leaves it by itself."),
            "fact",
            get=lambda: str(kept.context.home or tr("On the server")),
        ),
        Setting(
            "size",
            "storage",
            tr("How much it is"),
            tr("The files in that folder."),
            "fact",
            get=lambda: size_words(kept.context.home),
        ),
        Setting(
            "journal",
            "storage",
            tr("Entries in the journal"),
            tr("They are kept for good: that is what proves them."),
            "fact",
            get=lambda: number(kept.entries),
        ),
        Setting(
            "retention",
            "storage",
            tr("Content of ended runs"),
            tr("Then its key is destroyed: what was asked, read and written is gone, and the journal still verifies."),
            "choice",
            get=lambda: str(kept.retention_days),
            put=lambda days: kept.change_retention(int(days)),
            choices=_retention_choices(kept.retention_days),
            why_not=lambda: "" if kept.is_retention_known else tr("The engine has not said yet how this stands"),
            can_undo=False,
        ),
        Setting(
            "backup",
            "storage",
            tr("Backup"),
            tr("Everything with its keys in one file, under a passphrase of its own. Work goes on meanwhile."),
            "action",
            get=lambda: tr("Back up…"),
            put=lambda _value: kept.backup_wanted.emit(),
            problem=lambda _value: tr("A copy is on its way") if kept.is_copying else "",
            why_not=lambda: _why_not_copy(kept),
            can_undo=False,
        ),
        Setting(
            "restore",
            "storage",
            tr("Restore a backup"),
            tr("Into an empty folder, where it is verified. What is here stays as it is."),
            "action",
            get=lambda: tr("Restore…"),
            put=lambda _value: kept.restore_wanted.emit(),
            problem=lambda _value: tr("A copy is on its way") if kept.is_copying else "",
            why_not=lambda: _why_not_copy(kept),
            can_undo=False,
        ),
    ]


def vault(kept: Sources) -> list[Setting]:
    """When the vault locks itself, and the passphrase that opens it."""
    prefs = kept.context.prefs
    words = {0: tr("Never")} | {minutes: plural("%n minute(s)", minutes) for minutes in LOCK_MINUTES if minutes}

    def put(minutes: Any) -> None:
        prefs.wish("vault_lock_minutes", int(minutes))

    return [
        Setting(
            "vault_lock_minutes",
            "vault",
            tr("Lock the vault by itself"),
            tr("After so long without anybody on its page. Runs go on; your passphrase unlocks it."),
            "choice",
            get=lambda: str(prefs.now.vault_lock_minutes),
            put=put,
            choices=tuple((str(minutes), words[minutes]) for minutes in LOCK_MINUTES),
        ),
        Setting(
            "passphrase",
            "vault",
            tr("Passphrase"),
            tr("It proves that it is you, for what is grave, and unlocks the vault."),
            "action",
            get=lambda: tr("Change it…") if kept.has_passphrase else tr("Set it…"),
            put=lambda _value: kept.passphrase_wanted.emit(),
            can_undo=False,
        ),
        Setting(
            "lock_now",
            "vault",
            tr("Lock it now"),
            tr("Ctrl+Shift+L does it from every page. Sealing, which also stops lending, is on its own page."),
            "action",
            get=lambda: tr("Lock"),
            put=lambda _value: kept.context.lock_wanted.emit(),
            can_undo=False,
        ),
    ]


def size_words(home: Path | None) -> str:
    """How much lies in the data folder, in every folder of it; a folder that is not there is empty."""
    if home is None:
        return ""
    try:
        total = sum(file.stat().st_size for file in _files(home))
    except OSError:
        return tr("Nothing yet")
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if total >= step:
            return f"{language.locale.toString(total / step, 'f', 1)} {unit}"
    return f"{number(total)} B"


def _files(home: Path) -> list[Path]:
    """The files at the top of the data folder, which hold nearly all of it, and the originals of documents."""
    return [file for file in (*home.iterdir(), *home.glob("originals/*/*")) if file.is_file()]


def _retention_choices(now: int) -> tuple[tuple[str, str], ...]:
    """The usual spans, and the one in force where it is another."""
    days = sorted({*RETENTION_DAYS, now})
    return tuple((str(each), plural("Kept for %n day(s)", each) if each else tr("Kept for good")) for each in days)


def _why_not_copy(kept: Sources) -> str:
    # That one is on its way is said where it is asked for: a button that goes off would lose the keys' place.
    return tr("The server keeps the data, and is backed up there") if kept.context.home is None else ""
