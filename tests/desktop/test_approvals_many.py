"""Later, a colleague, like questions folded, several at once, and what a scope would have answered."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from legate_desktop.pages.approvals.dialogs import EditDialog, RejectManyDialog, ScopesDialog
from legate_desktop.pages.approvals.view import ApprovalRow, GroupRow, folded, later_choices, row_sentence, versions
from legate_desktop.widgets.labels import OutsideText
from tests.desktop.fake_core import DECIDES, MINUTE, NOW, FakeBridge, approval, detail, practice_bridge
from tests.desktop.stage import SHIFT, Stage

Key = Qt.Key
FIRST = "apr_0001f61d7b5"
ALIKE = "like/aa/send letter …"
KIM = SimpleNamespace(id="usr_kim", name="Kim", role="operator", may_decide=DECIDES)


def like_bridge(count: int = 5, effect: str = "send") -> FakeBridge:
    """Like questions of one agent, and one that is unlike them."""
    bridge = practice_bridge()
    rows = [
        approval(30 + n, like="aa", effect=effect, title=f"send letter {n}", outline="send letter …")
        for n in range(count)
    ]
    other = approval(50, tool="github.create_release", effect="write")
    bridge.tables["PendingApprovals"] = {row.id: row for row in [*rows, other]}
    bridge.tables["InDoubt"] = {}
    bridge.cards |= {row.id: detail(row) for row in [*rows, other]}
    return bridge


@pytest.fixture
def like(app: QApplication, qtbot: QtBot) -> Stage:
    stage = Stage(qtbot, like_bridge())
    stage.show()
    stage.choose(ALIKE)
    return stage


def menu() -> QMenu:
    found = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QMenu) and widget.isVisible()]
    assert len(found) == 1
    return found[0]


def row(number: int, **more: object) -> ApprovalRow:
    return ApprovalRow(f"apr_{number}", "mail.send", "send", "t", "a", "r", "w", "waiting", 0, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "unfolded", "shown"),
    [
        ([row(n, like="x") for n in range(3)], (), ["apr_0", "apr_1", "apr_2"]),
        ([row(n, like="x") for n in range(4)], (), ["like/x"]),
        ([row(n, like="x") for n in range(4)], ("x",), ["like/x", "apr_0", "apr_1", "apr_2", "apr_3"]),
        ([row(9), *[row(n, like="x") for n in range(4)]], (), ["apr_9", "like/x"]),
        ([row(n, like="x", snoozed_until=5) for n in range(4)], (), ["apr_0", "apr_1", "apr_2", "apr_3"]),
        ([row(n) for n in range(5)], (), ["apr_0", "apr_1", "apr_2", "apr_3", "apr_4"]),
    ],
)
def test_like_questions_fold_from_four_up(rows: list[ApprovalRow], unfolded: tuple[str, ...], shown: list[str]) -> None:
    assert [found.id for found in folded(rows, unfolded, 1)] == shown


def arrive(stage: Stage, number: int, **changes: object) -> str:
    """One more question of the same agent for the same tool by the same rule; its id."""
    row = approval(number, **({"like": "aa", "title": f"send letter {number}", "outline": "send letter …"} | changes))
    stage.bridge.tables["PendingApprovals"][row.id] = row
    stage.bridge.cards[row.id] = detail(row)
    stage.bridge.publish("PendingApprovals")
    return row.id


def test_one_line_stands_for_several_only_where_what_it_says_is_true_of_each(like: Stage) -> None:
    invoice = arrive(
        like, 40, title="send the invoice to eve@elsewhere.example", outline="send the … to eve@elsewhere.example"
    )
    group = next(found for found in like.state.rows if isinstance(found, GroupRow))
    assert (invoice in like.shown_ids(), len(group.rows)) == (True, 5)
    assert row_sentence(group, NOW) == "5 like questions: mail.send, sends, asked by Reply desk, send letter …"


def test_one_more_like_question_leaves_the_card_that_is_read_and_its_keys(app: QApplication, qtbot: QtBot) -> None:
    stage = Stage(qtbot, like_bridge(3))
    stage.show()
    stage.choose("apr_0031f61d7b5")
    arrive(stage, 33)
    assert (stage.state.selected_id, stage.state.many.is_shown) == ("apr_0031f61d7b5", False)
    stage.press(Key.Key_A)
    assert [command.approval_id for command in stage.sent] == ["apr_0031f61d7b5"]


def test_keys_for_several_are_inert_for_a_moment_after_they_changed(like: Stage) -> None:
    like.press(Key.Key_A)
    arrive(like, 39)
    like.press(Key.Key_A)
    like.press(Key.Key_A)
    like.press(Key.Key_R)
    like.state.approve_many()
    assert (like.sent, like.dialogs(RejectManyDialog)) == ([], [])
    like.clock.let_keys_wake()
    like.press(Key.Key_A)
    assert like.sent == []
    like.press(Key.Key_A)
    assert len(like.sent) == 6


def test_what_joined_while_a_reason_was_typed_is_not_rejected_with_the_others(like: Stage) -> None:
    like.press(Key.Key_R)
    dialog = like.dialog(RejectManyDialog)
    arrive(like, 39)
    like.click(dialog.send_button)
    assert like.sent == []
    assert like.toasts() == ["This changed while you were deciding. Nothing was sent: read it again."]


def test_the_sheet_of_several_shows_each_id_as_it_is(like: Stage) -> None:
    shown = [text for text in like.approvals.many.findChildren(OutsideText) if text.toPlainText() == "apr_0031f61d7b5"]
    assert [text.font().capitalization() for text in shown] == [QFont.Capitalization.MixedCase]


def test_later_offers_only_times_before_the_question_expires() -> None:
    friday = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
    at = int(friday.timestamp() * 1_000)
    assert [later.words for later in later_choices(friday, 0)] == [
        "In 15 minutes",
        "In an hour",
        "In three hours",
        "Tomorrow at nine",
        "On Monday at nine",
    ]
    assert [later.words for later in later_choices(friday, at + 61 * MINUTE)] == ["In 15 minutes", "In an hour"]
    assert later_choices(friday, at + MINUTE) == []
    sunday = datetime(2026, 11, 29, 16, 0, tzinfo=UTC)
    assert "On Monday at nine" not in [later.words for later in later_choices(sunday, 0)]


def test_both_versions_of_an_edit_are_told_apart_line_by_line() -> None:
    found = versions({"to": "kim", "body": "one\ntwo", "same": 1}, {"to": "lee", "body": "one\n2", "same": 1})
    assert [(change.sign, change.text) for change in found] == [
        (" ", "to:"),
        ("-", "kim"),
        ("+", "lee"),
        (" ", "body:"),
        (" ", "one"),
        ("-", "two"),
        ("+", "2"),
    ]


def test_like_questions_are_approved_together_with_a_record_for_each(like: Stage) -> None:
    assert [isinstance(found, GroupRow) for found in like.state.rows] == [True, False]
    assert like.approvals.card_stack.currentWidget() is like.approvals.many
    like.press(Key.Key_A)
    assert like.sent == []
    like.press(Key.Key_A)
    assert like.sent_names() == ["ApproveAction"] * 5
    assert {command.digest for command in like.sent} == {f"digest-{command.approval_id}" for command in like.sent}
    assert like.toasts() == ["Approved 5 questions"]
    like.press(Key.Key_Z)
    assert like.sent_names()[5:] == ["UndoAnswer"] * 5


def test_like_questions_are_rejected_together_with_one_reason(like: Stage) -> None:
    like.press(Key.Key_R)
    dialog = like.dialog(RejectManyDialog)
    like.type("Not today.")
    like.click(dialog.send_button)
    assert like.sent_names() == ["RejectAction"] * 5
    assert {command.reason for command in like.sent} == {"Not today."}


@pytest.mark.parametrize("effect", ["spend", "destroy", "grant"])
def test_what_is_grave_is_never_decided_together(app: QApplication, qtbot: QtBot, effect: str) -> None:
    stage = Stage(qtbot, like_bridge(effect=effect))
    stage.show()
    stage.choose(ALIKE)
    button = stage.button("approve_many")
    assert (button.isVisible(), button.isEnabled()) == (True, False)
    assert button.toolTip() == "MONEY, DESTROYS and GRANTS are decided one by one"
    stage.state.approve_many()
    stage.state.reject_many("")
    assert stage.sent == []


def test_nothing_is_decided_together_before_every_card_was_read(app: QApplication, qtbot: QtBot) -> None:
    bridge = like_bridge()
    bridge.is_slow = True
    stage = Stage(qtbot, bridge)
    stage.show()
    stage.choose(ALIKE)
    assert stage.state.many.why_not() == "Reading 5 cards…"
    stage.state.approve_many()
    assert stage.sent == []
    bridge.release()
    assert stage.state.many.why_not() == ""


def test_a_card_that_asks_for_a_proof_or_cannot_be_read_holds_up_the_others(app: QApplication, qtbot: QtBot) -> None:
    bridge = like_bridge()
    bridge.cards["apr_0031f61d7b5"].needs_proof = True
    stage = Stage(qtbot, bridge)
    stage.choose(ALIKE)
    assert stage.state.many.why_not() == "One of them asks for your passphrase: decide it by itself"
    bridge = like_bridge()
    del bridge.cards["apr_0031f61d7b5"]
    stage = Stage(qtbot, bridge)
    stage.choose(ALIKE)
    assert stage.state.many.why_not().startswith("No such approval")


def test_unfolded_each_is_decided_by_itself_and_folds_again(like: Stage) -> None:
    like.press(Key.Key_L)
    assert len(like.shown_ids()) == 7
    like.press(Key.Key_J)
    like.clock.let_keys_wake()
    like.press(Key.Key_A)
    assert like.sent_names() == ["ApproveAction"]
    like.press(Key.Key_H)
    assert (like.state.selected_id, len(like.shown_ids())) == (ALIKE, 2)


def test_marked_questions_are_decided_together(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_X)
    assert not stage.state.many.is_shown
    stage.press(Key.Key_J, SHIFT)
    assert {found.id for found in stage.state.many.rows} == {FIRST, "apr_0002f61d7b5"}
    stage.clock.let_keys_wake()
    stage.press(Key.Key_A)
    stage.press(Key.Key_A)
    assert stage.sent_names() == ["ApproveAction"] * 2
    assert stage.state.marked == set()


def test_answers_to_several_are_kept_while_the_engine_is_away(like: Stage) -> None:
    like.context.engine_went("The engine stopped.")
    like.state.approve_many()
    assert (like.sent, like.state.unsent_count) == ([], 5)
    like.context.engine_came()
    assert like.sent_names() == ["ApproveAction"] * 5


def test_a_question_is_put_off_and_taken_back(stage: Stage) -> None:
    stage.choose(FIRST)
    count = stage.state.waiting_count
    stage.press(Key.Key_S)
    assert [action.text() for action in menu().actions()][:2] == ["In 15 minutes", "In an hour"]
    menu().actions()[1].trigger()
    menu().close()
    command = stage.sent[0]
    assert (command.approval_id, command.until) == (FIRST, NOW + 60 * MINUTE)
    waiting = stage.bridge.tables["PendingApprovals"]
    waiting[FIRST].snoozed_until = command.until
    stage.bridge.publish("PendingApprovals")
    assert (stage.shown_ids()[-1], stage.state.waiting_count) == (FIRST, count - 1)
    stage.press(Key.Key_Z)
    assert (stage.sent[-1].approval_id, stage.sent[-1].until) == (FIRST, 0)


def test_what_expires_soon_cannot_be_put_off(stage: Stage) -> None:
    stage.bridge.tables["PendingApprovals"]["apr_0000f61d7b5"].expires_at = NOW + 7 * MINUTE
    stage.choose("apr_0000f61d7b5")
    assert stage.state.why_not_later() == "It expires too soon to wait"
    assert not stage.button("later").isEnabled()


def test_who_is_alone_is_offered_nobody_to_ask(stage: Stage) -> None:
    stage.choose(FIRST)
    assert stage.state.why_not_delegate() == "Nobody else in this workspace may decide this"
    assert not stage.button("delegate").isVisible()


def test_a_colleague_who_may_decide_is_asked(app: QApplication, qtbot: QtBot) -> None:
    bridge = practice_bridge()
    viewer = SimpleNamespace(id="usr_vi", name="Vi", role="viewer", may_decide=())
    bridge.answers["Members"] = lambda _query: (KIM, viewer)
    stage = Stage(qtbot, bridge)
    stage.show()
    stage.choose(FIRST)
    count = stage.state.waiting_count
    stage.press(Key.Key_T)
    assert [action.text() for action in menu().actions()] == ["Kim   Operator"]
    menu().actions()[0].trigger()
    menu().close()
    assert (stage.sent[0].approval_id, stage.sent[0].to) == (FIRST, "usr_kim")
    bridge.tables["PendingApprovals"][FIRST].assigned_to = "usr_kim"
    bridge.publish("PendingApprovals")
    assert stage.state.waiting_count == count - 1
    assert stage.state.why_not() == ""


def test_a_scope_shows_what_it_would_have_answered(stage: Stage) -> None:
    match = SimpleNamespace(
        title="send a mail to kim", agent="Reply desk", asked_at=0, state="approved", approval_id="a"
    )
    stage.bridge.answers["PreviewScope"] = lambda _query: SimpleNamespace(
        looked_at=12, matched=9, rejected=1, newest=(match,)
    )
    stage.choose(FIRST)
    stage.press(Key.Key_A, SHIFT)
    dialog = stage.dialog(ScopesDialog)
    assert not dialog.preview.isVisible()
    dialog.choose(0)
    assert dialog.preview.toPlainText() == (
        "Of the last 12 questions to this tool it would have answered 9 by itself. You rejected 1 of them.\n"
        "Approved: Reply desk, send a mail to kim"
    )


def test_an_edit_shows_both_versions_before_it_is_sent(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_E)
    dialog = stage.dialog(EditDialog)
    assert not dialog.difference.isVisible()
    dialog.form.fields[0].field.setPlainText("lee@example.com")
    assert dialog.difference.isVisible()
    assert dialog.difference.toPlainText() == "  to:\n- kim@example.com\n+ lee@example.com"


def test_a_decided_card_shows_what_was_changed(stage: Stage) -> None:
    stage.state.set_tab("decided")
    decided = stage.state.rows[0]
    assert isinstance(decided, ApprovalRow)
    card = detail(approval(20, state="edited", decided_at=NOW, id=decided.id))
    card.edited_arguments = card.card.raw_arguments | {"to": "lee@example.com"}
    stage.bridge.cards[decided.id] = card
    stage.state.select("")
    stage.state.select(decided.id)
    assert any("+ lee@example.com" in text for text in stage.card_texts())
