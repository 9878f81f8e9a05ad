"""Making `legate://` links lead to this window: an entry for the desktop, written anew only where it would change."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths

from legate_desktop.outside.commands import as_command_line, as_exec, start_command
from legate_desktop.outside.links import SCHEME
from legate_desktop.outside.login import NAME, write_whole

log = logging.getLogger(__name__)

ICON = Path(__file__).resolve().parents[2] / "resources" / "mark.svg"
MIME = f"x-scheme-handler/{SCHEME}"


class XdgScheme:
    """A desktop file in the person's applications folder, which is also what the launcher shows."""

    def __init__(self, data: Path | None = None) -> None:
        found = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericDataLocation)
        self._data = data or Path(found)
        self.file = self._data / "applications" / "legate.desktop"
        self.icon = self._data / "icons" / "hicolor" / "scalable" / "apps" / "legate.svg"

    def entry(self) -> str:
        """The desktop file. A link is handed on as one word; the window takes it apart."""
        return (
            "[Desktop Entry]\n"
            "Type=Application\n"
            f"Name={NAME}\n"
            "GenericName=Deputy\n"
            "Comment=Agents that ask before they act, and can prove what they did\n"
            f"Exec={as_exec(start_command(), '%u')}\n"
            "Icon=legate\n"
            "Terminal=false\n"
            "Categories=Office;\n"
            f"MimeType={MIME};\n"
            "StartupNotify=true\n"
            "StartupWMClass=Legate\n"
        )

    def is_registered(self) -> bool:
        """Whether the entry stands there as it should."""
        try:
            return self.file.read_text(encoding="utf-8") == self.entry()
        except OSError:
            return False

    def register(self) -> bool:
        """Write the entry where it is missing or another one; whether it was written."""
        if self.is_registered():
            return False
        write_whole(self.file, self.entry())
        if ICON.exists():
            self.icon.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ICON, self.icon)
        self._tell_desktop()
        return True

    def _tell_desktop(self) -> None:
        """The desktop keeps a list of who opens what; without the tools it reads the folder by itself."""
        for command in (
            ["update-desktop-database", "-q", str(self.file.parent)],
            ["xdg-mime", "default", self.file.name, MIME],
        ):
            if shutil.which(command[0]) is None:
                continue
            try:
                subprocess.run(command, check=False, capture_output=True, timeout=10)
            except (OSError, subprocess.TimeoutExpired) as error:
                log.info("%s did not run: %s", command[0], error)


class ClassesKey:
    """The scheme among the classes of Windows. `registry` is the module winreg, or what stands for it in a test."""

    KEY = rf"Software\Classes\{SCHEME}"

    def __init__(self, registry: Any) -> None:
        self._registry = registry

    def register(self) -> bool:
        """Write the command where it is missing or another one; whether it was written."""
        command = f'{as_command_line(start_command())} "%1"'
        if self._command() == command:
            return False
        registry = self._registry
        with registry.CreateKey(registry.HKEY_CURRENT_USER, self.KEY) as key:
            registry.SetValueEx(key, "", 0, registry.REG_SZ, f"URL:{NAME}")
            registry.SetValueEx(key, "URL Protocol", 0, registry.REG_SZ, "")
        with registry.CreateKey(registry.HKEY_CURRENT_USER, rf"{self.KEY}\shell\open\command") as key:
            registry.SetValueEx(key, "", 0, registry.REG_SZ, command)
        return True

    def _command(self) -> str:
        try:
            with self._registry.OpenKey(self._registry.HKEY_CURRENT_USER, rf"{self.KEY}\shell\open\command") as key:
                return str(self._registry.QueryValueEx(key, "")[0])
        except FileNotFoundError:
            return ""


def register_scheme() -> bool:
    """Register the scheme the way of this system; whether anything was written. On macOS the bundle's own list says it."""
    try:
        if sys.platform == "win32":
            import winreg

            return ClassesKey(winreg).register()
        return sys.platform != "darwin" and XdgScheme().register()
    except OSError as error:
        log.warning("legate:// links do not lead here: %s", error)
        return False
