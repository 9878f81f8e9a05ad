"""A folder of strangers' files through the real readers in their real processes, and what became of each.

    python -m tests.benchmarks.corpus FOLDER [REPORT.json]

FOLDER is any folder with files that others made: the test files of pdf.js, pdfium, qpdf, veraPDF, pypdf, POI, Tika, docx4j,
pandoc, tidy, html5lib, MimeKit, mime4j and CPython's email package are public, malformed ones among them, and no part of this
project. Nothing but reading is tried: no embedding, no index. A file is *read*, *read with notes* (pages that are scans, say),
or *not read* with a reason for a person; its reader *died* or *ran out of time* where even that had to be found out from outside.
"""

from __future__ import annotations

import asyncio
import collections
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from legate_core.knowledge.embed.base import Kind, Tokenizer
from legate_core.knowledge.embed.local import MOST_TOKENS, TOKENIZER
from legate_core.knowledge.extract.base import Unreadable
from legate_core.knowledge.readers import Readers, kind_of

CORES = os.cpu_count() or 1
OUTCOMES = ("read", "with notes", "not read", "died", "overdue", "no reason")


@dataclass(frozen=True)
class Outcome:
    """What became of one file. `told` is the reason, or what was noticed."""

    path: str
    kind: str
    outcome: str
    told: str
    passages: int
    seconds: float


async def outcome_of(readers: Readers, path: Path, embedder: Kind) -> Outcome:
    """Read one file as ingestion reads it."""
    kind = kind_of(path.name)
    began = time.perf_counter()
    passages = 0
    try:
        reading = await readers.read(str(path), kind, path.stat().st_size, embedder)
        outcome, told, passages = (
            "with notes" if reading.notes else "read",
            " ".join(reading.notes),
            len(reading.chunks),
        )
    except Unreadable as error:
        told = str(error)
        outcome = _named(told)
    return Outcome(str(path), kind, outcome, told, passages, time.perf_counter() - began)


def _named(reason: str) -> str:
    """The outcome that a reason stands for. A reason is at least two sentences: what is wrong, and what to do."""
    if reason.startswith("Reading it took longer"):
        return "overdue"
    if reason.startswith("The reader ended while reading"):
        return "died"
    return "not read" if len(re.findall(r"[.:] ?", reason)) >= 2 else "no reason"


async def corpus(folder: Path) -> list[Outcome]:
    """Every file of the folder that has an ending which is read, as many at once as there are cores."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and kind_of(path.name))
    embedder = Kind("corpus", 1, Tokenizer(str(TOKENIZER)), MOST_TOKENS, frozenset())
    readers = Readers(CORES)
    waiting = iter(paths)
    found: list[Outcome] = []

    async def one_after_the_other() -> None:
        for path in waiting:
            found.append(await outcome_of(readers, path, embedder))

    try:
        await asyncio.gather(*(one_after_the_other() for _ in range(CORES)))
    finally:
        await readers.close()
    return found


def table(found: Sequence[Outcome]) -> str:
    """Formats by outcomes, then the reasons with how many files have each, then the slowest files."""
    lines = [f"{'format':10} {'files':>6} " + " ".join(f"{name:>10}" for name in OUTCOMES) + f" {'passages':>9}"]
    for kind in [*sorted({item.kind for item in found}), "all"]:
        here = [item for item in found if kind in (item.kind, "all")]
        counts = collections.Counter(item.outcome for item in here)
        lines.append(
            f"{kind:10} {len(here):6} "
            + " ".join(f"{counts[name]:10}" for name in OUTCOMES)
            + f" {sum(item.passages for item in here):9}"
        )
    for title, wanted in (("not read because", OUTCOMES[2:]), ("read, noting", ("with notes",))):
        lines.append(f"\n{title}:")
        told = collections.Counter(
            (item.kind, re.sub(r"\d+(?:[,.]\d+)*", "N", item.told)) for item in found if item.outcome in wanted
        )
        lines += [f"{count:6} {kind:10} {reason}" for (kind, reason), count in told.most_common()]
    lines.append("\nslowest:")
    slowest = sorted(found, key=lambda item: -item.seconds)[:5]
    lines += [f"{item.seconds:6.1f} s {item.outcome:10} {Path(item.path).name}" for item in slowest]
    return "\n".join(lines)


def main() -> None:
    if len(sys.argv) not in (2, 3) or not Path(sys.argv[1]).is_dir():
        sys.exit(__doc__)
    began = time.perf_counter()
    found = asyncio.run(corpus(Path(sys.argv[1])))
    print(f"{len(found)} files in {time.perf_counter() - began:.0f} s on {CORES} cores\n{table(found)}")
    if len(sys.argv) == 3:
        Path(sys.argv[2]).write_text(json.dumps([asdict(item) for item in found], indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
