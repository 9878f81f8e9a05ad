"""What differs between two definitions of an agent, part by part, as a person reads it. Pure."""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from legate_core.agents.model import AgentDefinition, Limits, to_json

Part = Literal["purpose", "instructions", "model", "tools", "knowledge", "limits"]

PART_OF: Mapping[str, Part] = {
    "name": "purpose",
    "purpose": "purpose",
    "instructions": "instructions",
    "model": "model",
    "tools": "tools",
    "folders": "tools",
    "sender": "tools",
    "knowledge": "knowledge",
    "limits": "limits",
}
"""In which part of the builder each field stands. A field that is not in here has no place yet, and a test says so."""


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """One thing that differs. `before` is empty for what was added, `after` for what was removed.

    `lines` show a changed text whole: each begins with "+ ", "- " or two blanks. `wider` says that the agent may reach
    further than before: a tool, a folder or a knowledge base more, another sender, another model, a higher limit.
    """

    part: Part
    field: str
    before: str
    after: str
    lines: tuple[str, ...] = ()
    wider: bool = False


def changes(before: AgentDefinition | None, after: AgentDefinition) -> tuple[DefinitionChange, ...]:
    """Everything that differs, in the order of the builder. Without a `before` everything is new."""
    old = to_json(before) if before is not None else {}
    new = to_json(after)
    found: list[DefinitionChange] = []
    for field in dataclasses.fields(AgentDefinition):
        found += _of_field(field.name, old.get(field.name), new.get(field.name))
    order = list(dict.fromkeys(PART_OF.values()))
    return tuple(sorted(found, key=lambda change: order.index(change.part)))


def _of_field(name: str, old: Any, new: Any) -> Iterator[DefinitionChange]:
    part = PART_OF[name]
    if name in ("tools", "knowledge"):
        before, after = set(old or ()), set(new or ())
        for item in sorted(before - after):
            yield DefinitionChange(part, name, str(item), "")
        for item in sorted(after - before):
            yield DefinitionChange(part, name, "", str(item), wider=True)
    elif name in ("limits", "folders", "model"):
        before_values: Mapping[str, Any] = old or {}
        after_values: Mapping[str, Any] = new or {}
        for key in sorted({*before_values, *after_values}):
            yield from _of_value(part, f"{name}.{key}", before_values.get(key), after_values.get(key))
    elif (old or "") != (new or ""):
        lines = _lines(str(old or ""), str(new or "")) if name in ("purpose", "instructions") else ()
        yield DefinitionChange(part, name, str(old or ""), str(new or ""), lines, wider=name == "sender" and bool(new))


def _of_value(part: Part, name: str, old: Any, new: Any) -> Iterator[DefinitionChange]:
    if name == "limits.cost_micros":
        # 0 is no limit at all, so there is nothing to add or to compare with.
        old, new = old or None, new or None
    if old != new:
        yield DefinitionChange(part, name, _text(old), _text(new), wider=_is_wider(name, old, new))


def _is_wider(name: str, old: Any, new: Any) -> bool:
    """Whether this value lets the agent reach further, spend more or work longer than the one before."""
    if not name.startswith("limits."):
        return new is not None
    if old is None:
        old = getattr(Limits(), name.removeprefix("limits."))
    if name == "limits.cost_micros":
        return bool(old) and (not new or new > old)
    return isinstance(new, int) and new > cast(int, old)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _lines(old: str, new: str) -> tuple[str, ...]:
    compared = difflib.ndiff(old.splitlines(), new.splitlines(), charjunk=None)
    return tuple(line for line in compared if not line.startswith("? "))
