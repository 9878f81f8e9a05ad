"""The card: what a person needs to decide, put together once when the question is asked. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from legate_core import typed
from legate_core.approvals.model import ArgumentOnCard, Card, ScopeChip
from legate_core.policy.model import Call, Facts, ObservationText, Origin, Verdict
from legate_core.policy.provenance import atoms_of, origin_of
from legate_core.policy.scopes import scopes_for
from legate_core.tools.spec import Effect
from legate_core.tools.titles import title_of

ORIGIN_WORDS = {
    "person": "stands in your own words",
    "rule": "a grant names it",
    "workspace": "on this workspace's allow-list",
    "none": "a harmless choice",
}


def build(call: Call, facts: Facts, verdict: Verdict, *, agent: str, why: str, before: Sequence[str]) -> Card:
    """The card of a call that must be asked, in the order in which it is shown."""
    title = title_of(call.tool, call.arguments)
    return Card(
        sentence=f"{agent} wants to {title}",
        title=title,
        agent=agent,
        run_id=call.run_id,
        why=why,
        arguments=_arguments(call, facts),
        changes=_changes(call, title),
        reach=call.tool.reach,
        undo=call.tool.undo,
        cost=call.tool.cost,
        asked_because=verdict.reason,
        rule_id=verdict.rule_id,
        rule_name=verdict.rule_name,
        before=tuple(before),
        scopes=tuple(
            ScopeChip(scope.id, scope.words, scope.needs_amount) for scope in scopes_for(call) if scope.rule is not None
        ),
        raw_arguments=dict(call.arguments),
        schema=dict(call.tool.parameters),
        outline=title_of(call.tool, call.arguments, with_content=False),
    )


def words_of(card: Card, call: Call) -> dict[str, Any]:
    """What a card says of other arguments than its own: the words of a call that a person edited."""
    title = title_of(call.tool, call.arguments)
    return {
        "sentence": f"{card.agent} wants to {title}",
        "title": title,
        "changes": list(_changes(call, title)),
        "outline": title_of(call.tool, call.arguments, with_content=False),
    }


def in_words(card: Card, words: Mapping[str, Any]) -> Card:
    """The card with these words in place of its own."""
    return replace(card, **{**words, "changes": tuple(words["changes"])})


def _arguments(call: Call, facts: Facts) -> tuple[ArgumentOnCard, ...]:
    by_id = {seen.id: seen for seen in facts.observations}
    found: list[ArgumentOnCard] = []
    for atom in atoms_of(call.tool, call.arguments):
        origin = origin_of(atom, call, facts)
        kind, words = _origin(origin, by_id)
        steps = tuple(int(seen) for seen in origin.observations if seen.isdigit())
        found.append(ArgumentOnCard(atom.path, atom.value, atom.role, kind, words, steps))
    return tuple(found)


def _origin(origin: Origin, by_id: Mapping[str, ObservationText]) -> tuple[Any, str]:
    """Where a value comes from, in words. What stands in nothing that was read is the agent's own."""
    if origin.kind != "derived":
        return origin.kind, ORIGIN_WORDS[origin.kind]
    sources = list(dict.fromkeys(by_id[seen].source for seen in origin.observations if seen in by_id))
    if not sources:
        return "none", "put together by the agent"
    shown = " and ".join(sources[:2]) + (f" and {len(sources) - 2} more" if len(sources) > 2 else "")
    return "derived", f"from {shown}"


def _changes(call: Call, title: str) -> tuple[str, ...]:
    """What is there afterwards and was not before, or the other way round, a line each."""
    sign = "-" if call.tool.effect is Effect.DESTROY else "+"
    return () if call.tool.effect is Effect.READ else (f"{sign} {title}",)


def to_json(card: Card) -> dict[str, Any]:
    """A card as JSON, for its encrypted body."""
    return msgspec.to_builtins(card)


def from_json(data: Mapping[str, Any]) -> Card:
    """The card that was stored."""
    return typed.convert(dict(data), Card)
