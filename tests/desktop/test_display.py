"""Without a display the window is refused in a sentence, before Qt would end the process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from legate_desktop.outside import display
from legate_desktop.outside.display import what_is_missing

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has displays that are named")

QT = ("DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "XDG_SESSION_TYPE", "QT_QPA_PLATFORM")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="legate-") as place:
        yield Path(place)


@pytest.fixture
def listening(folder: Path) -> Iterator[Path]:
    """A socket that answers."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "X7"))
        server.listen()
        yield folder / "X7"


def test_x_is_found_by_its_socket(listening: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "X_SOCKETS", str(listening.parent))
    for name in (":7", ":7.0", "unix:7", "unix/host:7", str(listening)):
        assert what_is_missing({"DISPLAY": name}) == "", name
        assert what_is_missing({"DISPLAY": name, "QT_QPA_PLATFORM": "xcb"}) == "", name
    assert "WAYLAND_DISPLAY names no" in what_is_missing({"DISPLAY": ":7", "QT_QPA_PLATFORM": "wayland"})


def test_x_is_found_over_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(display, "X_PORT", server.getsockname()[1] - 10)
        assert what_is_missing({"DISPLAY": "127.0.0.1:10.0"}) == ""
    assert "'127.0.0.1:10.0' that DISPLAY names" in what_is_missing({"DISPLAY": "127.0.0.1:10.0"})


def test_wayland_is_found_by_its_socket(listening: Path) -> None:
    folder = {"XDG_RUNTIME_DIR": str(listening.parent)}
    assert what_is_missing({"WAYLAND_DISPLAY": "X7", **folder}) == ""
    assert what_is_missing({"WAYLAND_DISPLAY": str(listening)}) == ""
    assert what_is_missing({"WAYLAND_SOCKET": "5"}) == ""
    assert what_is_missing({"WAYLAND_DISPLAY": "X7", "QT_QPA_PLATFORM": "wayland-egl;xcb", **folder}) == ""
    assert "DISPLAY names no" in what_is_missing({"WAYLAND_DISPLAY": "X7", "QT_QPA_PLATFORM": "xcb", **folder})
    listening.rename(listening.with_name("wayland-0"))
    assert what_is_missing({"XDG_SESSION_TYPE": "wayland", **folder}) == ""
    assert what_is_missing(folder) != ""


@pytest.mark.parametrize("platform", ["offscreen", "minimal:enable_fonts", "vnc", "xcb;offscreen", "eglfs"])
def test_what_needs_no_display_is_not_looked_for(platform: str) -> None:
    assert what_is_missing({"QT_QPA_PLATFORM": platform}) == ""


@pytest.mark.parametrize("name", ["nonsense", ":", ":99999", "/no/such/socket", ":x", "\udcff:1"])
def test_a_display_that_is_none_is_named(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "X_SOCKETS", str(folder))
    assert "that DISPLAY names does not answer" in what_is_missing({"DISPLAY": name})


@pytest.mark.parametrize("more", [{}, {"DISPLAY": ":9987"}, {"WAYLAND_DISPLAY": "no-such"}])
def test_the_command_ends_in_a_problem_and_not_in_an_abort(more: dict[str, str], tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in QT}
    done = subprocess.run(
        [sys.executable, "-m", "legate_core.cli", "--json", "desktop", "--practice", "--home", str(tmp_path)],
        capture_output=True, text=True, check=False, timeout=60, env=clean | more,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (8, "")
    problem = json.loads(done.stdout)
    assert problem["type"] == "urn:legate:problem:unavailable"
    assert "desktop session" in problem["detail"]
