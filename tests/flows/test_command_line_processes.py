"""The command line as real processes: a terminal, a closed pipe, Ctrl-C, a second process, a start that is light."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

LEGATE = [sys.executable, "-W", "error", "-m", "legate_core.cli"]
PATIENCE_SECONDS = 60.0
"""How long a test waits for what must happen; it goes on as soon as it does."""


def legate(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LEGATE, *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


class Terminal:
    """A process before a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self._ours, theirs = os.openpty()
        environment = os.environ | {"TERM": "xterm", "COLUMNS": "80"}
        self.process = subprocess.Popen(
            [*LEGATE, *arguments], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
        )
        os.close(theirs)
        self.shown = ""

    def wait_for(self, text: str) -> None:
        """Read until the text was shown."""
        end = time.monotonic() + PATIENCE_SECONDS
        while text not in " ".join(self.shown.split()):
            ready, _, _ = select.select([self._ours], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{text!r} was never shown: {self.shown}"
            self.shown += os.read(self._ours, 4096).decode()

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def end(self) -> int:
        """Read the rest; the code it ended with."""
        try:
            while data := os.read(self._ours, 4096):
                self.shown += data.decode()
        except OSError:
            pass  # The other end is closed: on Linux that is how a terminal says so.
        os.close(self._ours)
        return self.process.wait(PATIENCE_SECONDS)


def test_the_help_loads_nothing_heavy() -> None:
    program = (
        "import sys, legate_core.cli.command_line as line\nline.parser().format_help()\n"
        "import json; print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    heavy = {"sqlalchemy", "alembic", "msgspec", "httpx", "jsonschema", "keyring", "argon2", "cryptography", "PySide6"}
    assert loaded & heavy == set()


def test_a_reader_that_goes_away_is_no_fault() -> None:
    process = subprocess.Popen(
        [*LEGATE, "rules", "--practice"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (process.wait(PATIENCE_SECONDS), said) == (141, "")


def test_a_script_gets_results_on_stdout_and_nothing_on_stderr() -> None:
    done = legate("run", "--practice", "--json")
    assert (done.returncode, done.stderr) == (10, "")
    assert json.loads(done.stdout)["run"]["status"] == "waiting"
    refused = legate("inbox", "nothing", "--practice")
    assert (refused.returncode, refused.stdout) == (3, "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_an_old_encoding_is_no_fault(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert legate("run", "--practice").returncode == 10
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    command = [*LEGATE, "inbox", "--practice"]
    people = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    machines = subprocess.run([*command, "--json"], capture_output=True, check=False, stdin=subprocess.DEVNULL)
    assert (people.returncode, machines.returncode) == (0, 0)
    assert "“Your Fjord lamp" in json.loads(machines.stdout)["questions"][0]["title"]


def test_serve_says_where_it_serves_and_ends_in_good_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGATE_TOKEN", "t" * 43)
    command = [*LEGATE, "serve", "--practice", "--port", "0"]
    server = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert server.stderr is not None
    said = server.stderr.readline()
    url = said.partition("Legate serves at ")[2].partition(". ")[0]
    assert url.startswith("http://127.0.0.1:"), said
    listed = legate("agents", "--server", url, "--json")
    server.send_signal(signal.SIGINT)
    rest = server.communicate(timeout=PATIENCE_SECONDS)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert [agent["name"] for agent in json.loads(listed.stdout)["agents"]] == ["Practice deputy"]
    assert (server.returncode, rest) == (0, ("", ""))


@pytest.mark.parametrize("arguments", [[], ["--port", "70000"], ["--port", "many"], ["--host", "0.0.0.0"], ["--bogus"]])
def test_serve_refuses_what_it_cannot_serve(arguments: list[str]) -> None:
    done = legate("serve", "--practice", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


def test_a_person_sees_progress_in_colour_and_is_asked_before_a_row_is_approved(tmp_path: Path) -> None:
    run = Terminal("run", "--practice")
    assert run.end() == 10
    assert "mail.read" in run.shown
    asked = Terminal("approve", "1", "--practice")
    asked.wait_for("This one? [y/N]")
    second = legate("runs", "--practice")
    assert second.returncode == 6
    assert f"process {asked.process.pid}" in second.stderr
    asked.type("y\n")
    assert asked.end() == 0
    assert "Approved" in asked.shown
    card = Terminal("inbox", "1", "--practice")
    assert card.end() == 0
    assert "\x1b[1m" in card.shown


def test_ctrl_c_at_a_question_ends_at_once_and_answers_nothing(tmp_path: Path) -> None:
    assert legate("run", "--practice").returncode == 10
    asked = Terminal("approve", "1", "--practice")
    asked.wait_for("This one? [y/N]")
    os.kill(asked.process.pid, signal.SIGINT)
    assert asked.end() == 130
    assert "Traceback" not in asked.shown
    waiting = legate("inbox", "--practice", "--json")
    assert len(json.loads(waiting.stdout)["questions"]) == 1


def test_ctrl_c_at_a_prompt_for_a_secret_ends_at_once() -> None:
    asked = Terminal("vault", "add", "key", "--host", "api.example.com", "--practice")
    asked.wait_for("Value of key:")
    os.kill(asked.process.pid, signal.SIGINT)
    assert asked.end() == 130
    assert "Traceback" not in asked.shown


def test_a_secret_that_is_typed_is_not_shown() -> None:
    asked = Terminal("vault", "add", "key", "--host", "api.example.com", "--practice")
    asked.wait_for("Value of key:")
    asked.type("hunter2-hunter2\n")
    assert asked.end() == 0
    assert "hunter2" not in asked.shown
    assert "is in the vault" in asked.shown
