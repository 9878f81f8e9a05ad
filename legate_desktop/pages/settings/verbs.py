"""What a person can do on the Settings page."""

from __future__ import annotations

from legate_desktop.verbs import Verb, always

VERBS: tuple[Verb, ...] = (
    Verb("filter", "Search the settings", "/", "search", "quiet", lambda p: p.focus_filter(), always),
    Verb("next", "Next section", "J", "", "quiet", lambda p: p.turn(1), always),
    Verb("previous", "Previous section", "K", "", "quiet", lambda p: p.turn(-1), always),
)
