"""What the Models page knows, without a window: places and models, filters, adding, pricing, removing, limits that speak."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from legate_desktop.live import NEEDS_PROOF, Refusal
from legate_desktop.notice import Notice
from legate_desktop.pages.models.limits_state import LimitsState
from legate_desktop.pages.models.state import ModelsState
from legate_desktop.pages.models.view import (
    NewLimit,
    amount_text,
    cells,
    limit_sentence,
    micros_of,
    model_sentence,
    place_sentence,
    source_words,
    state_words,
)
from tests.desktop import fakes_models
from tests.desktop.fake_core import NOW, FakeBridge

BRIEFLY = 60_000


def make(**changes: Any) -> tuple[ModelsState, FakeBridge, list[Notice]]:
    bridge = FakeBridge(tables={"ModelCatalogue": fakes_models.places(NOW) | changes})
    state = ModelsState(bridge, wall_clock=lambda: NOW)
    said: list[Notice] = []
    state.noticed.connect(said.append)
    state.open()
    return state, bridge, said


def limits() -> tuple[LimitsState, FakeBridge, list[Notice]]:
    bridge = FakeBridge(tables={"Budgets": fakes_models.limits(), "Agents": {}})
    state = LimitsState(bridge, wall_clock=lambda: NOW)
    said: list[Notice] = []
    state.noticed.connect(said.append)
    state.open()
    return state, bridge, said


def sent(bridge: FakeBridge) -> tuple[str, dict[str, Any]]:
    """The last command: its name and its fields."""
    command = bridge.sent[-1]
    return type(command).__name__, dict(vars(command))


# Reading.


def test_places_of_this_computer_come_first_and_the_first_model_is_chosen() -> None:
    state, _, _ = make()
    assert [place.kind for place in state.rows] == ["server", "server", "file", "key", "address"]
    state.select("src_2")
    assert (state.count, state.model_name) == (7, "gpt-6-sol")
    state.move(1)
    assert state.selected_id == "src_3"
    state.move(9)
    assert state.selected_id == "src_3"


def test_a_filter_leaves_the_places_and_the_models_that_hold_its_words() -> None:
    state, _, _ = make()
    state.set_filter("luna")
    assert [(place.id, [model.name for model in state.models]) for place in state.rows] == [("src_2", ["gpt-6-luna"])]
    state.set_filter("openai")
    assert len(state.models) == 3, "a place that fits shows all it has"
    state.set_filter("nothing like it")
    assert (state.rows, state.selected, state.model) == ([], None, None)


def test_a_row_says_what_is_known_and_marks_what_is_not() -> None:
    state, _, _ = make()
    state.select("src_2")
    by_name = {model.name: model for model in state.models}
    assert cells(by_name["gpt-6-sol"]) == ("gpt-6-sol", "128,000", "yes", "2.00 / 10.00", "71.0/s")
    assert cells(by_name["gpt-6-nova"])[1:] == ("\N{EN DASH}",) * 4
    assert "not said" in model_sentence(by_name["gpt-6-nova"])
    assert "no price" in model_sentence(by_name["gpt-6-nova"])
    assert "2026-09-22" in source_words(by_name["gpt-6-sol"])
    assert "Nobody has said" in source_words(by_name["gpt-6-nova"])
    state.select("src_1")
    assert cells(state.models[0])[3] == "free"


def test_places_that_are_slow_or_gone_say_so() -> None:
    state, _, _ = make()
    slow = next(place for place in state.rows if place.id == "src_3")
    gone = next(place for place in state.rows if place.id == "src_5")
    assert "slow · answered in 12.4 s" in state_words(slow, NOW)
    assert state_words(gone, NOW).startswith("Not there")
    assert place_sentence(gone, NOW).startswith("llama.cpp, Found on this computer, 0 models, Not there")


def test_a_page_whose_question_fails_says_why() -> None:
    class Refusing(FakeBridge):
        def watch(self, query: Any, on_rows: Any, failed: Any) -> Any:
            failed("This needs the permission definitions.view. Ask for that role.")

    state = ModelsState(Refusing(), wall_clock=lambda: NOW)
    state.open()
    assert (state.is_loading, "permission" in state.problem) == (False, True)


# Doing.


def test_looking_is_done_once_at_a_time_and_says_what_came_of_it() -> None:
    state, bridge, said = make()
    bridge.answers["LookForModels"] = lambda _command: 2
    bridge.is_slow = True
    state.look()
    state.look()
    assert (len(bridge.sent), state.why_not_look()) == (1, "Legate is looking already")
    bridge.release()
    assert (said[-1].text, state.why_not_look()) == ("2 model servers found on this computer.", "")
    bridge.answers["LookForModels"] = lambda _command: 0
    state.look()
    bridge.release()
    assert said[-1].text.startswith("No model server answers")


def test_a_place_is_asked_again_and_what_is_wrong_stays_on_the_screen() -> None:
    state, bridge, said = make()
    state.select("src_3")
    bridge.is_slow = True
    bridge.answers["CheckModelSource"] = lambda _command: "workshop cannot be reached. Start it, then try again."
    state.ask_again()
    assert state.why_not_ask() == "It is being asked"
    bridge.release()
    assert (said[-1].is_error, state.why_not_ask()) == (True, "")
    bridge.answers["CheckModelSource"] = lambda _command: ""
    state.ask_again()
    bridge.release()
    assert said[-1].text == "workshop:8080 answers."
    bridge.refusal = ("The vault is sealed. Open it.", False)
    state.ask_again()
    assert (said[-1].text, state.asking) == ("The vault is sealed. Open it.", set())


def test_a_key_is_recognised_by_its_form() -> None:
    state, _, _ = make()
    assert state.whose("sk-proj-abc") == ("OpenAI", "")
    assert state.whose("no form at all") == ("", "")
    assert "GitHub" in state.whose("ghp_abc")[1]
    assert state.whose("  ") == ("", "")


def test_a_key_that_works_says_what_trying_it_has_cost() -> None:
    state, bridge, said = make()
    bridge.answers["AddModelKey"] = lambda _command: SimpleNamespace(
        who="OpenAI", models=3, asked="gpt-6-luna", cost_micros=18, source_id="src_2"
    )
    ended: list[str] = []
    state.add_key("sk-proj-abc", "Team key", "", ended.append)
    assert sent(bridge) == ("AddModelKey", {"value": "sk-proj-abc", "name": "Team key", "base_url": ""})
    assert (ended, said[-1].text) == ([""], "OpenAI: 3 models. gpt-6-luna said a word, for 0.000018 $.")
    assert state.selected_id == "src_2"
    bridge.refusal = ("api.openai.com did not accept the key (401). Check it.", False)
    state.add_key("sk-proj-abc", "", "", ended.append)
    assert ended[-1] == "api.openai.com did not accept the key (401). Check it."


@pytest.mark.parametrize(
    ("place_id", "back"), [("src_3", "AddModelServer"), ("src_4", "AddModelFile"), ("src_1", "AddModelServer")]
)
def test_what_was_taken_off_the_list_can_be_put_back(place_id: str, back: str) -> None:
    state, bridge, said = make()
    state.select(place_id)
    address = state.selected.address if state.selected else ""
    state.remove()
    assert sent(bridge) == ("RemoveModelSource", {"source_id": place_id})
    assert said[-1].undo is not None
    said[-1].undo()
    name, fields = sent(bridge)
    assert (name, list(fields.values())) == (back, [address])


def test_a_key_goes_only_with_a_proof_and_for_good() -> None:
    state, bridge, said = make()
    wanted: list[Any] = []
    state.proof_wanted.connect(wanted.append)
    state.select("src_2")
    bridge.refusal = (Refusal("This needs a fresh proof.", NEEDS_PROOF), False)
    state.remove()
    assert (len(wanted), bridge.sent) == (1, [])
    state.prove("my passphrase", wanted[0])
    assert [type(command).__name__ for command in bridge.sent] == ["Prove", "RemoveModelSource"]
    assert said[-1].undo is None


def test_a_price_is_set_and_taken_back_as_it_was() -> None:
    state, bridge, said = make()
    state.select("src_2")
    assert state.model is not None
    state.set_price("src_2", state.model, 3_000_000, 9_000_000, -1)
    assert sent(bridge)[1]["input"] == 3_000_000
    assert said[-1].undo is not None
    said[-1].undo()
    assert sent(bridge)[0] == "RemoveModelPrice"
    state.unprice()
    assert sent(bridge)[0] == "RemoveModelPrice", "there is none of one's own to take back"
    assert state.why_not_unprice() == "No price was set here"
    state.select("src_3")
    state.unprice()
    assert said[-1].undo is not None
    said[-1].undo()
    name, fields = sent(bridge)
    assert (name, fields["input"], fields["cached"]) == ("SetModelPrice", 2_000_000, 200_000)


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        *(("2.50", 2_500_000), ("0,000001", 1), ("7", 7_000_000), (".5", 500_000), ("2.", 2_000_000)),
        *(("", -1), ("-1", -1), ("1.2.3", -1), ("1e3", -1), ("12345678", -1), ("\N{ARABIC-INDIC DIGIT THREE}", -1)),
    ],
)
def test_an_amount_is_read_as_a_person_writes_it(text: str, micros: int) -> None:
    assert micros_of(text) == micros
    if micros >= 0:
        assert micros_of(amount_text(micros)) == micros


# Limits.


def test_a_limit_is_said_to_be_nearly_used_once_and_that_runs_wait() -> None:
    _state, bridge, said = limits()
    assert said == [], "how they stand when the window opens is no news"
    bridge.tables["Budgets"] |= {"workspace.day": fakes_models.limit("workspace.day", spent_micros=4_100_000)}
    bridge.publish("Budgets")
    bridge.publish("Budgets")
    assert [notice.text for notice in said] == [
        "82 % of a limit on money are used: 5.00 $ a day · For the whole workspace"
    ]
    full = fakes_models.limit("workspace.day", spent_micros=4_990_000, waiting=1)
    bridge.tables["Budgets"] |= {"workspace.day": full}
    bridge.publish("Budgets")
    assert said[-1].text.startswith("1 run waiting for money")
    assert len(said) == 2


def test_limits_name_their_agents_and_say_when_they_begin_anew() -> None:
    state, bridge, _ = limits()
    bridge.tables["Agents"] = {"agt_2": SimpleNamespace(id="agt_2", name="Ledger keeper")}
    state.watch_agents()
    assert [row.subject for row in state.rows] == ["", "", "Ledger keeper"]
    bridge.tables["Budgets"]["workspace.day"] = fakes_models.limit("workspace.day", ends_at=NOW + 90 * BRIEFLY)
    bridge.publish("Budgets")
    assert "begins anew in 1 h 30 m" in limit_sentence(state.rows[0], NOW)
    assert "2 runs waiting for money" in limit_sentence(state.rows[2], NOW)


def test_a_limit_is_set_changed_and_removed_with_undo() -> None:
    state, bridge, said = limits()
    bridge.answers["SetBudget"] = lambda command: f"{command.scope}.{command.period}"
    state.set(NewLimit("workspace", "", "total", 9_000_000))
    assert said[-1].undo is not None
    said[-1].undo()
    assert sent(bridge) == ("RemoveBudget", {"budget_id": "workspace.total"})
    state.set(NewLimit("workspace", "", "day", 9_000_000))
    assert said[-1].undo is not None
    said[-1].undo()
    assert sent(bridge)[1]["limit_micros"] == 5_000_000, "what it was before"
    state.select("agent.agt_2.total")
    state.remove()
    assert sent(bridge) == ("RemoveBudget", {"budget_id": "agent.agt_2.total"})
    assert said[-1].undo is not None
    said[-1].undo()
    name, fields = sent(bridge)
    assert (name, fields["subject_id"], fields["limit_micros"]) == ("SetBudget", "agt_2", 1_000_000)
