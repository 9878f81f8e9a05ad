"""What the Approvals page knows and does, without a window."""

from __future__ import annotations

import pytest

from legate_desktop.notice import Notice
from legate_desktop.pages.approvals.state import ApprovalsState
from legate_desktop.theme.tokens import INERT_MS, TOAST_MS
from tests.desktop.fake_core import NOW, SURFACE, FakeBridge, approval, changed, detail, practice_bridge
from tests.desktop.stage import Clock, make_states

FIRST, SECOND = "apr_0001f61d7b5", "apr_0002f61d7b5"


class Desk:
    """A state on the practice data, its bridge, its clock, and what it said."""

    def __init__(self, bridge: FakeBridge | None = None) -> None:
        self.bridge = bridge or practice_bridge()
        self.clock = Clock()
        self.state: ApprovalsState = make_states(self.bridge, self.clock)[0]
        self.notices: list[Notice] = []
        self.state.noticed.connect(self.notices.append)
        self.state.open()

    def choose(self, row_id: str) -> None:
        self.state.select(row_id)
        self.clock.let_keys_wake()

    @property
    def said(self) -> list[str]:
        return [notice.text for notice in self.notices]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_what_is_in_doubt_comes_first_and_the_rest_by_expiry(desk: Desk) -> None:
    rows = desk.state.rows
    assert [row.id for row in rows[:3]] == ["act_8", "apr_0000f61d7b5", FIRST]
    assert rows[0].is_in_doubt
    assert desk.state.waiting_count == 9


def test_a_change_of_what_waits_does_not_forget_what_is_in_doubt(desk: Desk) -> None:
    desk.bridge.drop(FIRST)
    assert "act_8" in {row.id for row in desk.state.rows}
    desk.bridge.tables["InDoubt"] = {}
    desk.bridge.publish("InDoubt")
    assert {row.state for row in desk.state.rows} == {"waiting"}
    assert desk.state.waiting_count == 7


def test_the_cursor_stays_where_it_was_put_when_something_comes_above_it(desk: Desk) -> None:
    # What is in doubt came after what waits, and stands above it; the card that was being read is still there.
    assert desk.state.selected_id == "apr_0000f61d7b5"
    assert desk.state.card is not None
    assert desk.state.card.id == "apr_0000f61d7b5"


def test_approving_sends_the_digest_of_the_card_and_six_seconds_to_undo(desk: Desk) -> None:
    desk.choose(FIRST)
    desk.state.approve_once()
    assert desk.bridge.sent == [SURFACE.ApproveAction(FIRST, f"digest-{FIRST}", hold_seconds=6)]
    assert desk.state.is_answering(FIRST)
    assert desk.said == ["Approved: Reply desk wants to send a mail to kim@example.com"]
    assert desk.notices[0].undo is not None
    assert desk.notices[0].lasts_ms == TOAST_MS


def test_an_answer_leads_to_the_row_that_took_the_place(desk: Desk) -> None:
    desk.choose(FIRST)
    desk.state.approve_once()
    desk.bridge.drop(FIRST)
    assert desk.state.selected_id == SECOND
    assert not desk.state.is_answering(FIRST)


def test_nothing_can_be_answered_twice_while_the_first_answer_is_on_its_way(desk: Desk) -> None:
    desk.bridge.is_slow = False
    desk.choose(FIRST)
    desk.state.approve_once()
    desk.state.approve_once()
    assert len(desk.bridge.sent) == 1
    assert desk.state.why_not() == "Your answer is on its way"


def test_keys_are_inert_for_a_moment_after_a_card_arrives(desk: Desk) -> None:
    desk.state.select(FIRST)
    desk.clock.pass_by(INERT_MS - 1)
    desk.state.approve_once()
    assert desk.bridge.sent == []
    desk.clock.pass_by(1)
    desk.state.approve_once()
    assert len(desk.bridge.sent) == 1


def test_a_card_whose_digest_changed_is_inert_again(desk: Desk) -> None:
    desk.choose(FIRST)
    row = changed(desk.bridge.tables["PendingApprovals"][FIRST], why="another reason")
    desk.bridge.tables["PendingApprovals"][FIRST] = row
    desk.bridge.cards[FIRST] = detail(row, digest="another")
    desk.bridge.publish("PendingApprovals")
    assert desk.state.card is not None
    assert desk.state.card.digest == "another"
    desk.state.approve_once()
    assert desk.bridge.sent == []


