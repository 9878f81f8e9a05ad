"""What every source file promises: a sentence of its own, nothing unfinished, nothing of one machine."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("legate_core", "legate_desktop", "legate_server")
TEXTS = (".py", ".toml", ".md", ".yml", ".yaml", ".sh", ".json", ".mako", ".lock", ".txt")

MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
FILES = sorted(
    path
    for folder in (*PACKAGES, "tests", "installers", "resources", ".github", ".ci")
    for path in (ROOT / folder).rglob("*")
    if path.is_file() and (path.suffix in TEXTS or path.parent.name == ".ci")
) + sorted(path for path in ROOT.iterdir() if path.is_file() and path.suffix in TEXTS)

# Put together here, so that this file passes its own test.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
OF_ONE_MACHINE = re.compile(r"(?<![\w.:/-])/(?:home|root|Users|work|opt/py" + r"pi)/[\w.-]")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def faults(pattern: re.Pattern[str], path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [f"{named(path)}:{number}: {line.strip()}" for number, line in enumerate(lines, 1) if pattern.search(line)]


def test_the_lists_are_not_empty() -> None:
    assert len(MODULES) > 50
    assert {"pyproject.toml", "tests/conftest.py", "installers/bootstrap.sh"} <= {named(path) for path in FILES}


def test_every_module_says_in_a_sentence_what_it_is() -> None:
    silent = []
    for path in MODULES:
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if not docstring.split("\n\n")[0].rstrip().endswith((".", ":", "?")):
            silent.append(named(path))
    assert silent == []


def test_nothing_is_left_for_later() -> None:
    assert [fault for path in FILES for fault in faults(UNFINISHED, path)] == []


def test_no_path_of_one_machine() -> None:
    """A path below somebody's home works for nobody else. Examples in tests and documents use /srv or /tmp."""
    assert [fault for path in FILES for fault in faults(OF_ONE_MACHINE, path)] == []


def test_types_go_to_msgspec_one_thread_at_a_time() -> None:
    """Two threads that use a new type at once end the process; `typed` says why."""
    past = re.compile(r"msgspec\.(convert|\w+\.Decoder|\w+\.decode\([^)]*type=)")
    assert [fault for path in MODULES if path.name != "typed.py" for fault in faults(past, path)] == []


def test_the_locks_name_no_registry() -> None:
    for lock in (ROOT / "requirements.lock", *(ROOT / "installers").glob("*.lock")):
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text
        assert "--index-url" not in text
        pinned = [line for line in text.splitlines() if "==" in line and not line.startswith(" ")]
        assert len(pinned) >= 1
        assert text.count("--hash=sha256:") >= len(pinned)


def test_every_requirement_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + [line for name in ("desktop", "server", "test", "dev") for line in extras[name]]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").lower()
    names = {re.split(r"[\[<>=~ ]", line)[0].lower().replace("_", "-") for line in wanted}
    missing = {name for name in names if f"\n{name}==" not in f"\n{lock}"}
    assert missing == set(), "run 'make lock'"
