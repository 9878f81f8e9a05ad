"""Provider by promise, each cell the test that shows it: `python -m tests.contracts.model_table` writes the help page."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.contracts import test_model_servers, test_models
from tests.core.llm import test_local, test_local_format
from tests.fakes.promises import PROMISES
from tests.fakes.wires import WIRE

PAGE = Path(__file__).resolve().parents[2] / "resources" / "help" / "models.md"
PROVIDERS = (*WIRE, "local", "recorded", "scripted")


def shown() -> dict[tuple[str, str], list[str]]:
    """The tests by promise and provider."""
    found: dict[tuple[str, str], list[str]] = {}
    for module in (test_models, test_model_servers, test_local, test_local_format):
        for test in _tests(module):
            for promise, provider in itertools.product(test.promises, _providers(module, test)):
                found.setdefault((promise, provider), []).append(test.__name__)
    return found


def _tests(module: Any) -> Iterator[Any]:
    return (test for _, test in inspect.getmembers(module, inspect.isfunction) if hasattr(test, "promises"))


def _providers(module: Any, test: Callable[..., Any]) -> list[str]:
    """Whom a test runs on: what its own marks say, else what its fixture says."""
    for mark in getattr(test, "pytestmark", []):
        if mark.name == "parametrize" and mark.args[0] in ("subject", "place"):
            return list(mark.args[1])
    if module is test_model_servers:
        return list(WIRE)
    if module in (test_local, test_local_format):
        return ["local"]
    return [*test_models.SCRIPTED, "local"]


def page() -> str:
    """The table as a help page."""
    tests = shown()
    lines = [
        "# What each model provider keeps",
        "",
        "Each cell counts the tests that show it; their names follow below. A dash: there is no such thing there, as there",
        "is no server, no key and no network behind a file, a recording and a script, and most services want no thoughts back.",
        "",
        f"| promise | {' | '.join(PROVIDERS)} |",
        f"|---|{'---|' * len(PROVIDERS)}",
    ]
    for promise in PROMISES:
        cells = [str(len(tests.get((promise, provider), ()))) for provider in PROVIDERS]
        lines.append(f"| {promise} | {' | '.join(cell if cell != '0' else '-' for cell in cells)} |")
    lines += ["", "## The tests", ""]
    for promise in PROMISES:
        names = sorted({name for (kept, _), found in tests.items() if kept == promise for name in found})
        lines += [f"**{promise}**", "", *(f"- `{name}`" for name in names), ""]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
