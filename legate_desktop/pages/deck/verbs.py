"""What a person can do on the Deck."""

from __future__ import annotations

from typing import Any

from legate_desktop.verbs import PRACTICE, Verb, always
from legate_desktop.words import tr


def _waits(page: Any) -> str:
    return "" if page.state.waiting_count else tr("Nothing waits for you")


def _verify(page: Any) -> str:
    return tr("The journal is being verified") if page.state.chain.state == "checking" else ""


VERBS: tuple[Verb, ...] = (
    # Not O, as what opens a thing has elsewhere: after these words it reads as a count of nought.
    Verb("review", "Review what waits", "W", "shield-check", "quiet", lambda p: p.review(), _waits),
    Verb("verify", "Verify the journal", "Shift+V", "scroll-text", "quiet", lambda p: p.state.verify(), _verify),
    Verb("read", "Read the figures anew", "F5", "refresh-cw", "quiet", lambda p: p.state.read(), always),
    PRACTICE,
)
