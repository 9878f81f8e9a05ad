"""A call in one sentence: the manifest's title with the call's own values in it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping

from legate_core.tools.spec import Json, ToolSpec

PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
MAX_VALUE_CHARS = 80


def places(title: str) -> tuple[str, ...]:
    """The names of the arguments that a title shows."""
    return tuple(PLACE.findall(title))


def title_of(spec: ToolSpec, arguments: Mapping[str, Json], *, with_content: bool = True) -> str:
    """The sentence fragment after "<agent> wants to", its values short, one line, without control and bidi signs.

    One pass: a value that looks like a place stays text. Without content, what steers nothing is shown as “…”.
    """
    if not spec.title:
        return f"call {spec.name}"
    properties = spec.parameters.get("properties", {})

    def shown(match: re.Match[str]) -> str:
        name = match[1]
        if not with_content and spec.role_of(name).role == "content":
            return "…"
        value = arguments[name] if name in arguments else properties.get(name, {}).get("default", "")
        return in_a_sentence(value)

    return " ".join(PLACE.sub(shown, spec.title).split())


def in_a_sentence(value: Json) -> str:
    """A value as a few words: lists joined, nothing that could break or reorder the line."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):  # pyright: ignore[reportUnknownVariableType] JSON
        text = ", ".join(value)  # pyright: ignore[reportUnknownArgumentType] JSON
    else:
        text = json.dumps(value, ensure_ascii=False)
    text = " ".join("".join(char if _is_plain(char) else " " for char in text).split())
    return text if len(text) <= MAX_VALUE_CHARS else text[: MAX_VALUE_CHARS - 1] + "…"


def _is_plain(char: str) -> bool:
    """No control, format (bidi overrides are format), surrogate or private-use character."""
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
