"""`legate demo`: the practice deputy, played headless in a throw-away folder, and whether everything was as promised."""

from __future__ import annotations

import asyncio
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from legate_core.cli.options import Subparsers, add_command
from legate_core.cli.screen import Result, Screen
from legate_core.cli.text import one_line, wrap
from legate_core.errors import Invalid

if TYPE_CHECKING:
    from legate_core.practice.demo import Demo

NOT_AS_PROMISED = 1


def add(under: Subparsers) -> None:
    parser = add_command(
        under, "demo", "play the practice deputy from first start to a verified journal", play,
        more="Needs no key and no network. The process ends with 0 only if every promise was kept; each is named.",
    )  # fmt: skip
    parser.add_argument("--keep", type=Path, metavar="PATH", help="play in this new or empty folder, and keep it")


async def play(options: Namespace, screen: Screen) -> Result:
    from legate_core.practice import demo

    if options.server or options.home or options.practice:
        raise Invalid("The demo makes a folder of its own. Leave out --home, --practice and --server; --keep keeps it.")
    keeping: Any = nullcontext(options.keep) if options.keep else tempfile.TemporaryDirectory(prefix="legate-demo-")
    with keeping as place:
        folder = await asyncio.to_thread(Path(place).absolute)
        played = await demo.play(folder, screen.progress)
    return Result(as_json(played, is_kept=bool(options.keep)), list(_told(played, screen)), _code(played))


def _code(played: Demo) -> int:
    return 0 if played.is_as_promised else NOT_AS_PROMISED


def as_json(played: Demo, *, is_kept: bool) -> dict[str, Any]:
    """What happened, for machines."""
    from legate_core import wire

    run = wire.encode(played.run) | {"steps": wire.encode(played.steps)} if played.run else None
    questions = [
        {
            "id": asked.approval_id,
            "tool": asked.tool,
            "effect": asked.effect,
            "title": asked.title,
            "why": asked.why,
            "asked_because": asked.asked_because,
            "to": list(asked.recipients),
            "origins": asked.origins,
        }
        for asked in played.asked
    ]
    return {
        "as_promised": played.is_as_promised,
        "runs": [run] if run else [],
        "questions": questions,
        "answers": [
            {"id": asked.approval_id, "answer": asked.answer, "reason": asked.reason} for asked in played.asked
        ],
        "effects": wire.encode(played.effects),
        "citations": wire.encode(played.citations),
        "verify": wire.encode(played.report),
        "checks": wire.encode(played.checks),
        "figures": played.figures,
        "folder": str(played.folder) if is_kept else "",
    }


def _told(played: Demo, screen: Screen) -> Iterator[str]:
    for number, asked in enumerate(played.asked, 1):
        yield from wrap(f"{number}. It wanted to {asked.title}.", screen.width)
        yield from wrap(f"Asked because: {asked.asked_because}", screen.width, indent="   ")
        answer = asked.answer if not asked.reason else f"{asked.answer}: {asked.reason}"
        yield from wrap(f"Answer: {answer}", screen.width, indent="   ")
    yield ""
    for effect in played.effects:
        to = f" to {', '.join(effect.to)}" if effect.to else ""
        yield f"{effect.kind}  {one_line(effect.what + to)}"
    if played.run is not None:
        yield ""
        yield from wrap(f"“{played.run.result}”", screen.width)
    for cited in played.citations:
        yield from wrap(f"{cited.citation} {cited.document}, {cited.place}", screen.width, indent="   ")
    yield ""
    for check in played.checks:
        sign = screen.style("✓", "green") if check.holds else screen.style("✗", "red")
        first, *others = wrap(check.sentence, screen.width - 2)
        yield f"{sign} {first}"
        yield from (f"  {line}" for line in others)
    yield ""
    figures = played.figures
    yield (
        f"{figures['seconds']:.1f} s in all; first start {figures['start_ms']:.0f} ms, "
        f"{figures['entries']:.0f} journal entries verified in {figures['verify_ms']:.0f} ms."
    )
    kept = [check for check in played.checks if check.holds]
    yield (
        "Everything was as promised."
        if played.is_as_promised
        else (f"{len(played.checks) - len(kept)} of {len(played.checks)} promises were not kept. Please report this.")
    )