def test_a_slow_answer_never_puts_an_old_card_under_the_cursor(desk: Desk) -> None:
    desk.bridge.is_slow = True
    desk.state.select(FIRST)
    desk.state.select(SECOND)
    first, second = desk.bridge.held
    second()
    first()
    assert desk.state.card is not None
    assert desk.state.card.id == SECOND


def test_between_two_cards_there_is_none_to_answer(desk: Desk) -> None:
    desk.choose(FIRST)
    desk.bridge.is_slow = True
    desk.choose(SECOND)
    desk.state.approve_once()
    assert desk.state.card is None
    assert desk.bridge.sent == []


def test_an_answer_from_a_dialog_to_a_card_that_changed_is_not_sent(desk: Desk) -> None:
    desk.choose(FIRST)
    shown = desk.state.card
    assert shown is not None
    desk.choose(SECOND)
    desk.state.reject(shown, "no")
    assert desk.bridge.sent == []
    assert desk.said == ["This changed while you were deciding. Nothing was sent: read it again."]


def test_a_refusal_brings_the_row_back_and_says_why(desk: Desk) -> None:
    desk.choose(FIRST)
    desk.bridge.refusal = ("Kim approved this 3 seconds ago. Nothing else is needed.", False)
    desk.state.approve_once()
    assert not desk.state.is_answering(FIRST)
    assert desk.said == ["Kim approved this 3 seconds ago. Nothing else is needed."]
    assert desk.notices[0].is_error


def test_undo_takes_the_last_answer_back_and_shows_its_card_again(desk: Desk) -> None:
    desk.choose(FIRST)
    row = desk.bridge.tables["PendingApprovals"][FIRST]
    desk.state.approve_once()
    desk.bridge.drop(FIRST)
    desk.state.undo()
    assert desk.bridge.sent[-1] == SURFACE.UndoAnswer(FIRST)
    desk.bridge.tables["PendingApprovals"][FIRST] = row
    desk.bridge.publish("PendingApprovals")
    assert desk.state.selected_id == FIRST
    assert desk.state.card is not None
    assert desk.state.card.id == FIRST


def test_after_six_seconds_there_is_nothing_to_undo(desk: Desk) -> None:
    desk.choose(FIRST)
    desk.state.approve_once()
    assert desk.state.undo_left_ms == TOAST_MS
    desk.clock.pass_by(TOAST_MS)
    desk.state.undo()
    assert len(desk.bridge.sent) == 1
    assert desk.said[-1] == "There is nothing to undo any more."


def test_answers_given_while_the_engine_is_away_are_kept_and_sent_in_order(desk: Desk) -> None:
    desk.state.engine_went("The engine stopped.")
    for row_id in (FIRST, SECOND):
        desk.choose(row_id)
        desk.state.approve_once()
    assert desk.bridge.sent == []
    assert desk.state.unsent_count == 2
    assert desk.said[-1] == "The engine is away. 2 answers kept and sent when it is back."
    desk.state.engine_came()
    assert [command.approval_id for command in desk.bridge.sent] == [FIRST, SECOND]
    assert desk.state.unsent_count == 0


def test_an_answer_that_meets_an_engine_just_gone_is_kept_too(desk: Desk) -> None:
    desk.choose(FIRST)
    desk.bridge.refusal = ("The database is away. Wait for it.", True)
    desk.state.approve_once()
    assert desk.state.unsent_count == 1
    desk.state.engine_went("The database is away.")
    desk.state.engine_came()
    assert [command.approval_id for command in desk.bridge.sent] == [FIRST]


@pytest.mark.parametrize("choice", ["happened", "do_it", "give_up"])
def test_what_is_in_doubt_takes_its_three_answers_and_no_other(desk: Desk, choice: str) -> None:
    desk.choose("act_8")
    desk.state.approve_once()
    assert desk.bridge.sent == []
    desk.state.settle_doubt(choice)  # type: ignore[arg-type]  # the parameters are the three words
    assert desk.bridge.sent == [SURFACE.SettleDoubt("act_8", choice)]
    assert desk.notices[-1].undo is None


