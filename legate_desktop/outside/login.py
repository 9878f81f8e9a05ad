"""Starting with the session: an entry that the person's desktop reads, made and removed here, and nothing else."""

from __future__ import annotations

import os
import plistlib
import sys
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QStandardPaths

from legate_desktop.outside.commands import as_command_line, as_exec, start_command

NAME = "Legate"
LABEL = "app.legate.desktop"
BACKGROUND = "--background"


class StartAtLogin(Protocol):
    """Whether Legate starts with the session. Both verbs raise `OSError` where the system refuses."""

    def is_on(self) -> bool: ...
    def turn_on(self) -> None: ...
    def turn_off(self) -> None: ...


class XdgAutostart:
    """A desktop file in the autostart folder, as freedesktop.org says."""

    def __init__(self, folder: Path | None = None) -> None:
        config = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation)
        self.file = (folder or Path(config) / "autostart") / "legate.desktop"

    def is_on(self) -> bool:
        try:
            lines = self.file.read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        # A desktop switches an entry off by writing this into it.
        return not {"Hidden=true", "X-GNOME-Autostart-enabled=false"} & {line.replace(" ", "") for line in lines}

    def turn_on(self) -> None:
        write_whole(
            self.file,
            "[Desktop Entry]\n"
            "Type=Application\n"
            f"Name={NAME}\n"
            "Comment=Goes on with what agents do, and asks when they must ask\n"
            f"Exec={as_exec(start_command(BACKGROUND))}\n"
            "Icon=legate\n"
            "Terminal=false\n"
            "X-GNOME-Autostart-enabled=true\n",
        )

    def turn_off(self) -> None:
        self.file.unlink(missing_ok=True)


class LaunchAgent:
    """A launch agent of macOS."""

    def __init__(self, folder: Path | None = None) -> None:
        self.file = (folder or Path.home() / "Library" / "LaunchAgents") / f"{LABEL}.plist"

    def is_on(self) -> bool:
        try:
            return bool(plistlib.loads(self.file.read_bytes()).get("RunAtLoad"))
        except (OSError, ValueError, plistlib.InvalidFileException):
            return False

    def turn_on(self) -> None:
        entry = {
            "Label": LABEL,
            "ProgramArguments": start_command(BACKGROUND),
            "RunAtLoad": True,
            "ProcessType": "Interactive",
        }
        write_whole(self.file, plistlib.dumps(entry).decode())

    def turn_off(self) -> None:
        self.file.unlink(missing_ok=True)


class RunKey:
    """A value under the Run key of Windows. `registry` is the module winreg, or what stands for it in a test."""

    KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"

    def __init__(self, registry: Any) -> None:
        self._registry = registry

    def is_on(self) -> bool:
        try:
            with self._registry.OpenKey(self._registry.HKEY_CURRENT_USER, self.KEY) as key:
                return bool(self._registry.QueryValueEx(key, NAME)[0])
        except FileNotFoundError:
            return False

    def turn_on(self) -> None:
        command = as_command_line(start_command(BACKGROUND))
        with self._registry.CreateKey(self._registry.HKEY_CURRENT_USER, self.KEY) as key:
            self._registry.SetValueEx(key, NAME, 0, self._registry.REG_SZ, command)

    def turn_off(self) -> None:
        try:
            with self._registry.OpenKey(
                self._registry.HKEY_CURRENT_USER, self.KEY, 0, self._registry.KEY_SET_VALUE
            ) as key:
                self._registry.DeleteValue(key, NAME)
        except FileNotFoundError:
            return


def start_at_login() -> StartAtLogin:
    """The way of this system."""
    if sys.platform == "win32":
        import winreg

        return RunKey(winreg)
    return LaunchAgent() if sys.platform == "darwin" else XdgAutostart()


def write_whole(file: Path, text: str) -> None:
    """Write a small file so that nobody ever reads half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.new")
    fresh.write_text(text, encoding="utf-8")
    os.replace(fresh, file)
