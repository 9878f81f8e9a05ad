"""A command line without a process: arguments and what is typed go in, the code and what was written come out."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from legate_core.cli.command_line import perform
from legate_core.cli.screen import Screen
from legate_core.crypto.secret import Secret


class Stream(io.StringIO):
    """A text stream that may say of itself that it is a terminal."""

    def __init__(self, text: str = "", *, is_terminal: bool = False) -> None:
        super().__init__(text)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@dataclass
class Person(Screen):
    """A screen with somebody before it who types these secrets, one after the other."""

    secrets: list[str] = field(default_factory=list[str])
    prompts: list[str] = field(default_factory=list[str])

    def ask_secret(self, prompt: str) -> Secret:
        self.prompts.append(prompt)
        return Secret(self.secrets.pop(0))


@dataclass(frozen=True)
class Done:
    """What a command line came to."""

    code: int
    out: str
    err: str
    prompts: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def screen(*, typed: str = "", is_terminal: bool = False, secrets: Sequence[str] = (), **environment: str) -> Person:
    """A screen on streams in memory."""
    return Person(
        out=Stream(is_terminal=is_terminal),
        err=Stream(is_terminal=is_terminal),
        source=Stream(typed, is_terminal=is_terminal),
        environment=environment,
        secrets=list(secrets),
    )


def legate(*arguments: str, on: Person | None = None, **more: Any) -> Done:
    """Run `legate` with these arguments."""
    shown = on or screen(**more)
    code = perform(list(arguments), shown)
    assert isinstance(shown.out, Stream)
    assert isinstance(shown.err, Stream)
    return Done(code, shown.out.getvalue(), shown.err.getvalue(), tuple(shown.prompts))
