"""Every string of the window that has a translation, gathered from the code, so that none is forgotten.

python -m tests.desktop.strings de      what the German catalogue lacks, as JSON to fill in
"""

from __future__ import annotations

import ast
import json
import re
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
WORDS = re.compile("[A-Z][a-z]")
"""How what is shown begins; names of icons and fields are in small letters, and keys are one."""
ROLES = ("Owner", "Admin", "Builder", "Operator", "Viewer")


def gathered() -> tuple[set[str], set[str]]:
    """The strings as they stand in the code: plain ones, and those with a plural."""
    plain, plurals = set[str](), set[str]()
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in sorted(ROOT.rglob("*.py"))]
    tables = _tables(trees)
    for tree in trees:
        for name, text in _calls(tree):
            (plurals if name == "plural" else plain).add(text)
        if _translates_a_variable(tree):
            plain |= {text for name in _names(tree) for text in tables.get(name, ())}
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


def _translates_a_variable(tree: ast.AST) -> bool:
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "tr"
        and not isinstance(node.args[0], ast.Constant)
        for node in ast.walk(tree)
    )


def _tables(trees: list[ast.Module]) -> dict[str, set[str]]:
    """What the constants of modules and classes hold that reads like words to be shown, by the constant's name."""
    found: dict[str, set[str]] = {}
    for tree in trees:
        for body in [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]:
            for node in body:
                targets = node.targets if isinstance(node, ast.Assign) else ()
                if isinstance(node, ast.AnnAssign):
                    targets = (node.target,)
                for target in targets:
                    if isinstance(target, ast.Name) and target.id.isupper() and node.value is not None:
                        found.setdefault(target.id, set()).update(_words(node.value))
    return found


def _words(node: ast.expr) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and WORDS.match(part.value):
            yield part.value


def _names(tree: ast.AST) -> set[str]:
    """The constants that a module speaks of, its own and others'."""
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    # Verbs are gathered by themselves, without their keys.
    return {name for name in found if name.isupper() and not name.endswith(("VERBS", "KEYS"))}


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
