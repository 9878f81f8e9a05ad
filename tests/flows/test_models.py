"""Money and models, told as stories: limits that park and go on, models that answer in another's place, a run played again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from legate_core.agents.model import Limits
from legate_core.approvals.commands import ApproveAction
from legate_core.audit.queries import VerifyJournal
from legate_core.errors import Conflict, LegateError, NeedsReauthentication, NotFound
from legate_core.runs import model_calls
from legate_core.runs.commands import CancelRun, EraseRun, StartRun, StopEverything
from legate_core.runs.cut_off import CallsUnderWay
from legate_core.runs.model_calls import ModelCaller
from legate_core.runs.money import Budgets, RemoveBudget, SetBudget, Spending
from legate_core.runs.traffic import RunTraffic
from tests.fakes.model_server import Answer, ModelServer, chunk, refused, said
from tests.flows.story import Story, call, turn

PRICE = {"input": "3", "output": "15"}
LOOKING = [turn(at, "", call("world.look", text=f"page {at}")) for at in range(5)]
SIX_CALLS = [*LOOKING, turn(5, "Done.")]


def priced(turns: list[Mapping[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """A scripted model that costs money, a call of it at most about three cents."""
    return {"provider": "scripted", "turns": turns or SIX_CALLS, "price": PRICE, "max_tokens": 1000} | more


async def run(story: Story, model: Mapping[str, Any] | None = None, limit: int = 0) -> str:
    """A run of an agent with this model, gone as far as it goes."""
    return await story.run(turn(0, "x"), model=model or priced(), limits=Limits(cost_micros=limit))


async def status(story: Story, run_id: str) -> tuple[str, str]:
    row = await story.row(run_id)
    return row.status, row.waiting_for


WAITS = ("waiting", "budget")
DONE = ("succeeded", "")


async def test_a_run_at_its_limit_waits_and_goes_on_when_the_limit_is_raised(story: Story) -> None:
    run_id = await run(story, limit=60_000)
    assert await status(story, run_id) == WAITS
    row = await story.row(run_id)
    assert 0 < row.cost_micros <= 60_000
    assert "goes on when the limit is raised" in row.reason
    await story.answer(SetBudget("run", "total", 61_000, run_id))
    assert await status(story, run_id) == WAITS, "a raise that is too small"
    await story.answer(SetBudget("run", "total", 5_000_000, run_id))
    assert await status(story, run_id) == DONE
    row = await story.row(run_id)
    assert (row.reason, row.cost_micros > 0) == ("", True)
    # At least once for each wait; a wake-up is a hint, and one that comes late only makes the run look again.
    reached = [fact.body["budget_id"] for fact in await story.facts("budget.reached")]
    assert set(reached) == {f"run.{run_id}.total"}
    assert len(reached) >= 2


async def test_a_run_that_waits_for_money_survives_a_restart_and_can_be_cancelled(story: Story) -> None:
    run_id = await run(story, limit=60_000)
    await story.restart()
    assert await status(story, run_id) == WAITS
    await story.answer(CancelRun(run_id))
    assert await status(story, run_id) == ("cancelled", "")


@pytest.mark.parametrize(("period", "seconds"), [("day", 86_400), ("month", 32 * 86_400)])
async def test_a_limit_of_the_workspace_parks_every_run_until_its_time_turns(
    story: Story, period: str, seconds: int
) -> None:
    await story.send(SetBudget("workspace", period, 60_000))
    first = await run(story)
    second = await run(story)
    assert (await status(story, first), await status(story, second)) == (WAITS, WAITS)
    assert f"per {period}" in (await story.row(second)).reason
    spent = (await story.rows(Budgets()))[f"workspace.{period}"]
    assert spent.waiting == 2
    assert spent.spent_micros == (await story.row(first)).cost_micros + (await story.row(second)).cost_micros <= 60_000
    await story.answer(CancelRun(second))
    await story.later(seconds)
    after = await story.row(first)
    assert after.cost_micros > spent.spent_micros, "it went on in the new time"
    assert (await story.rows(Budgets()))[f"workspace.{period}"].spent_micros < after.cost_micros


async def test_an_agents_limit_holds_for_its_runs_together_and_for_no_others(story: Story) -> None:
    agent_id = await story.publish(turn(0, "x"), model=priced([turn(0, "Done.")]))
    await story.send(SetBudget("agent", "total", 40_000, agent_id))
    ids: list[str] = []
    for _ in range(9):
        ids.append(await story.send(StartRun(agent_id, "Do it.")))
        await story.settled()
    states = [await status(story, run_id) for run_id in ids]
    done = states.count(DONE)
    assert 0 < done < 9
    assert states == [DONE] * done + [WAITS] * (9 - done), "the first that fit are done, the others wait"
    assert await status(story, await run(story, priced([turn(0, "Done.")]))) == DONE
    await story.answer(RemoveBudget(f"agent.{agent_id}.total"))
    assert [await status(story, run_id) for run_id in ids] == [DONE] * 9
    with pytest.raises(NotFound):
        await story.send(RemoveBudget(f"agent.{agent_id}.total"))


async def test_four_fifths_are_told_once_in_each_time(story: Story) -> None:
    small = priced(max_tokens=20)
    await story.send(SetBudget("workspace", "day", 600_000))
    await run(story, small)
    spent = (await story.rows(Budgets()))["workspace.day"].spent_micros
    await story.send(SetBudget("workspace", "day", int(spent * 2 / 0.9)))
    await run(story, small)
    (told,) = await story.facts("budget.nearly_used")
    assert 80 <= told.body["percent"] <= 90
    await story.later(86_400)
    await run(story, small)
    assert len(await story.facts("budget.nearly_used")) == 1, "a new day begins at nothing"
    await run(story, small)
    assert len(await story.facts("budget.nearly_used")) == 2


async def test_money_is_given_back_when_the_call_cost_less(story: Story) -> None:
    await story.send(SetBudget("workspace", "total", 10_000_000))
    run_id = await run(story)
    assert await status(story, run_id) == DONE
    budget = (await story.rows(Budgets()))["workspace.total"]
    row = await story.row(run_id)
    assert (budget.spent_micros, budget.reserved_micros) == (row.cost_micros, 0)
    reserved = sum(fact.body["micros"] for fact in await story.facts("run.money_reserved"))
    assert reserved > row.cost_micros


async def test_a_limit_of_the_workspace_refuses_a_model_without_a_price(story: Story) -> None:
    await story.send(SetBudget("workspace", "month", 10_000_000))
    model = {"provider": "openai_compatible", "base_url": "https://models.example/v1", "model": "fake-1"}
    row = await story.row(await run(story, model))
    assert row.status == "ended_early"
    assert "openai_compatible/fake-1 has no price" in row.reason


async def test_what_was_spent_is_known_by_agent_and_model(story: Story) -> None:
    run_id = await run(story)
    row = await story.row(run_id)
    (spent,) = await story.ask(Spending())
    assert (spent.agent_id, spent.model, spent.calls) == (row.agent_id, "scripted", 6)
    assert (spent.cost_micros, spent.input_tokens, spent.output_tokens) == (
        row.cost_micros,
        row.input_tokens,
        row.output_tokens,
    )
    assert await story.ask(Spending(until=1)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        SetBudget("world", "day", 1),
        SetBudget("workspace", "week", 1),
        SetBudget("workspace", "day", -1),
        SetBudget("workspace", "day", 1, "agt_1"),
        SetBudget("agent", "day", 1, "agt_nobody"),
        SetBudget("run", "total", 1, "run_nobody"),
    ],
)
async def test_a_limit_that_makes_no_sense_is_refused(story: Story, wrong: SetBudget) -> None:
    with pytest.raises(LegateError) as caught:
        await story.send(wrong)
    assert caught.value.message.endswith(".")
    assert await story.rows(Budgets()) == {}


# Calls that are cut off

WORDS = ["One day ", "the parcel ", "was late. "] * 5
CAME = sum(len(word) for word in WORDS)


def dear(server: ModelServer, **more: Any) -> dict[str, Any]:
    """A model at a server, at a dollar for a thousand tokens, whichever way they go."""
    where = {"provider": "openai_compatible", "base_url": server.base_url, "model": "big"}
    return where | {"price": {"input": "1000", "output": "1000"}, "max_tokens": 2_000} | more


def speaks_and_hangs() -> ModelServer:
    return ModelServer(Answer([chunk({"content": word}) for word in WORDS], end="hang"))


async def in_the_middle(story: Story, model: Mapping[str, Any]) -> str:
    """A run whose model has said all of its words and hangs now; its id."""
    agent_id = await story.publish(turn(0, "x"), model=model)
    run_id = await story.send(StartRun(agent_id, "Do it."))
    kernel, call = story.core.kernel, None
    async with asyncio.timeout(20):
        while call is None or (used := call.request.meter.used) is None or used.output_tokens < CAME:
            await asyncio.sleep(0.01)
            call = kernel.ports.get(CallsUnderWay).of(run_id, 1)
    return run_id


async def charged_once(story: Story, run_id: str) -> int:
    """What a run was charged for the one call it made, which every count of it says alike; money in millionths."""
    row = await story.row(run_id)
    (step,) = await story.log(run_id)
    assert (step.kind, step.state, step.label) == ("model", "failed", "cut off")
    assert "charged" in step.detail
    assert (step.input_tokens, step.output_tokens, step.cost_micros) == (
        row.input_tokens,
        row.output_tokens,
        row.cost_micros,
    )
    limit = (await story.rows(Budgets()))["workspace.day"]
    assert (limit.spent_micros, limit.reserved_micros) == (row.cost_micros, 0)
    (spent,) = await story.ask(Spending())
    assert (spent.model, spent.cost_micros) == ("openai_compatible/big", row.cost_micros)
    assert [fact.body["steps"] for fact in await story.facts("run.finished")] in ([], [1])
    assert (await story.ask(VerifyJournal(bodies=True))).is_sound
    return row.cost_micros


@pytest.mark.parametrize("end", [CancelRun, StopEverything])
async def test_a_call_cut_off_by_a_cancel_or_a_stop_costs_what_had_come(story: Story, end: Any) -> None:
    await story.send(SetBudget("workspace", "day", 50_000_000))
    async with speaks_and_hangs() as server:
        run_id = await in_the_middle(story, dear(server))
        await story.answer(CancelRun(run_id) if end is CancelRun else StopEverything())
        await server.left.wait()
    assert (await story.row(run_id)).status == "cancelled"
    row = await story.row(run_id)
    assert row.output_tokens == CAME
    assert row.input_tokens > 50
    assert await charged_once(story, run_id) >= (row.input_tokens + CAME) * 1_000


async def test_a_call_is_charged_also_where_nothing_limits_it(story: Story) -> None:
    async with speaks_and_hangs() as server:
        run_id = await in_the_middle(story, dear(server))
        await story.answer(CancelRun(run_id))
    row = await story.row(run_id)
    assert (row.output_tokens, row.cost_micros > CAME * 1_000) == (CAME, True)


async def test_a_call_cut_off_by_a_close_costs_what_had_come_and_the_run_goes_on(story: Story) -> None:
    await story.send(SetBudget("workspace", "day", 50_000_000))
    async with speaks_and_hangs() as server:
        run_id = await in_the_middle(story, dear(server))
        await story.end()
        server.answers = [said("Done.")]
        await story.begin()
    cut, done = await story.log(run_id)
    assert (cut.label, cut.output_tokens, done.label) == ("cut off", CAME, "answers")
    row = await story.row(run_id)
    assert (row.status, row.cost_micros) == ("succeeded", cut.cost_micros + done.cost_micros)


async def test_where_nobody_can_know_what_came_all_that_was_set_aside_is_charged(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(self: ModelCaller, call: Any) -> None:
        """Nothing is written any more, as after a kill."""

    await story.send(SetBudget("workspace", "day", 50_000_000))
    async with speaks_and_hangs() as server:
        run_id = await in_the_middle(story, dear(server))
        (reserved,) = [fact.body["micros"] for fact in await story.facts("run.money_reserved")]
        with monkeypatch.context() as patched:
            patched.setattr(ModelCaller, "_charge", dies)
            await story.end()
        server.answers = [said("Done.")]
        await story.begin()
    cut, done = await story.log(run_id)
    assert (cut.label, cut.cost_micros, cut.output_tokens) == ("cut off", reserved, 2_000)
    assert "Nobody can know" in cut.detail
    assert done.label == "answers"
    limit = (await story.rows(Budgets()))["workspace.day"]
    assert (limit.spent_micros, limit.reserved_micros) == (reserved + done.cost_micros, 0)
    await story.restart()
    assert len(await story.log(run_id)) == 2, "charged once"


async def test_a_call_that_never_went_out_costs_nothing(story: Story) -> None:
    await story.send(SetBudget("workspace", "day", 50_000_000))
    async with speaks_and_hangs() as server:
        model = dear(server)
    agent_id = await story.publish(turn(0, "x"), model=model)
    run_id = await story.send(StartRun(agent_id, "Do it."))
    while not await story.facts("run.money_reserved"):
        await asyncio.sleep(0.01)
    await story.answer(CancelRun(run_id))
    row = await story.row(run_id)
    assert (row.status, row.steps, row.input_tokens, row.cost_micros) == ("cancelled", 0, 0, 0)
    limit = (await story.rows(Budgets()))["workspace.day"]
    assert (limit.spent_micros, limit.reserved_micros) == (0, 0)


# Models in another's place

SPARE = {"provider": "scripted", "turns": [turn(0, "The spare one answers.")]}


async def test_the_next_model_answers_where_the_first_cannot_and_the_log_says_so(story: Story) -> None:
    model = {"provider": "scripted", "turns": [turn(0, "x", fault="unavailable")], "fallbacks": [SPARE]}
    run_id = await run(story, model)
    assert (await story.detail(run_id)).result == "The spare one answers."
    (step,) = await story.log(run_id)
    assert (step.model, "in place of scripted" in step.label) == ("scripted", True)
    (fact,) = await story.facts("run.model_passed")
    assert fact.body["because"] == "outage"


async def test_a_real_servers_outage_is_bridged_and_its_refusal_is_not(story: Story) -> None:
    async with ModelServer(refused(503, {"message": "down"}, retry_after="999")) as server:
        main = {"provider": "openai_compatible", "base_url": server.base_url, "model": "big", "fallbacks": [SPARE]}
        run_id = await run(story, main)
        assert await status(story, run_id) == DONE
        assert (await story.log(run_id))[0].label.endswith("in place of openai_compatible/big")
        server.answers = [refused(400, {"message": "no such parameter"})]
        row = await story.row(await run(story, main))
    assert row.status == "failed"
    assert "no such parameter" in row.reason
    assert len(await story.facts("run.model_passed")) == 1


@pytest.mark.parametrize("code", [429, 503])
async def test_a_run_waits_as_long_as_its_models_server_asks_and_asks_once_till_then(story: Story, code: int) -> None:
    async with ModelServer(refused(code, {"message": "busy"}, retry_after="3600")) as server:
        run_id = await run(story, {"provider": "openai_compatible", "base_url": server.base_url, "model": "big"})
        assert await status(story, run_id) == ("waiting", "timer")
        assert "asks to wait 3600 seconds" in (await story.row(run_id)).reason
        await story.later(3_500)
        await story.restart()
        assert await status(story, run_id) == ("waiting", "timer")
        assert len(server.requests) == 1
        server.answers = [said("Done.")]
        await story.later(101)
        assert await status(story, run_id) == DONE
    assert [step.state for step in await story.log(run_id)] == ["failed", "done"]


async def test_a_run_ends_where_its_models_server_asks_for_days_or_again_and_again(story: Story) -> None:
    async with ModelServer(refused(429, {"message": "next week"}, retry_after="600000")) as server:
        settings = {"provider": "openai_compatible", "base_url": server.base_url, "model": "big"}
        row = await story.row(await run(story, settings))
        assert (row.status, "600000 seconds" in row.reason, len(server.requests)) == ("failed", True, 1)
        server.answers = [refused(429, {"message": "busy"}, retry_after="100")]
        run_id = await run(story, settings)
        for _ in range(3):
            await story.later(101)
        row = await story.row(run_id)
    assert (row.status, "3 times in a row" in row.reason, len(server.requests)) == ("failed", True, 4)


async def test_between_turns_that_failed_there_is_a_pause_that_grows(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[int] = []

    def noted(failures: int, jitter: float) -> float:
        assert 0 <= jitter <= 1
        waited.append(failures)
        return 0.0

    monkeypatch.setattr(model_calls, "back_off", noted)
    await run(story, {"provider": "scripted", "turns": [turn(0, "x", fault="cut")]})
    assert waited == [1, 2], "and none before the end"


async def test_a_cancel_ends_the_pause_between_turns(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_calls, "back_off", lambda *_: 600.0)
    agent_id = await story.publish(turn(0, "x", fault="cut"))
    run_id = await story.send(StartRun(agent_id, "Do it."))
    async with asyncio.timeout(20):
        while not await story.log(run_id):
            await asyncio.sleep(0.01)
        await story.answer(CancelRun(run_id))
    assert await status(story, run_id) == ("cancelled", "")
    assert len(await story.log(run_id)) == 1


async def test_a_server_that_breaks_every_answer_off_is_an_outage(story: Story) -> None:
    async with ModelServer(Answer([chunk({"content": "Half a"})], end="reset")) as server:
        main = {"provider": "openai_compatible", "base_url": server.base_url, "model": "big", "fallbacks": [SPARE]}
        run_id = await run(story, main)
    assert (await story.detail(run_id)).result == "The spare one answers."
    assert [step.state for step in await story.log(run_id)] == ["failed", "done"], (
        "half an answer is charged all the same"
    )


async def test_what_broke_off_counts_for_the_runs_limit_of_tokens(story: Story) -> None:
    half = turn(0, "word " * 400, fault="cut")
    run_id = await story.run(turn(0, "x"), model=priced([half]), limits=Limits(tokens=200))
    row = await story.row(run_id)
    assert (row.status, "200 tokens" in row.reason) == ("ended_early", True)
    assert [step.state for step in await story.log(run_id)] == ["failed"]


async def test_the_cheaper_model_is_asked_where_money_does_not_allow_the_first(story: Story) -> None:
    model = priced(fallbacks=[SPARE | {"on": ["budget"]}])
    run_id = await run(story, model, limit=1_000)
    assert await status(story, run_id) == DONE
    assert (await story.row(run_id)).cost_micros == 0
    (fact,) = await story.facts("run.model_passed")
    assert fact.body["because"] == "budget"


async def test_a_spare_model_is_asked_only_for_what_it_is_there(story: Story) -> None:
    model = priced(fallbacks=[SPARE | {"on": ["outage"]}])
    assert await status(story, await run(story, model, limit=1_000)) == WAITS
    model = {
        "provider": "scripted",
        "turns": [turn(0, "x", fault="timeout")],
        "fallbacks": [SPARE | {"on": ["budget"]}],
    }
    row = await story.row(await run(story, model))
    assert (row.status, "3 times in a row" in row.reason) == ("failed", True)
    assert await story.facts("run.model_passed") == []


async def test_a_chain_goes_on_to_its_end_and_says_who_was_first(story: Story) -> None:
    down = {"provider": "scripted", "turns": [turn(0, "x", fault="rate_limited")]}
    run_id = await run(story, down | {"fallbacks": [down, down | {"on": ["budget"]}, SPARE]})
    assert (await story.detail(run_id)).result == "The spare one answers."
    assert len(await story.facts("run.model_passed")) == 2


async def test_after_a_call_was_acted_on_the_next_model_goes_on_where_the_first_left_off(story: Story) -> None:
    turns = [turn(0, "", call("world.look")), turn(1, "x", fault="unavailable")]
    spare = {"provider": "scripted", "turns": [turn(0, "I saw nothing."), turn(1, "I saw it.")]}
    run_id = await run(story, {"provider": "scripted", "turns": turns, "fallbacks": [spare]})
    assert (await story.detail(run_id)).result == "I saw it."
    assert await story.tool_states(run_id) == ["confirmed"]


@pytest.mark.parametrize(
    "fallbacks",
    [
        "scripted",
        [1],
        [{}],
        [SPARE] * 6,
        [SPARE | {"on": []}],
        [SPARE | {"on": ["rain"]}],
        [{"fallbacks": [], **SPARE}],
    ],
)
async def test_a_list_of_models_that_makes_no_sense_ends_the_run_in_words(story: Story, fallbacks: Any) -> None:
    row = await story.row(await run(story, {"provider": "scripted", "turns": [turn(0, "x")], "fallbacks": fallbacks}))
    assert row.status == "failed"
    assert "allback" in row.reason
    assert row.reason.endswith(".")


async def test_a_server_that_answers_needs_no_spare(story: Story) -> None:
    async with ModelServer(said("Here I am.")) as server:
        main = {"provider": "openai_compatible", "base_url": server.base_url, "model": "big", "fallbacks": [SPARE]}
        run_id = await run(story, main)
    assert (await story.detail(run_id)).result == "Here I am."
    assert (await story.log(run_id))[0].label == "answers"


async def test_a_signed_thought_goes_back_with_the_result_of_its_call_also_after_a_restart(story: Story) -> None:
    signed = {"type": "thinking", "thinking": "I look first.", "signature": "c2lnbmVk"}
    look = {"type": "tool_use", "id": "c1", "name": "world__send", "input": {"to": "kim@example.com", "text": "x"}}
    usage = {"input_tokens": 10, "output_tokens": 5}

    def whole(reason: str, *content: Any) -> Answer:
        message = {"type": "message", "model": "m", "content": content, "stop_reason": reason, "usage": usage}
        return Answer([json.dumps(message).encode()], content_type="application/json")

    async with ModelServer(
        whole("tool_use", signed, look), whole("end_turn", {"type": "text", "text": "Done."})
    ) as server:
        run_id = await run(story, {"provider": "anthropic", "base_url": server.base_url, "model": "m"})
        await story.restart()
        question = await story.question()
        await story.answer(ApproveAction(question.id, (await story.card()).digest))
        assert (await story.detail(run_id)).result == "Done."
        (turn,) = [message for message in server.requests[1].body["messages"] if message["role"] == "assistant"]
    assert [part["type"] for part in turn["content"]] == ["thinking", "tool_use"]
    assert turn["content"][0] == signed


# A run played again

TRACKING = {"to": "kim@example.com", "text": "see the parcel"}


async def recorded(story: Story, run_id: str) -> dict[str, Any]:
    story.prove()
    return await story.ask(RunTraffic(run_id))


async def test_a_run_is_executed_again_exactly_from_its_recording(story: Story, tmp_path: Path) -> None:
    turns = [
        turn(0, "I look.", call("world.look", **TRACKING)),
        turn(1, "", call("world.look")),
        turn(2, "It is near."),
    ]
    first = await run(story, {"provider": "scripted", "turns": turns})
    traffic = await recorded(story, first)
    assert [entry["model"] for entry in traffic["entries"]] == ["scripted"] * 3
    path = tmp_path / "run.json"
    path.write_text(json.dumps(traffic))
    second = await run(story, {"provider": "recorded", "recording": str(path)})
    assert (await story.detail(second)).result == "It is near."
    assert [(step.kind, step.state, step.detail) for step in await story.log(second)] == [
        (step.kind, step.state, step.detail) for step in await story.log(first)
    ]
    again = await recorded(story, second)
    assert [entry["asked"] for entry in again["entries"]] == [entry["asked"] for entry in traffic["entries"]]
    assert [entry["reply"] for entry in again["entries"]] == [entry["reply"] for entry in traffic["entries"]]


async def test_failures_are_played_again_too(story: Story) -> None:
    turns = [turn(0, "Done.", fault="unavailable", times=2)]
    first = await run(story, {"provider": "scripted", "turns": turns})
    states = [step.state for step in await story.log(first)]
    assert states == ["failed", "failed", "done"]
    second = await run(story, {"provider": "recorded", "traffic": await recorded(story, first)})
    assert [step.state for step in await story.log(second)] == states
    assert (await story.detail(second)).result == "Done."


async def test_a_run_that_asks_anything_else_is_stopped_and_not_answered_with_something_near(story: Story) -> None:
    first = await run(story, {"provider": "scripted", "turns": [turn(0, "Done.")]})
    traffic = await recorded(story, first)
    second = await story.run(turn(0, "x"), task="Something else.", model={"provider": "recorded", "traffic": traffic})
    row = await story.row(second)
    assert row.status == "failed"
    assert "no repetition" in row.reason


async def test_what_looks_like_a_key_is_in_no_recording_and_the_recording_still_plays(story: Story) -> None:
    key = "sk-proj-" + "a" * 48
    turns = [turn(0, f"I found {key}.", call("world.look", to="kim@example.com", text=key)), turn(1, "Done.")]
    first = await story.run(turn(0, "x"), task=f"Use {key}.", model={"provider": "scripted", "turns": turns})
    traffic = await recorded(story, first)
    assert key not in json.dumps(traffic)
    assert "[a key was here]" in json.dumps(traffic)
    second = await story.run(turn(0, "x"), task=f"Use {key}.", model={"provider": "recorded", "traffic": traffic})
    assert (await story.row(second)).status == (await story.row(first)).status


async def test_a_recording_needs_a_fresh_proof_and_a_run_that_is_there(story: Story) -> None:
    first = await run(story, {"provider": "scripted", "turns": [turn(0, "Done.")]})
    with pytest.raises(NeedsReauthentication):
        await story.ask(RunTraffic(first))
    with pytest.raises(NotFound):
        await recorded(story, "run_nobody")
    await story.send(EraseRun(first))
    with pytest.raises(Conflict, match="erased"):
        await recorded(story, first)
