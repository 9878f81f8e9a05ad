"""Everything goes into one file under a passphrase and comes back into an empty folder, verified; or nothing happens."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from legate_core.app import open_local
from legate_core.approvals.commands import ApproveAction
from legate_core.audit.queries import VerifyJournal
from legate_core.backup.commands import MakeBackup, RestoreBackup
from legate_core.backup.model import MANIFEST, files_of
from legate_core.backup.restore import restore_backup
from legate_core.crypto import age
from legate_core.crypto.keys import passphrase as passphrase_keys
from legate_core.crypto.secret import Secret
from legate_core.errors import Damaged, Forbidden, Invalid, LegateError, Locked, NeedsReauthentication
from legate_core.kernel.messages import Recorded
from legate_core.runs.queries import Run
from legate_core.vault.commands import SealVault, StoreSecret
from legate_core.vault.lend import lend
from legate_core.vault.queries import Secrets
from tests.flows.story import ASK_THEN_END, Story

WORDS = Secret("correct horse")
MINE = b"something of the person"


@pytest.fixture(autouse=True)
def light_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """The strength of the key derivation is tested where it is; here it would only take time."""
    monkeypatch.setattr(age, "WORK", 4)
    monkeypatch.setattr(passphrase_keys, "MEMORY_KIB", 64)
    monkeypatch.setattr(passphrase_keys, "PASSES", 1)


@pytest.fixture
async def here(tmp_path: Path) -> Story:
    """A story on SQLite, with something of every kind in it."""
    told = Story.at(tmp_path)
    await told.begin()
    told.prove()
    await told.send(StoreSecret("model key", Secret("s3cret"), ("api.example.com",)))
    run_id = await told.run(*ASK_THEN_END)
    await told.answer(ApproveAction((await told.question()).id))
    # An original is named by what is in it.
    for name in (f"runs/{run_id}/note.txt", f"originals/{hashlib.sha256(MINE).hexdigest()}"):
        path = told.settings.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(MINE)
    return told


async def test_what_was_kept_is_there_again_and_verifies(here: Story, tmp_path: Path) -> None:
    file, folder = tmp_path / "all.legate-backup", tmp_path / "again"
    made = await here.send(MakeBackup(str(file), WORDS))
    assert (made.files, made.left_out, made.bytes) == (len(list(files_of(here.settings.home))), 0, file.stat().st_size)
    assert (await _last(here)).name == "backup.made"
    data = file.read_bytes()
    assert not [word for word in (b"SQLite format", b"model key", b"s3cret", b"something of") if word in data]
    runs = await here.rows(Secrets())
    done = await here.ask(RestoreBackup(str(file), str(folder), WORDS))
    assert (done.entries, done.keys, done.report.is_sound) == (made.entries, "passphrase", True)
    assert (folder / "runs").is_dir()
    await here.end()
    again = await open_local(
        replace(here.settings, home=folder, keys="passphrase", passphrase=WORDS.reveal(), is_throw_away=False)
    )
    try:
        [secret] = (await again.client.ask(Secrets())).values()
        assert secret == next(iter(runs.values()))
        lent = await again.kernel.look(
            again.kernel.system(again.workspace_id), lambda ctx: lend(ctx, secret.id, "api.example.com")
        )
        assert lent.reveal() == "s3cret"
        [run] = (folder / "runs").iterdir()
        detail = await again.client.ask(Run(run.name))
        assert (detail.row.status, detail.task) == ("succeeded", "See what is new.")
        assert (await again.client.ask(VerifyJournal())).is_sound
    finally:
        await again.close()


async def test_what_goes_on_meanwhile_does_no_harm_and_what_is_sealed_is_not_backed_up(
    here: Story, tmp_path: Path
) -> None:
    await here.begin_run(*ASK_THEN_END)
    made = await here.send(MakeBackup(str(tmp_path / "one"), WORDS))
    assert restore_backup(tmp_path / "one", tmp_path / "again", WORDS).entries == made.entries
    await here.send(SealVault())
    with pytest.raises(Locked, match="Unseal the vault"):
        await here.send(MakeBackup(str(tmp_path / "two"), WORDS))
    assert not (tmp_path / "two").exists()
    await here.end()


async def test_a_backup_is_refused_politely_where_it_cannot_be(here: Story, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("something else")
    for path, words in (
        (here.settings.home / "b", "lost with it"),
        (tmp_path / "there", "already"),
        (tmp_path / "no" / "folder", "There is no folder"),
        (Path("b"), "whole path"),
    ):
        with pytest.raises(Invalid, match=words):
            await here.send(MakeBackup(str(path), WORDS))
    with pytest.raises(Invalid, match="8 characters"):
        await here.send(MakeBackup(str(tmp_path / "b"), Secret("short")))
    await here.later(3600)
    with pytest.raises(NeedsReauthentication):
        await here.send(MakeBackup(str(tmp_path / "b"), WORDS))
    assert (tmp_path / "there").read_text() == "something else"
    assert not list(tmp_path.glob("*.part"))
    assert not list(here.settings.home.glob("backup-*"))
    await here.end()


async def test_a_restore_is_refused_politely_and_leaves_nothing_behind(here: Story, tmp_path: Path) -> None:
    file, folder = tmp_path / "all", tmp_path / "again"
    await here.send(MakeBackup(str(file), WORDS))
    await here.end()
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("mine")
    (tmp_path / "short").write_bytes(file.read_bytes()[:-1])
    changed = _rewritten(file, "legate.db", lambda data: data.replace(b'"agent.created"', b'"agent.deleted"', 1))
    (tmp_path / "changed").write_bytes(changed)
    (tmp_path / "leads-out").write_bytes(_rewritten(file, "keys.json", lambda data: data, name="../keys.json"))
    cases: list[tuple[str, Path, Secret, type[LegateError]]] = [
        ("all", full, WORDS, Invalid),
        ("all", folder, Secret("wrong horse"), Locked),
        ("short", folder, WORDS, Damaged),
        ("changed", folder, WORDS, Damaged),
        ("leads-out", folder, WORDS, Damaged),
        ("nothing", folder, WORDS, Invalid),
    ]
    before = sorted(path.name for path in tmp_path.iterdir())
    for name, target, words, error in cases:
        with pytest.raises(error):
            restore_backup(tmp_path / name, target, words)
        assert sorted(path.name for path in tmp_path.iterdir()) == before, name
    assert [path.name for path in full.iterdir()] == ["mine"]


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("is_remote", "error", "words"),
    # Over HTTP there is no such door at all: a path of the server's disk is nobody else's to choose.
    [(False, Invalid, "pg_dump"), (True, Forbidden, "nobody may send it")],
    ids=["here", "remote"],
)
async def test_a_servers_database_is_left_to_the_servers_tools(
    postgres_url: str, tmp_path: Path, is_remote: bool, error: type[LegateError], words: str
) -> None:
    story = Story.at(tmp_path, postgres_url, is_remote=is_remote)
    await story.begin()
    try:
        story.prove()
        with pytest.raises(error, match=words):
            await story.send(MakeBackup(str(tmp_path / "b"), WORDS))
        assert not (tmp_path / "b").exists()
    finally:
        await story.end()


async def _last(story: Story) -> Recorded:
    return (await story.facts())[-1]


def _rewritten(file: Path, changed: str, change: Callable[[bytes], bytes], *, name: str = "") -> bytes:
    """The backup with one of its files changed or renamed, by somebody who knows the passphrase."""
    target = io.BytesIO()
    with (
        file.open("rb") as source,
        tarfile.open(fileobj=age.AgeReader(source, WORDS), mode="r|") as old,
        age.AgeWriter(target, WORDS) as sealed,
        tarfile.open(fileobj=sealed, mode="w|") as new,
    ):
        for entry in old:
            content = old.extractfile(entry)
            assert content is not None
            data = content.read()
            assert entry.name != MANIFEST or data.startswith(b"{")
            if entry.name == changed:
                data = change(data)
                entry.name = name or entry.name
                entry.size = len(data)
            new.addfile(entry, io.BytesIO(data))
    return target.getvalue()
