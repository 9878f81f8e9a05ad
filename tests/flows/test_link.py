"""One owner, several processes: commands become clients of whoever owns the data folder, and a tool server does not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from legate_core.link.handover import hand_over
from legate_core.settings import THROW_AWAY
from tests.core.cli.terminal import Done, legate

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="the owner is stopped by a signal")]

PATIENCE_SECONDS = 60.0

OWNER = """
import asyncio, subprocess, sys
from pathlib import Path
import legate_core as core

async def main():
    opened = await core.open_practice(Path(sys.argv[1]))
    link = await core.serve_link(opened.settings, opened.client)
    print("open", flush=True)
    while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
        done = await asyncio.to_thread(subprocess.run, [sys.executable, "-m", "legate_core.cli", *line.split()],
                                       capture_output=True, text=True)
        print(done.returncode, done.stderr.replace("\\n", " "), flush=True)
    await link.close()
    await opened.close()

asyncio.run(main())
"""


class OwnerProcess:
    """A process that owns a practice workspace, and starts what it is told to start."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", OWNER, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ,
        )
        assert self._line() == "open"

    def start(self, command: str) -> str:
        """Have it start a `legate` of its own; the code and the words that ended with."""
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self._line()

    def end(self) -> None:
        self.process.communicate("\n", timeout=PATIENCE_SECONDS)
        assert self.process.returncode == 0

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "legate-home"


@pytest.fixture
def owner(home: Path) -> Iterator[OwnerProcess]:
    found = OwnerProcess(home)
    try:
        yield found
        found.end()
    finally:
        found.process.kill()
        found.process.communicate()


def practised(*arguments: str) -> Done:
    return legate("--practice", "--json", *arguments)


def test_a_command_works_through_the_legate_that_is_open(owner: OwnerProcess) -> None:
    run = practised("run")
    assert run.code == 10, run.err
    (question,) = run.json["questions"]
    assert [row["id"] for row in practised("inbox").json["questions"]] == [question["id"]]
    answered = practised("approve", question["id"], "--no-wait")
    assert answered.code == 0, answered.err
    followed = practised("runs", run.json["run"]["id"], "--follow")
    assert followed.code == 10, followed.err
    assert followed.json["questions"][0]["id"] != question["id"]
    assert practised("verify").code == 0


def test_the_vaults_page_is_locked_in_the_legate_that_is_open(owner: OwnerProcess) -> None:
    legate("--practice", "vault", "passphrase", is_terminal=True, secrets=["correct horse", "correct horse"])
    assert legate("--practice", "vault", "list").code == 0
    assert legate("--practice", "vault", "lock").code == 0
    assert legate("--practice", "vault", "list").code == 6


def test_where_it_goes_on_is_said_in_words(owner: OwnerProcess) -> None:
    assert "It goes on in the Legate that is open." in legate("--practice", "run", "--no-wait").out


def test_what_the_engine_started_may_give_no_orders(owner: OwnerProcess) -> None:
    before = practised("runs").json["count"]
    for command in ("--practice run --no-wait", "--practice runs", "--practice verify"):
        code, _, words = owner.start(command).partition(" ")
        assert code == "5", words
        assert "started by Legate's engine" in words
    assert practised("runs").json["count"] == before


def test_without_an_owner_a_command_opens_the_core_itself_and_finds_what_was_done(home: Path) -> None:
    first = OwnerProcess(home)
    try:
        run = practised("run").json["run"]["id"]
        first.end()
    finally:
        first.process.kill()
    assert practised("runs").json["runs"][0]["id"] == run


def test_an_owner_that_was_killed_is_replaced(home: Path) -> None:
    first = OwnerProcess(home)
    run = practised("run").json["run"]["id"]
    first.process.kill()
    first.process.communicate()
    assert practised("runs").json["runs"][0]["id"] == run
    second = OwnerProcess(home)
    assert practised("runs").json["runs"][0]["id"] == run
    second.end()


def test_an_owner_without_a_window_shows_none(owner: OwnerProcess, home: Path) -> None:
    assert not hand_over(home / "practice-workspace")


def test_a_folder_of_ones_own_is_served_by_legate_serve(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir(mode=0o700)
    (home / THROW_AWAY).write_text("for tests\n", encoding="utf-8")
    monkeypatch.setenv("LEGATE_KEYS", "memory")
    monkeypatch.setenv("LEGATE_TOKEN", "a-token-for-tests-only-0123456789")
    server = subprocess.Popen(
        [sys.executable, "-m", "legate_core.cli", "serve", "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stderr is not None
        assert "Legate serves at" in server.stderr.readline()
        assert legate("agents", "--json").json == {"agents": []}
        server.terminate()
        server.communicate(timeout=PATIENCE_SECONDS)
        assert server.returncode == 0
        assert legate("agents", "--json").json == {"agents": []}
    finally:
        server.kill()
        server.communicate()
