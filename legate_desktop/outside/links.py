"""`legate://` links: they open something in the window, and never decide, run or install anything. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

SCHEME = "legate"
KINDS = ("approval", "run", "agent", "workflow", "audit")

_LINK = re.compile(rf"{SCHEME}:(?://)?(?P<kind>[a-z]+)/(?P<id>[A-Za-z0-9_-]{{1,80}})/?")


@dataclass(frozen=True, slots=True)
class Link:
    """What a link opens: a kind of thing, and its id (for the audit: the number of the entry)."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{SCHEME}://{self.kind}/{self.id}"


def parse(text: str) -> Link | None:
    """The link in a text, or None for anything else. What follows the id, such as `?do=…`, makes it no link."""
    found = _LINK.fullmatch(text.strip())
    if found is None or found["kind"] not in KINDS:
        return None
    if found["kind"] == "audit" and not found["id"].isdigit():
        return None
    return Link(found["kind"], found["id"])


def is_link(text: str) -> bool:
    """Whether a text wants to be one of our links, good or not."""
    return text.strip().casefold().startswith(f"{SCHEME}:")
