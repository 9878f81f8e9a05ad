"""Paths: whatever is let through is plain, relative and inside, on every system."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.connectors.relative import parts_of
from legate_core.tools.spec import ToolFailed


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("", ()),
        (".", ()),
        ("a.txt", ("a.txt",)),
        ("./a//b/./c", ("a", "b", "c")),
        ("a/", ("a",)),
        ("Ünïcode/日本/🙂", ("Ünïcode", "日本", "🙂")),
        ("...", ("...",)),
        (" ", (" ",)),
        ("a: b?", ("a: b?",)),
        ("reports/.legate-trash", ("reports", ".legate-trash")),
    ],
)
def test_plain_paths_are_parted(path: str, parts: tuple[str, ...]):
    assert parts_of(path, windows=False) == parts


@pytest.mark.parametrize(
    "path",
    [
        "a:b",
        "CON",
        "nul.txt",
        "com1",
        "LPT¹.txt",
        "a.",
        "a ",
        "a/b ./c",
        "what?",
        "a*",
        "a|b",
        '"a"',
        "aux .x",
        "LEGATE~1",
        "a/PROGRA~2.x",
    ],
)
def test_names_that_windows_takes_for_something_else_are_refused_there(path: str):
    with pytest.raises(ToolFailed, match="Windows"):
        parts_of(path, windows=True)


@pytest.mark.parametrize(
    "name",
    [
        ".legate-trash",
        ".Legate-TRASH",
        ".legate\u200c-trash",
        "\ufeff.legate-trash",
        ".leg\u202eate-trash",
        ".\uff4cegate-trash",
    ],
)
def test_the_trash_is_known_in_any_spelling_that_a_file_system_takes_for_it(name: str):
    with pytest.raises(ToolFailed, match="Legate's own"):
        parts_of(f"{name}/20260101T000000Z-0123456789abcdef/item", windows=False)


@given(st.text(alphabet="./\\ab\0~$:\n\u202e\uff0e\ud800") | st.text())
def test_what_is_let_through_stays_inside(path: str):
    try:
        parts = parts_of(path, windows=False)
    except ToolFailed:
        return
    joined = os.path.normpath(Path("/folder").joinpath(*parts))
    assert joined == "/folder" or joined.startswith("/folder/")
    assert all(part not in {"", ".", ".."} and "/" not in part and "\0" not in part for part in parts)
