"""The list of runs: open ones live, the history by the page, filters, and rows that arrive while one looks elsewhere."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QConcatenateTablesProxyModel, QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from legate_desktop.models import ROW_ROLE
from legate_desktop.notice import Notice
from legate_desktop.pages.runs.state import RunsState
from tests.desktop.fake_core import MINUTE, NOW, FakeBridge, changed, practice_bridge, run
from tests.desktop.stage import Stage, make_states

Key = Qt.Key


def many_runs(count: int, bridge: FakeBridge | None = None) -> FakeBridge:
    """A workspace in which so many runs have ended, and two are open."""
    bridge = bridge or practice_bridge()
    ended = [
        run(
            number,
            id=f"run_{number:06d}",
            status="failed" if number % 10 == 0 else "succeeded",
            name=f"Desk {number % 7}",
            agent_id=f"agt_{number % 7}",
            finished_at=NOW - number * MINUTE + 1,
        )
        for number in range(10, 10 + count)
    ]
    opened = [run(1, id="run_open1"), run(2, id="run_open2", status="waiting", waiting_for="approval")]
    bridge.tables["Runs"] = {row.id: row for row in [*opened, *ended]}
    return bridge


def state_on(bridge: FakeBridge) -> RunsState:
    state = make_states(bridge)[1]
    state.open()
    return state


def asked_for(bridge: FakeBridge) -> list[object]:
    """Keep every question for a page of the history."""
    asked: list[object] = []
    answer = bridge.answers["RunHistory"]
    bridge.answers["RunHistory"] = lambda query: asked.append(query) or answer(query)
    return asked


def test_a_hundred_thousand_runs_are_listed_without_loading_them() -> None:
    bridge = many_runs(5_000)
    asked = asked_for(bridge)
    state = state_on(bridge)
    assert len(asked) == 1
    assert (state.row_count, state.total, state.count) == (102, 5_000, 5_002)
    for _ in range(60):
        if state.history.canFetchMore(QModelIndex()):
            state.history.fetchMore(QModelIndex())
    assert state.row_count == 5_002
    assert state.history.held <= 4_000
    # What fell out of memory is asked for again, from where its page began.
    assert state.history.at(0) is None or state.history.at(0).id == "run_000010"
    assert state.history.at(0) is not None


def test_pages_neither_shift_nor_repeat_while_runs_end() -> None:
    bridge = many_runs(250)
    state = state_on(bridge)
    table = bridge.tables["Runs"]
    table["run_open1"] = changed(table["run_open1"], status="succeeded", finished_at=NOW + 5_000)
    bridge.publish("Runs")
    while state.history.canFetchMore(QModelIndex()):
        state.history.fetchMore(QModelIndex())
    ids = [row.id for row in state.rows]
    assert len(ids) == len(set(ids)) == 252
    assert ids[:3] == ["run_open2", "run_open1", "run_000010"]
    assert state.rows[1].state == "succeeded"
    # Asked for anew, it stands where its time is.
    bridge.answers["RunHistory"] = lambda query, answer=bridge.answers["RunHistory"]: _as_of(answer(query), NOW + 6_000)
    state.set_state("succeeded")
    state.set_state("all")
    assert [row.id for row in state.rows][:2] == ["run_open2", "run_open1"]
    assert len(state.head.rows) == 1


def _as_of(page: object, moment: int) -> object:
    page.as_of = moment
    return page


@pytest.mark.parametrize(
    ("choose", "states", "agents", "since"),
    [
        (lambda state: state.set_state("failed"), ("failed", "ended_early"), (), 0),
        (lambda state: state.set_agent("agt_3"), (), ("agt_3",), 0),
        (lambda state: state.set_time("day"), (), (), NOW - 24 * 60 * MINUTE),
    ],
)
def test_a_filter_is_asked_of_the_core_and_kept_of_what_is_here(
    choose: object, states: tuple[str, ...], agents: tuple[str, ...], since: int
) -> None:
    bridge = many_runs(40)
    asked = asked_for(bridge)
    state = state_on(bridge)
    choose(state)  # type: ignore[operator]  # a function by the table
    assert (asked[-1].states, asked[-1].agents, asked[-1].since) == (states, agents, since)  # type: ignore[attr-defined]
    assert all(state.filters.admits(row) for row in state.rows)
    assert 0 < state.row_count < 42 or since


def test_runs_that_are_not_over_need_no_history() -> None:
    bridge = many_runs(40)
    asked = asked_for(bridge)
    state = state_on(bridge)
    state.set_state("open")
    assert len(asked) == 1
    assert [row.id for row in state.rows] == ["run_open1", "run_open2"]


def test_words_are_asked_for_when_nobody_types_any_more(qtbot: QtBot) -> None:
    bridge = many_runs(40)
    asked = asked_for(bridge)
    state = state_on(bridge)
    for text in ("0", "00", "desk 000013"):
        state.set_filter(text)
    assert len(asked) == 1
    qtbot.waitUntil(lambda: len(asked) == 2)
    assert asked[-1].text == "desk 000013"  # type: ignore[attr-defined]
    assert [row.id for row in state.rows] == ["run_000013"]


def test_a_slow_page_of_an_old_filter_is_not_shown_under_a_new_one() -> None:
    bridge = many_runs(40)
    state = state_on(bridge)
    bridge.is_slow = True
    state.set_state("failed")
    state.set_state("succeeded")
    bridge.release()
    assert {row.state for row in state.rows} == {"succeeded"}


def test_a_page_that_fails_is_told_and_can_be_asked_for_again() -> None:
    bridge = many_runs(250)
    state = state_on(bridge)
    said: list[Notice] = []
    state.noticed.connect(said.append)
    answers = bridge.answers
    kept = answers.pop("RunHistory")
    state.history.fetchMore(QModelIndex())
    assert said[-1].is_error
    assert state.row_count == 102
    answers["RunHistory"] = kept
    state.history.fetchMore(QModelIndex())
    assert state.row_count == 202


def test_a_list_that_cannot_be_followed_ends_its_skeleton(qtbot: QtBot) -> None:
    bridge = practice_bridge()
    state = make_states(bridge)[1]
    state._never_opened("You may not see runs. Ask for the role Viewer.")
    assert not state.is_loading


def test_the_whole_list_is_a_model_without_fault(qtbot: QtBot) -> None:
    bridge = many_runs(250)
    state = make_states(bridge)[1]
    whole = QConcatenateTablesProxyModel()
    whole.addSourceModel(state.head)
    whole.addSourceModel(state.history)
    fatal = QAbstractItemModelTester.FailureReportingMode.Fatal
    testers = [QAbstractItemModelTester(model, fatal) for model in (whole, state.head, state.history)]
    table = bridge.tables["Runs"]
    # As with a real core, an answer comes later and never in the middle of a question.
    bridge.is_slow = True
    state.open()
    bridge.release()
    table["run_new"] = run(0, id="run_new", status="ready")
    bridge.publish("Runs")
    table["run_open1"] = changed(table["run_open1"], status="failed", finished_at=NOW + 1)
    bridge.publish("Runs")
    bridge.release()
    state.history.fetchMore(QModelIndex())
    bridge.release()
    for choose in (lambda: state.set_state("failed"), lambda: state.set_state("open"), state.show_everything):
        choose()
        while bridge.held:
            bridge.release()
    assert whole.rowCount() == state.row_count
    assert whole.index(0, 0).data(ROW_ROLE).id == "run_new"
    del testers


def test_new_rows_arrive_quietly_and_are_counted_for_who_has_scrolled_down(qtbot: QtBot) -> None:
    stage = Stage(qtbot, many_runs(200))
    stage.show()
    stage.window.go("runs")
    page, bar = stage.runs, stage.runs.list.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 2_000)
    bar.setValue(1_200)
    seen = page.list.rowAt(5)
    for number in range(3):
        stage.bridge.tables["Runs"][f"run_new{number}"] = run(0, id=f"run_new{number}", status="ready")
    stage.bridge.publish("Runs")
    qtbot.waitUntil(lambda: page.new.isVisible())
    assert page.new.text() == "3 new"
    # What was under the eye still is.
    assert page.list.rowAt(5) == seen + 3
    stage.click(page.new)
    assert bar.value() == 0
    assert not page.new.isVisible()


def test_the_history_goes_on_as_the_list_is_scrolled(qtbot: QtBot) -> None:
    stage = Stage(qtbot, many_runs(350))
    stage.show()
    stage.window.go("runs")
    bar = stage.runs.list.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 2_000)
    before = stage.runs.state.row_count
    bar.setValue(bar.maximum())
    assert stage.runs.state.row_count == before + 100


def test_filters_are_buttons_with_menus_and_the_empty_list_says_why(qtbot: QtBot) -> None:
    stage = Stage(qtbot, practice_bridge())
    stage.show()
    stage.window.go("runs")
    page = stage.runs
    page.by_state.chosen.emit("failed")
    assert page.by_state.accessibleName() == "State: Failed"
    assert [row.name for row in page.state.rows] == ["Research desk"]
    page.by_agent.chosen.emit("agt_none")
    assert page.empty.title.text() == "Nothing matches"
    assert not page.empty.action.isVisible()
    page.verbs["unfilter"].trigger()
    assert page.by_state.accessibleName() == "State: Any state"
    assert len(page.state.rows) == 7


def test_a_menu_of_choices_is_opened_and_used_by_key(stage: Stage) -> None:
    from PySide6.QtWidgets import QApplication, QMenu

    stage.window.go("runs")
    stage.runs.by_state.setFocus()
    stage.press(Key.Key_Down)
    menu = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QMenu) and widget.isVisible())
    stage.bot.keyClick(menu, Key.Key_Down)
    stage.bot.keyClick(menu, Key.Key_Return)
    assert stage.runs.state.filters.state == "open"


def test_j_goes_down_the_list_and_the_place_is_kept(stage: Stage) -> None:
    stage.window.go("runs")
    stage.press(Key.Key_J)
    assert stage.runs.state.selected_id == "run_02cd7371"
    stage.window.go("approvals")
    stage.window.go_back()
    assert stage.runs.state.selected_id == "run_02cd7371"


def test_a_run_that_is_not_in_the_list_is_opened_by_its_id(stage: Stage) -> None:
    stage.context.go("runs", "run_nowhere")
    assert stage.runs.viewer.state.run_id == "run_nowhere"
    assert stage.runs.viewer.empty.title.text() == "This run cannot be shown"
