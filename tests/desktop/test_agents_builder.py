"""The builder: parts that keep themselves, tools with their rules, versions, publishing, and the trial."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QPlainTextEdit
from pytestqt.qtbot import QtBot

from legate_desktop.live import Refusal
from legate_desktop.pages.agents.builder import Builder
from legate_desktop.pages.agents.builder_state import BuilderState
from legate_desktop.pages.agents.dialogs import AllowDialog, PublishDialog
from legate_desktop.pages.agents.page import AgentsPage
from legate_desktop.pages.agents.versions import VersionsDialog
from legate_desktop.pages.agents.view import Draft
from legate_desktop.widgets.proof import ProofDialog
from tests.desktop.fake_core import HOSTILE, NOW, SURFACE, FakeBridge, changed, practice_bridge, step
from tests.desktop.fakes_agents import DEFINITION, dataclasses_like
from tests.desktop.stage import CONTROL, Stage, page_of
from tests.desktop.test_access import unnamed, walk

Key = Qt.Key


@pytest.fixture
def building(stage: Stage) -> Stage:
    stage.window.resize(1500, 860)
    stage.context.go("agents", "agt_1")
    return stage


def builder(stage: Stage) -> Builder:
    return page_of(stage.window, "agents", AgentsPage).builder


def state_on(bridge: FakeBridge) -> BuilderState:
    state = BuilderState(bridge)
    state.show("agt_1")
    return state


def rule_of(stage: Stage) -> object:
    return stage.sent[-1].rule


# Keeping.


def test_what_is_typed_is_kept_a_moment_later_with_what_it_was_before(building: Stage) -> None:
    form = builder(building).forms["purpose"]
    form.name.setFocus()
    building.press(Key.Key_End)
    building.type("!")
    assert builder(building).kept.text() == "Keeping…"
    assert building.sent == []
    building.bot.waitUntil(lambda: len(building.sent) == 1)
    (command,) = building.sent
    assert (command.agent_id, command.definition.name, command.was) == ("agt_1", "Reply desk!", DEFINITION.hash)
    assert builder(building).kept.text() == "Kept as draft"


def test_what_is_typed_while_it_is_being_kept_is_kept_after_it() -> None:
    bridge = practice_bridge()
    state = state_on(bridge)
    bridge.is_slow = True
    state.edit(purpose="One.")
    state.save()
    state.edit(purpose="Two.")
    state.save()
    assert len(bridge.sent) == 1
    bridge.release()
    assert [command.definition.purpose for command in bridge.sent] == ["One.", "Two."]
    assert bridge.sent[1].was == dataclasses.replace(DEFINITION, purpose="One.").hash


def test_what_cannot_be_kept_says_why_and_stays_on_the_screen(building: Stage) -> None:
    state = builder(building).state
    state.edit(name="  ")
    state.save()
    assert building.sent == []
    assert builder(building).banner.text.text() == "An agent needs a name."
    assert state.why_not_publish() == "An agent needs a name."
    state.edit(name="Desk")
    state.save()
    assert not builder(building).banner.isVisible()


def test_what_somebody_else_changed_is_never_overwritten(building: Stage) -> None:
    state = builder(building).state
    building.bridge.refusal = (Refusal("Somebody else changed this agent meanwhile.", "conflict"), False)
    state.edit(purpose="Mine.")
    state.save()
    assert state.is_conflict
    state.edit(purpose="Mine again.")
    state.save()
    assert building.sent == []
    building.click(builder(building).banner.action)
    assert state.draft is not None
    assert state.draft.purpose == DEFINITION.purpose
    assert not state.is_conflict


def test_what_is_typed_while_the_engine_is_away_is_kept_when_it_is_back(qtbot: QtBot) -> None:
    bridge = practice_bridge()
    state = state_on(bridge)
    bridge.refusal = ("The engine is not running. Start Legate again.", True)
    state.edit(purpose="Kept.")
    state.save()
    assert bridge.sent == []
    qtbot.waitUntil(lambda: len(bridge.sent) == 1)
    assert bridge.sent[0].definition.purpose == "Kept."


def test_leaving_an_agent_keeps_what_was_typed_in_it(building: Stage) -> None:
    builder(building).state.edit(purpose="Typed last.")
    building.context.go("agents", "agt_2")
    assert [command.agent_id for command in building.sent] == ["agt_1"]
    assert builder(building).state.draft == _draft("agt_2", building.bridge)


def _draft(agent_id: str, bridge: FakeBridge) -> Draft:
    from legate_desktop.pages.agents import requests

    return requests.draft(bridge.drafts[agent_id])


# Parts.


def test_numbers_turn_to_the_parts_and_esc_goes_back_to_the_list(building: Stage) -> None:
    page = page_of(building.window, "agents", AgentsPage)
    for key, part in ((Key.Key_4, "tools"), (Key.Key_3, "model")):
        builder(building).take_focus()
        building.press(key)
        assert builder(building).state.part == part
    building.press(Key.Key_Escape)
    assert not page.is_building
    building.window.go_back()


def test_a_model_is_chosen_from_those_that_are_here_or_set_by_hand(building: Stage) -> None:
    form = builder(building).forms["model"]
    builder(building).turn_to("model")
    form.choice.chosen.emit("1")
    state = builder(building).state
    assert state.draft is not None
    assert state.draft.model == {
        "provider": "ollama",
        "base_url": "http://127.0.0.1:11434",
        "model": "llama3.2:3b",
    }
    form.settings.setPlainText('{"provider": ')
    assert form.problem.isVisible()
    assert state.why_not_publish() == f"Model: {form.problem.text()}"
    assert state.draft.model["provider"] == "ollama"
    form.settings.setPlainText('{"provider": "scripted", "temperature": 0.5}')
    form.choice.chosen.emit("0")
    assert state.draft.model["temperature"] == 0.5


def test_another_model_is_set_for_its_place_and_stays_when_the_first_changes(building: Stage) -> None:
    form = builder(building).forms["model"]
    builder(building).turn_to("model")
    state = builder(building).state
    assert state.draft is not None
    outage, budget = form.reasons.values()
    assert not outage.isVisible()
    form.choice.chosen.emit("1")
    form.spare.chosen.emit("0")
    first = dict(state.models[0].settings)
    assert state.draft.model["fallbacks"] == [{**first, "on": ["outage", "budget"]}]
    assert outage.isVisible()
    assert outage.isChecked()
    budget.click()
    assert state.draft.model["fallbacks"] == [{**first, "on": ["outage"]}]
    form.choice.chosen.emit("0")
    assert (state.draft.model["model"], form.choice.current, form.spare.current) == (first["model"], "0", "0")
    assert len(state.draft.model["fallbacks"]) == 1
    outage.click()
    assert "fallbacks" not in state.draft.model, "for nothing at all is none"
    form.settings.setPlainText('{"provider": "scripted", "fallbacks": [{"provider": "scripted", "turns": []}, {}]}')
    assert (form.spare.text(), outage.isChecked(), budget.isChecked()) == ("As below", True, True)
    form.spare.chosen.emit("")
    assert state.draft.model == {"provider": "scripted", "fallbacks": [{}]}, "what stood behind it stays"


def test_limits_are_numbers_in_the_units_a_person_thinks_in(building: Stage) -> None:
    form = builder(building).forms["limits"]
    state = builder(building).state
    builder(building).turn_to("limits")
    assert (form.fields["wall_clock_seconds"].text(), form.money.text()) == ("60", "2.50")
    for field, text in ((form.fields["wall_clock_seconds"], "5"), (form.money, "0,75"), (form.fields["steps"], "12")):
        field.setFocus()
        field.selectAll()
        building.type(text)
    assert state.draft is not None
    assert (state.draft.limits.wall_clock_seconds, state.draft.limits.cost_micros, state.draft.limits.steps) == (
        300,
        750_000,
        12,
    )
    form.fields["steps"].setFocus()
    form.fields["steps"].selectAll()
    building.type("0")
    said = "Steps: give a whole number from 1."
    assert (form.problems["steps"].text(), form.problems["steps"].isVisible()) == (said, True)
    assert state.draft.limits.steps == 12


def test_a_limit_that_is_none_is_neither_kept_nor_published(building: Stage) -> None:
    view = builder(building)
    form, state = view.forms["limits"], view.state
    view.turn_to("limits")
    form.fields["wall_clock_seconds"].setFocus()
    form.fields["wall_clock_seconds"].selectAll()
    building.type("0")
    said = "Minutes of work: give a whole number from 1."
    assert (view.banner.text.text(), view.kept.text(), state.is_kept) == (said, "", False)
    assert state.why_not_publish() == said
    state.publish("")
    assert (building.sent_names(), building.toasts()) == ([], [said])
    form.fields["wall_clock_seconds"].selectAll()
    building.type("7")
    assert (view.banner.isVisible(), form.problems["wall_clock_seconds"].isVisible()) == (False, False)
    assert state.why_not_publish() == ""
    form.fields["wall_clock_seconds"].selectAll()
    building.type("0")
    state.reload()
    assert (form.fields["wall_clock_seconds"].text(), state.why_not_publish()) == ("60", "")


def test_knowledge_bases_are_given_and_taken(building: Stage) -> None:
    builder(building).turn_to("knowledge")
    form = builder(building).forms["knowledge"]
    building.click(form.boxes["kb_1"], QPoint(8, form.boxes["kb_1"].height() // 2))
    state = builder(building).state
    assert state.draft is not None
    assert state.draft.knowledge == ("kb_1",)
    state.set_knowledge("kb_1", is_on=False)
    assert state.draft.knowledge == ()


def test_folders_get_names_that_are_free_and_can_be_taken_away(building: Stage) -> None:
    builder(building).turn_to("tools")
    form = builder(building).forms["tools"]
    form.give_folder("/srv/other/Orders")
    state = builder(building).state
    assert state.draft is not None
    assert state.draft.folders == {"orders": "/srv/orders", "orders_2": "/srv/other/Orders"}
    state.set_folder("orders", "")
    assert state.draft.folders == {"orders_2": "/srv/other/Orders"}


# Tools.


def choose(stage: Stage, tool: str, mode: str) -> None:
    builder(stage).turn_to("tools")
    stage.click(builder(stage).forms["tools"].lines[tool].switch.segments[mode])


def test_what_is_money_destroys_or_gives_access_has_no_allow(building: Stage) -> None:
    builder(building).turn_to("tools")
    lines = builder(building).forms["tools"].lines
    closed = [name for name, line in lines.items() if not line.switch.segments["allow"].isEnabled()]
    assert closed == ["files.trash", "stripe.refund"]
    assert "amount, a count and an end" in lines["stripe.refund"].switch.segments["allow"].toolTip()


def test_never_and_ask_are_a_matter_of_the_draft_alone(building: Stage) -> None:
    choose(building, "mail.send", "never")
    assert [type(command).__name__ for command in building.sent] == ["EditAgent"]
    assert building.sent[-1].definition.tools == ("mail.read", "stripe.refund")
    choose(building, "files.create", "ask")
    assert building.sent[-1].definition.tools == ("mail.read", "stripe.refund", "files.create")
    assert builder(building).forms["tools"].lines["files.create"].switch.current == "ask"


def test_allow_shows_what_the_rule_would_do_and_is_a_rule_with_an_end(building: Stage) -> None:
    choose(building, "mail.send", "allow")
    dialog = building.dialog(AllowDialog)
    assert dialog.change.text().startswith("Widens")
    assert "asked before" in dialog.words.toPlainText()
    assert building.sent_names() == ["EditAgent"] or building.sent == []
    # Until the rule is there, the tool asks.
    assert builder(building).forms["tools"].lines["mail.send"].switch.current == "ask"
    building.click(dialog.send_button)
    rule = rule_of(building)
    assert (rule.verdict, rule.tools, rule.agents, rule.always) == ("allow", ("mail.send",), ("agt_1",), False)
    assert rule.ends_at is not None
    assert rule.ends_at > NOW


@pytest.mark.parametrize(("which", "uses", "always"), [("times", 10, False), ("always", None, True)])
def test_a_rule_may_end_by_its_count_or_by_hand(building: Stage, which: str, uses: int | None, always: bool) -> None:
    choose(building, "mail.send", "allow")
    dialog = building.dialog(AllowDialog)
    getattr(dialog, which).setChecked(True)
    building.click(dialog.send_button)
    rule = rule_of(building)
    assert (rule.uses_left, rule.ends_at, rule.always) == (uses, None, always)


def test_going_back_from_allow_leaves_the_tool_asking(building: Stage) -> None:
    choose(building, "mail.send", "allow")
    dialog = building.dialog(AllowDialog)
    dialog.reject()
    assert "AddRule" not in building.sent_names()
    assert builder(building).forms["tools"].lines["mail.send"].switch.current == "ask"


def test_going_back_from_allow_leaves_a_tool_out_that_was_never(building: Stage) -> None:
    choose(building, "files.create", "allow")
    dialog = building.dialog(AllowDialog)
    assert dialog.said.toPlainText() == "Reply desk may use files.create without asking."
    dialog.reject()
    state = builder(building).state
    assert state.draft is not None
    assert ("files.create" in state.draft.tools, building.sent) == (False, [])
    assert builder(building).forms["tools"].lines["files.create"].switch.current == "never"


def test_a_tool_that_was_never_is_given_with_its_rule_and_not_without_it(building: Stage) -> None:
    choose(building, "files.create", "allow")
    dialog = building.dialog(AllowDialog)
    building.bridge.refusal = ("This takes effect only after a second person agrees. Ask another owner.", False)
    building.click(dialog.send_button)
    state = builder(building).state
    assert state.draft is not None
    assert "files.create" not in state.draft.tools
    choose(building, "files.create", "allow")
    building.click(building.dialog(AllowDialog).send_button)
    assert building.sent_names() == ["AddRule", "EditAgent"]
    assert building.sent[-1].definition.tools[-1] == "files.create"


def test_a_rule_that_allows_goes_when_the_tool_asks_again(building: Stage) -> None:
    _with_rule(building, "mail.send", "allow")
    choose(building, "mail.send", "ask")
    assert building.sent[-1] == SURFACE.DeleteRule("rul_7")


def test_reading_asks_by_a_rule_and_is_free_without_it(building: Stage) -> None:
    choose(building, "mail.read", "ask")
    assert (rule_of(building).verdict, rule_of(building).always) == ("ask", False)
    _with_rule(building, "mail.read", "ask")
    choose(building, "mail.read", "allow")
    assert building.sent[-1] == SURFACE.DeleteRule("rul_7")


def _with_rule(stage: Stage, tool: str, verdict: str) -> None:
    answer = stage.bridge.answers["AgentTools"]
    stage.bridge.answers["AgentTools"] = lambda query: tuple(
        dataclasses_like(row, mode=verdict, rule_id="rul_7", rule_verdict=verdict, rule_ends="with its count")
        if row.tool.name == tool
        else row
        for row in answer(query)
    )
    builder(stage).state.reload()


def test_widening_asks_who_is_there_and_a_refusal_shows_what_holds(building: Stage) -> None:
    choose(building, "mail.send", "allow")
    dialog = building.dialog(AllowDialog)
    building.bridge.refusal = (Refusal("This needs a fresh proof.", "needs-reauthentication"), False)
    building.click(dialog.send_button)
    proof = building.dialog(ProofDialog)
    proof.passphrase.setText("correct horse")
    building.click(proof.send_button)
    assert building.sent_names()[-2:] == ["Prove", "AddRule"]
    building.bridge.refusal = ("This takes effect only after a second person agrees. Ask another owner.", False)
    builder(building).state.allow(builder(building).state.tools[3])
    assert "second person" in building.toasts()[-1]


# Versions.


def test_publishing_what_reaches_further_asks_who_is_there(building: Stage) -> None:
    building.bridge.refusal = (Refusal("This needs a fresh proof.", "needs-reauthentication"), False)
    builder(building).state.publish("Wider.")
    proof = building.dialog(ProofDialog)
    proof.passphrase.setText("correct horse")
    building.click(proof.send_button)
    assert building.sent_names()[-2:] == ["Prove", "PublishAgent"]
    assert building.sent[-1] == SURFACE.PublishAgent("agt_1", note="Wider.")


def test_publishing_shows_what_changed_and_what_its_words_name(building: Stage) -> None:
    builder(building).take_focus()
    building.press(Key.Key_P)
    dialog = building.dialog(PublishDialog)
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    fields = [field.toPlainText() for field in dialog.findChildren(QPlainTextEdit)]
    assert "Tool: stripe.refund added" in texts
    assert "reaches further" in texts
    assert {"Ask first.", "Ask always.", "lee@example.com"} <= set(fields)
    dialog.note.setText("Kinder.")
    building.click(dialog.send_button)
    assert building.sent[-1] == SURFACE.PublishAgent("agt_1", note="Kinder.")


def test_nothing_is_published_that_could_not_be_kept(building: Stage) -> None:
    state = builder(building).state
    building.bridge.refusal = ("The folder 'orders' holds Legate's own data. Choose another.", False)
    state.edit(purpose="New.")
    state.publish("")
    assert building.sent == []
    assert "own data" in building.toasts()[0]


def test_an_unchanged_draft_has_nothing_to_publish(building: Stage) -> None:
    building.bridge.answers["AgentChanges"] = lambda _query: SimpleNamespace(changes=(), literals=())
    builder(building).state.reload()
    assert builder(building).state.why_not_publish() == "Nothing has changed since it was published"
    assert builder(building).version.text() == "v3 is published"


def test_versions_are_compared_and_an_old_one_becomes_the_draft_again(building: Stage) -> None:
    builder(building).take_focus()
    building.press(Key.Key_V)
    dialog = building.dialog(VersionsDialog)
    assert dialog.before.current == "3" * 64
    dialog.before.choose("1" * 64)
    dialog.before.chosen.emit("1" * 64)
    assert dialog.note.text() == "Note 1."
    building.click(dialog.send_button)
    assert building.sent[-1].definition.instructions == "Be kind."
    assert building.toasts() == ["The draft is version 1 again"]
    building.context.said.connect(lambda _notice: None)
    building.window.undo_last()
    assert building.sent[-1].definition.instructions == DEFINITION.instructions


# The trial.


def test_what_is_said_is_kept_first_and_runs_the_draft(building: Stage) -> None:
    view = builder(building)
    view.state.edit(purpose="Changed a moment ago.")
    view.turn_to_try()
    building.type("Answer Kim, please.")
    building.press(Key.Key_Return, CONTROL)
    assert building.sent_names() == ["EditAgent", "StartDraft"]
    assert building.sent[-1] == SURFACE.StartDraft("agt_1", "Answer Kim, please.")
    assert view.pane.field.toPlainText() == ""
    assert view.pane.words.text().startswith("Running")
    assert len(view.pane.model.rows) >= 7


def test_while_the_draft_is_at_work_nothing_more_is_said_and_it_can_be_cancelled(building: Stage) -> None:
    view = builder(building)
    view.trying.say("Begin.")
    view.turn_to_try()
    building.type("And more.")
    building.press(Key.Key_Return, CONTROL)
    assert building.sent_names() == ["StartDraft"]
    assert view.pane.field.toPlainText() == "And more."
    assert "at work" in view.pane.send.toolTip()
    view.trying.cancel()
    assert building.sent[-1] == SURFACE.CancelRun("run_01cd7371")


def test_the_conversation_goes_on_where_it_ended(building: Stage) -> None:
    view = builder(building)
    view.trying.say("Which one?")
    table = building.bridge.tables["Runs"]
    table["run_01cd7371"] = changed(table["run_01cd7371"], status="succeeded", finished_at=NOW)
    building.bridge.publish("Runs")
    assert view.trying.turns[-1].answer == "All three are answered."
    assert view.trying.why_not_say() == ""
    view.trying.say("And now?")
    assert building.sent[-1] == SURFACE.StartDraft("agt_1", "And now?", after="run_01cd7371")
    assert [turn.said for turn in view.trying.turns] == ["Which one?", "And now?"]


def test_a_question_of_the_trial_opens_at_the_same_gate(building: Stage) -> None:
    view = builder(building)
    log = building.bridge.tables["RunLog"]
    log["stp_6"] = changed(log["stp_6"], approval_id="apr_0001f61d7b5", effect="send")
    table = building.bridge.tables["Runs"]
    table["run_01cd7371"] = changed(table["run_01cd7371"], status="waiting", waiting_for="approval")
    building.bridge.publish("Runs")
    view.trying.say("Send it.")
    assert view.pane.words.text() == "Waiting for you"
    building.click(view.pane.question)
    assert building.window.page_id == "approvals"
    assert building.state.selected_id == "apr_0001f61d7b5"


def test_streamed_and_hostile_words_are_shown_as_text(building: Stage) -> None:
    view = builder(building)
    view.trying.say(HOSTILE)
    say = building.bridge.tick_listeners["run_01cd7371"]
    say([SimpleNamespace(kind="loading", text="small.gguf", done=1, total=2)])
    assert view.pane.stream.text.toPlainText() == "Loading small.gguf: 50 %"
    say([SimpleNamespace(kind="text", text=HOSTILE)])
    assert view.pane.stream.text.toPlainText().startswith("pay⟨U+202E⟩")


def test_another_agent_begins_another_conversation(building: Stage) -> None:
    view = builder(building)
    view.trying.say("Hello.")
    building.context.go("agents", "agt_2")
    assert view.trying.turns == []
    view.trying.say("Hello to you.")
    assert building.sent[-1] == SURFACE.StartDraft("agt_2", "Hello to you.")


def test_a_refused_trial_says_why_and_may_be_tried_again(building: Stage) -> None:
    building.bridge.refusal = ("A draft is only tried by a person. Publish it.", False)
    view = builder(building)
    view.trying.say("Hello.")
    assert building.toasts() == ["A draft is only tried by a person. Publish it."]
    assert view.trying.why_not_say() == ""


def test_in_a_narrow_window_the_trial_takes_the_place_of_the_form(qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.show(900, 600)
    stage.context.go("agents", "agt_1")
    view = builder(stage)
    assert view.stack.isVisible()
    assert not view.pane.isVisible()
    view.take_focus()
    stage.press(Key.Key_T)
    assert view.pane.isVisible()
    assert not view.stack.isVisible()
    view.turn_to("limits")
    assert view.stack.isVisible()


def test_the_log_of_the_trial_follows_its_run(building: Stage) -> None:
    view = builder(building)
    view.trying.say("Hello.")
    building.bridge.tables["RunLog"]["stp_7"] = step(7, label="files.create", kind="tool", state="confirmed")
    building.bridge.publish("RunLog")
    assert [line.step.label for line in view.pane.model.rows if line.step is not None][-1] == "files.create"


@pytest.mark.parametrize("part", ["purpose", "instructions", "model", "tools", "knowledge", "limits"])
def test_every_stop_of_the_builder_has_a_name(building: Stage, part: str) -> None:
    builder(building).turn_to(part)  # type: ignore[arg-type]  # the parameters are the six parts
    stops = walk(building, building.window)
    assert {builder(building).pane.field, builder(building).pane.log} <= set(stops)
    assert unnamed(stops) == []


def test_a_date_in_a_dialog_can_be_read(building: Stage) -> None:
    choose(building, "mail.send", "allow")
    dialog = building.dialog(AllowDialog)
    assert dialog.day.lineEdit().width() > 200
