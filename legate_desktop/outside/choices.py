"""What a person chose about Legate outside its window, kept in a small file of this machine.

Each choice acts at once: `changed` says which one it was. A file that cannot be read is no reason not to start; the
choices are then as they ship, and the next one that is made writes the file anew.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QObject, QStandardPaths, Signal

log = logging.getLogger(__name__)

FILE = "outside.json"
Closing = Literal["ask", "stay", "quit"]
ALL_EFFECTS = ("read", "write", "send", "spend", "destroy", "grant")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Every choice, as it ships. `closing` is what closing the window does: asked where there is no tray, until answered."""

    notifications: bool = True
    effects: tuple[str, ...] = ALL_EFFECTS
    approve_on_notifications: bool = False
    expiry: bool = True
    failures: bool = True
    long_runs: bool = True
    engine: bool = True
    quiet_from: str = ""
    quiet_to: str = ""
    closing: Closing = "ask"
    was_told_of_background: bool = False


def default_file() -> Path:
    """Where the choices of this person on this machine are kept."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
    return Path(folder) / "legate" / FILE


class Choices(QObject):
    """The choices in force. `changed` carries the name of the one that was made. Without a file nothing is kept."""

    changed = Signal(str)

    def __init__(self, file: Path | None = None) -> None:
        super().__init__()
        self._file = file
        self.now = _read(file) if file is not None else Chosen()

    def choose(self, name: str, value: Any) -> Any:
        """Make one choice; what it was before. Raises `ValueError` for a name or a value that is none."""
        before = getattr(self.now, name, None)
        chosen = dataclasses.replace(self.now, **{name: _fitting(name, value)})
        if chosen != self.now:
            self.now = chosen
            self._write()
            self.changed.emit(name)
        return before

    def _write(self) -> None:
        if self._file is None:
            return
        data = json.dumps(dataclasses.asdict(self.now), indent=2)
        fresh = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(data, encoding="utf-8")
            os.replace(fresh, self._file)
        except OSError as error:
            log.warning("the choice holds until Legate is closed, for %s cannot be written: %s", self._file, error)


def _read(file: Path) -> Chosen:
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Chosen()
    except (OSError, ValueError) as error:
        log.warning("%s cannot be read (%s); the choices are as they ship", file, error)
        return Chosen()
    chosen = Chosen()
    for name, value in data.items() if isinstance(data, dict) else ():
        try:
            chosen = dataclasses.replace(chosen, **{name: _fitting(name, value)})
        except ValueError as error:
            log.warning("%s: %s", file, error)
    return chosen


def _fitting(name: str, value: Any) -> Any:
    kinds = {field.name: type(field.default) for field in dataclasses.fields(Chosen)}
    if name not in kinds:
        raise ValueError(f"there is no choice {name!r}")
    if kinds[name] is tuple:
        if not isinstance(value, list | tuple) or not set(value) <= set(ALL_EFFECTS):
            raise ValueError(f"{name} is a list of {', '.join(ALL_EFFECTS)}")
        return tuple(effect for effect in ALL_EFFECTS if effect in value)
    if not isinstance(value, kinds[name]) or (name == "closing" and value not in ("ask", "stay", "quit")):
        raise ValueError(f"{name} cannot be {value!r}")
    return value
