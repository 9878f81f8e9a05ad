"""The surface of the core: every name is there, loads, and is the same for a type checker."""

from __future__ import annotations

import ast
from pathlib import Path

import legate_core

STUB = Path(legate_core.__file__).with_suffix(".pyi")


def in_the_stub() -> set[str]:
    tree = ast.parse(STUB.read_text(encoding="utf-8"))
    return {name.name for node in tree.body if isinstance(node, ast.ImportFrom) for name in node.names}


def test_every_name_loads() -> None:
    assert len(legate_core.__all__) > 40
    for name in legate_core.__all__:
        assert getattr(legate_core, name) is not None


def test_the_stub_says_the_same_names() -> None:
    assert in_the_stub() == set(legate_core.__all__)


def test_an_unknown_name_is_an_error() -> None:
    assert not hasattr(legate_core, "Anything")
