"""A model server of a few lines on loopback that plays given answers, well-behaved or not, and remembers what was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

END = Literal["end", "cut", "hang", "reset"]
"""How an answer ends: as it should, by a closed connection, in silence until the client leaves, or by a reset."""

Piece = bytes | asyncio.Event
"""Bytes to send as one chunk, or an event to wait for."""


@dataclass
class Answer:
    """One HTTP answer."""

    pieces: Sequence[Piece] = ()
    status: int = 200
    content_type: str = "text/event-stream"
    headers: Mapping[str, str] = field(default_factory=dict)
    end: END = "end"


@dataclass
class Asked:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]
    body: Any


Play = Callable[[Asked], Answer]


class ModelServer:
    """Plays its answers in order, the last one for ever. An answer may be a function of the request."""

    def __init__(self, *answers: Answer | Play) -> None:
        self.answers = list(answers)
        self.requests: list[Asked] = []
        self.left = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def __aenter__(self) -> ModelServer:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.left.set()
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await _read(reader)
        number = min(len(self.requests), len(self.answers) - 1)
        self.requests.append(asked)
        chosen = self.answers[number]
        answer = chosen if isinstance(chosen, Answer) else chosen(asked)
        if not answer.pieces and answer.end == "hang":
            await self._until_left(reader)
            return
        head = {"content-type": answer.content_type, "transfer-encoding": "chunked", **answer.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items() if value)
        writer.write(f"HTTP/1.1 {answer.status} Said\r\n{lines}\r\n".encode())
        for piece in answer.pieces:
            if isinstance(piece, asyncio.Event):
                await writer.drain()
                await piece.wait()
            elif head["transfer-encoding"]:
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                await writer.drain()
            else:
                writer.write(piece)
                await writer.drain()
        if answer.end == "hang":
            await self._until_left(reader)
        elif answer.end == "reset":
            writer.transport.abort()
        elif answer.end == "end" and head["transfer-encoding"]:
            writer.write(b"0\r\n\r\n")
            await writer.drain()

    async def _until_left(self, reader: asyncio.StreamReader) -> None:
        while await reader.read(1024):
            pass
        self.left.set()


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(head[0].split()[1], headers, json.loads(body) if body else None)


# What a well-behaved server says


def event(data: Any) -> bytes:
    """One server-sent event."""
    return f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


def chunk(delta: Mapping[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    """One chunk of a chat completion."""
    choice = {"index": 0, "delta": dict(delta or {}), "finish_reason": finish}
    return event({"id": "c-1", "object": "chat.completion.chunk", "model": "fake-1", "choices": [choice], **more})


def usage(sent: int = 10, received: int = 5, **more: Any) -> bytes:
    """The chunk with the tokens counted, which comes after the last word."""
    counted = {"prompt_tokens": sent, "completion_tokens": received, **more}
    return event({"id": "c-1", "model": "fake-1", "choices": [], "usage": counted})


def fragment(index: int, id: str = "", name: str = "", arguments: str = "") -> dict[str, Any]:
    """A piece of a tool call."""
    found: dict[str, Any] = {"index": index, "function": {"arguments": arguments}}
    if id:
        found |= {"id": id, "type": "function"}
    if name:
        found["function"]["name"] = name
    return found


DONE = event("[DONE]")


def said(*texts: str, finish: str = "stop", end: END = "end") -> Answer:
    """A whole text, streamed in these pieces."""
    return Answer([*(chunk({"content": text}) for text in texts), chunk(finish=finish), usage(), DONE], end=end)


def called(*fragments: Mapping[str, Any], say: str = "") -> Answer:
    """Tool calls, streamed in these fragments."""
    text = [chunk({"content": say})] if say else []
    return Answer([*text, *(chunk({"tool_calls": [f]}) for f in fragments), chunk(finish="tool_calls"), usage(), DONE])


def refused(status: int, error: Any, **headers: str) -> Answer:
    """An error as JSON; `retry_after="3"` becomes a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer([json.dumps({"error": error}).encode()], status, "application/json", named)
