"""Every refusal that the core can say, gathered from its code, so that none is forgotten in another language.

python -m tests.desktop.core_strings de      what the German catalogue lacks, a line each
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from legate_core.errors import kinds
from legate_desktop.core_words import PLACE, sentences

ROOT = Path(__file__).resolve().parents[2] / "legate_core"
ROOMS = (
    *("actions", "agents", "approvals", "audit", "backup", "identity", "kernel", "knowledge", "link", "llm"),
    *("policy", "runs", "storage", "vault"),
)
"""What a person meets on the pages."""

NOT_IN_THE_WINDOW = (
    # Rules, embedders and tables of prices as files, which only the command line and the settings take.
    *("policy/codec.py", "knowledge/embed/", "llm/pricing.py"),
    # Models that play a script or a recording are for whoever writes these.
    *("llm/script.py", "llm/scripted.py", "llm/recorded.py", "llm/recording.py", "llm/structured.py"),
)


def shape(text: str) -> str:
    """A sentence with its places emptied, so that only its own words count."""
    return PLACE.sub("{}", text)


def refusals() -> Iterator[tuple[str, str]]:
    """Where in the core something is refused, and the shape of the sentence."""
    names = {kind.__name__ for kind in kinds().values()} | {"Unreadable"}
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*.py")):
            place = file.relative_to(ROOT).as_posix()
            if place.startswith(NOT_IN_THE_WINDOW):
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                    for text in _text(node.args[0]) if node.args else ():
                        yield place, text
                elif isinstance(node, ast.Yield) and place == "policy/rules.py" and node.value is not None:
                    # What is wrong with a rule is gathered there and said all at once.
                    for text in _text(node.value):
                        yield place, text


def lacking(code: str) -> list[str]:
    """What the catalogue of a language does not have."""
    known = {shape(text) for text in sentences(code)}
    return sorted({f"{place}: {text}" for place, text in refusals() if text not in known})


def _text(node: ast.expr) -> Iterator[str]:
    """The shape of a literal; what is put together elsewhere is no literal."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)


if __name__ == "__main__":
    print("\n".join(lacking(sys.argv[1])))
