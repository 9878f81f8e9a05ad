"""`legate serve`: what it refuses to start with, that it serves, and that it goes down in good order."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from legate_core.errors import Invalid, Unavailable
from legate_core.settings import Settings
from legate_server.app import listen, serve, url_of
from tests.server.small_core import TOKEN

ROOT = Path(__file__).resolve().parents[2]


async def never(settings: Settings) -> None:
    raise AssertionError("the core was opened")


@pytest.mark.parametrize(
    ("token", "host", "words"),
    [
        ("", "127.0.0.1", r"LEGATE_TOKEN, and there is none.*token_urlsafe"),
        ("short", "127.0.0.1", r"could be guessed.*token_urlsafe"),
        (TOKEN, "0.0.0.0", "LEGATE_HOST.*this machine only"),
        (TOKEN, "example.com", "LEGATE_HOST.*this machine only"),
    ],
)
def test_it_refuses_before_anything_is_opened(tmp_path: Path, token: str, host: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        serve(Settings(tmp_path, token=token, host=host), open_core=never)  # type: ignore[arg-type] # is never awaited
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_named() -> None:
    with listen("127.0.0.1", 0) as first:
        first.listen()
        port = first.getsockname()[1]
        with pytest.raises(Unavailable, match=f"Port {port}.*LEGATE_PORT"):
            listen("127.0.0.1", port)


def test_addresses_are_said_as_they_are_typed() -> None:
    with listen("localhost", 0) as found:
        assert url_of(found) == f"http://127.0.0.1:{found.getsockname()[1]}"
        # asyncio sends answers without Nagle's delay only where the socket says that it is TCP.
        assert found.proto == socket.IPPROTO_TCP
    if socket.has_ipv6:
        try:
            six = listen("::1", 0)
        except Unavailable:
            return
        with six:
            assert url_of(six) == f"http://[::1]:{six.getsockname()[1]}"


PROGRAM = """
import sys
from pathlib import Path
from legate_core.settings import Settings
from legate_server.app import serve
settings = Settings(Path(sys.argv[1]), sys.argv[2], keys="memory", token=sys.argv[3], port=0, is_throw_away=True)
serve(settings, is_ready=lambda url: print(url, flush=True))
print("closed", flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_its_streams_and_closes_the_core(tmp_path: Path, database_url: str, how: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(tmp_path / "home"), database_url, TOKEN],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), process.communicate()
        headers = {"authorization": f"Bearer {TOKEN}", "accept": "text/event-stream"}
        with httpx.Client(base_url=url, trust_env=False, timeout=30) as web:
            assert web.get("/health").json() == {"status": "ok"}
            with web.stream("GET", "/v1/agents", headers=headers) as answer:
                lines = answer.iter_lines()
                assert next(line for line in lines if line.startswith("event")) == "event: snapshot"
                process.send_signal(how)
                assert all(line == "" or line.startswith(("data", ":")) for line in lines)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (0, "closed\n"), err
        assert "Traceback" not in err
