"""Pausing from the window: one state, told by banner, palette and the foot of the sidebar; the journal's word decides."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from legate_desktop.outside import requests
from legate_desktop.verbs import rights
from tests.desktop.fake_core import NOW, SURFACE
from tests.desktop.stage import Stage


@pytest.fixture
def paused(app: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(requests, "core", SURFACE)
    stage = Stage(qtbot)
    stage.show()
    _publish(stage, is_paused=True)
    return stage


def _publish(stage: Stage, *, is_paused: bool) -> None:
    stage.bridge.tables["RunsPause"] = {"runs": SimpleNamespace(is_paused=is_paused, since=NOW, by="usr_me")}
    stage.bridge.publish("RunsPause")


def test_the_banner_says_so_on_every_page_and_resumes(paused: Stage) -> None:
    banner = paused.window.pause_banner
    for page_id in ("runs", "settings"):
        paused.window.go(page_id)
        assert banner.isVisible()
        assert banner.text.text().startswith("All runs are paused since ")
    paused.click(banner.action)
    assert paused.sent == [SURFACE.ResumeRuns()]
    assert banner.isVisible(), "only what the core says ends it"
    _publish(paused, is_paused=False)
    assert not banner.isVisible()


def test_the_palette_pauses_and_what_was_paused_by_mistake_is_undone(paused: Stage) -> None:
    verbs = paused.window.verbs
    assert verbs.why_not("pause") == "All runs are paused already"
    _publish(paused, is_paused=False)
    assert verbs.why_not("resume") == "The runs are not paused"
    assert "Pause all runs" in [found.title for found in paused.window.offers.everything("runs")]
    assert verbs.do("pause") == ""
    paused.window.undo_last()
    assert paused.sent == [SURFACE.PauseRuns(), SURFACE.ResumeRuns()]


def test_who_may_not_is_told_who_may(paused: Stage) -> None:
    rights.take({"recall.workspace": "Needs Operator"})
    try:
        assert not paused.window.pause_banner.action.isEnabled()
        assert paused.window.pause_banner.action.toolTip() == "Needs Operator"
    finally:
        rights.take({})


def test_the_banner_stands_anew_after_a_change_of_the_language(paused: Stage) -> None:
    paused.window.rebuild()
    assert paused.window.pause_banner.isVisible()
