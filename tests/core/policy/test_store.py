"""Rules in the database: counted where they decide, classed where they change, read as they stand."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from legate_core.errors import Conflict, Invalid
from legate_core.kernel.context import Context
from legate_core.policy import store
from legate_core.policy.decide import decide
from legate_core.policy.model import Predicate, Settings
from tests.core.policy.builders import DAY, MAIL, MONDAY, MOVE, PAY, call, facts, rule
from tests.core.policy.conftest import House

TO_ANN = Predicate("to", "one_of", ("ann@example.com",))
LETTER = call(MAIL, to=["ann@example.com"], body="hello")


def once(**changes: Any) -> Any:
    return rule("", "allow", tools=("mail.send",), arguments=(TO_ANN,), **({"uses_left": 1} | changes))


async def test_a_workspace_that_nobody_touched_asks_for_every_effect(house: House) -> None:
    book = await house.look(store.load)
    assert book == store.Book((), Settings(), 0)
    assert book.settings.ask_every_effect


async def test_an_added_rule_is_in_force_and_raises_the_version(house: House) -> None:
    rule_id = await house.change(lambda ctx: store.add_rule(ctx, once(), approval_id="apr_1"))
    book = await house.look(store.load)
    assert (book.version, [found.id for found in book.rules]) == (1, [rule_id])
    assert decide(LETTER, facts(settings=book.settings), book.rules).rule_id == rule_id
    [added] = await house.facts("rule.added")
    assert added.body == {
        "rule_id": rule_id,
        "verdict": "allow",
        "change": "widening",
        "policy_version": 1,
        "approval_id": "apr_1",
        "self_approved": False,
    }


async def test_a_rule_that_may_not_be_kept_changes_nothing(house: House) -> None:
    with pytest.raises(Invalid, match="must end"):
        await house.change(lambda ctx: store.add_rule(ctx, once(uses_left=None)))
    assert (await house.look(store.load)).version == 0


async def test_the_same_id_is_not_taken_twice(house: House) -> None:
    await house.change(lambda ctx: store.add_rule(ctx, replace(once(), id="rul_1")))
    with pytest.raises(Conflict):
        await house.change(lambda ctx: store.add_rule(ctx, replace(once(), id="rul_1")))


async def test_a_decision_uses_a_rule_up(house: House) -> None:
    rule_id = await house.change(lambda ctx: store.add_rule(ctx, once(uses_left=2)))
    for kind, left in (("allow", 1), ("allow", 0), ("ask", None)):
        verdict, _ = await house.change(lambda ctx: store.judge(ctx, LETTER, facts()))
        assert verdict.kind == kind
        if left is not None:
            assert (await house.facts("rule.used"))[-1].body == {"rule_id": rule_id, "verdict": kind, "uses_left": left}
    row = await house.look(lambda ctx: store.find(ctx, rule_id))
    assert (row["uses"], row["uses_left"], row["state"], row["last_used_at"]) == (2, 0, "used_up", MONDAY)
    assert len(await house.facts("rule.used")) == 2


async def test_a_rule_without_a_count_is_counted_too(house: House) -> None:
    rule_id = await house.change(lambda ctx: store.add_rule(ctx, rule("", "deny", tools=("mail.send",))))
    for _ in range(2):
        verdict, _ = await house.change(lambda ctx: store.judge(ctx, LETTER, facts()))
        assert verdict.kind == "deny"
    row = await house.look(lambda ctx: store.find(ctx, rule_id))
    assert (row["uses"], row["uses_left"], row["state"]) == (2, None, "active")


async def test_what_ships_with_legate_is_not_counted(house: House) -> None:
    verdict, _ = await house.change(lambda ctx: store.judge(ctx, LETTER, facts()))
    assert verdict.rule_id.startswith("builtin.")
    assert await house.facts("rule.used") == []


async def test_the_last_use_is_not_spent_twice(house: House) -> None:
    """Two transactions decided by the same book; the second finds the rule used up and is told so."""
    await house.change(lambda ctx: store.add_rule(ctx, once()))
    book = await house.look(store.load)
    verdict = decide(LETTER, facts(settings=book.settings), book.rules)
    assert await house.change(lambda ctx: store._count(ctx, verdict))
    assert not await house.change(lambda ctx: store._count(ctx, verdict))
    assert len(await house.facts("rule.used")) == 1


async def test_a_call_is_decided_again_when_its_rule_was_used_up_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.change(lambda ctx: store.add_rule(ctx, once()))
    stale = await house.look(store.load)
    await house.change(lambda ctx: store.judge(ctx, LETTER, facts()))
    books = iter([stale])
    fresh = store.load
    monkeypatch.setattr(store, "load", lambda ctx: next(books, None) or fresh(ctx))
    verdict, book = await house.change(lambda ctx: store.judge(ctx, LETTER, facts()))
    assert (verdict.kind, book.rules) == ("ask", ())


async def test_concurrent_decisions_never_spend_more_than_there_is(house: House) -> None:
    await house.change(lambda ctx: store.add_rule(ctx, once(uses_left=3)))
    judged = await asyncio.gather(
        *(house.change(lambda ctx: store.judge(ctx, LETTER, facts())) for _ in range(12)),
    )
    assert sorted(verdict.kind for verdict, _ in judged) == ["allow"] * 3 + ["ask"] * 9
    assert len(await house.facts("rule.used")) == 3


async def test_a_rule_past_its_end_is_not_read(house: House) -> None:
    await house.change(lambda ctx: store.add_rule(ctx, once(uses_left=None, ends_at=MONDAY + DAY)))
    assert len((await house.look(store.load)).rules) == 1
    house.clock.advance(DAY / 1000)
    assert (await house.look(store.load)).rules == ()


def action_row(version: int, **changes: Any) -> dict[str, Any]:
    known = {"account": "", "run_id": "r1", "agent_id": "agt_1", "trigger": "webhook", "policy_version": version}
    return known | changes


async def forbids(house: House, version: int, arguments: dict[str, Any], **changes: Any) -> bool:
    return await house.look(lambda ctx: store.denies_now(ctx, MAIL, arguments, action_row(version, **changes)))


async def test_a_deny_rule_made_since_the_proposal_stops_it(house: House) -> None:
    denied = rule("", "deny", tools=("mail.send",), arguments=(TO_ANN,))
    await house.change(lambda ctx: store.add_rule(ctx, denied))
    assert await forbids(house, 0, {"to": ["ann@example.com"]})
    assert not await forbids(house, 0, {"to": ["bob@example.com"]})
    # One that was there when it was proposed has spoken already.
    assert not await forbids(house, 1, {"to": ["ann@example.com"]})


async def stands(house: House, rule_id: str, version: int) -> bool:
    row = action_row(version, rule_id=rule_id)
    return await house.look(lambda ctx: store.allows_still(ctx, MAIL, {"to": ["ann@example.com"]}, row))


async def test_what_a_rule_allowed_stands_as_long_as_the_rule_does(house: House) -> None:
    rule_id = await house.change(lambda ctx: store.add_rule(ctx, once(uses_left=1, ends_at=MONDAY + DAY)))
    assert await stands(house, rule_id, 1)
    await house.change(lambda ctx: store.judge(ctx, LETTER, facts()))
    assert (await house.look(store.load)).rules == (), "its last use is spent, on this very call"
    assert await stands(house, rule_id, 1)
    await house.change(lambda ctx: store.add_rule(ctx, rule("", "allow", tools=("mail.send",), always=True)))
    assert await stands(house, rule_id, 1), "another rule takes nothing away"
    house.clock.advance(DAY / 1000)
    assert not await stands(house, rule_id, 1), "it is past its end"
    assert not await stands(house, "rul_nobody", 1)


async def test_what_a_rule_allowed_falls_with_it_and_where_a_newer_one_asks(house: House) -> None:
    rule_id = await house.change(lambda ctx: store.add_rule(ctx, once(uses_left=None, always=True)))
    asking = await house.change(lambda ctx: store.add_rule(ctx, rule("", "ask", tools=("mail.send",))))
    assert not await stands(house, rule_id, 1)
    assert await stands(house, rule_id, 2), "one that was there before was not meant, or it would have asked then"
    await house.change(lambda ctx: store.delete_rule(ctx, asking, lambda change: True))
    assert await stands(house, rule_id, 1)
    await house.change(lambda ctx: store.delete_rule(ctx, rule_id, lambda change: True))
    assert not await stands(house, rule_id, 1)


async def test_what_a_built_in_rule_allowed_stands_under_the_policy_it_was_judged_by(house: House) -> None:
    assert await stands(house, "builtin.named", 0)
    await house.change(lambda ctx: store.add_rule(ctx, once(uses_left=None, always=True)))
    assert not await stands(house, "builtin.named", 0)
    assert await stands(house, "builtin.named", 1)


async def test_neither_an_asking_nor_a_deleted_rule_stops_what_was_approved(house: House) -> None:
    await house.change(lambda ctx: store.add_rule(ctx, rule("", "ask", tools=("mail.send",))))
    rule_id = await house.change(lambda ctx: store.add_rule(ctx, rule("", "deny", tools=("mail.send",))))
    await house.change(lambda ctx: store.delete_rule(ctx, rule_id, lambda change: False))
    assert not await forbids(house, 0, {"to": ["ann@example.com"]})


async def test_what_an_action_does_not_know_about_itself_counts_as_meant(house: House) -> None:
    conditional = rule("", "deny", tools=("mail.send",), workflows=("wfl_1",), origin="derived")
    await house.change(lambda ctx: store.add_rule(ctx, replace(conditional, after_reading=("mail*",))))
    assert await forbids(house, 0, {"to": ["ann@example.com"]})
    assert not await forbids(house, 0, {"to": ["ann@example.com"]}, policy_version=1)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"agent_id": "agt_2"}, False),
        ({"agent_id": ""}, False),
        ({"trigger": "manual"}, False),
        ({"account": "other"}, True),
    ],
)
async def test_who_asked_and_how_the_run_began_are_known_to_the_letter(
    house: House, changes: dict[str, Any], expected: bool
) -> None:
    conditional = rule("", "deny", tools=("mail.send",), agents=("agt_1",), triggers=("webhook",))
    await house.change(lambda ctx: store.add_rule(ctx, conditional))
    assert await forbids(house, 0, {"to": ["ann@example.com"]}, **changes) is expected


async def test_rules_are_kept_to_the_letter(house: House) -> None:
    kept = rule(
        "",
        "ask",
        tools=("files.move",),
        arguments=(Predicate("path", "glob", ("*\u0000*", "*\ud800*", "ä*")), Predicate("to", "equals", ("x",), True)),
        hours=(480, 1080),
        weekdays=(0, 4),
        origin="not_person",
        after_reading=("mail*", "untrusted"),
        starts_at=MONDAY,
        ends_at=MONDAY + DAY,
        uses_left=7,
    )
    rule_id = await house.change(lambda ctx: store.add_rule(ctx, kept))
    [found] = (await house.look(store.load)).rules
    assert found == replace(kept, id=rule_id)


async def test_two_edits_at_once_are_both_kept_one_after_the_other(house: House) -> None:
    rules = [rule("", "deny", tools=(tool.name,)) for tool in (MAIL, MOVE, PAY)]

    def add(number: int) -> Any:
        def work(ctx: Context) -> str:
            return store.add_rule(ctx, rules[number])

        return work

    await asyncio.gather(*(house.change(add(number)) for number in range(3)))
    book = await house.look(store.load)
    assert (len(book.rules), book.version) == (3, 3)


@pytest.mark.parametrize("change", ["edit", "delete"])
async def test_an_edit_of_what_somebody_else_changed_meanwhile_is_refused(
    house: House, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    rule_id = await house.change(lambda ctx: store.add_rule(ctx, once(uses_left=3)))
    stale = dict(await house.look(lambda ctx: store.find(ctx, rule_id)))
    await house.change(lambda ctx: store.judge(ctx, LETTER, facts()))
    monkeypatch.setattr(store, "find", lambda ctx, rule_id: stale)

    def work(ctx: Context) -> None:
        if change == "edit":
            store.edit_rule(ctx, rule_id, once(), lambda change: False)
        else:
            store.delete_rule(ctx, rule_id, lambda change: False)

    with pytest.raises(Conflict, match="just now"):
        await house.change(work)
    assert (await house.look(store.load)).version == 1


async def test_a_version_is_raised_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.change(lambda ctx: store.add_rule(ctx, once()))
    stale = await house.look(store.load)
    await house.change(lambda ctx: store.add_rule(ctx, once()))
    monkeypatch.setattr(store, "load", lambda ctx: stale)
    with pytest.raises(Conflict, match="just now"):
        await house.change(lambda ctx: store.add_rule(ctx, once()))
