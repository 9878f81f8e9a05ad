"""Large text in the smallest window: nothing that is asked is pushed out by what answers it, and nothing is cut off."""

from __future__ import annotations

from itertools import combinations

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from legate_desktop.pages.approvals.dialogs import EditDialog, ScopesDialog
from legate_desktop.theme.look import look
from legate_desktop.widgets import dialog as dialog_module
from legate_desktop.widgets.labels import Label, OutsideText
from tests.desktop.stage import SHIFT, Stage
from tests.desktop.test_approvals_page import FIRST, Key

# What a screen of 900 by 480 leaves beside the frame of a window.
LOW = QRect(0, 0, 900, 440)


@pytest.fixture
def large(stage: Stage) -> Stage:
    look.choose_scale(1.5)
    stage.window.resize(900, 600)
    QApplication.processEvents()
    stage.choose(FIRST)
    QApplication.processEvents()
    return stage


def test_the_rarer_answers_stand_behind_one_button_and_their_keys_still_act(large: Stage) -> None:
    page = large.approvals
    assert page.card_stack.height() > page.answers.height()
    assert [name for name in ("approve", "reject") if page.buttons[name].isVisible()] == ["approve", "reject"]
    assert list(page.more.held) == ["scopes", "edit", "stop", "later"]
    large.click(page.more)
    menu = page.more.findChild(QMenu)
    assert menu is not None
    assert [action.text().split("\t")[0] for action in menu.actions()] == [
        large.approvals.verbs.verb(name).name for name in page.more.held
    ]
    menu.close()
    large.press(Key.Key_E)
    assert large.dialog(EditDialog).isVisible()


def test_with_room_every_answer_is_a_button_of_its_own(large: Stage) -> None:
    look.choose_scale(1.0)
    large.window.resize(1280, 860)
    QApplication.processEvents()
    assert large.button("edit").isVisible()
    assert not large.approvals.more.isVisible()


def test_a_dialog_is_as_high_as_its_lines_and_grows_with_them(large: Stage, qtbot: QtBot) -> None:
    large.press(Key.Key_A, SHIFT)
    dialog = large.dialog(ScopesDialog)
    before = dialog.height()
    dialog.choose(1)
    dialog.show_preview("It would have answered these:\none\ntwo\nthree")
    qtbot.waitUntil(lambda: dialog.height() > before)
    labels = [label for label in dialog.findChildren(Label) if label.isVisible() and label.wordWrap()]
    assert [label.text() for label in labels if label.heightForWidth(label.width()) > label.height()] == []


def test_a_dialog_is_no_larger_than_the_screen_and_its_buttons_stay_in_sight(
    large: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialog_module, "room", lambda _widget: LOW)
    large.press(Key.Key_A, SHIFT)
    dialog = large.dialog(ScopesDialog)
    dialog.choose(1)
    dialog.show_preview("It would have answered these:\none\ntwo\nthree")
    qtbot.waitUntil(lambda: dialog.height() == LOW.height())
    QApplication.processEvents()
    for button in (dialog.send_button, dialog.cancel_button):
        assert dialog.rect().contains(QRect(button.mapTo(dialog, QPoint()), button.size()))
    texts = [*dialog.findChildren(OutsideText), *dialog.findChildren(Label)]
    boxes = [QRect(text.mapTo(dialog, QPoint()), text.size()) for text in texts if text.isVisible()]
    assert [(one, two) for one, two in combinations(boxes, 2) if one.intersects(two)] == []
    labels = [label for label in dialog.findChildren(Label) if label.isVisible() and label.wordWrap()]
    assert [label.text() for label in labels if label.heightForWidth(label.width()) > label.height()] == []
