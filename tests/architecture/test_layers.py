"""The contracts of import-linter hold, and would not hold if a layer looked up."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-logo", "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_every_contract_is_kept() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


DOWN = "Imports in the core only go down BROKEN"
CIRCLE = "Siblings form no circle, at any depth BROKEN"
FOREIGN = "The core knows no front end and no front end's library BROKEN"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"legate_core/kernel/late.py": "def f():\n    import legate_core.runs"}, DOWN),
        ({"legate_core/tools/peer.py": "import legate_core.vault"}, DOWN),
        ({"legate_core/newroom.py": ""}, "newroom"),
        ({"legate_core/runs/web.py": "import fastapi"}, FOREIGN),
        (
            {
                "legate_core/runs/a.py": "import legate_core.runs.b",
                "legate_core/runs/b.py": "def f():\n    from . import a",
            },
            CIRCLE,
        ),
        ({"legate_desktop/page.py": "import legate_core.runs"}, "The window knows the core by its surface only BROKEN"),
        ({"legate_core/runs/deep.py": "import legate_core.actions"}, None),
    ],
)
def test_a_breach_is_found(tmp_path: Path, files: dict[str, str], found: str | None) -> None:
    """The real contracts on an empty house of the same rooms, with one line that must not be there."""
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    rooms = [
        f"legate_core/{room}" for layer in _layers() for room in layer.strip("()").replace(") | (", " | ").split(" | ")
    ]
    for package in ("legate_core", "legate_desktop", "legate_server", *rooms):
        folder = tmp_path / package.replace("(", "").replace(")", "")
        folder.mkdir()
        (folder / "__init__.py").touch()
    for name, source in files.items():
        (tmp_path / name).write_text(source)
    done = lint_imports(tmp_path)
    assert (done.returncode == 0) == (found is None), done.stdout + done.stderr
    assert (found or "0 broken") in done.stdout + done.stderr


def _layers() -> list[str]:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = configuration["tool"]["importlinter"]["contracts"]
    return next(contract["layers"] for contract in contracts if contract["type"] == "layers")
