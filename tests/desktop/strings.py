"""Every string of the window that has a translation, gathered from the code, so that none is forgotten.

python -m tests.desktop.strings de      what the German catalogue lacks, as JSON to fill in
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from legate_desktop import pages
from legate_desktop.pages.approvals.edit_form import HINTS
from legate_desktop.pages.approvals.rule import VERDICTS
from legate_desktop.pages.settings.view import SECTIONS
from legate_desktop.pages.vault.view import KINDS
from legate_desktop.shell.places import PLACES
from legate_desktop.shell.registry import GROUPS, find_pages
from legate_desktop.shell.verbs import VERBS
from legate_desktop.theme.tokens import EFFECT_PILLS
from legate_desktop.widgets.pill import IN_DOUBT
from legate_desktop.words import CATALOGUES

ROOT = Path(__file__).resolve().parents[2] / "legate_desktop"
ROLES = ("Owner", "Admin", "Builder", "Operator", "Viewer")


def gathered() -> tuple[set[str], set[str]]:
    """The strings as they stand in the code: plain ones, and those with a plural."""
    plain, plurals = set[str](), set[str]()
    for file in sorted(ROOT.rglob("*.py")):
        for name, text in _calls(ast.parse(file.read_text(encoding="utf-8"))):
            (plurals if name == "plural" else plain).add(text)
    plain |= {verb.name for page in find_pages(pages) for verb in page.verbs} | {verb.name for verb in VERBS}
    plain |= {page.title for page in find_pages(pages)} | {title for _id, title, _icon in SECTIONS} | set(GROUPS)
    plain |= {text for place in PLACES for text in (place.title, place.sentence)}
    plain |= set(KINDS.values())
    plain |= {*VERDICTS.values(), *ROLES, *(f"Needs {role}" for role in ROLES), "Nobody may do this"} | {
        hint for hint in HINTS.values() if hint
    }
    plain |= {pill.word for pill in (*EFFECT_PILLS.values(), IN_DOUBT)}
    # Ages are put together from a table of units.
    plurals |= {"%n day(s)", "%n hour(s)", "%n minute(s)", "%n second(s)"}
    return plain - {""}, plurals


def _calls(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Every literal that is given to `tr` or `plural`, also inside a choice between two."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("tr", "plural"):
            for text in _literals(node.args[0]):
                yield node.func.id, text
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("Verb"):
            # A verb is translated where it is shown.
            for text in _literals(node.args[1]) if len(node.args) > 1 else ():
                yield "tr", text


def _literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body)
        yield from _literals(node.orelse)


def missing(code: str) -> dict[str, str | list[str]]:
    """What a catalogue lacks, each with an empty translation."""
    plain, plurals = gathered()
    has = json.loads((CATALOGUES / f"{code}.json").read_text(encoding="utf-8"))
    lacks: dict[str, str | list[str]] = {text: "" for text in sorted(plain) if not has.get(text)}
    return lacks | {text: ["", ""] for text in sorted(plurals) if not has.get(text)}


if __name__ == "__main__":
    print(json.dumps(missing(sys.argv[1]), ensure_ascii=False, indent=1))
