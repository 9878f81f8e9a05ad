"""A setting whose value is a choice about Legate outside its window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from legate_desktop.outside.choices import Choices
from legate_desktop.pages.settings.sources import Sources
from legate_desktop.pages.settings.view import Kind, Setting


def chosen(
    kept: Sources,
    name: str,
    section: str,
    title: str,
    hint: str,
    kind: Kind,
    choices: tuple[tuple[str, str], ...] = (),
    problem: Callable[[Any], str] = lambda _value: "",
) -> Setting:
    """The setting of this name among the choices."""
    choices_kept = kept.context.state(Choices)

    def put(value: Any) -> None:
        choices_kept.choose(name, value)

    return Setting(
        name,
        section,
        title,
        hint,
        kind,
        get=lambda: getattr(choices_kept.now, name),
        put=put,
        choices=choices,
        problem=problem,
    )
