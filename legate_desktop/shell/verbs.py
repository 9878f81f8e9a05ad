"""What a person can do everywhere in the window, and the keys that go from page to page."""

from __future__ import annotations

from typing import Any

from legate_desktop.outside.pausing import PERMISSION
from legate_desktop.verbs import Verb, always
from legate_desktop.words import tr


def _back(window: Any) -> str:
    return "" if window.history.may_go_back else tr("There is nowhere to go back to")


def _forward(window: Any) -> str:
    return "" if window.history.may_go_forward else tr("There is nowhere to go forward to")


def _undo(window: Any) -> str:
    return "" if window.undoable is not None else tr("There is nothing to undo")


def _pause(window: Any) -> str:
    return window.pausing.why_not_pause()


def _resume(window: Any) -> str:
    return window.pausing.why_not_resume()


VERBS: tuple[Verb, ...] = (
    Verb("palette", "Find or do anything", "Ctrl+K", "search", "quiet", lambda w: w.open_palette(), always),
    Verb("keys", "Keys of this page", "?", "keyboard", "quiet", lambda w: w.open_keys(), always),
    Verb("back", "Back", "Alt+Left", "arrow-left", "quiet", lambda w: w.go_back(), _back),
    Verb("forward", "Forward", "Alt+Right", "arrow-right", "quiet", lambda w: w.go_forward(), _forward),
    Verb("settings", "Settings", "Ctrl+,", "settings", "quiet", lambda w: w.go("settings"), always),
    Verb("undo_last", "Undo", "Z", "undo-2", "quiet", lambda w: w.undo_last(), _undo, ("Ctrl+Z",)),
    Verb("lock", "Lock the vault", "Ctrl+Shift+L", "lock", "quiet", lambda w: w.context.lock_wanted.emit(), always),
    Verb("pause", "Pause all runs", "", "pause", "quiet", lambda w: w.pausing.pause(), _pause, permission=PERMISSION),
    Verb(
        "resume", "Resume all runs", "", "play", "quiet", lambda w: w.pausing.resume(), _resume, permission=PERMISSION
    ),
    Verb("tour", "Show the first steps", "", "sparkles", "quiet", lambda w: w.context.tour_wanted.emit(), always),
    Verb("close", "Close the window", "Ctrl+W", "x", "quiet", lambda w: w.close(), always),
    Verb("quit", "Quit Legate", "Ctrl+Q", "power", "quiet", lambda w: w.quit(), always),
)
