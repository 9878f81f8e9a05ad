"""Opening what a `legate://` link names: looked for first, and where it is not there the list is shown, and said so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from legate_desktop.outside import requests
from legate_desktop.outside.links import Link, parse
from legate_desktop.words import one_line, tr

PAGES = {"approval": "approvals", "run": "runs", "agent": "agents", "workflow": "workflows", "audit": "audit"}


class Says(Protocol):
    """Shows a sentence in the window."""

    def __call__(self, text: str, *, is_error: bool = False) -> None: ...


class LinkOpener:
    """`go` shows a page and an object on it. A link never does more than that."""

    def __init__(self, bridge: Any, go: Callable[[str, str], None], say: Says) -> None:
        self._bridge, self._go, self._say = bridge, go, say

    def open(self, text: str) -> None:
        """Open the link in a text, or say that it is none."""
        link = parse(text)
        if link is None:
            said = tr("“{link}” is no link that Legate knows. Nothing was opened.")
            self._say(said.format(link=one_line(text)[:80]), is_error=True)
            return
        query = requests.looks_for(link.kind, link.id)
        if query is None:
            self._go(PAGES[link.kind], link.id)
            return
        self._bridge.ask(
            query,
            lambda _found: self._go(PAGES[link.kind], link.id),
            lambda message, is_away: self._missing(link, message, is_away),
        )

    def _missing(self, link: Link, message: str, is_away: bool) -> None:
        self._go(PAGES[link.kind], "")
        said = message if is_away else tr("There is no {link} here. This is the list.").format(link=str(link))
        self._say(said, is_error=True)
