"""Where lives are lived and ended: a zygote, a tracer that kills or fails at one chosen system call, and the folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from legate_core.storage.migrate import migrate

ROOT = Path(__file__).resolve().parent.parent.parent
WRITES = ("write", "pwrite64", "writev", "pwritev", "fsync", "fdatasync", "ftruncate", "rename", "unlink", "mkdir")
DEADLINE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Point:
    """The `number`-th call of one kind, in whichever thread comes to it first, and what befalls it.

    With a `path` (the end of a file's name) only calls on that file count; `stays` makes all later calls fail, too.
    """

    syscall: str
    number: int
    blow: str = "signal=KILL"
    stays: bool = False
    path: str = ""

    @property
    def inject(self) -> str:
        return f"inject={self.syscall}:{self.blow}:when={self.number}{'+' if self.stays else ''}"


@dataclass
class Life:
    """One life that was lived: where, how it ended, and what the tracer saw."""

    folder: Path
    exit_code: int
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)


class Stage:
    """Lives lives. One at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._template = folder / "template.db"
        self._count = 0
        self._zygote: subprocess.Popen[str] | None = None

    def open(self) -> None:
        migrate(f"sqlite:///{self._template}")
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        self._zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.zygote", str(self._fresh("warm-up"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        assert self._line() == "ready"

    def close(self) -> None:
        if self._zygote is not None:
            assert self._zygote.stdin is not None
            self._zygote.stdin.close()
            self._zygote.wait(DEADLINE_SECONDS)
            assert self._zygote.stdout is not None
            self._zygote.stdout.close()

    def live(self, *arguments: str, path: str = "", after: Life | None = None, scene: str = "") -> Life:
        """One life under the tracer, with these words for it; or a later life of a copy of what an earlier one left."""
        name = f"life-{self._count}"
        self._count += 1
        folder = self._fresh(name) if after is None else Path(shutil.copytree(after.folder, self.folder / name))
        scene = scene or ("live" if after is None else "live_again")
        log = folder / "trace"
        log.unlink(missing_ok=True)
        assert self._zygote is not None
        assert self._zygote.stdin is not None
        self._zygote.stdin.write(f"{scene} {folder}\n")
        self._zygote.stdin.flush()
        process_id = int(self._line())
        _wait_until(lambda: _field(process_id, "State").startswith("T"))
        command = [
            "strace",
            "-f",
            "-qq",
            "-y",
            "-o",
            str(log),
            *_watched(folder, path),
            *arguments,
            "-p",
            str(process_id),
        ]
        tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            _wait_until(lambda: tracer.poll() is not None or _field(process_id, "TracerPid") not in ("", "0"))
            if tracer.poll() is not None:
                assert tracer.stderr is not None
                raise AssertionError(
                    f"this machine forbids tracing, so crashes cannot be shown: {tracer.stderr.read()}"
                )
        finally:
            os.kill(process_id, signal.SIGCONT)
        exit_code = int(self._line())
        tracer.wait(DEADLINE_SECONDS)
        assert tracer.stderr is not None
        tracer.stderr.close()
        return Life(folder, exit_code, _counted(log))

    def points(self, after: Life | None = None, scene: str = "", path: str = "") -> list[Point]:
        """Every write of a whole, undisturbed life, by kind and number; or of the life after an earlier one's end."""
        life = self.live("-e", f"trace={','.join(WRITES)}", path=path, after=after, scene=scene)
        assert life.exit_code == 0
        most: Counter[str] = Counter()
        for (_, syscall), count in life.calls.items():
            most[syscall] = max(most[syscall], count)
        return [Point(syscall, number, path=path) for syscall in sorted(most) for number in range(1, most[syscall] + 1)]

    def strike(self, point: Point, after: Life | None = None, scene: str = "") -> Life:
        """One life that is struck at a point."""
        return self.live("-e", f"trace={point.syscall}", "-e", point.inject, path=point.path, after=after, scene=scene)

    def _fresh(self, name: str) -> Path:
        folder = self.folder / name
        home = folder / "home"
        home.mkdir(parents=True)
        (home / "throw-away").write_text("thrown away by the crash tests\n")
        shutil.copy(self._template, home / "legate.db")
        return folder

    def _line(self) -> str:
        assert self._zygote is not None
        assert self._zygote.stdout is not None
        line = self._zygote.stdout.readline()
        assert line, "the zygote died"
        return line.strip()


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """A stage that is taken down afterwards."""
    made = Stage(folder)
    made.open()
    try:
        yield made
    finally:
        made.close()


def _watched(folder: Path, path: str = "") -> list[str]:
    """Only what Legate writes counts: its data folder and the world, not the acknowledgements."""
    home = folder / "home"
    names = ["legate.db", "legate.db-wal", "legate.db-shm", "owner.lock", "notes.json", "notes.json.new", "runs"]
    names += ["keys.json", "keys.json.new"]
    paths = [*(home / name for name in names), folder / "world" / "happened.jsonl", home]
    return [word for item in paths if str(item).endswith(path) for word in ("-P", str(item))]


def _counted(log: Path) -> Counter[tuple[str, str]]:
    """How often each thread made each call."""
    found: Counter[tuple[str, str]] = Counter()
    for line in log.read_text(errors="replace").splitlines() if log.exists() else ():
        thread, _, call = line.partition(" ")
        name = call.strip().partition("(")[0]
        if name in WRITES:
            found[thread, name] += 1
    return found


def _field(process_id: int, name: str) -> str:
    try:
        lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:")), "")


def _wait_until(happened: object) -> None:
    """Look until it is so; what another process does to a third one, nobody announces."""
    assert callable(happened)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.001)
