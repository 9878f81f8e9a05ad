"""A whole desktop for tests: screen, window manager, tray, notifications, keyring and a bus of its own.

Everything is started here and ended here; nothing of the machine's own session is touched. The programs are Debian
packages that `make test` installs.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 60.0
"""How long a test waits for what must happen; it goes on as soon as it does."""

PROGRAMS = ("Xvfb", "openbox", "trayer", "dunst", "dbus-daemon", "gnome-keyring-daemon", "xdotool")

DUNST = """
[global]
    # What a person would choose with the mouse is chosen by this: the line of the menu that holds the word in a file.
    dmenu = {menu}
    history_length = 50
    notification_limit = 20
[urgency_low]
    timeout = 0
[urgency_normal]
    timeout = 0
[urgency_critical]
    timeout = 0
"""

GRAB = """
import sys
from PySide6.QtGui import QGuiApplication
app = QGuiApplication(sys.argv[:1])
app.primaryScreen().grabWindow(0).save(sys.argv[1])
"""


def wait_until(condition: Callable[[], Any], what: str = "") -> Any:
    """What the condition gives as soon as it gives something; other processes are asked again and again."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"this never happened: {what or condition}")
        time.sleep(0.05)


class RealDesktop:
    """One desktop. `start` starts a program on it; all of them end with it."""

    def __init__(self, folder: Path) -> None:
        missing = [name for name in PROGRAMS if shutil.which(name) is None]
        assert not missing, f"{', '.join(missing)} are missing: 'make test' installs them"
        self.folder = folder
        self._started: list[subprocess.Popen[Any]] = []
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LEGATE_", "QT_", "DBUS_", "XDG_", "GNOME_", "AT_SPI"))
            and name not in ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DESKTOP_STARTUP_ID", "SESSION_MANAGER")
        }
        runtime = folder / "run"
        runtime.mkdir(mode=0o700)
        for name in ("data", "config", "cache"):
            self.environment[f"XDG_{name.upper()}_HOME"] = str(folder / f"xdg-{name}")
        self.environment |= {
            "XDG_RUNTIME_DIR": str(runtime),
            "HOME": str(folder),
            "QT_QPA_PLATFORM": "xcb",
            "LEGATE_KEYS": "memory",
            "LC_ALL": "C.UTF-8",
        }
        self._begin_screen()
        self._begin_bus()

    def _begin_screen(self) -> None:
        reader, writer = os.pipe()
        screen = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"]
        self.start(screen, pass_fds=(writer,))
        os.close(writer)
        with os.fdopen(reader) as said:
            self.environment["DISPLAY"] = f":{said.readline().strip()}"
        self.start(["openbox"])

    def _begin_bus(self) -> None:
        bus = self.start(["dbus-daemon", "--session", "--nofork", "--print-address"], stdout=subprocess.PIPE, text=True)
        assert bus.stdout is not None
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()

    def begin_tray(self) -> None:
        """A tray at the top right."""
        self.start(
            ["trayer", "--edge", "top", "--align", "right", "--widthtype", "request", "--height", "32", "--tint", "0x202020",
             "--alpha", "0"]
        )  # fmt: skip
        wait_until(lambda: self.xdotool("search", "--class", "trayer"), "the tray came")

    def begin_notifications(self) -> None:
        """A notification service, and a way to choose from its menu."""
        menu = self.folder / "menu"
        # Chosen without an error where the menu holds no such line: then nothing is chosen.
        menu.write_text(f'#!/bin/sh\nexec grep -m1 -F "$(cat {self.folder}/choice)"\n')
        menu.chmod(0o700)
        (self.folder / "dunstrc").write_text(DUNST.format(menu=menu))
        self.start(["dunst", "-conf", str(self.folder / "dunstrc")])
        wait_until(lambda: self.has_name("org.freedesktop.Notifications"), "the notification service came")

    def begin_keyring(self) -> None:
        """A Secret Service, unlocked."""
        daemon = ["gnome-keyring-daemon", "--unlock", "--foreground", "--components=secrets"]
        keyring = self.start(daemon, stdin=subprocess.PIPE)
        assert keyring.stdin is not None
        keyring.stdin.write(b"password")
        keyring.stdin.close()
        wait_until(lambda: self.has_name("org.freedesktop.secrets"), "the Secret Service came")

    def start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        """Start a program on this desktop; it ends with the desktop, and what it started with it."""
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | options
        process = subprocess.Popen(list(command), env=self.environment, start_new_session=True, **options)
        self._started.append(process)
        return process

    def legate(self, *options: str, **more: Any) -> subprocess.Popen[Any]:
        """Start the window."""
        with (self.folder / "window.log").open("ab") as log:
            return self.start(
                [sys.executable, "-m", "legate_desktop.app", "--look", "dark", *options], **({"stderr": log} | more)
            )

    def log(self) -> str:
        """What windows wrote to stderr and to their log."""
        files = (self.folder / "window.log", self.folder / ".local" / "state" / "legate" / "legate.log")
        return "".join(file.read_text(encoding="utf-8") for file in files if file.exists())

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
        )

    def xdotool(self, *words: str) -> str:
        return self.run("xdotool", *words).stdout.strip()

    def windows(self, name: str = "^Legate$") -> list[str]:
        """The windows with this name that can be seen."""
        return self.xdotool("search", "--onlyvisible", "--name", name).split()

    def window(self) -> str:
        """Legate's window, once it is there."""
        return wait_until(lambda: self.windows(), "the window came: " + self.log())[0]

    def past_first_steps(self) -> str:
        """Legate's window, after the first steps that a new workspace begins with were left."""
        window = self.window()
        guide = wait_until(lambda: self.windows("^First steps$"), "the first steps came: " + self.log())[0]
        self.xdotool("windowactivate", "--sync", guide, "key", "--window", guide, "Escape")
        wait_until(lambda: not self.windows("^First steps$"), "the first steps are over")
        return window

    def picture(self) -> Any:
        """What is on the screen."""
        from PySide6.QtGui import QImage

        file = self.folder / "screen.png"
        done = self.run(sys.executable, "-c", GRAB, str(file))
        assert done.returncode == 0, done.stderr
        return QImage(str(file))

    # The bus.

    def call(
        self,
        service: str,
        path: str,
        interface: str,
        method: str,
        signature: str = "",
        body: tuple[Any, ...] = (),
        *,
        address: str = "",
    ) -> tuple[Any, ...]:
        """Call a method of a service on this desktop's bus, or on the one at another address."""
        from jeepney import DBusAddress, MessageType, new_method_call
        from jeepney.io.blocking import open_dbus_connection

        with open_dbus_connection(address or self.environment["DBUS_SESSION_BUS_ADDRESS"]) as connection:
            target = DBusAddress(path, bus_name=service, interface=interface)
            message = new_method_call(target, method, signature or None, body)
            answer = connection.send_and_get_reply(message, timeout=PATIENCE_SECONDS)
            if answer.header.message_type is MessageType.error:
                raise RuntimeError(f"{interface}.{method}: {answer.body}")
            return answer.body

    def has_name(self, name: str) -> bool:
        """Whether somebody on the bus has this name."""
        bus = "org.freedesktop.DBus"
        return bool(self.call(bus, "/org/freedesktop/DBus", bus, "NameHasOwner", "s", (name,))[0])

    def notifications(self) -> list[dict[str, str]]:
        """Everything the notification service shows or showed, the newest first."""
        dunst = "org.freedesktop.Notifications"
        self.call(dunst, "/org/freedesktop/Notifications", "org.dunstproject.cmd0", "NotificationCloseAll")
        path, interface = "/org/freedesktop/Notifications", "org.dunstproject.cmd0"
        (found,) = self.call(dunst, path, interface, "NotificationListHistory")
        return [{name: str(value[1]) for name, value in one.items()} for one in found]

    def shown(self) -> int:
        """How many notifications stand on the screen."""
        found = self.call(
            "org.freedesktop.Notifications",
            "/org/freedesktop/Notifications",
            "org.freedesktop.DBus.Properties",
            "Get",
            "ss",
            ("org.dunstproject.cmd0", "displayedLength"),
        )
        return int(found[0][1])

    def choose(self, words: str) -> None:
        """Choose a line from the menu of what the notification service shows."""
        (self.folder / "choice").write_text(words)
        self._dunst("ContextMenuCall")

    def click_notification(self) -> None:
        """Click on the text of the newest notification."""
        self._dunst("NotificationAction", "u", (0,))

    def _dunst(self, method: str, signature: str = "", body: tuple[Any, ...] = ()) -> None:
        dunst, path = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
        self.call(dunst, path, "org.dunstproject.cmd0", method, signature, body)

    def end(self) -> None:
        """End everything that was started, the last first."""
        for process in reversed(self._started):
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()


def digits(text: str) -> list[int]:
    """The numbers in a text."""
    return [int(found) for found in re.findall(r"\d+", text)]
