"""Types that several threads use for the first time at once."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import dataclass, make_dataclass
from typing import Any

import msgspec
import pytest

from legate_core import typed

MANY = 400
AT_ONCE = f"""
import sys, threading
from dataclasses import make_dataclass
from legate_core import typed

sys.setswitchinterval(1e-6)
for number in range({MANY}):
    inner = make_dataclass(f"Inner{{number}}", [(f"f{{i}}", int) for i in range(5)])
    outer = make_dataclass(f"Outer{{number}}", [("f0", inner), *((f"f{{i}}", str) for i in range(1, 25))])
    data = {{"f0": {{f"f{{i}}": i for i in range(5)}}}} | {{f"f{{i}}": "x" for i in range(1, 25)}}
    together = threading.Barrier(3)
    found = []

    def use():
        together.wait()
        found.append(typed.convert(data, outer))
        found.append(typed.convert(data["f0"], inner))

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6 and found[0].f0.f4 == 4
print("done")
"""


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0


@pytest.mark.slow
def test_threads_that_use_a_new_type_at_once_end_no_process() -> None:
    done = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr[-2_000:]


def test_a_type_is_gathered_once_and_by_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = [make_dataclass(f"Kind{number}", [("x", int)]) for number in range(8)]
    inside, seen = [0], []
    real = msgspec.json.Decoder

    def watched(kind: Any) -> Any:
        inside[0] += 1
        seen.append((kind, inside[0]))
        try:
            return real(kind)
        finally:
            inside[0] -= 1

    monkeypatch.setattr(msgspec.json, "Decoder", watched)
    threads = [threading.Thread(target=lambda: [typed.gather(kind) for kind in kinds]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    typed.gather(kinds[0])
    assert sorted(kind.__name__ for kind, _ in seen) == [kind.__name__ for kind in kinds]
    assert {beside for _, beside in seen} == {1}


def test_what_does_not_fit_names_its_place() -> None:
    assert typed.convert({"x": 1}, Point) == Point(1)
    assert typed.decode(b'{"x": 1, "y": 2}', Point) == typed.decoder(Point)('{"x": 1, "y": 2}') == Point(1, 2)
    for refused in (lambda: typed.convert({"x": "one"}, Point), lambda: typed.decode(b'{"x": "one"}', Point)):
        with pytest.raises(msgspec.ValidationError, match=r"\$\.x"):
            refused()
