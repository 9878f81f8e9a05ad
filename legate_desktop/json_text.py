"""Arguments as JSON text and back: nothing hidden in what is shown, plain words for what is wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from legate_desktop.words import is_hidden, tr


def as_text(value: dict[str, Any]) -> str:
    """Indented JSON in which every character that hides or reorders is an escape."""
    return escaped(json.dumps(value, ensure_ascii=False, indent=2))


def escaped(text: str) -> str:
    """JSON text in which every character that hides or reorders is an escape."""
    return "".join(_escape(char) if char != "\n" and is_hidden(char) else char for char in text)


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


@dataclass(frozen=True, slots=True)
class JsonError:
    """Why an edited text is not a set of arguments, and in which line (1 is the first; 0 is nowhere)."""

    message: str
    line: int = 0


def parse_arguments(text: str) -> dict[str, Any] | JsonError:
    """The edited arguments, or what is wrong with them in plain words."""
    try:
        value = json.loads(text, object_pairs_hook=_no_twice, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return JsonError(tr("Line {line}: {problem}.").format(line=error.lineno, problem=error.msg), error.lineno)
    except ValueError as error:
        return JsonError(str(error))
    except RecursionError:
        return JsonError(tr("This is nested too deeply. Flatten it."))
    if not isinstance(value, dict):
        return JsonError(tr("Arguments are one object: it begins with { and ends with }."), 1)
    return value


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise ValueError(tr("“{name}” stands there twice. Keep one.").format(name=name))
        made[name] = value
    return made


def _no_constant(name: str) -> Any:
    raise ValueError(tr("{name} is not a number. Give a number.").format(name=name))
