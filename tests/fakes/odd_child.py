"""What a child process may do wrong, on demand; for tests of whoever keeps children."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from legate_core.errors import Invalid
from legate_core.processes.limits import bound_memory, seal


def serve(config: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
    """Answers `{"do": …}` by doing it."""
    if config.get("refuse"):
        raise Invalid("This configuration makes no sense. Correct it.")
    if config.get("memory_bytes"):
        bound_memory(config["memory_bytes"])
    if config.get("sealed"):
        seal()
    held: list[bytearray] = []

    def answer(message: dict[str, Any]) -> Any:
        match message["do"]:
            case "echo":
                print("noise on standard output")
                return message["what"]
            case "pid":
                return os.getpid()
            case "environment":
                return sorted(os.environ)
            case "refuse":
                raise Invalid("That makes no sense. Say something else.")
            case "break":
                raise ZeroDivisionError("by zero")
            case "exit":
                os._exit(3)
            case "hang":
                time.sleep(600)
            case "eat":
                held.append(bytearray(message["bytes"]))
                return len(held)
            case "connect":
                socket.create_connection(("127.0.0.1", message["port"]), timeout=5).close()
            case "write":
                Path(message["path"]).write_text("written")
            case "run":
                subprocess.run(["true"], check=True)
            case "delete":
                Path(message["path"]).unlink()
            case "read":
                return Path(message["path"]).read_text()
        return None

    return answer
