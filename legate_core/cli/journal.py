"""`legate verify` and `legate journal`: is the journal intact, complete, and by whom; what stands in it."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from legate_core.cli.options import Subparsers, add_command
from legate_core.cli.screen import Result, Screen
from legate_core.cli.session import opened
from legate_core.cli.text import moment, one_line, table, wrap
from legate_core.errors import Damaged, Invalid

if TYPE_CHECKING:
    from legate_core.audit.queries import JournalEntry
    from legate_core.audit.report import Report, Verdict

SIGNS = {"holds": ("✓", "green"), "unproven": ("?", "yellow"), "broken": ("✗", "red")}
LARGEST_PAGE = 500


def add(under: Subparsers) -> None:
    verify_parser = add_command(
        under, "verify", "is the journal intact, is it complete, and who wrote it", verify,
        more="The process ends with 0 where nothing is broken, and with 7 where something is.",
    )  # fmt: skip
    verify_parser.add_argument("--file", default="", metavar="FILE", help="check an exported journal instead, offline")
    verify_parser.add_argument(
        "--key", default="", help="the public key of the device that signed the file, from a source of your own"
    )
    verify_parser.add_argument(
        "--strict", action="store_true",
        help="open every body as well, which takes longer, and end with 7 also where a verdict is unproven",
    )  # fmt: skip
    entries = add_command(under, "journal", "what stands in the journal, the newest first", search)
    entries.add_argument("text", nargs="?", default="", metavar="TEXT", help="only entries in which this stands")
    entries.add_argument("--name", action="append", default=[], help="only events of this name; repeatable")
    entries.add_argument("--actor", default="", help="only what this actor did")
    entries.add_argument("--run", default="", metavar="ID", help="only entries of this run")
    entries.add_argument("--since", metavar="WHEN", help="only from this time on: 2026-11-24 or 2026-11-24T09:30")
    entries.add_argument("--before", type=int, default=0, metavar="SEQ", help="only entries before this one")
    entries.add_argument("--limit", type=int, default=50, help=f"how many at most (up to {LARGEST_PAGE})")
    entries.add_argument(
        "--export", default="", metavar="FILE", help="write all of it to a file that 'legate verify --file' checks"
    )


async def verify(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire

    report = await _report_of_file(options, screen) if options.file else await _report(options, screen)
    data = {"verify": wire.encode(report) | {"is_sound": report.is_sound}}
    return Result(data, list(_told(report, screen)), 0 if _is_good(report, options.strict) else Damaged.exit_code)


async def _report(options: Namespace, screen: Screen) -> Report:
    from legate_core.audit.queries import VerifyJournal

    if options.key:
        raise Invalid("--key is for a file; this journal is checked with the device's own key. Leave it out.")
    async with opened(options, screen) as session:
        screen.progress("Reading the whole journal.")
        return await session.ask(VerifyJournal(bodies=options.strict))


async def _report_of_file(options: Namespace, screen: Screen) -> Report:
    """Nothing is opened for this but the file."""
    from legate_core.audit.file import check_file, read_lines

    screen.progress("Reading the whole file.")
    return await asyncio.to_thread(check_file, read_lines(options.file), key=options.key)


def verdicts(report: Report) -> tuple[tuple[str, Verdict], ...]:
    """The three answers by their names."""
    return (("intact", report.intact), ("complete", report.complete), ("by whom", report.by_whom))


def _is_good(report: Report, is_strict: bool) -> bool:
    return report.is_sound and (not is_strict or all(found.state == "holds" for _, found in verdicts(report)))


def _told(report: Report, screen: Screen) -> Iterator[str]:
    for name, found in verdicts(report):
        sign, colour = SIGNS[str(found.state)]
        first, *others = wrap(found.sentence, screen.width - 23)
        yield f"{screen.style(sign, colour)} {name:<9} {found.state!s:<9}  {first}"
        yield from (" " * 23 + line for line in others)
    others = [finding for finding in report.findings if finding.sentence not in _said(report)]
    if others:
        yield ""
        for finding in others:
            yield from wrap(f"{finding.kind}: {finding.sentence}", screen.width)
    yield ""
    erased = f", {report.erased_rows:,} erased" if report.erased_rows else ""
    yield f"{report.entries:,} entries, {report.rows:,} rows{erased}; signed up to entry {report.signed:,}"
    yield f"root {report.root}"
    if report.verifier_key:
        yield f"key  {one_line(report.verifier_key)}"


def _said(report: Report) -> set[str]:
    return {found.sentence for _, found in verdicts(report)}


async def search(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire
    from legate_core.audit.queries import JournalEntries

    if options.export:
        return await _export(options, screen)
    async with opened(options, screen) as session:
        page = await session.ask(
            JournalEntries(
                before=options.before,
                names=tuple(options.name),
                actor=options.actor,
                run_id=options.run,
                text=options.text,
                since=_time(options.since) if options.since else 0,
                limit=options.limit,
            )
        )
    cells = [(str(entry.seq), moment(entry.at), entry.name, entry.actor, _body(entry)) for entry in page.entries]
    lines = table(("seq", "time", "event", "actor", "what"), cells, screen.width) if cells else ["Nothing fits."]
    if page.before:
        lines += ["", f"There are more: --before {page.before}"]
    return Result(wire.encode(page), lines)


async def _export(options: Namespace, screen: Screen) -> Result:
    """Sign what stands, then write it part by part into a file that takes its name only once it is whole."""
    from legate_core.audit.export import ExportJournal, SignJournal

    target = Path(options.export).expanduser()
    if target.exists():
        raise Invalid(f"{target} is there already. Name another file.")
    fresh = target.with_name(target.name + ".part")
    async with opened(options, screen) as session:
        await session.send(SignJournal())
        part = await session.ask(ExportJournal())
        try:
            with fresh.open("wb") as file:
                while True:
                    file.writelines(line.encode("utf-8", "surrogatepass") + b"\n" for line in part.lines)
                    if not part.after:
                        break
                    screen.progress(f"Entry {part.after:,} of {part.until:,}.")
                    part = await session.ask(ExportJournal(after=part.after, until=part.until))
            fresh.replace(target)
        except OSError as error:
            raise Invalid(f"{target} cannot be written: {error.strerror or error}. Name another file.") from error
    data = {"file": str(target), "entries": part.until}
    return Result(data, [f"{part.until:,} entries in {target}. 'legate verify --file {target}' checks it anywhere."])


def _body(entry: JournalEntry) -> str:
    return ", ".join(f"{name} {value}" for name, value in entry.body.items() if value not in ("", None))


def _time(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).astimezone().timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{text[:40]!r} is no time. Write 2026-11-24 or 2026-11-24T09:30.") from error
