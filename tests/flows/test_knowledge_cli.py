"""`legate kb` word by word: what each option does, and what is said to arguments that make no sense."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from legate_core.knowledge import below
from legate_server.app import create_app
from tests.core.cli.terminal import Done, legate
from tests.fakes import papers
from tests.flows.story import Story
from tests.server.small_core import TOKEN, running

Kb = Callable[..., Done]
HASHING = '{"provider": "hashing"}'
pytestmark = pytest.mark.slow


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    (folder / "below").mkdir(parents=True)
    (folder / "lamps.md").write_text("# Lamps\n\nThe Fjord lamp stands on an oak foot.")
    (folder / "below" / "prices.csv").write_text("lamp,price\nFjord,89\n")
    (folder / ".hidden.md").write_text("Nobody reads this.")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    return folder


@pytest.fixture
def kb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kb:
    """The command on a data folder of its own, with one empty base in it."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "throw-away").touch()
    monkeypatch.setenv("LEGATE_KEYS", "memory")
    monkeypatch.setenv("LEGATE_VECTORS", "memory")

    def run(*arguments: str, typed: str = "") -> Done:
        return legate("kb", *arguments, "--home", str(home), typed=typed)

    assert run("create", "Shop", "--embedder", HASHING).code == 0
    return run


def test_every_word_does_what_it_says(kb: Kb, files: Path, tmp_path: Path) -> None:
    added = kb("add", "Shop", str(files), str(files / "lamps.md"))
    assert (added.code, added.out) == (0, "Added: 2 documents.\nRead, and can be searched: 2.\n")
    assert "Added: 0 documents; there already: 2." in kb("add", "Shop", str(files)).out
    assert kb("rename", "Shop", "House").out == "Shop is called House from now on.\n"
    listed = kb("list", "House").out
    assert "House: 2 passages, index by hashing" in listed
    assert "No agent may read it." in listed
    (tmp_path / "question.txt").write_text("oak foot")
    for question in (f"@{tmp_path / 'question.txt'}", "-"):
        found = kb("search", "House", question, "--limit", "1", "--json", typed="oak foot").json
        assert [hit["passage"]["document"] for hit in found["hits"]] == ["lamps.md"]
    assert (
        kb("search", "House", "Fjord", "--about", "kind=csv", "--json").json["hits"][0]["passage"]["document"]
        == "prices.csv"
    )
    assert "oak foot" in kb("show", "lamps.md#0").out
    assert kb("watch", "House", str(files)).code == 0
    assert kb("--json").json["bases"][0]["folders"] == [str(files)]
    assert kb("unwatch", "House", str(files)).code == 0
    assert kb("reindex", "House", "--embedder", '{"provider": "hashing", "dimensions": 32}').code == 0
    assert kb("remove", "House", "lamps.md").out == "Gone from House: 1 document.\n"
    assert kb("retry", "House").out == "There is nothing to read again.\n"
    assert kb("cancel", "House").out == "Nothing waits.\n"


def test_what_waits_is_cancelled_and_what_failed_is_retried(kb: Kb, files: Path) -> None:
    (files / "locked.pdf").write_bytes(papers.pdf(["Secret."], password="p"))
    failed = kb("add", "Shop", str(files / "locked.pdf"))
    assert failed.code == 1
    assert "Failed: locked.pdf: The PDF is protected by a password." in failed.out
    (files / "locked.pdf").write_bytes(papers.pdf(["Open now."]))
    assert "Added: 1 document." in kb("add", "Shop", str(files / "locked.pdf")).out
    assert kb("add", "Shop", str(files / "lamps.md"), "--no-wait").out == "Added: 1 document.\n"
    assert kb("cancel", "Shop").out.startswith("Not read: 1 document.")
    assert kb("retry", "Shop", "lamps.md").out == "Read again: 1 document; ready: 1.\n"
    (files / "half.pdf").write_bytes(papers.pdf(["Words here.", ""], picture=True))
    assert kb("add", "Shop", str(files / "half.pdf")).code == 0
    again = kb("retry", "Shop", "half.pdf").out
    assert again.startswith("Read again: 1 document; ready: 1.\nRead, but: half.pdf: Page 2 is a picture")


