"""The Deck: decided in place, what runs and failed, figures with their tables, the journal's state, first steps."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from legate_desktop.pages.approvals.dialogs import RejectDialog
from legate_desktop.pages.audit.state import AuditState
from legate_desktop.pages.deck.page import DeckPage
from legate_desktop.pages.deck.state import DeckState
from legate_desktop.pages.deck.verbs import VERBS
from legate_desktop.pages.deck.view import Chain, Use, chain_words, use_plots, week_plot
from tests.desktop.fake_core import MINUTE, NOW, FakeBridge, run
from tests.desktop.fakes_deck import deck_bridge, report
from tests.desktop.stage import Stage, page_of


class DeckStage(Stage):
    """The window with the Deck in front."""

    def __init__(self, qtbot: QtBot, bridge: FakeBridge | None = None, *, is_open: bool = True) -> None:
        super().__init__(qtbot, bridge or deck_bridge(), is_open=is_open)
        self.show()
        self.window.go("deck")
        self.deck = page_of(self.window, "deck", DeckPage)
        self.clock.let_keys_wake()


@pytest.fixture
def deck(app: QApplication, qtbot: QtBot) -> DeckStage:
    return DeckStage(qtbot)


def test_the_three_oldest_questions_stand_there_whole(deck: DeckStage) -> None:
    ids = [question.row.id for question in deck.deck.questions]
    assert ids == ["act_8", "apr_0007f61d7b5", "apr_0006f61d7b5"]
    assert deck.deck.waiting_caption.text() == "9 things waiting for you"
    assert all(question.card is not None for question in deck.deck.questions)


def test_the_key_beside_what_waits_does_not_read_as_a_count_and_leads_to_the_oldest(deck: DeckStage) -> None:
    (review,) = [verb for verb in VERBS if verb.id == "review"]
    assert review.key not in ("", "O", "I", "L")
    deck.press(Qt.Key.Key_W)
    assert (deck.window.page_id, deck.state.selected_id) == ("approvals", "act_8")


def test_a_question_is_decided_in_place_and_taken_back(deck: DeckStage) -> None:
    question = deck.deck.questions[1]
    deck.click(question.approve)
    assert (deck.sent_names(), deck.sent[0].digest) == (["ApproveAction"], f"digest-{question.row.id}")
    assert not deck.deck.questions[1].approve.isEnabled()
    deck.drop(question.row.id)
    assert question.row.id not in [found.row.id for found in deck.deck.questions]
    deck.window.undo_last()
    assert deck.sent_names()[-1] == "UndoAnswer"


def test_the_focus_stays_with_the_question_that_was_answered_and_goes_to_no_other_one(deck: DeckStage) -> None:
    question = deck.deck.questions[1]
    question.approve.setFocus()
    deck.press(Qt.Key.Key_Return)
    assert deck.sent_names() == ["ApproveAction"]
    assert QApplication.focusWidget() is deck.deck.questions[1].review
    deck.drop(question.row.id)
    assert QApplication.focusWidget() is deck.deck.review_button
    assert deck.deck.area.verticalScrollBar().value() == 0


def test_the_focus_stays_on_the_deck_when_its_last_question_is_answered(app: QApplication, qtbot: QtBot) -> None:
    bridge = deck_bridge()
    bridge.tables["InDoubt"] = {}
    rows = bridge.tables["PendingApprovals"]
    oldest = "apr_0007f61d7b5"
    bridge.tables["PendingApprovals"] = {oldest: rows[oldest]}
    deck = DeckStage(qtbot, bridge)
    deck.deck.take_focus()
    deck.press(Qt.Key.Key_Return)
    assert deck.sent_names() == ["ApproveAction"]
    assert QApplication.focusWidget() is deck.deck.questions[0].review
    deck.drop(oldest)
    assert deck.deck.questions == []
    assert QApplication.focusWidget() is deck.deck


def test_the_age_of_a_question_goes_on_while_it_waits(deck: DeckStage, monkeypatch: pytest.MonkeyPatch) -> None:
    deck.bridge.tables["Runs"] = {}
    deck.bridge.publish("Runs")
    questions = list(deck.deck.questions)
    before = [question.age.text() for question in questions]
    monkeypatch.setattr(deck.deck.state, "now", lambda: NOW + 90 * MINUTE)
    deck.deck._seconds.setInterval(1)
    deck.bot.waitUntil(lambda: all(question.age.text() == "1h" for question in questions))
    assert before != ["1h"] * 3
    assert deck.deck.questions == questions, "built anew they would lose the focus"
    deck.window.go("runs")
    assert not deck.deck._seconds.isActive()


def test_a_press_meant_for_the_last_card_decides_nothing(deck: DeckStage) -> None:
    for _ in range(2):
        deck.drop(deck.deck.questions[1].row.id)
    fresh = deck.deck.questions[-1]
    assert fresh.approve.isEnabled()
    deck.click(fresh.approve)
    assert deck.sent == []
    deck.clock.let_keys_wake()
    deck.click(fresh.approve)
    assert deck.sent_names() == ["ApproveAction"]


def test_a_question_is_rejected_in_place_with_a_reason(deck: DeckStage) -> None:
    deck.click(deck.deck.questions[1].reject)
    dialog = deck.dialog(RejectDialog)
    deck.type("Not today.")
    deck.click(dialog.send_button)
    assert [(type(command).__name__, command.reason) for command in deck.sent] == [("RejectAction", "Not today.")]


@pytest.mark.parametrize("effect", ["spend", "destroy", "grant", "unheard-of"])
def test_what_is_grave_is_decided_on_its_own_page(app: QApplication, qtbot: QtBot, effect: str) -> None:
    bridge = deck_bridge()
    bridge.tables["InDoubt"] = {}
    oldest = bridge.tables["PendingApprovals"]["apr_0007f61d7b5"]
    oldest.effect = effect
    stage = DeckStage(qtbot, bridge)
    question = stage.deck.questions[0]
    assert (question.row.id, question.approve.isEnabled()) == (oldest.id, False)
    assert question.approve.toolTip() == "This is decided on its own page"
    stage.click(question.review)
    assert (stage.window.page_id, stage.state.selected_id) == ("approvals", oldest.id)
    assert stage.sent == []


def test_what_runs_can_be_opened_and_stopped(deck: DeckStage) -> None:
    state = deck.context.state(DeckState)
    assert [found.name for found in state.running] != []
    deck.bridge.tables["Runs"] = {"run_77": run(77, id="run_77", name="Night desk")}
    deck.bridge.publish("Runs")
    line = deck.deck._run_lines[0]
    assert "Night desk" in line.text.toPlainText()
    state.stop(state.running[0])
    assert [(type(command).__name__, command.run_id) for command in deck.sent] == [("CancelRun", "run_77")]


def test_a_run_that_ends_makes_the_failures_be_read_again(deck: DeckStage) -> None:
    again = run(3, status="failed", reason="no such host", finished_at=NOW - MINUTE)
    deck.bridge.answers["RunHistory"] = lambda _query: SimpleNamespace(rows=(again,), before="", total=1, as_of=0)
    deck.bridge.tables["Runs"] = {}
    deck.bridge.publish("Runs")
    assert [failure.why for failure in deck.context.state(DeckState).failures] == ["no such host"]


@pytest.mark.parametrize(
    ("chain", "words"),
    [
        (Chain(entries=48_211), "48,211 entries, not verified yet in this session"),
        (Chain("sound", 1, NOW - 2 * MINUTE, checked=1), "1 entry, intact, checked 2 minutes ago"),
        (Chain("sound", 46, NOW - 2 * MINUTE, checked=8), "8 entries, intact, checked 2 minutes ago · 38 since"),
        (Chain("unproven", 9, NOW, checked=9), "9 entries, intact, not proven whole, checked just now"),
        (Chain("broken", 9, NOW, checked=9), "9 entries, broken, checked just now"),
        (Chain("checking", 9), "9 entries, being verified…"),
    ],
)
def test_the_state_of_the_journal_in_words(chain: Chain, words: str) -> None:
    assert chain_words(chain, NOW) == words


def test_a_broken_journal_is_said_at_once_and_stays(app: QApplication, qtbot: QtBot) -> None:
    bridge = deck_bridge()
    broken = SimpleNamespace(state="broken", sentence="Entry 102 is not the one that was written.")
    bridge.answers["VerifyJournal"] = lambda _query: report(intact=broken)
    stage = DeckStage(qtbot, bridge)
    stage.context.state(AuditState).judged.connect(stage.window.say_journal)
    stage.context.state(DeckState).verify()
    assert stage.context.state(DeckState).chain.state == "broken"
    banner = stage.window.banner
    assert banner.text.text() == "The journal does not verify. Entry 102 is not the one that was written."
    stage.context.engine_went("The engine stopped.")
    stage.context.engine_came()
    assert banner.isVisible(), "the engine's own trouble hides it only as long as it lasts"
    labels = [label.text() for label in stage.deck.chain.findChildren(QLabel)]
    assert any("broken" in text for text in labels)
    stage.click(banner.action)
    assert stage.window.page_id == "audit"
    verdict = stage.context.state(AuditState).report
    assert verdict is not None
    assert verdict.headline == "Entry 102 is not the one that was written."
    stage.context.state(AuditState).take_verdict(report())
    assert not banner.isVisible()


def test_a_long_journal_is_not_walked_unasked(app: QApplication, qtbot: QtBot) -> None:
    bridge = deck_bridge()
    bridge.tables["JournalEnd"]["end"].seq = 1_000_000
    stage = DeckStage(qtbot, bridge)
    assert stage.context.state(DeckState).chain.state == "unknown"
    stage.context.state(DeckState).verify()
    assert stage.context.state(DeckState).chain.state == "sound"


def test_agents_beyond_five_are_one_bar_and_what_is_free_has_no_plot(deck: DeckStage) -> None:
    cost, tokens = use_plots([Use(f"a{n}", f"Agent {n}", n * 10, n) for n in range(8)])
    assert cost.long == ("Agent 7", "Agent 6", "Agent 5", "Agent 4", "Agent 3", "3 others")
    assert cost.series[0].values[-1] == 30.0
    assert tokens.series[0].values[-1] == 3.0
    assert deck.deck.cost.isVisible()
    deck.bridge.tables["AgentActivities"] = {}
    deck.bridge.publish("AgentActivities")
    assert not deck.deck.cost.isVisible()


def test_weeks_stack_the_dearest_agents_and_name_the_rest_together() -> None:
    weeks = [("1 Nov", "The week to 8 Nov", {f"a{n}": n * 100 for n in range(7)}), ("8 Nov", "The week to 15 Nov", {})]
    data = week_plot(weeks, {"a6": "Six"})
    assert [series.name for series in data.series] == ["Six", "a5", "a4", "a3", "2 others"]
    assert data.series[-1].values == (300.0, 0.0)


def test_the_first_steps_are_ticked_and_lead_to_their_pages(deck: DeckStage) -> None:
    state = deck.context.state(DeckState)
    assert {step.id: step.is_done for step in state.steps} == {
        "run": True,
        "answer": True,
        "rule": True,
        "verify": False,
        "model": True,
    }, "what Legate did by itself is no step of a person's"
    deck.context.state(DeckState).verify()
    assert all(step.is_done for step in state.steps)
    assert not deck.deck.steps.isVisible()
    deck.bridge.tables["Rules"] = {}
    deck.bridge.publish("Rules")
    assert deck.deck.steps.isVisible()


def test_the_first_steps_are_made_anew_only_where_one_of_them_changed(deck: DeckStage) -> None:
    def lines() -> list[QWidget]:
        layout = deck.deck.steps.lines
        return [layout.itemAt(at).widget() for at in range(layout.count())]

    before = lines()
    assert before
    deck.deck.state.steps_changed.emit()
    assert lines() == before
    deck.context.prefs.wish("has_verified", True)
    assert len(lines()) == len(before)
    assert lines() != before


def test_a_question_that_only_waits_is_no_step_that_was_done(deck: DeckStage) -> None:
    waiting = SimpleNamespace(day=NOW, asked=3, approved=0, rejected=0, median_ms=0)
    deck.bridge.answers["ApprovalDays"] = lambda _query: (waiting,)
    state = deck.context.state(DeckState)
    state.read()
    assert {step.id: step.is_done for step in state.steps}["answer"] is False
    deck.bridge.answers["ApprovalDays"] = lambda _query: (SimpleNamespace(**(vars(waiting) | {"rejected": 1})),)
    state.read()
    assert {step.id: step.is_done for step in state.steps}["answer"] is True


def test_the_deck_before_the_engine_is_there_waits_and_then_fills(app: QApplication, qtbot: QtBot) -> None:
    stage = DeckStage(qtbot, is_open=False)
    assert stage.deck.questions == []
    stage.context.engine_opened()
    assert len(stage.deck.questions) == 3


def test_without_an_engine_the_deck_states_nothing_that_it_does_not_know(app: QApplication, qtbot: QtBot) -> None:
    stage = DeckStage(qtbot, is_open=False)
    deck = stage.deck

    def said() -> list[str]:
        return [deck.running.nothing.text(), deck.failures.nothing.text(), deck.chain.findChildren(QLabel)[-1].text()]

    assert said() == ["Reading…"] * 3
    stage.context.engine_went("The folder was written by a newer Legate.")
    assert said() == ["The engine is not running"] * 3
    assert not deck.steps.isVisible()
    stage.context.engine_came()
    stage.context.engine_opened()
    assert "The engine is not running" not in said()
    assert deck.steps.isVisible()


def test_a_role_without_some_figures_still_sees_the_others(app: QApplication, qtbot: QtBot) -> None:
    bridge = deck_bridge()
    del bridge.answers["Spending"]
    stage = DeckStage(qtbot, bridge)
    assert not stage.deck.weeks.isVisible()
    assert stage.deck.asked.isVisible()
    assert stage.toasts() == []


def test_failures_that_a_role_may_not_read_are_not_said_to_be_none(app: QApplication, qtbot: QtBot) -> None:
    bridge = deck_bridge()
    del bridge.answers["RunHistory"]
    words = DeckStage(qtbot, bridge).deck.failures.nothing.text()
    assert words not in ("", "Reading…", "Nothing failed.")
