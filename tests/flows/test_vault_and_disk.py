"""A sealed vault parks a run; a data folder that is in use, damaged, or of a newer Legate is refused and left as it is."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from legate_core.crypto.secret import Secret
from legate_core.errors import Damaged, Locked, Unavailable
from legate_core.runs.commands import CancelRun
from legate_core.runs.secret_uses import SecretUses
from legate_core.vault.commands import SealVault, StoreSecret, UnsealVault
from legate_core.vault.queries import Secrets
from tests.fakes.model_server import ModelServer, said
from tests.flows.story import ASK_THEN_END, Story, turn


async def test_a_run_that_needs_a_sealed_secret_waits_for_the_vault_and_goes_on(story: Story) -> None:
    async with ModelServer(said("Hello.")) as server:
        host = server.base_url.removeprefix("http://").partition("/")[0]
        story.prove()
        secret_id = await story.send(StoreSecret("model key", Secret("s3cret"), (host,)))
        await story.send(SealVault())
        model = {"provider": "openai_compatible", "base_url": server.base_url, "model": "fake-1", "secret": secret_id}
        run_id = await story.run(turn(0, "x"), model=model)
        row = await story.row(run_id)
        assert (row.status, row.waiting_for) == ("waiting", "vault")
        assert server.requests == []
        [use] = (await story.rows(SecretUses())).values()
        assert ([run.id for run in use.runs], [agent.id for agent in use.agents]) == ([run_id], [row.agent_id])
        # It holds nothing, and a restart does not open the vault.
        await story.restart()
        assert (await story.row(run_id)).waiting_for == "vault"
        await story.answer(UnsealVault())
        detail = await story.detail(run_id)
        assert (detail.row.status, detail.result) == ("succeeded", "Hello.")
        assert [asked.headers["authorization"] for asked in server.requests] == ["Bearer s3cret"]
        assert (await story.rows(Secrets()))[secret_id].last_used_by == run_id
        assert [use.runs for use in (await story.rows(SecretUses())).values()] == [()]


async def test_a_run_that_waits_for_the_vault_can_be_cancelled(story: Story) -> None:
    async with ModelServer(said("Hello.")) as server:
        host = server.base_url.removeprefix("http://").partition("/")[0]
        story.prove()
        secret_id = await story.send(StoreSecret("model key", Secret("s3cret"), (host,)))
        await story.send(SealVault())
        model = {"provider": "openai_compatible", "base_url": server.base_url, "model": "fake-1", "secret": secret_id}
        run_id = await story.run(turn(0, "x"), model=model)
        await story.answer(CancelRun(run_id))
        await story.answer(UnsealVault())
        assert (await story.row(run_id)).status == "cancelled"
        assert server.requests == []


async def test_a_second_legate_is_told_who_holds_the_folder(story: Story, tmp_path: Path) -> None:
    second = Story.at(tmp_path, story.settings.database_url)
    with pytest.raises(Locked, match=f"process {os.getpid()}") as caught:
        await second.begin()
    assert "LEGATE_HOME" in caught.value.message
    # The first goes on as if nothing had happened.
    run_id = await story.run(turn(0, "Still here."))
    assert (await story.row(run_id)).status == "succeeded"


@pytest.fixture
async def ended(tmp_path: Path) -> Path:
    """A data folder on SQLite in which something happened; Legate is closed."""
    told = Story.at(tmp_path)
    await told.begin()
    await told.run(*ASK_THEN_END)
    await told.end()
    return tmp_path


async def test_a_closed_legate_leaves_one_whole_file_that_can_be_copied(ended: Path) -> None:
    home = ended / "home"
    assert [path.name for path in home.glob("legate.db*")] == ["legate.db"]
    with sqlite3.connect(home / "legate.db") as connection:
        assert connection.execute("SELECT count(*) FROM run").fetchone() == (1,)
    connection.close()


async def test_a_damaged_database_is_said_and_kept(ended: Path) -> None:
    path = ended / "home" / "legate.db"
    damaged = bytearray(path.read_bytes())
    damaged[4096 : len(damaged)] = bytes(len(damaged) - 4096)
    path.write_bytes(damaged)
    with pytest.raises(Damaged, match="backup") as caught:
        await Story.at(ended).begin()
    assert caught.value.message.endswith(".")
    assert path.read_bytes() == bytes(damaged)


async def test_a_database_of_a_newer_legate_is_refused_and_kept(ended: Path) -> None:
    path = ended / "home" / "legate.db"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(Damaged, match="newer version of Legate"):
        await Story.at(ended).begin()
    assert path.read_bytes() == before


async def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    told = Story.at(tmp_path)
    told.settings = told.settings.__class__(home=tmp_path / "file" / "home", keys="memory", is_throw_away=True)
    with pytest.raises(Unavailable, match="cannot be used"):
        await told.begin()


async def test_a_refused_start_leaves_the_folder_free(ended: Path) -> None:
    path = ended / "home" / "legate.db"
    good = path.read_bytes()
    path.write_bytes(b"this is no database" * 1000)
    with pytest.raises(Damaged):
        await Story.at(ended).begin()
    path.write_bytes(good)
    told = Story.at(ended)
    await told.begin()
    assert len(await told.inbox()) == 1
    await told.end()


async def test_a_folder_in_which_nothing_can_be_written_is_refused_and_left_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    told = Story.at(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr("legate_core.storage.ownership.os.write", full)
        with pytest.raises(Unavailable, match="No space left on device"):
            await told.begin()
    await told.begin()
    await told.end()
