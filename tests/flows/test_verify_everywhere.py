"""What was written past the engine is found through every front end: here, over HTTP, over the link, at the command line.

Each answers with the three verdicts and never with a fault of its own, and the inbox can be read all the while.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from legate_core.approvals.queries import PendingApprovals
from legate_core.audit.checkpoint import checkpoint_now
from legate_core.audit.queries import VerifyJournal
from legate_core.audit.report import Kind
from legate_core.client import Client
from legate_core.link.client import open_link
from legate_core.link.owner import serve_link
from legate_core.remote import open_remote
from legate_server.app import create_app
from tests.core.cli.terminal import legate
from tests.flows.story import ASK_THEN_END, Story
from tests.server.small_core import TOKEN, running

OF_A_RUN = "scope_id LIKE 'run_%'"
LAST = "seq = (SELECT max(seq) FROM journal)"

TAMPERINGS: list[tuple[str, Kind]] = [
    ("UPDATE run SET cost_micros = 7", Kind.ROW_CHANGED),
    ("DELETE FROM step", Kind.ROW_MISSING),
    ("INSERT INTO member SELECT workspace_id, 'per_eve', 'Eve', 'owner', 1 FROM member", Kind.ROW_UNACCOUNTED),
    (f"DELETE FROM journal WHERE {LAST}", Kind.TAIL_CUT),
    (f"UPDATE journal SET entry = replace(entry, 'a', 'b') WHERE {LAST}", Kind.ENTRY_CHANGED),
    (f"UPDATE journal SET actor = 'per_eve' WHERE {LAST}", Kind.INDEX_CHANGED),
    ("UPDATE journal_head SET hash = x'00'", Kind.HEAD_CHANGED),
    (f"DELETE FROM payload WHERE {OF_A_RUN}", Kind.BODY_MISSING),
    (f"UPDATE payload SET blob = x'00' WHERE {OF_A_RUN}", Kind.BODY_CHANGED),
    (f"DELETE FROM body_key WHERE {OF_A_RUN}", Kind.KEY_MISSING),
    ("UPDATE body_key SET wrapped = x'00'", Kind.KEY_CHANGED),
    ("UPDATE checkpoint SET note = replace(note, 'w', 'v')", Kind.CHECKPOINT_FORGED),
]


async def test_every_front_end_finds_what_was_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGATE_TOKEN", TOKEN)
    story = Story.at(tmp_path)
    await story.begin()
    try:
        await story.run(*ASK_THEN_END)
        await checkpoint_now(story.core.kernel, story.core.workspace_id)
        async with front_ends(story) as places:
            for statement, kind in TAMPERINGS:
                with tampered(story.settings.home / "legate.db", statement):
                    for name, look in places.items():
                        assert kind in await look(), f"{name} does not see {kind.value}"
    finally:
        await story.end()


@contextmanager
def tampered(path: Path, statement: str) -> Iterator[None]:
    """The database with a change that nobody accounts for; afterwards it is as it was."""
    with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(":memory:")) as kept:
        live.backup(kept)
        with live:
            assert live.execute(statement).rowcount > 0
        try:
            yield
        finally:
            kept.backup(live)


@asynccontextmanager
async def front_ends(story: Story) -> AsyncIterator[dict[str, Callable[[], Awaitable[set[str]]]]]:
    """What each front end finds wrong, by its name."""
    core, settings = story.core, story.settings
    async with AsyncExitStack() as stack:
        listener = await serve_link(settings, core.client)
        stack.push_async_callback(listener.close)
        served = await stack.enter_async_context(running(create_app(core.client, TOKEN)))
        link, remote = await open_link(settings), await open_remote(served.url, TOKEN)
        assert link is not None
        stack.push_async_callback(link.close)
        stack.push_async_callback(remote.close)
        yield {
            "the core": partial(asked, core.client),
            "the link": partial(asked, link),
            "the server": partial(asked, remote),
            "the command line": partial(commanded, "--server", served.url),
        }


async def asked(client: Client) -> set[str]:
    """What a client finds wrong; its inbox can be read all the while."""
    report = await client.ask(VerifyJournal(bodies=True))
    assert not report.is_sound
    assert len(await client.ask(PendingApprovals())) == 1
    return {finding.kind for finding in report.findings}


async def commanded(*where: str) -> set[str]:
    done = await asyncio.to_thread(legate, *where, "verify", "--strict", "--json")
    assert done.code == 7, done.err
    return {finding["kind"] for finding in done.json["verify"]["findings"]}
