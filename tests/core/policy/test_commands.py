"""Who may change the policy, what an edit is classed as, and how the rules are read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from legate_core.errors import Forbidden, Invalid, NeedsReauthentication, NotFound
from legate_core.policy.builtin import BUILT_IN_RULES
from legate_core.policy.commands import AddRule, ChangePolicySettings, DeleteRule, EditRule, checked_allow_list
from legate_core.policy.model import Predicate
from legate_core.policy.queries import ExplainCall, PolicySettings, PreviewRule, Rules, StoredRule
from tests.core.policy.builders import DAY, MAIL, MONDAY, rule
from tests.core.policy.conftest import House

NEVER = rule("", "deny", tools=("mail.send",))
ONCE = rule(
    "", "allow", tools=("mail.send",), arguments=(Predicate("to", "one_of", ("ann@example.com",)),), uses_left=1
)


async def test_tightening_needs_no_fresh_proof(house: House) -> None:
    rule_id = await house.send(AddRule(NEVER))
    [added] = await house.facts("rule.added")
    assert (added.body["rule_id"], added.body["change"], added.body["self_approved"]) == (rule_id, "narrowing", False)


async def test_loosening_alone_needs_a_fresh_proof_and_says_so(house: House) -> None:
    with pytest.raises(NeedsReauthentication, match=r"For example mail\.send: ask before, allow now"):
        await house.send(AddRule(ONCE))
    assert await house.facts("rule.added") == []
    house.prove()
    await house.send(AddRule(ONCE))
    [added] = await house.facts("rule.added")
    assert (added.body["change"], added.body["self_approved"], added.actor) == ("widening", True, "ann")


async def test_loosening_with_somebody_else_to_agree_is_refused(house: House) -> None:
    await house.join(house.person("bea", "admin"))
    house.prove()
    with pytest.raises(Forbidden, match="second person"):
        await house.send(AddRule(ONCE))
    await house.send(AddRule(NEVER))


@pytest.mark.parametrize("role", ["builder", "operator", "viewer"])
async def test_only_owner_and_admin_change_rules(house: House, role: str) -> None:
    other = house.person("kim", role)
    await house.join(other)
    house.prove(other)
    for message in (AddRule(NEVER), DeleteRule("rul_1"), EditRule("rul_1", NEVER), ChangePolicySettings(True)):
        with pytest.raises(Forbidden):
            await house.send(message, other)
    assert "builtin.read" in await house.ask(Rules(), other)


async def test_an_id_in_the_request_is_not_used(house: House) -> None:
    assert (await house.send(AddRule(replace(NEVER, id="builtin.read", built_in=True)))).startswith("rul_")


async def test_deleting_a_deny_loosens_and_deleting_an_allow_tightens(house: House) -> None:
    house.prove()
    allowing = await house.send(AddRule(ONCE))
    denying = await house.send(AddRule(replace(NEVER, tools=("bank.pay",))))
    house.clock.advance(DAY / 1000)
    await house.send(DeleteRule(allowing))
    with pytest.raises(NeedsReauthentication):
        await house.send(DeleteRule(denying))
    house.prove()
    await house.send(DeleteRule(denying))
    told = [(fact.body["change"], fact.body["self_approved"]) for fact in await house.facts("rule.deleted")]
    assert told == [("narrowing", False), ("widening", True)]
    assert [row for row in (await house.ask(Rules())).values() if not row.is_built_in] == []


async def test_what_is_gone_cannot_be_deleted_or_edited(house: House) -> None:
    rule_id = await house.send(AddRule(NEVER))
    house.prove()
    await house.send(DeleteRule(rule_id))
    for message in (DeleteRule(rule_id), EditRule(rule_id, NEVER), DeleteRule("rul_none"), DeleteRule("builtin.read")):
        with pytest.raises(NotFound, match="legate rules"):
            await house.send(message)
    with pytest.raises(NotFound):
        await house.ask(StoredRule(rule_id))


async def test_an_edit_replaces_what_a_rule_says_and_starts_its_count_anew(house: House) -> None:
    house.prove()
    rule_id = await house.send(AddRule(replace(ONCE, uses_left=5)))
    await house.send(EditRule(rule_id, replace(ONCE, name="fewer", uses_left=2)))
    found = await house.ask(StoredRule(rule_id))
    assert found == replace(ONCE, id=rule_id, name="fewer", uses_left=2)
    house.clock.advance(DAY / 1000)
    with pytest.raises(NeedsReauthentication):
        await house.send(EditRule(rule_id, replace(ONCE, uses_left=3)))
    assert [fact.body["change"] for fact in await house.facts("rule.edited")] == ["narrowing"]


async def test_the_switches_stand_on_the_safe_side_and_moving_one_away_needs_a_proof(house: House) -> None:
    state = await house.ask(PolicySettings())
    assert (state.version, state.ask_every_effect, state.relax_content, state.allow_list) == (0, True, False, ())
    for widening in (
        ChangePolicySettings(ask_every_effect=False),
        ChangePolicySettings(relax_content=True),
        ChangePolicySettings(allow_list=("@example.com",)),
    ):
        with pytest.raises(NeedsReauthentication):
            await house.send(widening)
    house.prove()
    await house.send(ChangePolicySettings(ask_every_effect=False, allow_list=("@Example.com", "docs.example.com ")))
    state = await house.ask(PolicySettings())
    assert (state.version, state.ask_every_effect) == (1, False)
    assert state.allow_list == ("@example.com", "docs.example.com")
    [changed] = await house.facts("policy.changed")
    assert changed.body["switches"] == ["allow_list", "ask_every_effect"]
    assert (changed.body["change"], changed.body["self_approved"]) == ("widening", True)


async def test_moving_a_switch_back_needs_no_proof_and_moving_nothing_is_nothing(house: House) -> None:
    house.prove()
    await house.send(ChangePolicySettings(ask_every_effect=False))
    house.clock.advance(DAY / 1000)
    await house.send(ChangePolicySettings(ask_every_effect=False))
    await house.send(ChangePolicySettings())
    await house.send(ChangePolicySettings(ask_every_effect=True))
    assert [fact.body["change"] for fact in await house.facts("policy.changed")] == ["widening", "narrowing"]


@pytest.mark.parametrize("entry", ["", " ", "@", "@example", "*", "@*.example.com", "a" * 401, "two\nlines"])
def test_an_entry_that_could_not_be_meant_is_refused(entry: str) -> None:
    with pytest.raises(Invalid, match="allow-list"):
        checked_allow_list((entry,))


def test_the_allow_list_is_kept_in_the_form_it_is_compared_in() -> None:
    given = ("Bob@Example.com", " @Example.COM", "https://Example.com/", "Docs.example.com", "@example.com")
    assert checked_allow_list(given) == ("@example.com", "Docs.example.com", "bob@example.com", "https://example.com")


def test_an_allow_list_is_not_endless() -> None:
    with pytest.raises(Invalid, match="500"):
        checked_allow_list(tuple(f"value-{number}" for number in range(501)))


async def test_every_rule_is_listed_with_its_use_and_its_end(house: House) -> None:
    house.prove()
    rule_id = await house.send(AddRule(replace(ONCE, words="Ann may get one letter", ends_at=MONDAY + DAY)))
    rows = await house.ask(Rules())
    assert set(rows) == {rule_id, *(shipped.id for shipped in BUILT_IN_RULES)}
    row = rows[rule_id]
    assert (row.words, row.effect, row.verdict) == ("Ann may get one letter", "send", "allow")
    assert (row.uses, row.last_used_at, row.is_built_in) == (0, 0, False)
    assert row.conditions == "Allow mail.send, when to is one of ann@example.com."
    assert row.ends == "one more time, until 16 June 2026, 09:30 UTC"
    assert rows["builtin.spend"].effect == "spend"
    anything = await house.send(AddRule(rule("", "deny", agents=("agt_1",))))
    row = (await house.ask(Rules(ids=(anything, "builtin.read"))))[anything]
    assert (row.effect, row.words) == ("", "Never allow everything, for the agent agt_1.")
    assert rows["builtin.own-words"].is_built_in


async def test_the_list_of_rules_keeps_the_law_of_live_queries(house: House) -> None:
    """A snapshot with the events since applied to it is a fresh snapshot."""
    house.prove()
    query = Rules()
    kept = await house.send(AddRule(NEVER))
    snapshot = await house.kernel.snapshot(house.owner, query)
    rows: dict[str, Any] = dict(snapshot.rows)
    await house.send(AddRule(ONCE))
    await house.send(EditRule(kept, replace(NEVER, name="renamed")))
    await house.send(DeleteRule(kept))
    delivery = await house.kernel.ask_events(house.owner, query, int(snapshot.cursor))
    assert delivery is not None
    for fact in delivery.events:
        ids = query.apply(rows, fact).ids
        again = await house.ask(Rules(ids=tuple(ids)))
        rows = {key: row for key, row in rows.items() if key not in ids} | again
    fresh = await house.kernel.snapshot(house.owner, query)
    assert rows == fresh.rows
    assert delivery.cursor == fresh.cursor


async def test_a_rule_can_be_tried_before_it_is_kept(house: House) -> None:
    wrong = await house.ask(PreviewRule(replace(ONCE, tools=("mail.sent",))))
    assert "There is no tool 'mail.sent'" in wrong.problems[0]
    widening = await house.ask(PreviewRule(ONCE))
    assert (widening.problems, widening.change, widening.needs_approval) == ((), "widening", True)
    assert widening.conditions == "Allow mail.send, when to is one of ann@example.com."
    narrowing = await house.ask(PreviewRule(NEVER))
    assert (narrowing.change, narrowing.needs_approval) == ("narrowing", False)
    assert (await house.ask(PolicySettings())).version == 0


async def test_why_was_i_asked_names_every_rule(house: House) -> None:
    house.prove()
    await house.send(ChangePolicySettings(ask_every_effect=False))
    rule_id = await house.send(AddRule(ONCE))
    letter = {"to": ["bob@example.com"], "body": "hello"}
    told = await house.ask(ExplainCall("mail.send", letter, own_words=("hello",), read_from=("mail M-1",)))
    assert (told.verdict, told.rule_id) == ("ask", "builtin.derived-authority")
    mine = next(line for line in told.considered if line.rule_id == rule_id)
    assert (mine.matched, mine.reason) == (False, "Silent, because the argument 'to' does not fit it.")
    assert [line.rule_id for line in told.considered if line.decisive] == ["builtin.derived-authority"]
    allowed = await house.ask(ExplainCall("mail.send", letter | {"to": ["ann@example.com"]}))
    assert (allowed.verdict, allowed.rule_id) == ("allow", rule_id)
    assert await house.facts("rule.used") == []


async def test_a_call_that_does_not_fit_its_tool_is_not_explained(house: House) -> None:
    with pytest.raises(Invalid):
        await house.ask(ExplainCall(MAIL.name, {"to": "ann@example.com"}))
    with pytest.raises(NotFound):
        await house.ask(ExplainCall("mail.sent", {}))
