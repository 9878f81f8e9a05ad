"""The list of agents: what it shows, and new, run, duplicate, export, import, delete and restore by key."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from legate_desktop.notice import Notice
from legate_desktop.pages.agents.dialogs import NameDialog, RunDialog
from legate_desktop.pages.agents.page import AgentsPage
from legate_desktop.pages.agents.rows import tool_icons
from legate_desktop.pages.agents.state import AgentsState
from legate_desktop.pages.agents.view import AgentRow, Change, agent_sentence, change_words
from legate_desktop.pages.runs import saving
from tests.desktop.fake_core import HOSTILE, NOW, SURFACE, practice_bridge
from tests.desktop.fakes_agents import DEFINITION, activity, agent
from tests.desktop.stage import SHIFT, Stage, page_of

Key = Qt.Key


@pytest.fixture
def agents(stage: Stage) -> AgentsPage:
    stage.window.go("agents")
    return page_of(stage.window, "agents", AgentsPage)


def state_on(bridge: object) -> AgentsState:
    state = AgentsState(bridge, wall_clock=lambda: NOW)
    state.open()
    return state


def test_agents_stand_by_name_with_what_they_did_lately() -> None:
    state = state_on(practice_bridge())
    assert [(row.name, row.version, row.last_state, row.cost_micros) for row in state.rows] == [
        ("Ledger keeper", 0, "", 0),
        ("Practice deputy", 3, "running", 31_400),
    ]


def test_a_run_that_ends_changes_the_sign_of_its_agent() -> None:
    bridge = practice_bridge()
    state = state_on(bridge)
    bridge.tables["AgentActivities"] = {"agt_1": activity("agt_1", last_status="failed", cost_micros=50_000)}
    bridge.publish("AgentActivities")
    assert (state.rows[1].last_state, state.rows[1].cost_micros) == ("failed", 50_000)


def test_a_row_says_everything_in_a_sentence() -> None:
    row = AgentRow(
        "a", f"Desk {HOSTILE}", "Answers.", "m", version=2, is_changed=True, last_at=NOW - 60_000, cost_micros=1_500_000
    )
    said = agent_sentence(row, NOW)
    assert said.startswith("Desk pay⟨U+202E⟩")
    assert said.endswith("v2, changed, Answers., last run 1 minute ago, 1.50 this week")


def test_icons_show_the_gravest_thing_a_connector_may_do() -> None:
    effects = {"mail.read": "read", "mail.send": "send", "files.trash": "destroy"}
    assert tool_icons(("mail.read", "mail.send", "files.trash", "odd.thing"), effects) == [
        ("mail", "violet"),
        ("folder", "red"),
        ("plug", "violet"),
    ]


def test_the_list_is_a_model_without_fault(agents: AgentsPage, stage: Stage) -> None:
    tester = QAbstractItemModelTester(agents.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    for text in ("keeper", "nothing", "mail.send", ""):
        agents.filter.setText(text)
    stage.bridge.tables["Agents"].pop("agt_1")
    stage.bridge.publish("Agents")
    agents.state.show_deleted(shows=True)
    assert [row.name for row in agents.model.rows] == ["Old desk"]
    del tester


def test_n_makes_an_agent_with_a_name_of_its_own_and_opens_it(agents: AgentsPage, stage: Stage) -> None:
    stage.press(Key.Key_N)
    dialog = stage.dialog(NameDialog)
    assert dialog.what_is_wrong() == "Give it a name."
    stage.type("Practice deputy")
    stage.click(dialog.send_button)
    assert stage.sent[0].definition.name == "Practice deputy 2"
    assert agents.is_building
    assert agents.builder.state.draft.name == "Practice deputy 2"


def test_r_runs_what_is_published_and_shows_the_run(agents: AgentsPage, stage: Stage) -> None:
    stage.press(Key.Key_R)
    assert stage.dialogs(RunDialog) == []
    assert agents.buttons["run"].toolTip() == "It was never published: try its draft, or publish it"
    stage.press(Key.Key_J)
    stage.press(Key.Key_R)
    dialog = stage.dialog(RunDialog)
    stage.type("Answer Kim.")
    stage.press(Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert stage.sent == [SURFACE.StartRun("agt_1", "Answer Kim.")]
    assert stage.window.page_id == "runs"
    assert stage.runs.state.selected_id == "run_02cd7371"
    assert not dialog.isVisible()


def test_d_duplicates_the_draft_under_another_name(agents: AgentsPage, stage: Stage) -> None:
    stage.press(Key.Key_J)
    stage.press(Key.Key_D)
    (command,) = stage.sent
    assert command.definition.name == "Copy of Reply desk"
    assert command.definition.tools == DEFINITION.tools
    assert agents.is_building


def test_a_long_name_leaves_room_for_its_number() -> None:
    bridge = practice_bridge()
    long = "x" * 80
    bridge.tables["Agents"]["agt_3"] = agent("agt_3", long)
    state = state_on(bridge)
    assert state.free_name(long) == "x" * 78 + " 2"


def test_delete_can_be_undone_and_the_deleted_can_be_restored(agents: AgentsPage, stage: Stage) -> None:
    stage.press(Key.Key_Delete)
    assert stage.sent == [SURFACE.DeleteAgent("agt_2")]
    assert stage.toasts() == ["Deleted: Ledger keeper. What it began goes on."]
    stage.press(Key.Key_Z)
    assert stage.sent[-1] == SURFACE.RestoreAgent("agt_2")
    stage.click(agents.deleted)
    assert [row.name for row in agents.model.rows] == ["Old desk"]
    stage.press(Key.Key_R)
    assert stage.dialogs(RunDialog) == []
    stage.press(Key.Key_R, SHIFT)
    assert stage.sent[-1] == SURFACE.RestoreAgent("agt_9")


def test_e_saves_an_agent_as_a_file(
    agents: AgentsPage, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []

    def ask(_parent: object, name: str, then: object) -> None:
        names.append(name)
        then(str(tmp_path / name))  # type: ignore[operator]  # a call by contract

    monkeypatch.setattr(saving, "ask_where", ask)
    stage.press(Key.Key_E)
    assert names == ["ledger-keeper.legate-agent.json"]
    assert (tmp_path / names[0]).read_text(encoding="utf-8").startswith('{"format": "legate/agent/1"}')


def test_a_file_dropped_on_the_page_becomes_a_draft_and_says_what_is_missing(
    agents: AgentsPage, stage: Stage, tmp_path: Path
) -> None:
    path = tmp_path / "desk.json"
    path.write_text('{"format": "legate/agent/1", "agent": {}}', encoding="utf-8")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)), QUrl.fromLocalFile(str(tmp_path / "picture.png"))])
    drop = QDropEvent(
        QPointF(QPoint(5, 5)),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    agents.dropEvent(drop)
    assert stage.sent == [SURFACE.ImportAgent(path.read_text(encoding="utf-8"))]
    (said,) = stage.toasts()
    assert "1 tool is not here: payroll.raise." in said.replace("tool are", "tool is")
    assert "letters" in said
    assert agents.builder.state.agent_id == "agt_2"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b" " * 600_000, None], ids=["no text", "too large", "not there"])
def test_a_file_that_cannot_be_an_agent_is_refused_in_words(
    agents: AgentsPage, stage: Stage, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "odd.json"
    if content is not None:
        path.write_bytes(content)
    agents.import_path(str(path))
    assert stage.sent == []
    assert stage.window.toasts.toasts()[0].is_error


def test_the_empty_list_says_what_lives_here(qtbot: QtBot) -> None:
    bridge = practice_bridge()
    bridge.tables["Agents"] = {}
    stage = Stage(qtbot, bridge)
    stage.show()
    stage.window.go("agents")
    page = page_of(stage.window, "agents", AgentsPage)
    assert page.empty.title.text() == "No agent yet"
    stage.click(page.empty.action)
    assert stage.dialogs(NameDialog)


def test_a_list_that_cannot_be_read_says_so_and_ends_its_skeleton() -> None:
    state = AgentsState(practice_bridge(), wall_clock=lambda: NOW)
    said: list[Notice] = []
    state.noticed.connect(said.append)
    state._never_opened("You may not see agents. Ask for the role Viewer.")
    assert not state.is_loading
    assert said[0].is_error


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change("tools", "tools", "", "mail.send"), "Tool: mail.send added"),
        (Change("tools", "folders.orders", "/srv/a", ""), "Folder orders: /srv/a removed"),
        (Change("limits", "limits.wall_clock_seconds", "60", "90"), "Limit wall clock seconds: 60 became 90"),
        (Change("purpose", "purpose", "a", "b", ("- a", "+ b")), "Purpose: reworded"),
    ],
)
def test_a_change_is_one_line(change: Change, words: str) -> None:
    assert change_words(change) == words
