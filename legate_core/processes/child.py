"""One child process as its parent sees it: asked one thing at a time, killed when it takes too long."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from legate_core.errors import Conflict, Damaged, Forbidden, Invalid, LegateError, NotFound, Unavailable
from legate_core.processes.frames import LENGTH_BYTES, length_of, pack, unpack

START_SECONDS = 120.0
CLOSE_SECONDS = 2.0
"""How long a child may take to end by itself. One that hangs in a file is killed then."""
_ERRORS: Mapping[str, type[LegateError]] = {
    kind.code: kind for kind in (Conflict, Damaged, Forbidden, Invalid, NotFound, Unavailable)
}
# Nothing of the parent's settings reaches a child; these are what an interpreter and its libraries need to start.
_KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "TZ",
         "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE")  # fmt: skip


class Broke(Exception):
    """A child could not do what it was asked. `kind` is *died*, *overdue*, *memory*, *depth* or a fault's name."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


@dataclass(frozen=True)
class Program:
    """What a child runs (`module:function`), and what that function is called with."""

    target: str
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


class Child:
    """A running child. Whoever holds it asks one thing at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._is_killed = False
        self.asked = 0

    @classmethod
    async def start(cls, program: Program) -> Child:
        """Start a child and wait until it is ready. Raises what its first function raised, or `Broke`."""
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "legate_core.processes.main", program.target,
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={**environment, **program.environment},
        )  # fmt: skip
        child = cls(process)
        try:
            await child.ask(dict(program.config), START_SECONDS)
        except BaseException:
            await child.close()
            raise
        child.asked = 0
        return child

    @property
    def is_alive(self) -> bool:
        """Whether it can still be asked. A killed process is heard to end before the system says how it ended."""
        source = self._process.stdout
        is_heard = source is not None and not source.at_eof()
        return is_heard and self._process.returncode is None and not self._is_killed

    async def ask(self, message: Any, timeout_seconds: float) -> Any:
        """The child's answer. Raises the `LegateError` it raised; `Broke` for all else, and then it may be dead."""
        self.asked += 1
        try:
            async with asyncio.timeout(timeout_seconds):
                reply = await self._exchange(message)
        except TimeoutError as error:
            self.kill()
            raise Broke("overdue", f"It was not done after {timeout_seconds:g} seconds.") from error
        except (asyncio.IncompleteReadError, ConnectionError, ValueError) as error:
            code = await self.close()
            raise Broke("died", f"Its process ended unexpectedly ({_exit_in_words(code)}).") from error
        except asyncio.CancelledError:
            # Half an exchange is on the wire; nobody could tell the next answer from this one.
            self.kill()
            raise
        return _result(reply)

    def kill(self) -> None:
        """End it now."""
        self._is_killed = True
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    async def close(self) -> int:
        """End it: its input ends, and where that is not enough it is killed. Its exit code, once it has ended."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                return await self._process.wait()
        except TimeoutError:
            self.kill()
            return await self._process.wait()

    async def _exchange(self, message: Any) -> dict[str, Any]:
        sink, source = self._process.stdin, self._process.stdout
        assert sink is not None, "it was started with pipes"
        assert source is not None, "it was started with pipes"
        sink.write(pack(message))
        await sink.drain()
        length = length_of(await source.readexactly(LENGTH_BYTES))
        return unpack(await source.readexactly(length))


def _result(reply: dict[str, Any]) -> Any:
    if "ok" in reply:
        return reply["ok"]
    if "refused" in reply:
        raise _ERRORS.get(reply["refused"], Unavailable)(reply["message"])
    raise Broke(reply["broke"], reply["message"])


def _exit_in_words(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
