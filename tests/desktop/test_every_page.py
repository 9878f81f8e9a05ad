"""What holds for every page, also for those that come later: names, Tab, size, plain text, another look, no clocks."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from legate_desktop import pages
from legate_desktop.shell.places import with_places
from legate_desktop.shell.registry import find_pages
from legate_desktop.theme.look import look
from legate_desktop.theme.tokens import TARGET_PX
from legate_desktop.widgets.button import Button
from tests.desktop.fakes_deck import deck_bridge
from tests.desktop.stage import Stage
from tests.desktop.test_access import unnamed, walk

PAGES = [page.id for page in with_places(find_pages(pages))]


@pytest.fixture(params=PAGES)
def on_page(request: pytest.FixtureRequest, app: QApplication, qtbot: QtBot) -> Stage:
    stage = Stage(qtbot, deck_bridge())
    stage.show()
    stage.window.go(request.param)
    app.processEvents()
    return stage


def test_tab_comes_around_and_every_stop_has_a_name(on_page: Stage) -> None:
    assert unnamed(walk(on_page, on_page.window)) == []


class Shown(QObject):
    """Keeps what came up as a window of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.windows: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.windows.append(f"{type(watched).__name__} {watched.accessibleName()}")
        return False


@pytest.mark.parametrize("page_id", PAGES)
def test_no_part_of_a_page_comes_up_as_a_window(app: QApplication, qtbot: QtBot, page_id: str) -> None:
    stage = Stage(qtbot, deck_bridge())
    stage.show()
    shown = Shown()
    app.installEventFilter(shown)
    try:
        stage.window.go(page_id)
        stage.window.toasts.add("It failed. Try again.", is_error=True)
        app.processEvents()
    finally:
        app.removeEventFilter(shown)
    assert shown.windows == []
    assert app.activeWindow() is stage.window


def test_labels_are_plain_text(on_page: Stage) -> None:
    labels = [label for label in on_page.window.findChildren(QLabel) if label.text()]
    assert [label.text() for label in labels if label.textFormat() != Qt.TextFormat.PlainText] == []


@pytest.mark.parametrize("scale", [0.85, 1.5])
def test_it_fits_the_smallest_screen_with_a_frame_around_it(on_page: Stage, scale: float) -> None:
    look.choose_scale(scale)
    on_page.window.resize(900, 560)
    QApplication.processEvents()
    assert on_page.window.size().toTuple() == (900, 560)
    outside = [
        f"{type(widget).__name__} {widget.accessibleName()}"
        for widget in on_page.window.pages.currentWidget().findChildren(QAbstractButton)
        if widget.isVisible() and widget.mapTo(on_page.window, widget.rect().topRight()).x() >= 900
    ]
    assert outside == []
    cut = [
        f"{type(area).__name__} {area.widget().width()} in {area.viewport().width()}"
        for area in on_page.window.pages.currentWidget().findChildren(QScrollArea)
        if area.isVisible() and area.widget() is not None and area.widget().width() > area.viewport().width()
    ]
    assert cut == []


def test_targets_are_large_enough(on_page: Stage) -> None:
    small = [
        button.accessibleName()
        for button in on_page.window.findChildren(Button)
        if button.isVisible() and min(button.width(), button.height()) < TARGET_PX
    ]
    assert small == []


def test_another_look_while_it_is_shown_and_while_it_is_not(on_page: Stage) -> None:
    page_id = on_page.window.page_id
    page = on_page.window.page(page_id)
    look.choose("light")
    shown = page.grab().toImage()
    on_page.window.go("team" if page_id != "team" else "deck")
    look.choose("dark")
    on_page.window.go(page_id)
    QApplication.processEvents()
    assert page.grab().toImage() != shown
    look.choose("light")
    QApplication.processEvents()
    assert page.palette().window().color().name() == look.theme.abyss.lower()


def test_no_clock_of_a_page_runs_while_it_is_hidden(on_page: Stage) -> None:
    page = on_page.window.page(on_page.window.page_id)
    on_page.window.hide()
    QApplication.processEvents()
    repeating = [timer for timer in page.findChildren(QTimer) if timer.isActive() and not timer.isSingleShot()]
    assert repeating == []


@pytest.mark.parametrize("page_id", ["runs", "agents", "vault", "knowledge", "models"])
@pytest.mark.parametrize("is_visited_before", [True, False])
def test_a_page_whose_engine_never_opened_says_so_and_the_banner_starts_anew(
    app: QApplication, qtbot: QtBot, page_id: str, is_visited_before: bool
) -> None:
    stage = Stage(qtbot, is_open=False)
    stage.show()
    restarts: list[bool] = []
    stage.context.restart_wanted.connect(lambda: restarts.append(True))
    stage.window.go(page_id if is_visited_before else "settings")
    stage.context.engine_went("The folder was written by a newer Legate.")
    stage.window.go(page_id)
    page = stage.window.page(page_id)
    assert "The engine is not running" in [label.text() for label in page.findChildren(QLabel) if label.isVisible()]
    stage.click(stage.window.banner.action)
    assert restarts == [True]
    stage.context.engine_came()
    stage.context.engine_opened()
    shown = [label.text() for label in page.findChildren(QLabel) if label.isVisible()]
    assert "The engine is not running" not in shown


def test_an_engine_that_goes_and_comes_leaves_every_page_standing(on_page: Stage) -> None:
    on_page.context.engine_went("The engine stopped.")
    assert on_page.window.banner.isVisible()
    on_page.context.engine_came()
    assert not on_page.window.banner.isVisible()
