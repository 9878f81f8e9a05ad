"""The workspaces that a window can turn to. Each is open in a Legate of its own, because a data folder has one owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QProcess

from legate_desktop.outside.commands import start_command
from legate_desktop.words import tr

HERE, PERSONAL, PRACTICE, TEAM = "here", "personal", "practice", "team"
_OPTIONS: dict[str, tuple[str, ...]] = {PERSONAL: (), PRACTICE: ("--practice",)}


@dataclass(frozen=True, slots=True)
class Workspace:
    """One entry of the switcher."""

    id: str
    name: str


def workspaces(*, practice: bool, server: str) -> tuple[Workspace, ...]:
    """What is open here, in front, and what else this computer has; in the language of this moment."""
    personal, rehearsal = Workspace(PERSONAL, tr("Personal workspace")), Workspace(PRACTICE, tr("Practice workspace"))
    if server:
        return Workspace(HERE, server), personal, rehearsal
    mine, other = (rehearsal, personal) if practice else (personal, rehearsal)
    return Workspace(HERE, mine.name), other


def open_beside(workspace_id: str) -> bool:
    """Open another workspace in a window of its own, or bring that window to the front; whether it could be started."""
    program, *options = start_command(*_OPTIONS[workspace_id])
    window = QProcess()
    window.setProgram(program)
    window.setArguments(options)
    # It outlives this one, so it must not hold on to where this one writes: whoever reads there would wait for both.
    window.setStandardInputFile(QProcess.nullDevice())
    window.setStandardOutputFile(QProcess.nullDevice())
    window.setStandardErrorFile(QProcess.nullDevice())
    # Its stub promises a pair; what comes is whether it could be started.
    started: Any = window.startDetached()
    return bool(started)
