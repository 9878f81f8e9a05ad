"""What goes wrong around the window: a server that is away, faces that are missing, another look in the middle of things."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtGui import QFontDatabase, QFontInfo
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from legate_desktop import opening
from legate_desktop.live import Bridge
from legate_desktop.pages.runs.page import RunsPage
from legate_desktop.pages.runs.viewer import RunViewer
from legate_desktop.theme import resources
from legate_desktop.theme.look import font, look
from legate_desktop.theme.tokens import DARK, LIGHT
from tests.desktop.stage import Stage, page_of

TOKEN = "k7" * 22


@pytest.fixture
def viewer(stage: Stage) -> RunViewer:
    """The log of a run that is under way, with the stream of its text."""
    stage.window.go("runs")
    page_of(stage.window, "runs", RunsPage).state.select("run_01cd7371")
    return page_of(stage.window, "runs", RunsPage).viewer


def test_a_server_that_is_away_is_said_and_waited_for(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGATE_TOKEN", TOKEN)
    with socket.socket() as nobody:
        # Bound, and nobody listens: the port is surely not somebody else's.
        nobody.bind(("127.0.0.1", 0))
        bridge = Bridge(opening.opener(server=f"http://127.0.0.1:{nobody.getsockname()[1]}"))
        rows: list[object] = []
        bridge.ready.connect(lambda: bridge.watch(core_runs(), rows.append, rows.append))
        with qtbot.waitSignal(bridge.away, timeout=30_000) as away:
            bridge.start()
        assert "127.0.0.1" in away.args[0]
        assert away.args[0].count(".") >= 2, "it says what to do next"
        assert rows == [], "what is followed is waited for, not given up"
        assert bridge.stop()


def core_runs() -> object:
    import legate_core as core

    return core.Runs()


def test_a_face_that_is_missing_is_named_and_the_systems_stands_in(
    app: QApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert QFontInfo(font("body")).family() == "Hanken Grotesk"
    QFontDatabase.removeAllApplicationFonts()
    with monkeypatch.context() as patched:
        patched.setattr(resources, "ROOT", tmp_path)
        assert resources.load_fonts() == list(resources.FONT_FILES)
    stands_in = QFontInfo(font("body"))
    assert stands_in.family() != "Hanken Grotesk"
    assert stands_in.pixelSize() == 14
    assert resources.load_fonts() == []


def test_another_look_while_text_streams_in_changes_the_inks_and_not_the_text(stage: Stage, viewer: RunViewer) -> None:
    say = stage.bridge.tick_listeners["run_01cd7371"]
    for at, theme in enumerate(("light", "dark", "light")):
        say([SimpleNamespace(kind="text", text=f"word{at} ")])
        look.choose(theme)
        QApplication.processEvents()
    assert viewer.stream.toPlainText() == "word0 word1 word2 "
    colours = {viewer.stream.grab().toImage().pixelColor(at, 4).name() for at in range(0, viewer.stream.width(), 7)}
    assert LIGHT.well.lower() in colours or LIGHT.abyss.lower() in colours or LIGHT.panel.lower() in colours
    assert not colours & {DARK.well.lower(), DARK.abyss.lower(), DARK.panel.lower()}
