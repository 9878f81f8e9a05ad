"""What the Settings page shows: sections, and in each the settings, as data that finds itself by words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["choice", "switch", "text", "lines", "fact", "action"]

# The sections in the order of the page, each with its icon.
SECTIONS: tuple[tuple[str, str, str], ...] = (
    ("general", "General", "settings"),
    ("look", "Look", "palette"),
    ("notifications", "Notifications", "bell"),
    ("models", "Models and keys", "cpu"),
    ("vault", "Vault", "vault"),
    ("approvals", "Approvals", "shield-check"),
    ("storage", "Storage", "hard-drive"),
    ("engine", "Engine", "activity"),
    ("shortcuts", "Shortcuts", "keyboard"),
    ("about", "About", "info"),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `get` says what is in force, `put` puts another value into force at once.

    A *choice* has ids with words, *lines* is a list of texts, a *fact* can only be read, an *action* only be done.
    `problem` says why a value cannot be, or nothing; `why_not` why it cannot be changed now.
    """

    id: str
    section: str
    title: str
    hint: str
    kind: Kind
    get: Callable[[], Any] = lambda: ""
    put: Callable[[Any], None] = lambda _value: None
    choices: tuple[tuple[str, str], ...] = ()
    problem: Callable[[Any], str] = lambda _value: ""
    why_not: Callable[[], str] = lambda: ""
    can_undo: bool = True
    words: tuple[str, ...] = field(default=())

    def matches(self, given: list[str], section: str) -> bool:
        """Whether every word stands somewhere in it."""
        choices = " ".join(words for _id, words in self.choices)
        haystack = f"{section} {self.title} {self.hint} {choices} {' '.join(self.words)}".casefold()
        return all(word in haystack for word in given)
