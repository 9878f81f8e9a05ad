"""A passphrase is typed unseen, and a new one has a least length, which the core demands as well."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit

from legate_desktop.words import plural

_LEAST = 8


def passphrase_field(name: str) -> QLineEdit:
    """A field that shows nothing of what is typed into it."""
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setAccessibleName(name)
    return field


def is_too_short(passphrase: str) -> bool:
    """Whether the core would refuse it as a new one."""
    return len(passphrase) < _LEAST


def least_words() -> str:
    """How long a new one must be, in words."""
    return plural("At least %n character(s); a few words are best.", _LEAST)
