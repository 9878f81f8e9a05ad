"""The frame at work: palette, sheet of keys, back and forward, undo from everywhere, letters, another language."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget

from legate_desktop.pages.approvals.page import ApprovalsPage
from legate_desktop.shell.sheet import KeySheet
from legate_desktop.shell.torn import TornWindow
from legate_desktop.shell.workspaces import open_beside, workspaces
from legate_desktop.theme.look import look
from legate_desktop.verbs import letters, rights
from legate_desktop.words import language, tr
from tests.desktop.stage import CONTROL, Stage, page_of

Key = Qt.Key
ALT = Qt.KeyboardModifier.AltModifier


def open_palette(stage: Stage, text: str) -> list[str]:
    stage.press(Key.Key_K, CONTROL)
    assert QApplication.focusWidget() is stage.window.palette_box.field
    stage.type(text)
    return [row.title for row in stage.window.palette_box.rows]


def test_the_palette_goes_to_a_page(stage: Stage) -> None:
    assert open_palette(stage, "go team")[0] == "Go to Team"
    stage.press(Key.Key_Return)
    assert stage.window.page_id == "team"
    assert not stage.window.palette_box.isVisible()


def test_the_palette_does_what_a_page_can_do_and_says_why_not(stage: Stage) -> None:
    stage.choose("act_8")
    open_palette(stage, "approve once")
    row = stage.window.palette_box.rows[0]
    assert row.why_not == "It is in doubt: say what happened"
    stage.press(Key.Key_Return)
    assert stage.window.palette_box.isVisible()
    assert stage.sent == []
    stage.press(Key.Key_Escape)
    stage.choose("apr_0001f61d7b5")
    open_palette(stage, "approve once")
    stage.press(Key.Key_Return)
    assert stage.sent_names() == ["ApproveAction"]


def test_the_palette_finds_an_approval_and_tab_leads_to_what_can_be_done_with_it(stage: Stage) -> None:
    assert open_palette(stage, "stripe") == ["stripe.refund: refund 48.20 EUR, order 10-4471"]
    stage.press(Key.Key_Tab)
    assert [row.title for row in stage.window.palette_box.rows] == ["Open the card", "Open its run"]
    stage.press(Key.Key_Escape)
    assert stage.window.palette_box.isVisible()
    stage.press(Key.Key_Return)
    assert stage.state.selected_id == "apr_0003f61d7b5"


def test_leaving_the_palette_gives_the_focus_back(stage: Stage) -> None:
    before = QApplication.focusWidget()
    open_palette(stage, "x")
    stage.press(Key.Key_Escape)
    assert QApplication.focusWidget() is before


def test_the_palette_speaks_the_row_under_the_cursor(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(stage.window, "announce", said.append)
    open_palette(stage, "go team")
    assert said[-1] == "Go to Team, G T"


def test_a_click_beside_the_palette_closes_it(stage: Stage) -> None:
    open_palette(stage, "")
    stage.click(stage.window.palette_box, stage.window.palette_box.rect().bottomLeft())
    assert not stage.window.palette_box.isVisible()


def test_the_sheet_lists_the_keys_of_this_page_and_of_the_window(stage: Stage) -> None:
    stage.press(Key.Key_Question)
    sheet = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, KeySheet))
    assert {"Approve once: A", "Approve…: Shift+A", "Find or do anything: Ctrl+K", "Undo: Z · Ctrl+Z"} <= set(
        sheet.texts
    )
    assert "Runs: Ctrl+7 · G R" in sheet.texts
    assert {label.textFormat() for label in sheet.findChildren(QLabel)} == {Qt.TextFormat.PlainText}
    stage.bot.keyClick(sheet, Key.Key_Escape)
    assert not sheet.isVisible()


def test_back_and_forward_by_key_and_by_mouse(stage: Stage) -> None:
    stage.choose("apr_0001f61d7b5")
    stage.window.go("team")
    stage.window.go("runs")
    stage.press(Key.Key_Left, ALT)
    assert stage.window.page_id == "team"
    stage.press(Key.Key_Left, ALT)
    assert (stage.window.page_id, stage.state.selected_id) == ("approvals", "apr_0001f61d7b5")
    assert not stage.window.sidebar.back.isEnabled()
    stage.bot.mouseClick(stage.approvals.list.viewport(), Qt.MouseButton.ForwardButton)
    assert stage.window.page_id == "team"
    assert stage.window.sidebar.back.isEnabled()


def test_a_filter_and_a_tab_are_as_they_were_left(stage: Stage) -> None:
    stage.approvals.filter.setText("mail.send")
    shown = stage.shown_ids()
    stage.window.go("team")
    stage.window.go("approvals")
    assert (stage.approvals.filter.text(), stage.shown_ids()) == ("mail.send", shown)


def test_an_answer_is_taken_back_from_another_page(stage: Stage) -> None:
    stage.choose("apr_0001f61d7b5")
    stage.press(Key.Key_A)
    stage.window.go("team")
    stage.press(Key.Key_Z)
    assert stage.sent_names() == ["ApproveAction", "UndoAnswer"]
    stage.press(Key.Key_Z)
    assert stage.sent_names() == ["ApproveAction", "UndoAnswer"]


def test_letters_can_be_switched_off_and_other_keys_stay(stage: Stage) -> None:
    stage.choose("apr_0001f61d7b5")
    stage.context.prefs.wish("letter_keys", False)
    try:
        for key in (Key.Key_A, Key.Key_J, Key.Key_G, Key.Key_R):
            stage.press(key)
        assert (stage.sent, stage.window.page_id, stage.state.selected_id) == ([], "approvals", "apr_0001f61d7b5")
        stage.press(Key.Key_7, CONTROL)
        assert stage.window.page_id == "runs"
    finally:
        letters.switch(is_on=True)


def test_a_rebuilt_window_is_where_it_was(stage: Stage) -> None:
    stage.choose("apr_0001f61d7b5")
    stage.window.rebuild()
    page = page_of(stage.window, "approvals", ApprovalsPage)
    assert page is not stage.approvals
    assert page.state.selected_id == "apr_0001f61d7b5"
    assert stage.window.sidebar.places["approvals"].count == 9
    stage.clock.let_keys_wake()
    page.take_focus()
    stage.press(Key.Key_A)
    assert stage.sent_names() == ["ApproveAction"]
    stage.press(Key.Key_G)
    stage.press(Key.Key_R)
    assert stage.window.page_id == "runs"


def test_the_foot_of_the_sidebar_is_said_again_in_another_language(stage: Stage) -> None:
    stage.window.say_engine(lambda: (tr("Local engine"), "green"))
    try:
        stage.context.prefs.wish("language", "de")
        assert stage.window.sidebar.engine.accessibleName() == "Lokale Maschine"
    finally:
        language.choose("en")


def test_a_page_that_cannot_be_torn_off_shows_the_object_here_and_one_that_can_gets_a_window(stage: Stage) -> None:
    stage.context.tear_off("approvals", "apr_0001f61d7b5")
    assert stage.state.selected_id == "apr_0001f61d7b5"
    torn: list[str] = []

    def view(_context: object, object_id: str) -> QWidget:
        torn.append(object_id)
        return QWidget()

    stage.window.specs["runs"] = replace(stage.window.specs["runs"], torn=view)
    stage.context.tear_off("runs", "run_1")
    assert torn == ["run_1"]
    assert [isinstance(window, TornWindow) for window in stage.window.torn] == [True]


def test_a_page_that_a_role_may_not_see_is_not_in_the_list(stage: Stage) -> None:
    stage.window.let_see({"runs.view"})
    places = stage.window.sidebar.places
    assert (places["runs"].isVisibleTo(stage.window), places["approvals"].isVisibleTo(stage.window)) == (True, False)
    assert stage.window.page_id == "settings"


def test_what_a_role_may_not_do_is_off_with_the_reason(stage: Stage) -> None:
    stage.choose("apr_0001f61d7b5")
    rights.take({"approvals.snooze": "Needs Operator"})
    try:
        assert (stage.button("later").isEnabled(), stage.button("later").toolTip()) == (False, "Needs Operator")
        stage.press(Key.Key_S)
        open_palette(stage, "later")
        assert stage.window.palette_box.rows[0].why_not == "Needs Operator"
    finally:
        rights.take({})
    assert stage.button("later").isEnabled()


def test_the_sun_turns_the_look_and_the_wish_is_kept(stage: Stage) -> None:
    button, prefs = stage.window.sidebar.look_button, stage.context.prefs
    look.choose("light")
    assert button.accessibleName() == "Use the dark look"
    stage.click(button)
    assert (look.theme.is_dark, prefs.now.look, button.accessibleName()) == (True, "dark", "Use the light look")
    # Given at the start of the program, a look is no wish; a press turns it all the same.
    look.choose("light")
    stage.click(button)
    assert (look.theme.is_dark, prefs.now.look) == (True, "dark")
    stage.click(button)
    assert (look.theme.is_dark, prefs.now.look) == (False, "light")


def test_every_page_is_in_sight_in_the_smallest_window(stage: Stage) -> None:
    stage.window.resize(900, 560)
    QApplication.processEvents()
    heights = {
        button.text(): button.visibleRegion().boundingRect().height() for button in stage.window.sidebar.places.values()
    }
    assert min(heights.values()) >= 24, heights


@pytest.mark.parametrize("starts", [True, False])
def test_the_switcher_opens_another_workspace_beside_this_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, starts: bool
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("legate_desktop.shell.window.open_beside", lambda name: opened.append(name) or starts)
    box = stage.window.sidebar.workspace
    stage.click(box)
    menu = box.findChild(QMenu)
    assert menu is not None
    here, other = menu.actions()[:2]
    assert (here.text(), here.isChecked()) == ("Practice workspace", True)
    assert (other.text(), other.isChecked()) == ("Personal workspace", False)
    here.trigger()
    assert opened == []
    other.trigger()
    assert opened == ["personal"]
    assert stage.toasts() == ([] if starts else ["It could not be started. Try “legate desktop” in a terminal."])
    menu.close()


def test_a_window_beside_this_one_does_not_hold_on_to_where_this_one_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: Any
) -> None:
    said = tmp_path / "said"
    look = "import os, sys; null = os.stat(os.devnull); said = sys.argv[1] + '.part'"
    tell = "open(said, 'w').write(str([os.path.samestat(os.fstat(place), null) for place in (0, 1, 2)]) + sys.argv[2])"
    command = [sys.executable, "-c", f"{look}; {tell}; os.rename(said, sys.argv[1])", str(said)]
    monkeypatch.setattr("legate_desktop.shell.workspaces.start_command", lambda *options: [*command, *options])
    assert open_beside("practice")
    qtbot.waitUntil(said.exists, timeout=30_000)
    assert said.read_text() == "[True, True, True]--practice"


def test_the_workspace_that_is_open_stands_first() -> None:
    assert [item.name for item in workspaces(practice=False, server="")] == ["Personal workspace", "Practice workspace"]
    names = [item.name for item in workspaces(practice=False, server="https://x.example")]
    assert names == ["https://x.example", "Personal workspace", "Practice workspace"]
