"""What listening to a model costs, a hundred streams at once, and the core's import: `python -m tests.benchmarks.models`.

Beside the official client where it can be imported, in the same process and over the same loopback server; put its folder
on PYTHONPATH.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from legate_core.egress.broker import Broker
from legate_core.llm.base import Message, ModelRequest, Reply
from legate_core.llm.registry import open_model
from legate_core.llm.surroundings import Surroundings
from tests.benchmarks.budget import Figure, median, table
from tests.fakes.model_server import DONE, ModelServer, chunk, said, usage

CHUNKS, ROUNDS, STREAMS, SECONDS = 2_000, 7, 100, 4
ASK = ModelRequest("m", (Message("user", "Hello?"),), max_tokens=100_000)


async def ours(base_url: str) -> None:
    settings = {"provider": "openai_compatible", "base_url": base_url, "model": "m"}
    async for item in open_model(settings, Surroundings(transport=Broker().transport)).stream(ASK):
        assert not isinstance(item, Reply) or len(item.text) == 5 * CHUNKS


async def theirs(base_url: str) -> None:
    openai: Any = importlib.import_module("openai")
    async with openai.AsyncOpenAI(api_key="x", base_url=base_url, max_retries=0) as client:
        stream = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "Hello?"}], stream=True
        )
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])
    assert len(text) == 5 * CHUNKS


async def spent(listen: Callable[[str], Awaitable[None]], base_url: str) -> float:
    """CPU microseconds for each chunk, the server's share included: it is the same for both."""
    begun = time.process_time()
    await listen(base_url)
    return (time.process_time() - begun) * 1e6 / CHUNKS


async def chunk_figures() -> list[Figure]:
    """What a chunk costs us and the official client, taken in turns."""
    async with ModelServer(said(*["word "] * CHUNKS)) as server:
        listeners = {"ours": ours} | ({"official client": theirs} if importlib.util.find_spec("openai") else {})
        taken: dict[str, list[float]] = {name: [] for name in listeners}
        for number in range(ROUNDS + 1):
            for name, listen in listeners.items():
                figure = await spent(listen, server.base_url)
                # The first round loads libraries.
                if number:
                    taken[name].append(figure)
    middle = {name: median(values) for name, values in taken.items()}
    figures = [Figure(f"model: CPU for each streamed chunk, {name}", value, "µs") for name, value in middle.items()]
    if "official client" in middle:
        ratio = middle["ours"] / middle["official client"]
        figures.append(Figure("model: the same, as a share of the official client's", 100 * ratio, "%", most=100))
    return figures


async def stream_figures() -> list[Figure]:
    """A hundred streams at once from another process, each a hundred words a second: what they hold, how long others wait."""
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.models", "serve", stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    base_url = (await server.stdout.readline()).decode().strip()
    try:
        await _paced(base_url)
        before = _resident()
        lags: list[float] = []
        ticking = asyncio.create_task(_lag(lags))
        streams = [asyncio.create_task(_paced(base_url)) for _ in range(STREAMS)]
        await asyncio.sleep(SECONDS / 2)
        held = _resident() - before
        await asyncio.gather(*streams)
        ticking.cancel()
    finally:
        server.kill()
        await server.wait()
    lags.sort()
    name = f"model: {STREAMS} streams at once"
    return [
        Figure(f"{name}, memory of all", held / 1e6, "MB"),
        Figure(f"{name}, loop lag p50", median(lags) * 1e3, "ms"),
        Figure(f"{name}, loop lag p99", lags[int(len(lags) * 0.99)] * 1e3, "ms"),
    ]


def import_figures() -> list[Figure]:
    """What `import legate_core` takes in a fresh process, and how many modules of providers it loads: none."""
    code = (
        "import sys, time; t = time.perf_counter(); import legate_core; t = time.perf_counter() - t; "
        "print(t * 1e3, sum(name.startswith('legate_core.llm') for name in sys.modules))"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        for _ in range(ROUNDS)
    ]
    return [
        Figure("core: import, in a fresh process", median(float(taken) for taken, _ in runs), "ms"),
        Figure("core: modules of providers loaded by it", max(float(count) for _, count in runs), "", most=0),
    ]


def model_figures() -> list[Figure]:
    """All of them."""
    return [*import_figures(), *asyncio.run(chunk_figures()), *asyncio.run(stream_figures())]


async def _paced(base_url: str) -> None:
    settings = {"provider": "openai_compatible", "base_url": base_url, "model": "m"}
    items = [item async for item in open_model(settings, Surroundings(transport=Broker().transport)).stream(ASK)]
    assert isinstance(items[-1], Reply)


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def serve() -> None:
    """The other process: words at an even pace for whoever asks."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        for _ in range(SECONDS * 100):
            writer.write(chunk({"content": "word "}))
            await asyncio.sleep(0.01)
        writer.write(chunk(finish="stop") + usage() + DONE)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=2 * STREAMS)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
    await server.serve_forever()


async def _lag(found: list[float]) -> None:
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(0.001)
        found.append(max(0.0, time.perf_counter() - begun - 0.001))


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    else:
        print(table(model_figures()))
