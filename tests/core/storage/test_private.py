"""A data folder is its person's alone: every level that is made, the database in it, and one that was left open before."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from legate_core.crypto.keys.files import write_whole
from legate_core.private import close_to_others, make_folder
from legate_core.settings import Settings, throw_away
from legate_core.storage.engine import Database
from legate_core.storage.migrate import migrate
from legate_core.storage.ownership import LOCK_FILE, Ownership

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there a person's application data is theirs already")


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """What most people have, by which others may read what nobody thought of."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def taken(folder: Path) -> tuple[Path, ...]:
    """What was closed when a data folder was taken."""
    ownership = Ownership(folder)
    ownership.acquire()
    ownership.release()
    return ownership.closed


@pytest.mark.parametrize(
    "make",
    [
        make_folder,
        lambda folder: taken(folder),
        lambda folder: throw_away(Settings(folder)),
        lambda folder: write_whole(folder / "keys.json", b"{}"),
    ],
    ids=["make_folder", "ownership", "throw_away", "keys"],
)
def test_every_level_that_is_made_is_closed_to_others(tmp_path: Path, make: Callable[[Path], object]) -> None:
    tmp_path.chmod(0o755)
    folder = tmp_path / "share" / "legate" / "practice-workspace"
    make(folder)
    assert {mode(level) for level in (folder, folder.parent, folder.parent.parent)} == {0o700}
    assert mode(tmp_path) == 0o755


def test_a_folder_that_is_there_is_made_again_without_harm(tmp_path: Path) -> None:
    make_folder(tmp_path / "a")
    make_folder(tmp_path / "a")
    assert mode(tmp_path / "a") == 0o700


def test_the_database_and_its_log_are_closed_to_others_from_their_first_byte(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'legate.db'}"
    migrate(url)
    database = Database(url)
    try:
        database.write_now(lambda connection: connection.exec_driver_sql("CREATE TABLE more (a)"))
        assert {path.name: mode(path) for path in tmp_path.glob("legate.db*")} == dict.fromkeys(
            ("legate.db", "legate.db-wal", "legate.db-shm"), 0o600
        )
    finally:
        database.close()


def test_a_data_folder_that_was_left_open_is_closed_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    home = tmp_path / "legate"
    assert taken(home) == ()
    database = home / "legate.db"
    database.write_bytes(b"")
    home.chmod(0o755)
    database.chmod(0o644)
    assert set(taken(home)) == {home, database}
    assert (mode(home), mode(database)) == (0o700, 0o600)
    assert "was open to others" in caplog.text
    assert taken(home) == ()


def test_the_folder_around_the_practice_workspace_is_closed_too(tmp_path: Path) -> None:
    practice = tmp_path / "legate" / "practice-workspace"
    practice.mkdir(parents=True)
    assert set(taken(practice)) == {practice, practice.parent}
    assert mode(tmp_path / "legate") == 0o700


@pytest.mark.parametrize("is_home", [True, False])
def test_a_folder_that_is_not_only_legates_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_home: bool
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    (folder / ("owner.lock" if is_home else "letters.txt")).touch()
    if is_home:
        monkeypatch.setattr(Path, "home", lambda: folder)
    assert taken(folder) == ()
    assert mode(folder) == 0o755
    assert (folder / LOCK_FILE).exists()


def test_a_place_for_everybody_stays_one(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    assert not close_to_others(tmp_path)
    assert mode(tmp_path) == 0o1777
    tmp_path.chmod(0o700)
    assert not close_to_others(tmp_path)
    assert not close_to_others(tmp_path / "nothing")


def test_what_cannot_be_closed_is_left_to_the_doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o755)

    def refused(self: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "chmod", refused)
        assert not close_to_others(tmp_path)
    assert mode(tmp_path) == 0o755
