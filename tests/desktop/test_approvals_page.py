"""The Approvals page by real keys and a real mouse."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QDate, QDateTime, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu

from legate_desktop.pages.approvals.dialogs import EditDialog, RejectDialog, ScopesDialog
from legate_desktop.pages.vault.dialogs import PassphraseDialog
from legate_desktop.theme.tokens import HOLD_MS, TOAST_MS
from legate_desktop.widgets.labels import MOST_CHARACTERS
from legate_desktop.widgets.long_text import LongText
from legate_desktop.widgets.proof import ProofDialog
from legate_desktop.words import visible
from tests.desktop.fake_core import HOSTILE, MINUTE, NOW, SURFACE, approval, argument, detail
from tests.desktop.stage import CONTROL, SHIFT, Stage

GRAVE, FIRST, SECOND, MONEY = "apr_0000f61d7b5", "apr_0001f61d7b5", "apr_0002f61d7b5", "apr_0003f61d7b5"
Key = Qt.Key


def test_a_approves_what_is_under_the_cursor(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_A)
    assert stage.sent == [SURFACE.ApproveAction(FIRST, f"digest-{FIRST}", hold_seconds=6)]
    assert stage.toasts() == ["Approved: Reply desk wants to send a mail to kim@example.com"]


def test_a_click_on_the_button_does_the_same(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.click(stage.button("approve"))
    assert stage.sent_names() == ["ApproveAction"]


def test_a_key_meant_for_the_last_card_does_nothing_to_the_next(stage: Stage) -> None:
    stage.state.select(FIRST)
    for key, modifier in ((Key.Key_A, None), (Key.Key_A, SHIFT), (Key.Key_E, None), (Key.Key_R, None)):
        stage.press(key, modifier or Qt.KeyboardModifier.NoModifier)
    assert stage.sent == []
    assert stage.dialogs(EditDialog) == stage.dialogs(RejectDialog) == stage.dialogs(ScopesDialog) == []


def test_a_key_that_is_held_down_decides_only_once(stage: Stage) -> None:
    stage.choose(FIRST)
    action = stage.approvals.verbs["approve"]
    assert not action.autoRepeat()
    stage.press(Key.Key_A)
    stage.bridge.drop(FIRST)
    stage.press(Key.Key_A)
    assert stage.sent_names() == ["ApproveAction"]


def test_r_asks_for_a_reason_and_control_enter_sends_it(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_R)
    dialog = stage.dialog(RejectDialog)
    stage.type("wrong address")
    stage.press(Key.Key_Return, CONTROL)
    assert stage.sent == [SURFACE.RejectAction(FIRST, "wrong address", hold_seconds=6)]
    assert not dialog.isVisible()


def test_shift_r_rejects_and_stops(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_R, SHIFT)
    stage.click(stage.dialog(RejectDialog).send_button)
    assert stage.sent == [SURFACE.RejectAction(FIRST, "", stop=True, hold_seconds=6)]


def test_escape_is_the_safe_way_out_of_every_dialog(stage: Stage) -> None:
    for key, modifier, kind in (
        (Key.Key_R, Qt.KeyboardModifier.NoModifier, RejectDialog),
        (Key.Key_E, Qt.KeyboardModifier.NoModifier, EditDialog),
        (Key.Key_A, SHIFT, ScopesDialog),
    ):
        stage.choose(FIRST)
        stage.press(key, modifier)
        stage.dialog(kind)
        stage.press(Key.Key_Escape)
        assert stage.dialogs(kind) == []
        stage.come_back()
    assert stage.sent == []


def test_e_edits_the_arguments_and_sends_them(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_E)
    dialog = stage.dialog(EditDialog)
    dialog.try_to_send()
    assert dialog.problem.text() == "Nothing is changed yet. To approve it as it is, go back and press A."
    stage.click(dialog.turn)
    dialog.editor.setPlainText('{"to": "kim@example.com", "subject": "Invoice"}')
    stage.press(Key.Key_Return, CONTROL)
    arguments = {"to": "kim@example.com", "subject": "Invoice"}
    assert stage.sent == [SURFACE.EditAction(FIRST, arguments, digest=f"digest-{FIRST}", hold_seconds=6)]


def test_what_is_said_after_an_edit_names_what_was_approved(stage: Stage) -> None:
    card = stage.bridge.cards[FIRST]
    edit = {**card.card.raw_arguments, "to": "lee@example.com"}
    answer = SimpleNamespace(hold_until=0, title="send a mail to lee@example.com")
    stage.bridge.answers["EditAction"] = lambda _command: answer
    stage.choose(FIRST)
    assert stage.state.card is not None
    stage.state.edit(stage.state.card, edit)
    assert stage.toasts() == ["Edited and approved: send a mail to lee@example.com"]


def test_until_the_core_names_what_was_edited_only_the_tool_is_named(stage: Stage) -> None:
    stage.bridge.cards[FIRST].needs_proof = True
    stage.choose(FIRST)
    assert stage.state.card is not None
    with stage.bot.waitSignal(stage.state.proof_wanted) as wanted:
        stage.state.edit(stage.state.card, {"to": "lee@example.com"})
    assert wanted.args[0].said == "Edited and approved: mail.send"


def test_a_decided_card_says_who_decided_by_name(stage: Stage) -> None:
    stage.state.set_tab("decided")
    decided = stage.state.rows[0]
    for who, said in (("usr_me", "Approved by you, 3m ago"), ("usr_gone", "Approved by usr_gone, 3m ago")):
        row = approval(20, state="approved", decided_at=NOW - 3 * MINUTE, id=decided.id, decided_by=who)
        stage.bridge.cards[decided.id] = detail(row)
        stage.state.select("")
        stage.state.select(decided.id)
        assert any(said in text for text in stage.card_texts())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[1]", "Arguments are one object: it begins with { and ends with }."),
        ('{"a": 1,}', "Line 1: "),
        ('{"a": 1,\n"a": 2}', "“a” stands there twice. Keep one."),
        ('{"a": NaN}', "NaN is not a number. Give a number."),
        ("[" * 100_000, "This is nested too deeply. Flatten it."),
    ],
)
def test_arguments_that_are_none_cannot_be_sent(stage: Stage, text: str, problem: str) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_E)
    dialog = stage.dialog(EditDialog)
    stage.click(dialog.turn)
    dialog.editor.setPlainText(text)
    stage.press(Key.Key_Return, CONTROL)
    assert stage.sent == []
    assert dialog.problem.text().startswith(problem)
    assert not dialog.send_button.isEnabled()


def test_the_form_edits_texts_as_texts_and_lists_line_by_line(stage: Stage) -> None:
    given = {"to": ["kim@example.com", "lee@example.com"], "body": "Dear Kim,\n\nhello", "copies": 2}
    stage.bridge.cards[FIRST].card.raw_arguments = given
    stage.choose(FIRST)
    stage.press(Key.Key_E)
    dialog = stage.dialog(EditDialog)
    assert [(field.name, field.kind) for field in dialog.form.fields] == [
        ("to", "lines"),
        ("body", "text"),
        ("copies", "json"),
    ]
    stage.press(Key.Key_A, CONTROL)
    stage.type("ann@example.com")
    stage.press(Key.Key_Tab)
    assert dialog.form.fields[1].field.hasFocus()
    stage.press(Key.Key_End, CONTROL)
    stage.type("!")
    stage.press(Key.Key_Return, CONTROL)
    assert stage.sent[0].arguments == {"to": ["ann@example.com"], "body": "Dear Kim,\n\nhello!", "copies": 2}


def test_what_is_wrong_in_the_form_is_said_by_name(stage: Stage) -> None:
    stage.bridge.cards[FIRST].card.raw_arguments = {"copies": 2, "body": "hello"}
    stage.choose(FIRST)
    stage.press(Key.Key_E)
    dialog = stage.dialog(EditDialog)
    copies, body = dialog.form.fields
    copies.field.setPlainText("two")
    assert dialog.problem.text().startswith("“copies”: Line 1:")
    stage.click(dialog.turn)
    assert not dialog.is_json
    copies.field.setPlainText("3")
    body.field.setPlainText("hello\u202e")
    assert "holds a character that hides (U+202E)" in dialog.problem.text()
    assert not dialog.send_button.isEnabled()


def test_what_was_changed_comes_along_from_form_to_json_and_back(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_E)
    dialog = stage.dialog(EditDialog)
    dialog.form.fields[1].field.setPlainText("Another subject")
    stage.click(dialog.turn)
    assert '"subject": "Another subject"' in dialog.editor.toPlainText()
    dialog.editor.setPlainText('{"to": "ann@example.com"}')
    stage.click(dialog.turn)
    assert [field.name for field in dialog.form.fields] == ["to"]
    stage.press(Key.Key_Return, CONTROL)
    assert stage.sent[0].arguments == {"to": "ann@example.com"}


def test_what_hides_in_the_arguments_is_an_escape_in_form_and_editor(stage: Stage) -> None:
    stage.bridge.cards[FIRST].card.raw_arguments["to"] = HOSTILE
    stage.choose(FIRST)
    stage.press(Key.Key_E)
    dialog = stage.dialog(EditDialog)
    assert dialog.form.fields[0].kind == "json"
    form_text = dialog.form.fields[0].field.toPlainText()
    stage.click(dialog.turn)
    for text in (form_text, dialog.editor.toPlainText()):
        assert "\u202e" not in text
        assert "\\u202e" in text
    assert isinstance(dialog.value, dict)
    assert dialog.value["to"] == HOSTILE


def test_a_scope_with_an_open_end_takes_a_day_and_means_its_end(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_A, SHIFT)
    dialog = stage.dialog(ScopesDialog)
    dialog.choose(0)
    assert not dialog.until.isVisible()
    dialog.choose(2)
    assert dialog.until.isVisible()
    dialog.until.setDate(QDate.currentDate().addDays(2))
    stage.press(Key.Key_Return, CONTROL)
    ends = QDateTime.fromMSecsSinceEpoch(stage.sent[0].ends_at)
    assert stage.sent[0].scope == "until"
    assert ends.date() == QDate.currentDate().addDays(2)
    assert ends.time().toString("HH:mm:ss") == "23:59:59"


def test_shift_a_makes_a_rule_of_one_scope(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_A, SHIFT)
    dialog = stage.dialog(ScopesDialog)
    dialog.try_to_send()
    assert dialog.problem.text() == "Choose how far this goes."
    stage.click(dialog.choices[1])
    stage.press(Key.Key_Return, CONTROL)
    assert stage.sent == [
        SURFACE.ApproveAction(FIRST, f"digest-{FIRST}", scope="same_domain", hold_seconds=6),
    ]


def test_the_scopes_are_chosen_by_arrows_and_space(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_A, SHIFT)
    dialog = stage.dialog(ScopesDialog)
    stage.press(Key.Key_Space)
    assert dialog.scope is not None
    assert dialog.scope.id == "this_run"
    stage.press(Key.Key_Down)
    assert dialog.scope is not None
    assert dialog.scope.id == "same_domain"


def test_a_rule_on_money_takes_an_amount_and_must_be_held(stage: Stage) -> None:
    stage.choose(MONEY)
    stage.press(Key.Key_A, SHIFT)
    dialog = stage.dialog(ScopesDialog)
    dialog.choose(0)
    assert dialog.amount.isVisible()
    dialog.amount.setText("20,50")
    dialog.try_to_send()
    assert dialog.problem.text() == "Give the amount as digits with at most two decimals, such as 48.20."
    dialog.amount.setText("20.50")
    stage.press(Key.Key_Return, CONTROL)
    assert stage.sent == []
    stage.press(Key.Key_Return, CONTROL)
    assert stage.sent == [
        SURFACE.ApproveAction(MONEY, f"digest-{MONEY}", scope="up_to_amount", amount=2050, hold_seconds=6)
    ]


def test_what_is_grave_needs_the_key_twice(stage: Stage) -> None:
    stage.choose(GRAVE)
    stage.press(Key.Key_A)
    assert stage.sent == []
    assert stage.button("approve").label() == "Press again to confirm"
    stage.press(Key.Key_A)
    assert stage.sent_names() == ["ApproveAction"]


def test_an_armed_answer_is_forgotten_with_its_card(stage: Stage) -> None:
    stage.choose(GRAVE)
    stage.press(Key.Key_A)
    stage.choose("apr_0005f61d7b5")
    stage.press(Key.Key_A)
    assert stage.sent == []


def test_what_is_grave_must_be_held_by_the_mouse(stage: Stage) -> None:
    stage.choose(GRAVE)
    button = stage.button("approve")
    stage.click(button)
    assert stage.sent == []
    QTest.mousePress(button, Qt.MouseButton.LeftButton)
    stage.bot.waitUntil(lambda: bool(stage.sent), timeout=HOLD_MS * 10)
    assert stage.sent_names() == ["ApproveAction"]


def test_what_is_destroyed_offers_no_scope(stage: Stage) -> None:
    stage.choose(GRAVE)
    assert not stage.button("scopes").isVisible()
    stage.press(Key.Key_A, SHIFT)
    assert stage.dialogs(ScopesDialog) == []


def test_z_and_control_z_take_the_last_answer_back(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_A)
    stage.press(Key.Key_Z)
    stage.choose(SECOND)
    stage.press(Key.Key_A)
    stage.press(Key.Key_Z, CONTROL)
    assert stage.sent_names() == ["ApproveAction", "UndoAnswer"] * 2


def test_the_toast_takes_it_back_too(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_A)
    stage.click(stage.window.toasts.toasts()[0].action)
    assert stage.sent[-1] == SURFACE.UndoAnswer(FIRST)


def test_after_its_time_undo_is_gone(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_A)
    stage.clock.pass_by(TOAST_MS)
    stage.press(Key.Key_Z)
    assert stage.sent_names() == ["ApproveAction"]


def test_j_k_and_the_arrows_move_and_stop_at_the_ends(stage: Stage) -> None:
    ids = stage.shown_ids()
    stage.choose(ids[0])
    for key, at in (
        (Key.Key_K, 0),
        (Key.Key_J, 1),
        (Key.Key_Down, 2),
        (Key.Key_J, 3),
        (Key.Key_Up, 2),
        (Key.Key_K, 1),
    ):
        stage.press(key)
        assert stage.state.selected_id == ids[at]
        assert stage.approvals.list.currentIndex().row() == at
    for _ in ids:
        stage.press(Key.Key_J)
    assert stage.state.selected_id == ids[-1]


def test_a_click_on_a_row_shows_its_card(stage: Stage) -> None:
    at = stage.approvals.model.position_of(SECOND)
    where = stage.approvals.list.visualRect(stage.approvals.model.index(at, 0)).center()
    stage.click(stage.approvals.list.viewport(), where)
    assert stage.state.card is not None
    assert stage.state.card.id == SECOND


def test_slash_filters_and_letters_typed_there_decide_nothing(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_Slash)
    assert stage.approvals.filter.hasFocus()
    stage.type("kim era")
    assert stage.state.filter_text == "kim era"
    assert stage.sent == []
    stage.press(Key.Key_Escape)
    assert stage.state.filter_text == ""
    assert stage.approvals.list.hasFocus()


def test_enter_in_the_filter_goes_to_the_list(stage: Stage) -> None:
    stage.press(Key.Key_Slash)
    stage.type("anna")
    stage.press(Key.Key_Return)
    assert stage.approvals.list.hasFocus()
    assert stage.shown_ids() == ["apr_0006f61d7b5"]


def test_tabs_are_chosen_by_mouse_and_by_arrows(stage: Stage) -> None:
    stage.click(stage.approvals.tabs.tabs["decided"])
    assert stage.state.tab == "decided"
    assert not any(stage.button(name).isVisible() for name in ("approve", "reject", "edit"))
    stage.press(Key.Key_Right)
    assert stage.state.tab == "rules"
    stage.press(Key.Key_Right)
    assert stage.state.tab == "waiting"
    stage.press(Key.Key_Left)
    assert stage.state.tab == "rules"


def test_the_chosen_rule_is_shown_whole_however_it_was_chosen(stage: Stage) -> None:
    stage.click(stage.approvals.tabs.tabs["rules"])
    assert stage.approvals.rule.isVisible()
    assert stage.approvals.rule.rule is not None
    assert stage.approvals.rule.rule.id == "rul_1"
    stage.approvals.take_focus()
    stage.press(Key.Key_J)
    assert stage.approvals.rule.rule.id == "rul_0"
    stage.state.select("")
    stage.bridge.publish("Rules")
    assert stage.approvals.rule.rule.id == "rul_1"


def test_a_rule_is_deleted_and_a_built_in_one_cannot_be(stage: Stage) -> None:
    stage.state.set_tab("rules")
    stage.state.select("rul_0")
    assert not stage.approvals.delete_rule.isVisible()
    facts = [label.text() for label in stage.approvals.rule.findChildren(QLabel)]
    assert "Uses" not in facts, "nobody counts what a built-in rule did"
    stage.state.select("rul_1")
    assert "Uses" in [label.text() for label in stage.approvals.rule.findChildren(QLabel)]
    stage.click(stage.approvals.delete_rule)
    assert stage.sent == [SURFACE.DeleteRule("rul_1")]


@pytest.mark.parametrize(("key", "answer"), [(Key.Key_1, "happened"), (Key.Key_2, "do_it"), (Key.Key_3, "give_up")])
def test_what_is_in_doubt_is_settled_by_key_and_by_mouse(stage: Stage, key: Key, answer: str) -> None:
    stage.choose("act_8")
    assert not stage.button("approve").isVisible()
    stage.press(Key.Key_A)
    assert stage.sent == []
    stage.press(key)
    assert stage.sent == [SURFACE.SettleDoubt("act_8", answer)]


def test_the_answers_to_doubt_are_buttons_too(stage: Stage) -> None:
    stage.choose("act_8")
    stage.click(stage.button("do_it"))
    assert stage.sent == [SURFACE.SettleDoubt("act_8", "do_it")]


def test_the_menu_of_a_row_offers_the_answers(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.approvals.list.customContextMenuRequested.emit(stage.approvals.list.rect().center())
    (menu,) = stage.approvals.findChildren(QMenu)
    texts = [action.text() for action in menu.actions() if action.text()]
    assert texts[:5] == ["Approve once", "Reject…", "Approve…", "Edit then approve", "Reject and stop"]
    assert texts[5:] == ["Later…", "Ask a colleague…", "Open run"]
    menu.close()


def test_o_opens_the_log_of_the_run_that_asks(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_O)
    assert stage.window.pages.currentWidget() is stage.runs
    assert stage.runs.state.selected_id == "run_01cd7371"


def test_an_answer_that_wants_proof_asks_for_the_passphrase(stage: Stage) -> None:
    row = stage.bridge.tables["PendingApprovals"][FIRST]
    stage.bridge.cards[FIRST] = detail(row, needs_proof=True)
    stage.choose(FIRST)
    stage.press(Key.Key_A)
    stage.dialog(ProofDialog)
    stage.type("correct horse")
    stage.press(Key.Key_Return, CONTROL)
    assert stage.sent_names() == ["Prove", "ApproveAction"]


def test_an_answer_that_wants_proof_asks_for_a_new_passphrase_where_there_is_none(stage: Stage) -> None:
    row = stage.bridge.tables["PendingApprovals"][FIRST]
    stage.bridge.cards[FIRST] = detail(row, needs_proof=True)
    stage.bridge.answers["VaultStatus"] = lambda _query: SimpleNamespace(has_passphrase=False, needs_passphrase=False)
    stage.choose(FIRST)
    stage.press(Key.Key_A)
    stage.dialog(PassphraseDialog)
    assert stage.dialogs(ProofDialog) == []
    assert stage.sent == []


def test_an_engine_away_shows_a_banner_and_counts_what_is_kept(stage: Stage) -> None:
    stage.context.engine_went("The engine stopped.")
    stage.choose(FIRST)
    stage.press(Key.Key_A)
    assert stage.window.banner.isVisible()
    assert stage.window.banner.text.text() == "The engine stopped."
    assert stage.approvals.banner.isVisible()
    assert stage.approvals.banner.text.text() == "1 answer kept and sent when the engine is back."
    stage.state.engine_came()
    assert not stage.approvals.banner.isVisible()
    assert stage.sent_names() == ["ApproveAction"]


def test_hostile_text_is_shown_as_what_it_is_everywhere_on_the_card(stage: Stage) -> None:
    stage.choose("apr_0004f61d7b5")
    texts = stage.card_texts()
    assert any(visible(HOSTILE) in text for text in texts)
    assert not any(hidden in text for text in texts for hidden in "\u202e\u200b\x1b\u2066\u2069")
    assert any("<b>bold</b> &amp;" in text for text in texts)


def test_an_argument_of_five_megabytes_is_shown_in_parts_to_its_last_character(stage: Stage) -> None:
    big = "x" * 4_999_990 + "\u202ethe end\u200b!"
    row = stage.bridge.tables["PendingApprovals"][FIRST]
    stage.bridge.cards[FIRST] = detail(
        row, arguments=(argument("body", big, "none", "written by the agent", "content"),), raw_arguments={"body": big}
    )
    stage.choose(FIRST)
    (value,) = (found for found in stage.approvals.card.findChildren(LongText))
    assert len(value.text.toPlainText()) == MOST_CHARACTERS
    assert value.place.text() == "Characters 1 to 20,000 of 5,000,000"
    stage.click(value.on)
    assert value.place.text() == "Characters 20,001 to 40,000 of 5,000,000"
    while value.on.isEnabled():
        value.on.fired.emit()
    assert value.text.toPlainText().endswith("x⟨U+202E⟩the end⟨U+200B⟩!")
    stage.come_back()
    stage.press(Key.Key_E)
    assert stage.dialogs(EditDialog) == []
    assert "too large to edit here" in stage.toasts()[-1]


def test_the_card_keeps_time_without_being_built_anew(stage: Stage) -> None:
    stage.choose(FIRST)
    body = stage.approvals.card.widget()
    stage.approvals.card.keep_time(NOW + 5 * MINUTE)
    assert stage.approvals.card.widget() is body
    assert {"6m ago", "in 22 h 55 m, then nothing runs"} <= set(stage.card_texts())


def test_a_decided_card_says_who_decided_and_offers_no_answer(stage: Stage) -> None:
    stage.state.set_tab("decided")
    stage.state.select("apr_0021f61d7b5")
    assert "Rejected by you, 9m ago" in stage.card_texts()
    assert "wrong address" in stage.card_texts()
    assert not any(text.startswith("in 23 h") for text in stage.card_texts())
    assert not stage.approvals.answers.isVisible()


def test_the_keyboard_stays_at_the_list_when_it_empties_and_fills_again(stage: Stage) -> None:
    tables = stage.bridge.tables
    rows, doubts = dict(tables["PendingApprovals"]), tables["InDoubt"]
    for name in ("PendingApprovals", "InDoubt"):
        tables[name] = {}
        stage.bridge.publish(name)
    assert QApplication.focusWidget() is stage.approvals.stack
    tables |= {"PendingApprovals": rows, "InDoubt": doubts}
    stage.bridge.publish("PendingApprovals")
    assert stage.approvals.list.hasFocus()
    stage.clock.let_keys_wake()
    stage.press(Key.Key_J)
    assert stage.state.selected_id == stage.shown_ids()[1]


def test_only_the_last_answer_offers_undo_and_none_after_it_was_taken_back(stage: Stage) -> None:
    for row_id in (FIRST, SECOND):
        stage.choose(row_id)
        stage.press(Key.Key_A)
    assert [text.partition(":")[0] for text in stage.toasts()] == ["Approved"]
    stage.press(Key.Key_Z)
    assert stage.toasts() == ["Taken back. It waits for you again."]


def test_a_toast_never_lies_over_the_answers(stage: Stage) -> None:
    stage.choose(FIRST)
    stage.press(Key.Key_A)
    toasts, answers = stage.window.toasts, stage.approvals.answers
    stage.clock.pass_by(TOAST_MS)
    stage.state.set_tab("decided")
    assert not answers.isVisible()
    stage.state.set_tab("waiting")
    stage.bot.waitUntil(answers.isVisible)
    assert toasts.mapTo(stage.window, toasts.rect().bottomLeft()).y() < answers.mapTo(stage.window, QPoint()).y()
