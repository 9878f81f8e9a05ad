"""Children: they answer, they are replaced when they die or hang, and a sealed one can do nothing but read."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from legate_core.errors import Invalid
from legate_core.processes.child import Broke, Child, Program
from legate_core.processes.frames import MAX_FRAME_BYTES, length_of, pack, read_frame
from legate_core.processes.pool import Pool

ODD = "tests.fakes.odd_child:serve"
ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _children_find_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
async def pool(request: pytest.FixtureRequest) -> AsyncIterator[Pool]:
    made = Pool(lambda: Program(ODD, getattr(request, "param", {})), 1)
    yield made
    await made.close()


async def test_a_child_answers_and_its_noise_does_not_get_in_between(pool: Pool) -> None:
    for what in (None, 1, "ü", b"\0\xff" * 1_000_000, {"a": [1, 2.5]}):
        assert await pool.ask({"do": "echo", "what": what}, 60) == what


async def test_nothing_of_the_parents_settings_reaches_a_child(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGATE_PASSPHRASE", "secret")
    names = await pool.ask({"do": "environment"}, 60)
    assert not [name for name in names if name.startswith("LEGATE")]


async def test_a_refusal_arrives_as_what_it_was_and_the_child_goes_on(pool: Pool) -> None:
    before = await pool.ask({"do": "pid"}, 60)
    with pytest.raises(Invalid, match="makes no sense"):
        await pool.ask({"do": "refuse"}, 60)
    with pytest.raises(Broke, match="by zero") as broke:
        await pool.ask({"do": "break"}, 60)
    assert broke.value.kind == "ZeroDivisionError"
    assert await pool.ask({"do": "pid"}, 60) == before


@pytest.mark.parametrize(("do", "kind"), [("exit", "died"), ("hang", "overdue")])
async def test_a_child_that_dies_or_hangs_is_replaced(pool: Pool, do: str, kind: str) -> None:
    before = await pool.ask({"do": "pid"}, 60)
    with pytest.raises(Broke) as broke:
        await pool.ask({"do": do}, 0.3 if do == "hang" else 60)
    assert broke.value.kind == kind
    assert await pool.ask({"do": "pid"}, 60) != before


async def test_a_child_that_does_not_start_says_why() -> None:
    with pytest.raises(Invalid, match="configuration"):
        await Child.start(Program(ODD, {"refuse": True}))
    with pytest.raises(Broke):
        await Child.start(Program("tests.fakes.no_such_module:serve"))


async def test_urgent_work_goes_first(pool: Pool) -> None:
    order: list[str] = []

    async def ask(name: str, *, urgent: bool = False) -> None:
        await pool.ask({"do": "echo", "what": name}, 60, urgent=urgent)
        order.append(name)

    tasks = [asyncio.ensure_future(ask(name)) for name in ("first", "second", "third")]
    await asyncio.sleep(0)
    tasks.append(asyncio.ensure_future(ask("urgent", urgent=True)))
    await asyncio.gather(*tasks)
    assert order == ["first", "urgent", "second", "third"]
    assert pool.running == 1


async def test_a_worn_child_is_replaced() -> None:
    pool = Pool(lambda: Program(ODD), 1, asks_each=2)
    try:
        pids = [await pool.ask({"do": "pid"}, 60) for _ in range(4)]
        assert pids[0] == pids[1] != pids[2] == pids[3]
    finally:
        await pool.close()


async def test_whoever_gives_up_leaves_a_pool_that_works(pool: Pool) -> None:
    await pool.ask({"do": "echo", "what": 1}, 60)
    hanging = asyncio.ensure_future(pool.ask({"do": "hang"}, 60))
    waiting = asyncio.ensure_future(pool.ask({"do": "echo", "what": 2}, 60))
    await asyncio.sleep(0)
    waiting.cancel()
    hanging.cancel()
    await asyncio.gather(hanging, waiting, return_exceptions=True)
    assert await pool.ask({"do": "echo", "what": 3}, 60) == 3


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGSEGV])
async def test_a_child_killed_at_work_leaves_nobody_waiting(pool: Pool, signal_number: int) -> None:
    pid = await pool.ask({"do": "pid"}, 60)
    at_work = asyncio.ensure_future(pool.ask({"do": "hang"}, 60))
    behind = [asyncio.ensure_future(pool.ask({"do": "echo", "what": number}, 60)) for number in range(3)]
    await asyncio.sleep(0)
    os.kill(pid, signal_number)
    with pytest.raises(Broke, match=f"signal {signal_number:d}") as broke:
        await at_work
    assert broke.value.kind == "died"
    assert await asyncio.gather(*behind) == [0, 1, 2]


async def test_whoever_waits_for_a_pool_that_closes_is_told_and_nothing_is_started_for_them(pool: Pool) -> None:
    await pool.ask({"do": "pid"}, 60)
    waiting = [asyncio.ensure_future(pool.ask({"do": "hang"}, 60)) for _ in range(3)]
    await asyncio.sleep(0)
    await pool.close()
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(end) for end in ends] == [Broke] * 3
    assert [str(end) for end in ends[1:]] == ["Legate is closing."] * 2


async def test_a_closed_pool_ends_its_children_and_takes_no_work() -> None:
    pool = Pool(lambda: Program(ODD), 2)
    await pool.ask({"do": "echo", "what": 1}, 60)
    hanging = asyncio.ensure_future(pool.ask({"do": "hang"}, 60))
    await asyncio.sleep(0)
    await pool.close()
    with pytest.raises(Broke):
        await hanging
    with pytest.raises(Broke, match="closing"):
        await pool.ask({"do": "echo", "what": 2}, 60)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit; a job object is the installer's")
@pytest.mark.parametrize("pool", [{"memory_bytes": 400_000_000}], indirect=True)
async def test_more_memory_than_allowed_is_refused_and_the_child_lives(pool: Pool) -> None:
    with pytest.raises(Broke) as broke:
        await pool.ask({"do": "eat", "bytes": 900_000_000}, 60)
    assert broke.value.kind == "memory"
    assert await pool.ask({"do": "eat", "bytes": 1_000_000}, 60) == 1


@pytest.mark.parametrize("pool", [{"sealed": True}], indirect=True)
async def test_a_sealed_child_reads_and_does_nothing_else(pool: Pool, tmp_path: Path) -> None:
    there = tmp_path / "there.txt"
    there.write_text("words")
    listener = socket.create_server(("127.0.0.1", 0))
    with listener:
        forbidden: list[dict[str, Any]] = [
            {"do": "connect", "port": listener.getsockname()[1]},
            {"do": "write", "path": str(tmp_path / "new.txt")},
            {"do": "delete", "path": str(there)},
            {"do": "run"},
        ]
        for message in forbidden:
            with pytest.raises(Broke) as broke:
                await pool.ask(message, 60)
            assert broke.value.kind == "PermissionError", message
    assert await pool.ask({"do": "read", "path": str(there)}, 60) == "words"
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".txt"] == ["there.txt"]


def test_a_frame_that_claims_too_much_is_no_frame() -> None:
    with pytest.raises(ValueError, match="more than a peer may send"):
        length_of((MAX_FRAME_BYTES + 1).to_bytes(4, "little"))

    class Source:
        def __init__(self, data: bytes) -> None:
            self.data = data

        def read(self, size: int, /) -> bytes:
            piece, self.data = self.data[:size], self.data[size:]
            return piece

    frame = pack({"a": 1})
    assert read_frame(Source(frame)) == {"a": 1}
    assert read_frame(Source(frame[:-1])) is None
    assert read_frame(Source(b"\1")) is None
