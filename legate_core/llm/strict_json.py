"""JSON from a model, read strictly: one meaning only, nothing that a database or a digest cannot hold."""

from __future__ import annotations

import json
from typing import Any, cast

MAX_DEPTH = 100
MAX_SAFE_INTEGER = 2**53 - 1


class JsonMistake(ValueError):
    """Why a text is no JSON object, as half a sentence for the model that wrote it."""


def parse_object(text: str) -> dict[str, Any]:
    """The one JSON object that the text is. Raises `JsonMistake`.

    Stricter than `json.loads`: a key that stands twice means two things to two readers, and a person would approve one
    of them; NaN, numbers beyond 2**53 and halves of characters cannot be hashed or stored.
    """
    if not text.strip():
        # A tool without arguments is called with nothing at all by some models.
        return {}
    if _depth(text) > MAX_DEPTH:
        raise JsonMistake(f"it is nested deeper than {MAX_DEPTH} levels")
    try:
        value = json.loads(
            text, object_pairs_hook=_without_doubles, parse_constant=_refuse_constant, parse_int=_safe_integer
        )
    except JsonMistake:
        raise
    except json.JSONDecodeError as error:
        raise JsonMistake(f"{error.msg} at character {error.pos}") from error
    except (RecursionError, ValueError) as error:
        raise JsonMistake("it cannot be read") from error
    if not isinstance(value, dict):
        raise JsonMistake("it is not a JSON object")
    found = cast("dict[str, Any]", value)
    if not _is_whole(found):
        raise JsonMistake("it holds half a character (a lone surrogate) or a number too large")
    return found


def shown(value: Any) -> str:
    """A JSON value as text, compact."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def mended(text: str) -> str:
    """The text with halves of characters joined where both are there, and replaced where one is missing.

    Servers that count in UTF-16 cut an emoji in two; each half comes as an escape of its own.
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise JsonMistake(f"the key {double[:60]!r} stands twice")
    return found


def _refuse_constant(word: str) -> Any:
    raise JsonMistake(f"{word} is not a JSON value")


def _safe_integer(digits: str) -> int:
    # Compared by length first: turning a million digits into a number takes seconds.
    if len(digits) > 17 or abs(int(digits)) > MAX_SAFE_INTEGER:
        raise JsonMistake(f"the number {digits[:20]} is too large; write it as text")
    return int(digits)


def _depth(text: str) -> int:
    """The deepest nesting, measured without recursion; brackets inside strings are not counted."""
    depth = deepest = 0
    in_string = is_escaped = False
    for char in text:
        if in_string:
            if is_escaped:
                is_escaped = False
            elif char == "\\":
                is_escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


def _is_whole(value: Any) -> bool:
    if isinstance(value, str):
        return not any("\ud800" <= char <= "\udfff" for char in value) if not value.isascii() else True
    if isinstance(value, float):
        return value - value == 0
    if isinstance(value, list):
        return all(_is_whole(item) for item in cast("list[Any]", value))
    if isinstance(value, dict):
        return all(_is_whole(key) and _is_whole(item) for key, item in cast("dict[str, Any]", value).items())
    return True
