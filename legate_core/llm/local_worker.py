"""The process in which a model of one's own lives: loads it, answers over its standard streams, dies with its parent.

    python -m legate_core.llm.local_worker FILE CONTEXT_TOKENS THREADS

In and out go JSON values, one a line. It is told `{"id": 1, "body": …}` and `{"stop": 1}`, and says `{"read": n, "of": n}`
while the file is read, `{"ready": true}`, then `{"id": 1, "chunk": …}` for each piece and `{"id": 1, "end": true}`.
"""

from __future__ import annotations

import importlib
import json
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

BLOCK = 16_000_000
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve one parent."""
    _die_with_parent()
    out = _own_output()
    file, context_tokens, threads = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    _read_through(file, lambda done, total: _say(out, {"read": done, "of": total}))
    server = _server(file, context_tokens, threads)
    _say(out, {"ready": True})
    _Worker(server, out).run(sys.stdin.buffer)


def _server(file: Path, context_tokens: int, threads: int) -> Any:
    # An optional extra without types, loaded in this process only.
    xllamacpp: Any = importlib.import_module("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.n_ctx = context_tokens
    params.n_parallel = 1
    params.cpuparams.n_threads = threads
    params.warmup = False
    params.verbosity = 0
    # The library opens a port of its own, which nobody here uses: a key that nobody knows keeps others out of it.
    params.port = 0
    params.api_keys = [secrets.token_hex(32)]
    params.endpoint_slots = params.endpoint_metrics = params.endpoint_props = False
    return xllamacpp.Server(params)


class _Worker:
    """Answers one question after the other; hears meanwhile whether it shall stop."""

    def __init__(self, server: Any, out: BinaryIO) -> None:
        self._server = server
        self._out = out
        self._guard = threading.Lock()
        self._turn = threading.Lock()
        self._stopped: set[int] = set()

    def run(self, source: BinaryIO) -> None:
        for line in source:
            told = cast("dict[str, Any]", json.loads(line))
            if "stop" in told:
                self._stopped.add(int(told["stop"]))
                continue
            threading.Thread(target=self._answer, args=(int(told["id"]), told["body"]), daemon=True).start()
        # The parent is gone. Whatever the library's threads are at, there is nobody left to hear it.
        os._exit(0)

    def _answer(self, number: int, body: Any) -> None:
        def hear(chunk: str) -> bool:
            self._tell({"id": number, "chunk": json.loads(chunk)})
            return number in self._stopped

        with self._turn:
            if number not in self._stopped:
                try:
                    self._server.handle_chat_completions(json.dumps(body), hear)
                except Exception as error:
                    # Whatever the library raises: whoever asked waits for an end, and this thread is the only one to say it.
                    self._tell({"id": number, "chunk": {"error": {"code": 500, "message": repr(error)[:300]}}})
            self._stopped.discard(number)
        self._tell({"id": number, "end": True})

    def _tell(self, data: Any) -> None:
        with self._guard:
            _say(self._out, data)


def _say(out: BinaryIO, data: Any) -> None:
    try:
        out.write(json.dumps(data).encode() + b"\n")
        out.flush()
    except BrokenPipeError:
        os._exit(0)


def _read_through(file: Path, tell: Callable[[int, int], None]) -> None:
    """Read the file once. Most of loading a model is waiting for the disk, and this way the wait can be shown."""
    total, done = file.stat().st_size, 0
    with file.open("rb", buffering=0) as source:
        while block := source.read(BLOCK):
            done += len(block)
            tell(done, total)


def _own_output() -> BinaryIO:
    """Standard output for us alone: what the library prints goes where errors go."""
    mine = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return mine


def _die_with_parent() -> None:
    """On Linux the system sees to it, also while the model is being loaded; elsewhere the end of standard input does."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
