"""The safe default as named rules: steps 2 to 6 of the verdict, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from legate_core.policy.model import Call, Facts, JudgedAtom, Rule, VerdictKind
from legate_core.policy.provenance import content_links
from legate_core.tools.spec import Effect

Judged = Sequence[JudgedAtom]
Answer = tuple[str, tuple[JudgedAtom, ...]] | None
Test = Callable[[Call, Facts, Judged], Answer]


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A rule that ships with the product. `applies` answers with its reason and the values that led to it, or None."""

    rule: Rule
    applies: Test


def _read(call: Call, facts: Facts, atoms: Judged) -> Answer:
    if call.tool.effect is not Effect.READ:
        return None
    return "Reading leaves no mark in the world.", ()


def _local(call: Call, facts: Facts, atoms: Judged) -> Answer:
    if facts.settings.ask_every_effect or call.tool.effect is not Effect.WRITE or not call.tool.local:
        return None
    return "It only adds a file in the run's own folder and replaces nothing.", ()


def _grave(call: Call, facts: Facts, atoms: Judged) -> Answer:
    if call.tool.effect is Effect.DESTROY:
        return "It deletes something for good, and that is always asked.", ()
    if call.tool.effect is Effect.GRANT:
        return "It gives somebody access, and that is always asked.", ()
    return None


def _spend(call: Call, facts: Facts, atoms: Judged) -> Answer:
    if call.tool.effect is not Effect.SPEND:
        return None
    return "It spends money, and no rule with an amount covers it.", ()


def _derived_authority(call: Call, facts: Facts, atoms: Judged) -> Answer:
    found = tuple(judged for judged in atoms if judged.atom.role == "authority" and judged.origin == "derived")
    if not found:
        return None
    return f"{_listed(found)} {_do(found)} not stand in your own words, nor does a grant name {_it(found)}.", found


def _no_authority(call: Call, facts: Facts, atoms: Judged) -> Answer:
    # A value that needs no origin names nothing either.
    if any(judged.atom.role == "authority" and judged.origin != "none" for judged in atoms):
        return None
    return "Nothing in it says where it goes or what it changes, so your words cannot have asked for it.", ()


def _derived_content(call: Call, facts: Facts, atoms: Judged) -> Answer:
    content = [judged for judged in atoms if judged.atom.role == "content" and judged.origin == "derived"]
    if not facts.settings.relax_content or any(seen.readers == "user" for seen in facts.observations):
        found = tuple(content)
        said = f"{'was' if len(found) == 1 else 'were'} not written by you but put together by the agent."
    else:
        found = tuple(judged for judged in content if judged.atom.is_key or content_links(judged.atom, facts))
        said = f"{'holds' if len(found) == 1 else 'hold'} a link or an address that you did not name."
    return (f"{_listed(found)} {said}", found) if found else None


def _every_effect(call: Call, facts: Facts, atoms: Judged) -> Answer:
    if not facts.settings.ask_every_effect:
        return None
    return "This workspace asks for every action with an effect, unless a rule allows it.", ()


def _own_words(call: Call, facts: Facts, atoms: Judged) -> Answer:
    if any(judged.origin == "derived" for judged in atoms):
        return None
    return "Every value in it stands in your own words, in a grant or on the allow-list.", ()


def _listed(found: tuple[JudgedAtom, ...]) -> str:
    # One sentence for a person: a few names, then how many more.
    names = list(dict.fromkeys(judged.atom.path for judged in found))
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"The {'value' if len(names) == 1 else 'values'} of {shown}"


def _do(found: tuple[JudgedAtom, ...]) -> str:
    return "does" if len(found) == 1 else "do"


def _it(found: tuple[JudgedAtom, ...]) -> str:
    return "it" if len(found) == 1 else "them"


def _shipped(name: str, verdict: VerdictKind, title: str, words: str, applies: Test) -> BuiltIn:
    identity = f"builtin.{name}"
    return BuiltIn(Rule(identity, title, verdict, words=words, always=verdict == "allow", built_in=True), applies)


BUILT_IN: tuple[BuiltIn, ...] = (
    _shipped("read", "allow", "Reading is free", "Tools that only read run without asking.", _read),
    _shipped(
        "local-write",
        "allow",
        "New files in the run's folder",
        "Adding a file in the run's own folder needs no question, where the workspace does not ask for every effect.",
        _local,
    ),
    _shipped(
        "destroy-grant",
        "ask",
        "Deleting and giving access",
        "Deleting for good and giving somebody access always ask.",
        _grave,
    ),
    _shipped(
        "spend",
        "ask",
        "Spending asks",
        "Money is spent only on a yes, or by a rule with an amount, a count and an end.",
        _spend,
    ),
    _shipped(
        "derived-authority",
        "ask",
        "Who, where and how much come from you",
        "It asks when who, where, which or how much stands neither in your own words nor in a grant.",
        _derived_authority,
    ),
    _shipped(
        "no-authority",
        "ask",
        "No target named",
        "It asks when nothing in the call says what it is aimed at.",
        _no_authority,
    ),
    _shipped(
        "derived-content",
        "ask",
        "Text that you did not write",
        "It asks when the text was not written by you.",
        _derived_content,
    ),
    _shipped(
        "every-effect",
        "ask",
        "Ask for every effect",
        "Every action with an effect asks, unless a rule allows it.",
        _every_effect,
    ),
    _shipped(
        "own-words",
        "allow",
        "Your own words",
        "What you spelled out yourself runs without asking again.",
        _own_words,
    ),
)

BUILT_IN_RULES: tuple[Rule, ...] = tuple(shipped.rule for shipped in BUILT_IN)
