"""The Runs page and its state: the list, the log, what streams, cancel and stop; and the practice deputy."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from legate_desktop.notice import Notice
from legate_desktop.pages.runs.view import RunRow, StepRow, run_sentence, state_words, step_sentence
from legate_desktop.practice import Practice
from legate_desktop.theme.signs import RUN_SIGNS, STEP_SIGNS
from legate_desktop.widgets.dialog import Dialog
from tests.desktop.fake_core import NOW, PRACTICE, SURFACE, FakeBridge, practice_bridge, run
from tests.desktop.stage import CONTROL, SHIFT, Stage, make_states

Key = Qt.Key


def on_runs(stage: Stage) -> Stage:
    stage.window.go("runs")
    return stage


def test_open_runs_stand_first_then_the_newest(stage: Stage) -> None:
    states = [row.state for row in stage.runs.state.rows]
    assert states == ["running", "waiting", "in_doubt", "ready", "succeeded", "failed", "cancelled"]


def test_every_state_of_the_core_has_a_sign_and_words(stage: Stage) -> None:
    from legate_core.actions.model import ActionState
    from legate_core.runs.model import RunStatus

    assert {status.value for status in RunStatus} <= set(RUN_SIGNS)
    assert {state.value for state in ActionState} | {"open", "done", "failed"} <= set(STEP_SIGNS)
    for status in RunStatus:
        changed = replace(stage.runs.state.rows[0], state=status.value)
        assert f", {status.value}," not in run_sentence(changed, NOW).replace("waiting", "")
    for state in (*ActionState, "open", "done"):
        assert f", {state}," not in step_sentence(StepRow("s", 0, "tool", str(state), "mail.send"))


def test_every_reason_to_wait_has_words() -> None:
    from legate_core.runs.model import WaitingFor

    run = RunRow("r", "Deputy", "waiting")
    said = {reason: state_words(replace(run, waiting_for=reason.value), NOW) for reason in WaitingFor}
    # Nothing said and an approval are both a person's turn; the others differ.
    assert len(set(said.values())) == len(WaitingFor) - 1


def test_c_cancels_the_chosen_run_once(stage: Stage) -> None:
    on_runs(stage)
    stage.press(Key.Key_C)
    stage.press(Key.Key_C)
    assert stage.sent == [SURFACE.CancelRun("run_01cd7371")]
    assert stage.runs.viewer.buttons["cancel"].toolTip() == "It is being cancelled"


def test_what_is_over_cannot_be_cancelled(stage: Stage) -> None:
    on_runs(stage)
    stage.runs.state.select("run_04cd7371")
    stage.press(Key.Key_C)
    assert stage.sent == []
    assert not stage.runs.viewer.buttons["cancel"].isEnabled()


def test_stop_everything_asks_once_and_says_what_it_means(stage: Stage) -> None:
    on_runs(stage)
    stage.press(Key.Key_X, CONTROL | SHIFT)
    dialog = stage.dialog(Dialog)
    assert stage.sent == []
    stage.click(dialog.send_button)
    assert stage.sent == [SURFACE.StopEverything()]


def test_ctrl_digits_and_g_go_from_page_to_page(stage: Stage) -> None:
    stage.press(Key.Key_7, CONTROL)
    assert stage.window.pages.currentWidget() is stage.runs
    stage.press(Key.Key_G)
    stage.press(Key.Key_P)
    assert stage.window.pages.currentWidget() is stage.approvals
    stage.press(Key.Key_G)
    stage.press(Key.Key_R)
    assert stage.window.pages.currentWidget() is stage.runs


def test_each_page_keeps_its_letters_to_itself(stage: Stage) -> None:
    stage.choose("apr_0001f61d7b5")
    on_runs(stage)
    stage.press(Key.Key_A)
    stage.press(Key.Key_1)
    assert stage.sent == []


def test_the_counts_stand_beside_the_pages(stage: Stage) -> None:
    assert stage.window.sidebar.places["approvals"].accessibleName() == "Approvals, 9"
    assert stage.window.sidebar.places["runs"].accessibleName() == "Runs, 1"


# The practice deputy.


def empty_bridge() -> FakeBridge:
    bridge = practice_bridge()
    for name in ("PendingApprovals", "InDoubt", "Runs", "RunLog", "DecidedApprovals"):
        bridge.tables[name] = {}
    return bridge


def test_a_workspace_in_which_nothing_ran_begins_by_itself_and_only_once() -> None:
    bridge = empty_bridge()
    practice = Practice(bridge)
    practice.offer(*PRACTICE)
    practice.runs_are(0, 0, is_first=True)
    practice.runs_are(0, 0)
    assert bridge.sent == [SURFACE.StartRun("agt_1", PRACTICE[1])]


def test_a_workspace_in_which_something_ran_waits_for_the_person() -> None:
    bridge = empty_bridge()
    practice = Practice(bridge)
    practice.offer(*PRACTICE)
    practice.runs_are(0, 3, is_first=True)
    assert bridge.sent == []
    practice.begin()
    practice.runs_are(1, 4)
    practice.begin()
    assert len(bridge.sent) == 1
    assert practice.why_not() == "The practice deputy is at work"


def test_a_personal_workspace_never_begins() -> None:
    bridge = empty_bridge()
    practice = Practice(bridge)
    practice.runs_are(0, 0, is_first=True)
    practice.begin()
    assert bridge.sent == []


def test_a_deputy_that_was_deleted_is_told_and_may_be_tried_again() -> None:
    bridge = empty_bridge()
    bridge.tables["Agents"] = {}
    practice = Practice(bridge)
    said: list[Notice] = []
    practice.noticed.connect(said.append)
    practice.offer(*PRACTICE)
    practice.begin()
    assert said[0].is_error
    assert "Start with another data folder" in said[0].text
    assert practice.why_not() == ""


def test_the_empty_pages_offer_the_deputy_by_button_and_key(qtbot: QtBot) -> None:
    stage = Stage(qtbot, empty_bridge())
    stage.context.practice.offer(*PRACTICE)
    stage.show()
    assert stage.approvals.empty.action.isVisible()
    assert stage.approvals.empty.title.text() == "Nothing waits for you"
    stage.click(stage.approvals.empty.action)
    stage.press(Key.Key_N)
    assert stage.sent == [SURFACE.StartRun("agt_1", PRACTICE[1])]
    assert stage.toasts() == ["The practice deputy is at work. It asks here before it sends anything."]


def test_without_a_deputy_the_empty_pages_offer_none(qtbot: QtBot) -> None:
    stage = Stage(qtbot, empty_bridge())
    stage.show()
    assert not stage.approvals.empty.action.isVisible()
    stage.window.go("runs")
    assert not stage.runs.empty.action.isVisible()
    assert "legate run" in stage.runs.empty.text.text()


def test_a_refused_cancel_says_why_and_can_be_tried_again() -> None:
    bridge = practice_bridge()
    state = make_states(bridge)[1]
    state.open()
    bridge.refusal = ("Run run_01cd7371 has already ended: failed.", False)
    said: list[Notice] = []
    state.noticed.connect(said.append)
    state.cancel("run_01cd7371")
    assert said[0].text == "Run run_01cd7371 has already ended: failed."
    assert state.why_not_cancel("run_01cd7371") == ""


def test_a_run_keeps_its_place_when_another_begins() -> None:
    bridge = practice_bridge()
    state = make_states(bridge)[1]
    state.open()
    bridge.tables["Runs"]["run_99"] = run(0, id="run_99", status="ready")
    bridge.publish("Runs")
    assert state.selected_id == "run_01cd7371"
    assert state.rows[0].id == "run_99"
