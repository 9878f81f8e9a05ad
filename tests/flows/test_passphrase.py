"""The passphrase that opens the keys is changed: where that cannot be written down, it stays as it was."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from legate_core.app import Core, open_local
from legate_core.crypto.keys import BODIES
from legate_core.crypto.keys.passphrase import PassphraseKeys
from legate_core.crypto.secret import Secret
from legate_core.errors import Invalid, Locked, Unavailable
from legate_core.identity.events import PassphraseSet
from legate_core.identity.prove import Prove, SetPassphrase
from legate_core.kernel import journal
from legate_core.kernel.context import ReadContext
from legate_core.settings import Settings

OLD, NEW = "a few quiet words", "some other words"


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Core]:
    opened = await open_local(Settings(home=tmp_path, keys="passphrase", passphrase=OLD), is_worker=False)
    yield opened
    await opened.close()


def opens(folder: Path, passphrase: str) -> bool:
    try:
        PassphraseKeys(folder).unlock(Secret(passphrase))
    except Locked:
        return False
    return True


async def changes(core: Core) -> int:
    """How often the journal says that the passphrase was changed."""

    def look(ctx: ReadContext) -> int:
        return len(journal.read(ctx.connection, ctx.workspace_id, 0, names=frozenset({PassphraseSet.name})))

    return await core.kernel.look(core.kernel.system(core.workspace_id), look)


async def test_a_new_passphrase_opens_the_keys_and_proves_who_it_is(core: Core, tmp_path: Path) -> None:
    await core.client.send(SetPassphrase(NEW, old=OLD))
    assert (opens(tmp_path, OLD), opens(tmp_path, NEW)) == (False, True)
    await core.client.send(Prove(NEW))
    with pytest.raises(Locked, match="wrong"):
        await core.client.send(Prove(OLD))
    assert await changes(core) == 1


@pytest.mark.parametrize(("new", "old", "refusal"), [(NEW, "a wrong one", Locked), ("short", OLD, Invalid)])
async def test_a_refused_change_changes_nothing_and_says_nothing(
    core: Core, tmp_path: Path, new: str, old: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await core.client.send(SetPassphrase(new, old=old))
    assert opens(tmp_path, OLD)
    assert await changes(core) == 0


async def test_a_change_that_cannot_be_written_down_is_taken_back(
    core: Core, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> int:
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    with monkeypatch.context() as patch:
        patch.setattr("legate_core.kernel.dispatch.journal.append", full)
        with pytest.raises(Unavailable, match="Nothing was changed"):
            await core.client.send(SetPassphrase(NEW, old=OLD))
    assert (opens(tmp_path, OLD), opens(tmp_path, NEW)) == (True, False)
    await core.client.send(SetPassphrase(NEW, old=OLD))
    assert opens(tmp_path, NEW)
    assert await changes(core) == 1


async def test_the_keys_stay_within_reach_while_the_passphrase_changes(core: Core, tmp_path: Path) -> None:
    keys = PassphraseKeys(tmp_path)
    keys.unlock(Secret(OLD))
    before = keys.get(BODIES)
    await core.client.send(SetPassphrase(NEW, old=OLD))
    again = PassphraseKeys(tmp_path)
    again.unlock(Secret(NEW))
    assert before is not None
    assert again.get(BODIES) == before
