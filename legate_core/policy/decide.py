"""May this happen? A pure and total answer: allow, ask or deny, with the rule that said so and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from legate_core.policy.builtin import BUILT_IN
from legate_core.policy.match import why_not
from legate_core.policy.model import Atom, Call, Considered, Facts, JudgedAtom, Rule, Verdict
from legate_core.policy.provenance import atoms_of, grants_used, origin_kind

_RANK = {"deny": 0, "ask": 1, "allow": 2}


def decide(call: Call, facts: Facts, rules: Iterable[Rule]) -> Verdict:
    """Rules first, deny over ask over allow; where none speaks, the built-in rules in their order.

    Total for schema-valid arguments. Nothing here looks at the text of an observation.
    """
    atoms = atoms_of(call.tool, call.arguments)
    best: Rule | None = None
    for rule in rules:
        if best is not None and (_RANK[rule.verdict], rule.id) >= (_RANK[best.verdict], best.id):
            continue
        if not why_not(rule, call, facts, atoms):
            best = rule
    if best is not None:
        return Verdict(best.verdict, best.id, best.name, best.words or _words_of(best))
    return _default(call, facts, atoms)


def explain(call: Call, facts: Facts, rules: Iterable[Rule]) -> tuple[Considered, ...]:
    """Every rule, a person's first and then the built-in ones: what it said, or why it was silent."""
    atoms = atoms_of(call.tool, call.arguments)
    kept = list(rules)
    verdict = decide(call, facts, kept)
    lines: list[Considered] = []
    for rule in sorted(kept, key=lambda rule: (_RANK[rule.verdict], rule.id)):
        silent = why_not(rule, call, facts, atoms)
        reason = f"Silent, because {silent}." if silent else rule.words or _words_of(rule)
        lines.append(
            Considered(rule.id, rule.name, False, not silent, rule.verdict, reason, decisive=rule.id == verdict.rule_id)
        )
    judged = _judge(call, facts, atoms)
    for shipped in BUILT_IN:
        answer = shipped.applies(call, facts, judged)
        rule = shipped.rule
        reason = answer[0] if answer else "Silent, because it does not concern this call."
        lines.append(
            Considered(
                rule.id, rule.name, True, answer is not None, rule.verdict, reason, decisive=rule.id == verdict.rule_id
            )
        )
    return tuple(lines)


def _default(call: Call, facts: Facts, atoms: Sequence[Atom]) -> Verdict:
    judged = _judge(call, facts, atoms)
    for shipped in BUILT_IN[:-1]:
        answer = shipped.applies(call, facts, judged)
        if answer is not None:
            rule, (reason, which) = shipped.rule, answer
            return Verdict(rule.verdict, rule.id, rule.name, reason, which)
    # Nothing objected. The last rule answers also where the relaxed step 5 let derived text pass.
    rule = BUILT_IN[-1].rule
    answer = BUILT_IN[-1].applies(call, facts, judged)
    reason = answer[0] if answer else "You spelled out where it goes, and its text holds no link that you did not name."
    return Verdict(rule.verdict, rule.id, rule.name, reason, judged, grants_used(call, facts, atoms))


def _judge(call: Call, facts: Facts, atoms: Sequence[Atom]) -> tuple[JudgedAtom, ...]:
    return tuple(JudgedAtom(atom, origin_kind(atom, call, facts)) for atom in atoms)


def _words_of(rule: Rule) -> str:
    said = {"allow": "allows it", "ask": "wants to be asked", "deny": "forbids it"}[rule.verdict]
    return f"The rule “{rule.name}” {said}."
