"""Every setting that the code reads stands in `.env.example`, and what stands there is read."""

from __future__ import annotations

import ast
import re

from tests.architecture.test_sources import MODULES, ROOT

FOR_MAKE_ONLY = {"LEGATE_SYSTEM_LIBRARIES"}
VARIABLE = re.compile(r"LEGATE_[A-Z][A-Z_]*")


def read_by_the_code() -> set[str]:
    """Names of variables that stand by themselves as a text, which is how they are asked for."""
    return {
        node.value
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and VARIABLE.fullmatch(node.value)
    }


def test_the_example_names_every_setting_and_no_other() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^#(LEGATE_[A-Z_]+)=", example, re.MULTILINE))
    assert named - FOR_MAKE_ONLY == read_by_the_code()
    assert len(named) > 8


def test_the_settings_of_the_engine_are_read_in_one_place() -> None:
    """All but the token of a server that a command or the window speaks to, which are no engine, and the window's log."""
    elsewhere = {
        (path.relative_to(ROOT).as_posix(), found)
        for path in MODULES
        if path.name != "settings.py"
        for found in re.findall(r"environ\S*?[\[(][\"'](LEGATE_[A-Z_]+)", path.read_text(encoding="utf-8"))
    }
    assert {name for _, name in elsewhere} <= {"LEGATE_TOKEN", "LEGATE_LOG"}
