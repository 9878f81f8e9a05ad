"""Z3 before the classes of edits: where an edit is called narrowing, no call whatsoever gains by it."""

from __future__ import annotations

from legate_core.policy.change import RuleSet, kind_of
from legate_core.policy.model import Predicate, Rule
from tests.judge import narrowing

EDITS = 1_500


def test_what_is_called_narrowing_is_proved_to_be() -> None:
    edits, tools = narrowing.Edits(seed=7), narrowing.tools()
    kinds = dict.fromkeys(("same", "narrowing", "widening", "incomparable"), 0)
    refuted: list[str] = []
    careful = 0
    for _ in range(EDITS):
        before = edits.rules()
        after = edits.edit(before)
        kind = kind_of(RuleSet(before), RuleSet(after), tools)
        kinds[kind] += 1
        gained = narrowing.gains(before, after)
        if kind in ("same", "narrowing"):
            if gained is not None:
                refuted.append(f"{kind}: {before} -> {after}, by {gained}")
        elif gained is None:
            careful += 1
        if kind in ("same", "widening") and (lost := narrowing.gains(after, before)) is not None:
            refuted.append(f"{kind} takes away: {before} -> {after}, by {lost}")
    print(
        f"\nZ3: {EDITS:,} edits {kinds}, {len(refuted)} refuted; {careful} asked for an approval that a proof would spare"
    )
    assert refuted == []
    assert min(kinds.values()) > EDITS / 100


def test_the_judge_sees_a_gain_where_there_is_one() -> None:
    narrow = Rule(
        "r", "r", "allow", tools=("judge.send",), arguments=(Predicate("amount", "at_most", (10,)),), always=True
    )
    wide = Rule(
        "r", "r", "allow", tools=("judge.send",), arguments=(Predicate("amount", "at_most", (11,)),), always=True
    )
    assert narrowing.gains((wide,), (narrow,)) is None
    model = narrowing.gains((narrow,), (wide,))
    assert model is not None
    assert any(
        model[name] is not None and str(model[name]) == "11" for name in model.decls() if "amount" in name.name()
    )
