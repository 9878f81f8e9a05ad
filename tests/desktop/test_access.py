"""By keyboard alone: Tab reaches everything that can be used, each with a name, at every size and text size."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from legate_desktop.delegates.rows import RowList
from legate_desktop.notice import Notice
from legate_desktop.pages.agents.page import AgentsPage
from legate_desktop.pages.approvals.dialogs import EditDialog, RejectDialog, ScopesDialog
from legate_desktop.pages.approvals.view import Card
from legate_desktop.theme.look import look
from legate_desktop.theme.tokens import TARGET_PX
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.proof import ProofDialog
from legate_desktop.widgets.toast import Toasts
from tests.desktop.fake_core import FakeBridge, practice_bridge
from tests.desktop.fakes_vault import vault_bridge
from tests.desktop.stage import Stage

MOST_STOPS = 120
ROWS = ("act_8", "apr_0000f61d7b5", "apr_0001f61d7b5", "apr_0004f61d7b5")


def walk(stage: Stage, window: QWidget) -> list[QWidget]:
    """Every stop of Tab, once around."""
    stops: list[QWidget] = []
    for _ in range(MOST_STOPS):
        stage.bot.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None, "Tab led out of the window"
        if stops and focus is stops[0]:
            return stops
        stops.append(focus)
    raise AssertionError(f"Tab does not come around: {[type(stop).__name__ for stop in stops[-8:]]}")


def unnamed(stops: list[QWidget]) -> list[str]:
    """The stops that say nothing to who cannot see them."""
    return [f"{type(stop).__name__} {stop.objectName()}" for stop in stops if not stop.accessibleName()]


@pytest.mark.parametrize("row_id", ROWS)
def test_every_stop_of_the_approvals_page_has_a_name(stage: Stage, row_id: str) -> None:
    stage.choose(row_id)
    stops = walk(stage, stage.window)
    assert unnamed(stops) == []
    visible = [button for button in stage.approvals.findChildren(Button) if button.isVisible() and button.isEnabled()]
    assert [button.text() for button in visible if button not in stops] == []
    assert stage.approvals.list in stops
    assert stage.approvals.filter in stops


@pytest.mark.parametrize("tab", ["decided", "rules"])
def test_every_stop_of_the_other_tabs_has_a_name(stage: Stage, tab: str) -> None:
    stage.state.set_tab(tab)  # type: ignore[arg-type]  # the parameters are two of the tabs
    assert unnamed(walk(stage, stage.window)) == []


def test_every_stop_of_the_runs_page_has_a_name(stage: Stage) -> None:
    stage.window.go("runs")
    stage.runs.viewer.steps.selectRow(3)
    stops = walk(stage, stage.window)
    assert unnamed(stops) == []
    assert {stage.runs.list, stage.runs.viewer.steps, stage.runs.viewer.pane.chain} <= set(stops)


def dialogs(card: Card, parent: QWidget) -> list[Dialog]:
    return [
        RejectDialog(card, and_stop=False, parent=parent),
        EditDialog(card, parent),
        ScopesDialog(card, parent),
        ProofDialog("Approved: send a mail", parent),
    ]


def test_every_stop_of_every_dialog_has_a_name_and_a_safe_way_out(stage: Stage) -> None:
    stage.choose("apr_0001f61d7b5")
    assert stage.state.card is not None
    for dialog in dialogs(stage.state.card, stage.approvals):
        dialog.open()
        stage.dialog(type(dialog))
        stops = walk(stage, dialog)
        assert unnamed(stops) == []
        assert {dialog.send_button, dialog.cancel_button} <= set(stops)
        stage.bot.keyClick(dialog, Qt.Key.Key_Escape)
        assert not dialog.isVisible()
        stage.come_back()


def test_rows_are_sentences(stage: Stage) -> None:
    texts = [
        stage.approvals.model.index(at, 0).data(Qt.ItemDataRole.AccessibleTextRole)
        for at in range(len(stage.approvals.model.rows))
    ]
    assert texts[0] == "mail.send, sends, asked by Reply desk, 8 minutes ago, in doubt"
    assert texts[1] == "fs.trash, destroys, asked by Inbox triage, 0 seconds ago, waiting"
    run = stage.runs.model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert run == "Reply desk, Running · 1 m 0 s, started 1 minute ago"


@pytest.mark.parametrize("scale", [0.85, 1.0, 1.5])
def test_nothing_is_pushed_out_of_the_smallest_window(stage: Stage, scale: float) -> None:
    look.choose_scale(scale)
    stage.window.resize(900, 600)
    for page in ("approvals", "runs"):
        stage.window.go(page)
        for row_id in ROWS:
            stage.state.select(row_id)
            QApplication.processEvents()
            assert stage.window.size().toTuple() == (900, 600)
            outside = [
                f"{type(widget).__name__} {widget.accessibleName()}"
                for widget in stage.window.findChildren(QAbstractButton)
                if widget.isVisible() and not _is_inside(widget, stage.window)
            ]
            assert outside == []
            assert _is_inside(stage.approvals.detail, stage.window)
            body, view = stage.approvals.card.widget(), stage.approvals.card.viewport()
            assert body is not None
            assert body.width() <= view.width()
        titles = (stage.approvals.head.title, stage.runs.head.title)
        assert all(title.width() >= title.sizeHint().width() for title in titles if title.isVisible())


def _is_inside(widget: QWidget, window: QWidget) -> bool:
    top_left = widget.mapTo(window, widget.rect().topLeft())
    bottom_right = widget.mapTo(window, widget.rect().bottomRight())
    # What scrolls may be below the edge, never beside it.
    return top_left.x() >= 0 and bottom_right.x() < window.width()


def test_targets_are_large_enough(stage: Stage) -> None:
    stage.choose("apr_0001f61d7b5")
    small = [
        widget.accessibleName()
        for widget in stage.window.findChildren(QAbstractButton)
        if widget.isVisible() and isinstance(widget, Button) and min(widget.width(), widget.height()) < TARGET_PX
    ]
    assert small == []


def test_labels_are_plain_text_whoever_wrote_them(stage: Stage) -> None:
    stage.choose("apr_0004f61d7b5")
    rich = [
        label.text() for label in stage.window.findChildren(QLabel) if label.textFormat() != Qt.TextFormat.PlainText
    ]
    assert [text for text in rich if text] == []


def test_a_key_is_printed_on_every_answer(stage: Stage) -> None:
    stage.choose("apr_0001f61d7b5")
    shown = {name: stage.button(name).key for name in ("approve", "reject", "edit", "scopes", "stop")}
    assert shown == {"approve": "A", "reject": "R", "edit": "E", "scopes": "Shift+A", "stop": "Shift+R"}


def test_an_answer_that_cannot_be_given_says_why_in_its_tip(stage: Stage) -> None:
    stage.bridge.cards["apr_0001f61d7b5"].permitted = False
    stage.bridge.cards["apr_0001f61d7b5"].refusal = "Needs Operator"
    stage.choose("apr_0001f61d7b5")
    assert not stage.button("approve").isEnabled()
    assert stage.button("approve").toolTip() == "Needs Operator"


def test_toasts_take_no_focus_keep_three_and_errors_stay(stage: Stage) -> None:
    toasts: Toasts = stage.window.toasts
    before = QApplication.focusWidget()
    for n in range(4):
        toasts.add(f"note {n}")
    assert QApplication.focusWidget() is before
    assert [toast.text.text() for toast in toasts.toasts()] == ["note 1", "note 2", "note 3"]
    error = toasts.add("It failed. Try again.", is_error=True)
    assert not error._life.isActive()
    assert error.closer.isVisible()
    stage.click(error.closer)
    assert error not in toasts.toasts()


@pytest.mark.parametrize(
    ("page_id", "make"),
    [
        ("approvals", practice_bridge),
        ("vault", vault_bridge),
        ("knowledge", practice_bridge),
        ("agents", practice_bridge),
    ],
)
def test_no_toast_lies_over_what_is_pressed_below(
    app: QApplication, qtbot: QtBot, page_id: str, make: Callable[[], FakeBridge]
) -> None:
    stage = Stage(qtbot, make())
    stage.show(1100, 700)
    stage.window.go(page_id, "agt_1" if page_id == "agents" else "")
    page = stage.window.page(page_id)
    if isinstance(page, AgentsPage):
        page.builder.turn_to_try()
    for lists in page.findChildren(RowList):
        lists.selectRow(0)
    QApplication.processEvents()
    stage.window.toasts.add("It failed. Try again.", is_error=True)
    toasts = stage.window.toasts
    covered = QRect(toasts.mapTo(stage.window, QPoint()), toasts.size())
    foot = page.foot()
    assert foot is not None
    pressed = [child for child in foot.findChildren(Button) if child.isVisible()]
    assert pressed != []
    for child in pressed:
        assert not covered.intersects(QRect(child.mapTo(stage.window, QPoint()), child.size())), child.text()


def test_a_toast_offers_undo_only_for_its_time_and_never_to_the_focus(stage: Stage) -> None:
    undone: list[str] = []
    stage.window.say(Notice("Done", undo=lambda: undone.append("undone")))
    toast = stage.window.toasts.toasts()[0]
    assert toast.action.focusPolicy() == Qt.FocusPolicy.NoFocus
    # A mouse that lies on it keeps it there, to be read.
    toast.underMouse = lambda: True  # type: ignore[method-assign]
    toast._may_end()
    assert toast in stage.window.toasts.toasts()
    assert not toast.action.isEnabled()
    stage.press(Qt.Key.Key_Z)
    assert (undone, stage.window.undoable) == ([], None)


def test_what_newly_waits_and_what_toasts_say_is_announced_politely(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(stage.window, "announce", said.append)
    rows = stage.bridge.tables["PendingApprovals"]
    taken = rows.pop("apr_0001f61d7b5")
    stage.bridge.publish("PendingApprovals")
    assert said == []
    rows["apr_0001f61d7b5"] = taken
    focus = QApplication.focusWidget()
    stage.bridge.publish("PendingApprovals")
    assert said == ["Waiting for you: 9 approvals"]
    assert QApplication.focusWidget() is focus