def test_an_answer_that_wants_proof_is_sent_only_after_it(desk: Desk) -> None:
    row = desk.bridge.tables["PendingApprovals"][FIRST]
    desk.bridge.cards[FIRST] = detail(row, needs_proof=True)
    wanted: list[object] = []
    desk.state.proof_wanted.connect(wanted.append)
    desk.choose(FIRST)
    desk.state.approve_once()
    assert desk.bridge.sent == []
    desk.bridge.refusal = ("That is not the passphrase. Try again.", False)
    desk.state.prove(wanted[0], "wrong")  # type: ignore[arg-type]  # what the signal carried
    assert desk.bridge.sent == []
    desk.state.prove(wanted[0], "right")  # type: ignore[arg-type]  # as above
    assert [type(command).__name__ for command in desk.bridge.sent] == ["Prove", "ApproveAction"]


def test_a_role_that_may_not_decide_is_told_so(desk: Desk) -> None:
    row = desk.bridge.tables["PendingApprovals"][FIRST]
    desk.bridge.cards[FIRST] = detail(row, permitted=False, refusal="Needs Operator")
    desk.choose(FIRST)
    desk.state.approve_once()
    assert desk.bridge.sent == []
    assert desk.state.why_not() == "Needs Operator"


def test_every_word_of_the_filter_must_stand_in_a_row(desk: Desk) -> None:
    desk.state.set_filter("RELEASE github")
    assert [row.id for row in desk.state.rows] == [SECOND, "apr_0005f61d7b5"]
    desk.state.set_filter("release notes")
    assert [row.id for row in desk.state.rows] == [SECOND]
    desk.state.set_filter("no such thing")
    assert desk.state.rows == []
    assert desk.state.card is None


def test_a_tab_chosen_before_the_core_is_there_is_watched_when_it_comes() -> None:
    bridge = practice_bridge()
    state = make_states(bridge)[0]
    state.set_tab("rules")
    assert bridge.watches == []
    state.open()
    assert [row.id for row in state.rows] == ["rul_1", "rul_0"]


def test_each_tab_keeps_its_place(desk: Desk) -> None:
    desk.choose(SECOND)
    desk.state.set_tab("decided")
    assert desk.state.selected_id == "apr_0020f61d7b5"
    desk.state.select("apr_0022f61d7b5")
    desk.state.set_tab("waiting")
    assert desk.state.selected_id == SECOND
    assert desk.state.card is not None
    assert desk.state.card.id == SECOND
    desk.state.set_tab("decided")
    assert desk.state.selected_id == "apr_0022f61d7b5"


def test_decided_are_shown_newest_first_and_cannot_be_answered(desk: Desk) -> None:
    desk.state.set_tab("decided")
    assert [row.state for row in desk.state.rows] == ["approved", "rejected", "expired"]
    desk.clock.let_keys_wake()
    desk.state.approve_once()
    assert desk.bridge.sent == []
    assert desk.state.why_not() == "It was decided already"


def test_deleting_a_rule_says_what_follows(desk: Desk) -> None:
    desk.state.set_tab("rules")
    desk.state.delete_rule("rul_1")
    assert desk.bridge.sent == [SURFACE.DeleteRule("rul_1")]
    assert desk.said == ["Rule deleted. What it allowed is asked again."]


def test_a_core_that_never_came_is_not_shown_as_an_empty_inbox() -> None:
    state = make_states(practice_bridge())[0]
    state.engine_went("Legate is already running. Use the window that is open.")
    assert state.has_never_loaded
    assert not state.is_loading


def test_a_card_that_cannot_be_read_says_so(desk: Desk) -> None:
    del desk.bridge.cards[FIRST]
    desk.state.select(FIRST)
    assert desk.state.card is None
    assert desk.state.card_error == "No such approval is visible to you. Choose another."


def test_only_once_is_no_scope_of_a_rule(desk: Desk) -> None:
    desk.choose(FIRST)
    assert desk.state.card is not None
    assert [scope.id for scope in desk.state.card.scopes] == ["this_run", "same_domain", "until"]


def test_an_approval_without_expiry_stands_behind_those_that_expire() -> None:
    bridge = FakeBridge(tables={"PendingApprovals": {}})
    rows = [approval(1, expires_at=0), approval(2, expires_at=NOW + 5)]
    bridge.tables["PendingApprovals"] = {row.id: row for row in rows}
    bridge.cards = {row.id: detail(row) for row in rows}
    assert [row.id for row in Desk(bridge).state.rows] == [SECOND, FIRST]


def test_rows_that_left_give_back_their_mark(desk: Desk) -> None:
    desk.choose("act_8")
    desk.state.settle_doubt("happened")
    assert desk.state.is_answering("act_8")
    desk.bridge.tables["InDoubt"] = {}
    desk.bridge.publish("InDoubt")
    assert not desk.state.is_answering("act_8")
