"""The log: what went wrong is in a file that a person can open."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from legate_desktop import log_file


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """Handlers of one test are not those of the next."""
    root = logging.getLogger()
    before = list(root.handlers)
    yield
    for handler in [found for found in root.handlers if found not in before]:
        root.removeHandler(handler)
        handler.close()


def test_a_warning_is_written_to_the_file_of_this_person_alone(tmp_path: Path) -> None:
    file = tmp_path / "state" / "legate.log"
    assert log_file.begin(file) == file
    logging.getLogger("legate_core.kernel").warning("the disk is nearly full")
    assert file.read_text(encoding="utf-8").endswith("legate_core.kernel: the disk is nearly full\n")
    assert file.parent.stat().st_mode & 0o077 == 0


def test_the_file_is_cut_at_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "MOST_BYTES", 2_000)
    file = tmp_path / "legate.log"
    log_file.begin(file)
    for at in range(100):
        logging.getLogger("legate_core").warning("trouble number %s", at)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["legate.log", "legate.log.1"]
    assert sum(found.stat().st_size for found in tmp_path.iterdir()) <= 4_000
    assert "trouble number 99" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("has_file", [True, False])
def test_a_fault_in_a_library_leaves_each_threads_place(tmp_path: Path, has_file: bool) -> None:
    file = tmp_path / "legate.log"
    place = f"Path({str(file)!r})" if has_file else "None"
    die = f"log_file.catch_crashes({place}); faulthandler._sigsegv()"
    code = f"import faulthandler; from pathlib import Path; from legate_desktop import log_file; {die}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    said = file.read_text(encoding="utf-8") if has_file else done.stderr
    assert "Segmentation fault" in said
    assert "(most recent call first)" in said


def test_without_a_place_to_write_there_is_none_to_open(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    assert log_file.begin(tmp_path / "state" / "legate.log") is None
    assert log_file.begin(None) is None
