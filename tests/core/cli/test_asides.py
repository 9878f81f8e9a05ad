"""What a followed run streams besides its steps reaches whoever follows it at the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from legate_core.cli.asides import asides, tell
from legate_core.client import Client
from legate_core.errors import Forbidden
from legate_core.kernel.messages import Tick
from tests.core.cli.terminal import Person, screen

TICKS = (
    *(Tick("run_1", "loading", "small.gguf", done, 1_000) for done in range(0, 1_001, 10)),
    Tick("run_1", "text", "Dear Kim"),
    Tick("run_1", "budget", "90 % of the run's money limit of 0.05 are used."),
    Tick("run_1", "model", "scripted is asked instead of openai/big."),
)


class Streaming:
    """A client that only streams, and may refuse to."""

    def __init__(self, *, may_hear: bool = True) -> None:
        self.may_hear = may_hear
        self.is_left = False

    async def ticks(self, run_id: str) -> AsyncIterator[Tick]:
        if not self.may_hear:
            raise Forbidden("You may not see what runs say. Ask whoever manages the workspace.")
        try:
            for tick in TICKS:
                yield tick
        finally:
            self.is_left = True


def patient(*, is_terminal: bool) -> Person:
    shown = screen(is_terminal=is_terminal)
    shown.shows_progress = True
    return shown


def said(shown: Person) -> str:
    return cast("Any", shown.err).getvalue()


async def test_a_model_that_is_loaded_is_told_in_tenths_and_sentences_as_they_are() -> None:
    shown = patient(is_terminal=False)
    await tell(cast("Client", Streaming()), shown, "run_1")
    lines = said(shown).splitlines()
    assert lines[:11] == [f"Loading small.gguf {share} %" for share in range(0, 101, 10)]
    assert lines[11:] == [tick.text for tick in TICKS[-2:]], "and the text itself is a step soon enough"


async def test_on_a_terminal_the_share_is_shown_and_wiped_at_the_end() -> None:
    shown = patient(is_terminal=True)
    await tell(cast("Client", Streaming()), shown, "run_1")
    assert "Loading small.gguf 40 %" in said(shown)


@pytest.mark.parametrize("may_hear", [True, False])
async def test_it_ends_with_what_is_followed_and_whoever_may_not_hear_follows_all_the_same(may_hear: bool) -> None:
    client = Streaming(may_hear=may_hear)
    async with asides(cast("Client", client), patient(is_terminal=False), "run_1"):
        await tell(cast("Client", client), patient(is_terminal=False), "run_1")
    assert client.is_left is may_hear
