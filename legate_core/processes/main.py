"""A child process: takes its configuration, then answers one message after the other until its parent is gone.

Started as `python -m legate_core.processes.main module:function`. The function is called once with the configuration and
answers a function of a message. Whatever else prints goes nowhere near the frames.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

from legate_core.errors import LegateError
from legate_core.processes.frames import pack, read_frame
from legate_core.processes.limits import die_with_parent

Answer = Callable[[Any], Any]


def main() -> None:
    """Serve until standard input ends."""
    die_with_parent()
    source, sink = _take_standard_streams()
    module, _, name = sys.argv[1].partition(":")
    config = read_frame(source)
    serve: Callable[[Any], Answer] = getattr(importlib.import_module(module), name)
    ready, answer = _tried(serve, config)
    sink.write(pack(ready if answer is None else {"ok": None}))
    while answer is not None:
        message = read_frame(source)
        if message is None:
            return
        reply, _ = _tried(answer, message)
        sink.write(pack(reply))


def _tried(call: Callable[[Any], Any], argument: Any) -> tuple[dict[str, Any], Any]:
    """What a call came to, as a reply; faults in words, so that the parent need not know their types."""
    try:
        result = call(argument)
        return {"ok": None if callable(result) else result}, result
    except LegateError as error:
        return {"refused": error.code, "message": error.message}, None
    except MemoryError:
        return {"broke": "memory", "message": "It needs more memory than it may have."}, None
    except RecursionError:
        return {"broke": "depth", "message": "It is nested deeper than anything sensible."}, None
    except Exception as error:
        return {"broke": type(error).__name__, "message": str(error)[:400]}, None


def _take_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """The streams for frames; what libraries print to standard output goes to standard error instead."""
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return source, sink


if __name__ == "__main__":
    main()
