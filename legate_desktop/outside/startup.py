"""The first moments of a start: whether another window of this data folder is open already and takes over.

Imports nothing of the engine unless another process stands in the folder, so that the first paint waits for nothing.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from PySide6.QtCore import QObject, Signal

import legate_core as core
from legate_desktop.outside.links import is_link

log = logging.getLogger(__name__)

ENDS = "Legate is open on this folder already: its window came to the front, and this start ends."


class Doorbell(QObject):
    """Rung in the core's thread, heard in the window's: a second start asks for this window, with a link or without.

    `elsewhere` says that this start is itself the second one, found out too late to end before it painted.
    """

    rang = Signal(str, str)
    elsewhere = Signal()


def data_folder(home: Path | None, *, practice: bool) -> Path:
    """The folder whose window this would be."""
    return core.practice_home(home) if practice else core.from_environment(home=home).home


def handed_over(home: Path | None, link: str, *, practice: bool) -> bool:
    """Whether a window that is open already has come to the front, and this start may end."""
    try:
        is_open = core.hand_over(data_folder(home, practice=practice), link, activation_token())
    except core.LegateError as error:
        # Settings that make no sense: the window says it where a person reads it.
        log.info("no window was looked for: %s", error)
        return False
    if is_open:
        # Whoever started it in a terminal or a script would otherwise see a program that ends without a word.
        log.warning(ENDS)
    return is_open


def activation_token() -> str:
    """What the launcher gave this start so that a window may come to the front: the first window uses it."""
    return os.environ.get("XDG_ACTIVATION_TOKEN") or os.environ.get("DESKTOP_STARTUP_ID") or ""


def link_in(words: list[str]) -> str:
    """The link among what a launcher handed over; nothing else is taken from there."""
    return next((word for word in words if is_link(word)), "")
