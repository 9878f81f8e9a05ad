"""Importing the core is light: heavy libraries are loaded by the first thing that needs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {
    "alembic", "argon2", "chromadb", "docx", "fastapi", "httpx", "jsonschema", "keyring", "mcp", "onnxruntime",
    "pypdf", "PySide6", "qasync", "starlette", "uvicorn",
}  # fmt: skip


def loaded_by(module: str) -> set[str]:
    program = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


@pytest.mark.slow
def test_importing_the_core_loads_nothing_heavy() -> None:
    assert loaded_by("legate_core") & HEAVY == set()


@pytest.mark.slow
def test_importing_the_window_loads_neither_the_core_nor_its_database() -> None:
    """The window paints first; the core is imported after that, in its own thread."""
    if (ROOT / "legate_desktop" / "app.py").exists():
        loaded = loaded_by("legate_desktop.app")
        assert {name for name in loaded if name.startswith(("legate_core.", "sqlalchemy"))} == set()


def test_the_heavy_list_would_be_noticed() -> None:
    assert "json" in loaded_by("json")
