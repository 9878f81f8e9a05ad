"""The worker processes in which models of one's own live: started when asked, one at a time, gone when idle."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from legate_core.llm.server_errors import Trouble, trouble

log = logging.getLogger(__name__)

LINE_BYTES = 8_000_000
SILENCE_SECONDS = 1_800.0
"""A long conversation takes a small computer minutes before the first word; a process that says nothing for so long is
stuck."""
WORKER = "legate_core.llm.local_worker"

Progress = Callable[[str, int, int], None]
"""The file that is loaded, how much of it is read, and of how much."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A model file and how it is loaded."""

    file: Path
    context_tokens: int
    threads: int
    idle_seconds: float


@dataclass
class _Worker:
    """One process and who waits for what it says."""

    process: Process
    waiting: dict[int, asyncio.Queue[dict[str, Any] | None]] = field(
        default_factory=dict[int, "asyncio.Queue[dict[str, Any] | None]"]
    )
    number: int = 0
    timer: asyncio.TimerHandle | None = None
    reader: asyncio.Task[None] | None = None
    is_over: bool = False
    heard_at: float = 0.0
    is_free: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_alive(self) -> bool:
        """Whether it can still be asked. A killed process is heard to end before the system says how it ended."""
        return not self.is_over and self.process.returncode is None

    def tell(self, data: Mapping[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(data).encode() + b"\n")

    async def listen(self) -> None:
        """Hand each line to whoever waits for it; at the end of what it says everybody is told, and nobody asks it again."""
        assert self.process.stdout is not None
        try:
            async for line in self.process.stdout:
                self.heard_at = asyncio.get_running_loop().time()
                told = json.loads(line)
                queue = self.waiting.get(told.get("id", 0))
                if queue is not None:
                    queue.put_nowait(told)
        except ValueError:
            # Half a line is what a killed process leaves; any other nonsense means that it cannot be understood any more.
            log.warning("a model's process said something that cannot be read, so it is ended", exc_info=True)
            self.end()
        finally:
            self.is_over = True
            for queue in self.waiting.values():
                queue.put_nowait(None)

    def end(self) -> None:
        """End the process now; nobody asks it again."""
        self.is_over = True
        with suppress(ProcessLookupError):
            self.process.kill()


class LocalModels:
    """Every model file that is loaded in this process's workers. Only one is: memory is what these models need most."""

    def __init__(
        self, command: tuple[str, ...] = (sys.executable, "-m", WORKER), silence_seconds: float = SILENCE_SECONDS
    ) -> None:
        self._command = command
        self._silence_seconds = silence_seconds
        self._workers: dict[Placed, _Worker] = {}
        self._guard = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def loaded(self) -> list[Path]:
        """The files that are in memory now."""
        return [placed.file for placed, worker in self._workers.items() if worker.is_alive]

    @property
    def process_ids(self) -> list[int]:
        """The workers' processes."""
        return [worker.process.pid for worker in self._workers.values()]

    async def ask(self, placed: Placed, body: Mapping[str, Any], progress: Progress) -> AsyncGenerator[Any, None]:
        """The pieces of a model's answer. Raises `Trouble` where the process ends before the answer does, or falls silent."""
        worker = await self._worker(placed, progress)
        if worker.timer is not None:
            worker.timer.cancel()
        worker.number += 1
        number = worker.number
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        worker.waiting[number] = queue
        worker.is_free.clear()
        worker.heard_at = asyncio.get_running_loop().time()
        worker.tell({"id": number, "body": body})
        try:
            while (told := await self._next(placed, worker, queue)) is not None:
                if told.get("end"):
                    return
                yield told.get("chunk")
            raise trouble(
                "unavailable",
                f"The process of {placed.file.name} has ended, perhaps for want of memory. "
                "Choose a smaller model or a smaller context, then try again.",
            )
        finally:
            if worker.is_alive:
                worker.tell({"stop": number})
            worker.waiting.pop(number, None)
            if not worker.waiting:
                worker.is_free.set()
            self._rest(placed, worker)

    async def _next(
        self, placed: Placed, worker: _Worker, queue: asyncio.Queue[dict[str, Any] | None]
    ) -> dict[str, Any] | None:
        """What the process says next to one who waits; None where it has ended. Who waits for others' answers waits on."""
        while True:
            silent = asyncio.get_running_loop().time() - worker.heard_at
            try:
                async with asyncio.timeout(self._silence_seconds - silent):
                    return await queue.get()
            except TimeoutError as error:
                if asyncio.get_running_loop().time() - worker.heard_at < self._silence_seconds:
                    continue
                worker.end()
                raise self._stuck(placed) from error

    def _stuck(self, placed: Placed) -> Trouble:
        return trouble(
            "timeout",
            f"{placed.file.name} has said nothing for {self._silence_seconds:.0f} seconds, so its process was ended. "
            "Try again, or choose a smaller model or a smaller context.",
        )

    async def close(self) -> None:
        """End every worker."""
        for placed in list(self._workers):
            await self._end(placed)
        await asyncio.gather(*self._ending)

    async def _worker(self, placed: Placed, progress: Progress) -> _Worker:
        async with self._guard:
            known = self._workers.get(placed)
            if known is not None and known.is_alive:
                return known
            for other, worker in list(self._workers.items()):
                # Whoever is being answered is answered to the end; who asks this one meanwhile comes after us.
                await worker.is_free.wait()
                await self._end(other)
            return await self._start(placed, progress)

    async def _start(self, placed: Placed, progress: Progress) -> _Worker:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            str(placed.file),
            str(placed.context_tokens),
            str(placed.threads),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            limit=LINE_BYTES,
        )
        try:
            await self._until_ready(process, placed, progress)
        except BaseException:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        worker = _Worker(process)
        worker.is_free.set()
        worker.reader = asyncio.get_running_loop().create_task(worker.listen(), name=f"model {placed.file.name}")
        self._workers[placed] = worker
        return worker

    async def _until_ready(self, process: Process, placed: Placed, progress: Progress) -> None:
        assert process.stdout is not None
        while line := await self._line(process.stdout, placed):
            told = json.loads(line)
            if told.get("ready"):
                return
            progress(placed.file.name, int(told.get("read", 0)), int(told.get("of", 0)))
        raise trouble(
            "unavailable",
            f"{placed.file.name} cannot be loaded: it is no model of a known kind, or there is too little memory. "
            "Choose another file or a smaller context.",
        )

    async def _line(self, stdout: asyncio.StreamReader, placed: Placed) -> bytes:
        try:
            async with asyncio.timeout(self._silence_seconds):
                return await stdout.readline()
        except TimeoutError as error:
            raise self._stuck(placed) from error

    def _rest(self, placed: Placed, worker: _Worker) -> None:
        """Unload after a time without a question."""
        if worker.waiting or self._workers.get(placed) is not worker:
            return
        loop = asyncio.get_running_loop()

        async def unload() -> None:
            # Somebody may have asked between the timer and this.
            if not worker.waiting and self._workers.get(placed) is worker:
                await self._end(placed)

        def rest() -> None:
            task = loop.create_task(unload(), name=f"unload {placed.file.name}")
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

        worker.timer = loop.call_later(placed.idle_seconds, rest)

    async def _end(self, placed: Placed) -> None:
        worker = self._workers.pop(placed, None)
        if worker is None:
            return
        if worker.timer is not None:
            worker.timer.cancel()
        worker.end()
        await worker.process.wait()
        if worker.reader is not None:
            await worker.reader