def test_what_was_removed_is_gone_from_the_disk_when_the_command_ends(kb: Kb, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number}.md").write_text(f"# {number}\n\nThe parcel {number} came.")
    assert kb("add", "Shop", str(folder)).code == 0
    kept = tmp_path / "home" / "originals"
    assert len(list(kept.glob("??/*"))) == 40
    assert kb("remove", "Shop", "--all").code == 0
    assert list(kept.glob("??/*")) == []
    with sqlite3.connect(tmp_path / "home" / "legate.db") as database:
        for table in ("chunk", "knowledge_debt"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_what_cannot_be_taken_is_said(kb: Kb, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = below._entries

    def refuse(folder: str) -> Any:
        if folder == str(files / "closed"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return entries(folder)

    monkeypatch.setattr(below, "_entries", refuse)
    (files / "closed").mkdir()
    named = os.fsdecode(b"bad\xff.txt")
    try:
        (files / named).write_text("words")
    except OSError:
        named = ""
    done = kb("add", "Shop", str(files), "--json")
    assert (done.code, [row["state"] for row in done.json["documents"]]) == (1, ["ready", "ready"])
    said = {item["name"]: item["reason"] for item in done.json["refused"]}
    assert "Permission denied" in said.pop(str(files / "closed"))
    if named:
        assert "UTF-8" in said.pop(str(files / "bad?.txt"))
        alone = kb("add", "Shop", str(files / named))
        assert (alone.code, "UTF-8" in unbroken(alone.out)) == (1, True)
    assert said == {}
    closed = kb("add", "Shop", str(files / "closed"))
    assert (closed.code, "Check its rights" in unbroken(closed.out)) == (1, True)


def unbroken(text: str) -> str:
    """A text as one line: where it is broken depends on how long the names of folders are."""
    return " ".join(text.split())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such pipes")
def test_a_pipe_is_refused_and_nobody_waits_for_it(kb: Kb, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.txt"
    os.mkfifo(pipe)
    # Lets go of whoever opened it all the same.
    late = threading.Timer(30, lambda: os.close(os.open(pipe, os.O_RDWR)))
    late.start()
    try:
        done = kb("add", "Shop", str(pipe))
        assert late.is_alive()
        assert (done.code, "This is no file." in unbroken(done.out)) == (1, True)
    finally:
        late.cancel()


SENSELESS: list[tuple[tuple[str, ...], int, str]] = [
    (("create", "Shop"), 4, "Choose another name"),
    (("create", " "), 2, "needs a name"),
    (("create", "X", "--embedder", "{"), 2, "not JSON"),
    (("create", "X", "--embedder", '{"provider": "nope"}'), 2, "Choose one of hashing, local"),
    (("create", "X", "--embedder", '{"provider": "ollama"}'), 2, "base_url"),
    (("rename", "Nope", "X"), 3, "'legate kb' lists them"),
    (("add", "Shop", "/no/such.md"), 2, "There is no file or folder /no/such.md"),
    (("add", "Shop", "{files}/below/.."), 0, ""),
    (("add", "Nope", "{files}/lamps.md"), 3, "'legate kb' lists them"),
    (("add", "Shop", "{files}/picture.png"), 1, ""),
    (("search", "Shop", ""), 2, "no question"),
    (("search", "Shop", "lamp\udcff"), 2, "holds a character that is none"),
    (("rename", "Shop", "Caf\udce9"), 2, "holds a character that is none"),
    (("search", "Shop", "lamp", "--limit", "0"), 2, "1 to 50 passages"),
    (("search", "Shop", "lamp", "--limit", "many"), 2, "invalid int value"),
    (("search", "Shop", "lamp", "--about", "kind"), 2, "name=text"),
    (("show", "nonsense"), 3, "Search again"),
    (("remove", "Shop"), 2, "--all"),
    (("remove", "Shop", "lamps.md", "--all"), 2, "--all"),
    (("remove", "Shop", "nope"), 3, "'legate kb list BASE' lists them"),
    (("watch", "Shop", "/no/such"), 2, "There is no folder /no/such"),
    (("unwatch", "Shop", "/no/such"), 2, "watches no folder"),
    (("reindex", "Shop", "--embedder", "[]"), 2, "JSON object"),
]


def test_arguments_that_make_no_sense_say_what_to_do(kb: Kb, files: Path) -> None:
    for arguments, code, words in SENSELESS:
        done = kb(*(argument.replace("{files}", str(files)) for argument in arguments))
        said = " ".join((done.err + done.out).split())
        assert (done.code, words in said, "Traceback" in said) == (code, True, False), (arguments, done.code, said)


async def test_a_core_behind_a_server_is_sent_the_files(
    tmp_path: Path, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEGATE_TOKEN", TOKEN)
    story = Story.at(tmp_path)
    await story.begin()
    try:
        async with running(create_app(story.core.client, TOKEN)) as served:

            def far(*arguments: str) -> Done:
                return legate("kb", *arguments, "--server", served.url, LEGATE_TOKEN=TOKEN)

            assert (await asyncio.to_thread(far, "create", "Far", "--embedder", HASHING)).code == 0
            done = await asyncio.to_thread(far, "add", "Far", str(files), str(files / "picture.png"), "--json")
            assert (done.code, [row["state"] for row in done.json["documents"]]) == (1, ["ready", "ready"])
            assert [item["name"] for item in done.json["refused"]] == [str(files / "picture.png")]
            narrow = await asyncio.to_thread(far, "search", "Far", "Fjord", "--about", "any=CSV prices", "--json")
            assert [hit["passage"]["document"] for hit in narrow.json["hits"]] == ["prices.csv"]
            refused = await asyncio.to_thread(far, "watch", "Far", str(files))
            assert refused.code in (2, 5), refused.err
            assert refused.err.strip().endswith(".")
    finally:
        await story.end()
