"""The Audit page: a million entries by the block, an entry's place, verifying with progress, exporting, the broken entry."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QLabel, QPlainTextEdit
from pytestqt.qtbot import QtBot

from legate_desktop.pages.audit.page import AuditPage
from legate_desktop.pages.audit.state import AuditState
from legate_desktop.pages.audit.view import Filters
from legate_desktop.practice import Practice
from legate_desktop.shell.context import PageContext
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.hash_label import HashLabel
from legate_desktop.words import language
from tests.desktop import fakes_audit
from tests.desktop.fake_core import NOW
from tests.desktop.fakes_audit import JournalBridge, report
from tests.desktop.stage import Clock

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


@pytest.fixture(autouse=True)
def _surface(monkeypatch: pytest.MonkeyPatch) -> None:
    fakes_audit.install(monkeypatch.setattr)


def make(total: int, *, is_all: bool = True, is_slow: bool = False) -> tuple[AuditState, JournalBridge, Clock]:
    clock, bridge = Clock(), JournalBridge(total, is_all=is_all)
    state = AuditState(bridge, clock=clock, wall_clock=lambda: NOW)
    bridge.is_slow = is_slow
    state.open()
    return state, bridge, clock


def make_page(bot: QtBot, total: int = 1_000, width: int = 1_200) -> tuple[AuditPage, JournalBridge]:
    bridge = JournalBridge(total)
    context = PageContext(bridge, Practice(bridge), clock=Clock(), wall_clock=lambda: NOW)
    context.keep(AuditState(bridge, clock=context.clock, wall_clock=context.now))
    page = AuditPage(context)
    bot.addWidget(page)
    page.resize(width, 700)
    page.show()
    context.engine_opened()
    return page, bridge


def texts(page: AuditPage) -> str:
    body = page.detail.widget()
    labels = [label.text() for label in body.findChildren(QLabel)]
    return "\n".join(labels + [text.toPlainText() for text in body.findChildren(QPlainTextEdit)])


# The table.


def test_a_million_entries_are_there_and_only_what_is_looked_at_is_asked_for() -> None:
    state, bridge, _ = make(1_000_000)
    assert state.model.rowCount() == 1_000_000
    for position in (0, 499_999, 999_999):
        state.model.at(position)
        row = state.model.at(position)
        assert row is not None
        assert row.seq == 1_000_000 - position
        assert state.position_of(row.seq) == position
    assert len(bridge.asked) == 3
    answer = state.model.at(1)
    assert answer is not None
    assert answer.who == "Ann", "a person has a name, not an id"
    assert state.model.held == 300


def test_a_fast_scroll_asks_for_the_last_places_and_forgets_the_others() -> None:
    state, bridge, _ = make(100_000, is_slow=True)
    bridge.asked.clear()
    for position in range(0, 100_000, 1_000):
        state.model.at(position)
    assert len(bridge.asked) == 3
    bridge.release()
    assert len(bridge.asked) == 6
    assert state.model.at(99_000) is not None


def test_new_entries_come_on_top_while_somebody_looks_there_and_wait_otherwise() -> None:
    state, bridge, _ = make(250)
    bridge.append(3)
    assert (state.model.count, state.new_count) == (253, 0)
    state.model.at(0)
    newest = state.model.at(0)
    assert newest is not None
    assert newest.seq == 253
    state.is_at_top = False
    bridge.append(12)
    assert (state.model.count, state.new_count) == (253, 12)
    state.show_newest()
    assert (state.model.count, state.new_count) == (265, 0)


def test_a_search_is_read_from_its_end_and_nothing_of_the_meantime_moves_it() -> None:
    state, bridge, _ = make(1_000)
    state.narrow(Filters(what="approval"))
    assert state.model.count == 100
    bridge.append(30)
    while state.model.canFetchMore(QModelIndex()):
        state.model.fetchMore(QModelIndex())
    found = [row.seq for _, row in sorted(state.model.loaded(), key=lambda item: item[0])]
    assert found == list(range(999, 0, -3))
    state.narrow(Filters())
    assert state.model.count == 1_030


def test_answers_to_an_earlier_search_are_not_taken_for_the_present_one() -> None:
    state, bridge, _ = make(1_000, is_slow=True)
    state.narrow(Filters(what="approval"))
    state.narrow(Filters(what="nothing of the kind"))
    bridge.release()
    assert (state.model.count, state.is_loading, state.problem) == (0, False, "")


def test_who_sees_only_their_own_is_shown_pages_and_may_not_export() -> None:
    state, _, _ = make(150, is_all=False)
    assert not state.model.is_whole
    assert "Owner or Admin" in state.why_not_export()


def test_the_model_stands_qts_tester_through_searches_and_news() -> None:
    state, bridge, _ = make(150, is_slow=True)
    tester = QAbstractItemModelTester(state.model, FATAL)
    for filters in (Filters(what="approval"), Filters(), Filters(text="stp_1")):
        state.narrow(filters)
        bridge.append(2)
        bridge.release()
    assert tester.model() is state.model


def test_moving_chooses_the_next_entry_also_where_it_is_not_here_yet() -> None:
    state, bridge, _ = make(500)
    state.move(1)
    assert state.selected_seq == 500
    state.move(1)
    assert state.selected_seq == 499
    bridge.is_slow = True
    state.move(300)
    assert state.selected_seq == 199
    state.move(1_000)
    assert state.selected_seq == 1


# Verifying and exporting.


def test_verifying_tells_how_far_it_is_and_how_fast() -> None:
    state, bridge, clock = make(48_211, is_slow=True)
    state.verify()
    assert state.why_not_verify()
    [(watch_id, listener)] = bridge.tick_listeners.items()
    clock.pass_by(500)
    listener([SimpleNamespace(kind="verifying", done=26_000, total=48_211)])
    assert state.progress == "26,000 of 48,211 entries · 52,000 a second"
    bridge.release()
    assert state.report is not None
    assert (state.report.headline, state.report.state) == ("Intact: 48,211 entries", "unproven")
    assert bridge.asked[-1].watch == watch_id or any(getattr(query, "watch", "") == watch_id for query in bridge.asked)
    assert not state.why_not_verify()


def test_a_stopped_verification_is_told_to_the_core_and_its_late_answer_says_nothing() -> None:
    state, bridge, _ = make(100, is_slow=True)
    said: list[str] = []
    state.noticed.connect(lambda notice: said.append(notice.text))
    state.verify()
    [watch_id] = bridge.tick_listeners
    state.stop()
    assert [command.watch for command in bridge.sent] == [watch_id]
    bridge.release()
    assert (state.report, state.is_verifying) == (None, False)
    assert len(said) == 1


def test_a_refused_verification_is_said_and_can_be_begun_again() -> None:
    state, bridge, _ = make(100)
    said: list[str] = []
    state.noticed.connect(lambda notice: said.append(notice.text))
    bridge.refusals["VerifyJournal"] = "The database cannot be reached."
    state.verify()
    assert (said, state.why_not_verify()) == (["The database cannot be reached."], "")


def test_an_export_is_signed_first_and_written_whole(tmp_path: Path) -> None:
    state, bridge, _ = make(1_000)
    state.export(tmp_path / "journal.jsonl")
    assert [type(command).__name__ for command in bridge.sent] == ["SignJournal"]
    assert (tmp_path / "journal.jsonl").read_text().splitlines() == [f"line {at}" for at in range(1, 1_001)]
    assert [path.name for path in tmp_path.iterdir()] == ["journal.jsonl"]
    assert not state.why_not_export()


def test_a_journal_that_cannot_be_signed_is_exported_and_that_is_said(tmp_path: Path) -> None:
    state, bridge, _ = make(10)
    said: list[str] = []
    state.noticed.connect(lambda notice: said.append(notice.text))
    bridge.refusals["SignJournal"] = "It does not continue what was signed."
    state.export(tmp_path / "journal.jsonl")
    assert (tmp_path / "journal.jsonl").exists()
    assert "It does not continue what was signed." in said[-1]


@pytest.mark.parametrize("how", ["stop", "refuse", "no place"])
def test_an_export_that_does_not_come_to_its_end_leaves_nothing_behind(tmp_path: Path, how: str) -> None:
    state, bridge, _ = make(1_000, is_slow=True)
    target = tmp_path / ("nowhere/journal.jsonl" if how == "no place" else "journal.jsonl")
    state.export(target)
    bridge.held.pop()()
    if how == "stop":
        bridge.held.pop()()
        state.stop()
    elif how == "refuse":
        bridge.refusals["ExportJournal"] = "The engine is away."
    bridge.release()
    assert list(tmp_path.iterdir()) == []
    assert not state.why_not_export()


# The page.


def test_an_entry_shows_what_it_says_what_it_belongs_to_and_where_it_stands(qtbot: QtBot) -> None:
    page, _ = make_page(qtbot)
    page.show_place("999")
    shown = texts(page)
    assert "approval.decided" in shown
    assert "apr_999" in shown
    assert "ApproveAction" in shown
    assert "checkpoint over 1,000 entries" in shown
    own, before = page.detail.widget().findChildren(HashLabel)
    assert (own.value, own.is_good) == (f"{999:064x}", True)
    assert before.value == f"{998:064x}"
    went: list[tuple[str, str]] = []
    page.context.wanted.connect(lambda where, what: went.append((where, what)))
    page.verbs["open_approval"].trigger()
    assert went == [("approvals", "apr_999")]
    assert not page.verbs["open_run"].isEnabled()
    assert page.foot() is page.links, "toasts stay above them"


def test_an_entry_that_does_not_fit_says_so(qtbot: QtBot) -> None:
    page, _ = make_page(qtbot)
    page.show_place("13")
    assert "does not fit" in texts(page)
    assert page.detail.widget().findChildren(HashLabel)[0].is_good is False


def test_a_broken_journal_names_the_entry_and_leads_to_it(qtbot: QtBot) -> None:
    page, bridge = make_page(qtbot)
    bridge.report = report(broken_at=482)
    page.verbs["verify"].trigger()
    assert "Entry 482 was changed" in page.words.text()
    go = next(button for button in page.detail.widget().findChildren(Button) if "482" in button.text())
    go.fired.emit()
    assert page.state.selected_seq == 482
    assert page.table.currentIndex().row() == page.state.position_of(482)


def test_a_page_built_anew_says_columns_and_an_old_report_in_its_language(qtbot: QtBot) -> None:
    page, _bridge = make_page(qtbot)
    page.state.verify()
    language.choose("de")
    try:
        anew = AuditPage(page.context)
        qtbot.addWidget(anew)
        columns = [anew.table.model().headerData(at, Qt.Orientation.Horizontal) for at in range(6)]
        assert columns == ["Eintrag", "Zeit", "Wer", "Was", "Gegenstand", "Hash"]
        assert "Unversehrt · Stimmt" in texts(anew)
    finally:
        language.choose("en")


def test_typing_in_the_filters_narrows_and_nonsense_is_left_out_and_marked(qtbot: QtBot) -> None:
    page, _ = make_page(qtbot)
    page.verbs["columns"].trigger()
    page.columns.fields["hash"].setText("zz")
    page.columns.fields["since"].setText("yesterday")
    page.columns.fields["what"].setText("approval")
    qtbot.waitUntil(lambda: page.state.is_narrowed)
    assert page.state.filters == Filters(what="approval")
    assert "left out" in page.columns.fields["hash"].toolTip()
    assert "left out" in page.columns.fields["since"].toolTip()
    page.verbs["columns"].trigger()
    qtbot.waitUntil(lambda: not page.state.is_narrowed)


def test_columns_leave_where_there_is_no_room_and_the_copied_row_has_them_all(qtbot: QtBot) -> None:
    page, _ = make_page(qtbot, width=844)
    assert page.table.isColumnHidden(5)
    assert not page.table.isColumnHidden(0)
    shown = [column for column in range(6) if not page.table.isColumnHidden(column)]
    assert sum(page.table.columnWidth(column) for column in shown) == page.table.viewport().width()
    page.show_place("999")
    page.table.copy()
    assert QGuiApplication.clipboard().text().count("\t") == 5


def test_every_control_has_a_name(qtbot: QtBot) -> None:
    page, _ = make_page(qtbot)
    page.show_place("999")
    page.verbs["columns"].trigger()
    nameless = [
        widget
        for widget in page.findChildren(Button) + page.findChildren(HashLabel) + list(page.columns.fields.values())
        if widget.isVisible() and not widget.accessibleName()
    ]
    assert nameless == []
    page.state.model.at(0)
    assert page.state.model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole).startswith("Entry 1,000, ")
