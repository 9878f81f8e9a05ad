"""Tool names on their way to servers that allow letters, digits, `_` and `-` only, and back; no two names meet."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from legate_core.llm.base import Message, ToolOffer, clean_name

_PLAIN = re.compile(r"[A-Za-z0-9._-]{1,60}")


def wire_name(name: str) -> str:
    """`mail.send` as `mail__send`. A name that would then be read as another carries a digest at its end."""
    wire = name.replace(".", "__")
    if _PLAIN.fullmatch(name) and len(wire) <= 64 and read(wire) == name:
        return wire
    mark = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{re.sub(r'[^A-Za-z0-9_-]', '_', name)[:50]}_{mark}"


def read(wire: str) -> str:
    """A wire name without a table: what the model most likely means."""
    return clean_name(wire).replace("__", ".")


class ToolNames:
    """The names of one request, both ways."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {wire_name(name): name for name in names}

    @classmethod
    def of(cls, tools: Iterable[ToolOffer], messages: Iterable[Message]) -> ToolNames:
        """The names offered, and those that stand in the conversation."""
        offered = [tool.name for tool in tools]
        called = [call.name for message in messages for call in message.tool_calls]
        return cls([*called, *offered])

    def name(self, wire: str) -> str:
        """The tool a server means. One that was never offered keeps its words, so that the model can be told."""
        return self._names.get(wire) or read(wire)
