"""The marks by which answers cite passages: [doc_…#3], or [handbook.md#3] by the document's name. Pure."""

from __future__ import annotations

import re

_MARK = re.compile(r"\[([^\[\]#\n]{1,400})#(\d{1,7})\]")


def citations_in(text: str) -> tuple[str, ...]:
    """The marks in an answer, each once, in the order in which they stand there."""
    return tuple(dict.fromkeys(found.group() for found in _MARK.finditer(text)))


def parts_of(citation: str) -> tuple[str, int] | None:
    """A mark's document (an id or a name) and position; None for what is no mark. The brackets may be missing."""
    found = _MARK.fullmatch(f"[{citation.strip().removeprefix('[').removesuffix(']')}]")
    return (found[1].strip(), int(found[2])) if found else None
