"""The doctor asks the Legate that is open what it cannot do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import legate_core as core
from legate_core.cli import checkup
from legate_core.errors import Conflict
from legate_core.kernel.troubles import Trouble
from legate_core.settings import Settings


class Open:
    """A Legate that is open and has these troubles."""

    def __init__(self, *troubles: Trouble) -> None:
        self.troubles = troubles
        self.is_closed = False

    async def ask(self, query: Any) -> tuple[Trouble, ...]:
        assert isinstance(query, core.EngineTroubles)
        return self.troubles

    async def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(
    ("troubles", "state", "says"),
    [
        ((), "ok", "no trouble"),
        ((Trouble("signing the journal", "The keyring is away. Start it.", 1_767_225_600_000),), "fail", "Start it."),
    ],
)
async def test_what_the_open_legate_cannot_do_is_told(
    troubles: tuple[Trouble, ...], state: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Open(*troubles)

    async def open_link(settings: Settings) -> Open:
        return client

    monkeypatch.setattr(core, "open_link", open_link, raising=False)
    (check,) = await checkup.engine(Settings(home=tmp_path))
    assert (check.name, check.state) == ("engine", state)
    assert says in check.sentence
    assert client.is_closed


async def test_an_open_legate_that_cannot_be_asked_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(settings: Settings) -> None:
        raise Conflict("It works on another database. Close it.")

    async def nobody(settings: Settings) -> None:
        return None

    for open_link, says in ((refuse, "Close it."), (nobody, "cannot be asked")):
        monkeypatch.setattr(core, "open_link", open_link, raising=False)
        (check,) = await checkup.engine(Settings(home=tmp_path))
        assert check.state == "warn"
        assert says in check.sentence
