"""How a person wants the window: language, look, text, motion, keys; kept in a small file, each change at once.

What a person chose about Legate *outside* its window is kept by `outside/choices.py`, in a file of its own.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, QStandardPaths, Signal

from legate_desktop.theme.look import look
from legate_desktop.verbs import letters
from legate_desktop.words import language

log = logging.getLogger(__name__)

FILE: Final = "window.json"
LANGUAGES: Final = ("system", "en", "de")
LOOKS: Final = ("system", "dark", "light")
DENSITIES: Final = ("roomy", "compact")
SMALLEST_TEXT, LARGEST_TEXT = 85, 150
LOCK_MINUTES: Final = (0, 5, 15, 60)


@dataclass(frozen=True, slots=True)
class Wishes:
    """Every wish, as it ships. `geometry` is where the window stood, in Qt's own words.

    `vault_lock_minutes` is how long the vault's page stays open while nobody uses it; 0 for always.
    """

    language: str = "system"
    look: str = "system"
    high_contrast: bool = False
    text_percent: int = 100
    density: str = "roomy"
    reduced_motion: bool = False
    letter_keys: bool = True
    first_run_done: bool = False
    has_verified: bool = False
    vault_lock_minutes: int = 15
    geometry: str = ""


_CHECKS: Final[dict[str, Callable[[Any], bool]]] = {
    "language": lambda value: value in LANGUAGES,
    "look": lambda value: value in LOOKS,
    "density": lambda value: value in DENSITIES,
    "vault_lock_minutes": lambda value: value in LOCK_MINUTES,
    "text_percent": lambda value: SMALLEST_TEXT <= value <= LARGEST_TEXT,
}


def default_file() -> Path:
    """Where the wishes of this person on this machine are kept."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(folder) / "legate" / FILE


class Prefs(QObject):
    """The wishes in force; `changed` carries the name of the one that was made. Without a file nothing is kept."""

    changed = Signal(str)

    def __init__(self, file: Path | None = None) -> None:
        super().__init__()
        self._file = file
        self.now = _read(file) if file is not None else Wishes()

    def wish(self, name: str, value: Any) -> Any:
        """Make one wish, and return what it was before. `ValueError` says that there is no such wish or value."""
        if not _fits(name, value):
            raise ValueError(f"{name} cannot be {value!r}")
        before = getattr(self.now, name)
        if value != before:
            self.now = dataclasses.replace(self.now, **{name: value})
            self._write()
            _act(self.now, name)
            self.changed.emit(name)
        return before

    def act(self) -> None:
        """Put every wish into force, at the start."""
        for name in _ACTS:
            _act(self.now, name)

    def _write(self) -> None:
        if self._file is None:
            return
        fresh = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(dataclasses.asdict(self.now), indent=2), encoding="utf-8")
            os.replace(fresh, self._file)
        except OSError as error:
            log.warning("the wish holds until Legate is closed, for %s cannot be written: %s", self._file, error)


_ACTS: Final[dict[str, Callable[[Wishes], None]]] = {
    "language": lambda now: language.choose(now.language),
    "look": lambda now: look.choose(now.look),
    "high_contrast": lambda now: look.choose_contrast(is_high=now.high_contrast),
    "text_percent": lambda now: look.choose_scale(now.text_percent / 100),
    "density": lambda now: look.choose_density(is_compact=now.density == "compact"),
    "reduced_motion": lambda now: look.choose_motion(is_reduced=now.reduced_motion),
    "letter_keys": lambda now: letters.switch(is_on=now.letter_keys),
}


def _act(now: Wishes, name: str) -> None:
    act = _ACTS.get(name)
    if act is not None:
        act(now)


def _fits(name: str, value: Any) -> bool:
    kinds = {field.name: type(field.default) for field in dataclasses.fields(Wishes)}
    return name in kinds and type(value) is kinds[name] and _CHECKS.get(name, lambda _value: True)(value)


def _read(file: Path) -> Wishes:
    """A file that cannot be read is no reason not to start: what does not fit is as it ships."""
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Wishes()
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read (%s); the window is as it ships", file, error)
        return Wishes()
    given = data.items() if isinstance(data, dict) else ()
    return dataclasses.replace(Wishes(), **{name: value for name, value in given if _fits(name, value)})
