"""Letting a run go on in this process, and saying where it came to rest: for people, for machines, for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from legate_core.cli.asides import asides
from legate_core.cli.text import moment, money, one_line, wrap
from legate_core.cli.watch import Rest, until_rest

if TYPE_CHECKING:
    from legate_core.cli.screen import Screen
    from legate_core.cli.session import Session
    from legate_core.runs.model import RunRow, StepRow

WAITING, FAILED, IN_DOUBT, CANCELLED = 10, 11, 12, 13
CODES = {
    "succeeded": 0,
    "waiting": WAITING,
    "failed": FAILED,
    "ended_early": FAILED,
    "in_doubt": IN_DOUBT,
    "cancelled": CANCELLED,
}
WAITS = {
    "approval": ("waits for you", ""),
    "vault": ("waits for the vault", "'legate vault unseal' opens it"),
    "budget": ("waits for money", "'legate models limit' raises a limit"),
    "timer": ("waits for its time", "it goes on by itself"),
    "pause": ("is paused", "'legate runs resume' lets it go on"),
    "child": ("waits for a run that it started", "'legate runs' lists it"),
}
"""What a run waits for, in words, and what ends that where it is not an answer."""

CODES_IN_WORDS = (
    "It ends with 0 where the run succeeded, 10 where it waits for a person, money, the vault or its time, 11 where\n"
    "it failed or ended early, 12 where something of it is in doubt, 13 where it was cancelled."
)

SIGNS = {"confirmed": "✓", "done": "·", "waiting": "?", "denied": "✗", "failed": "✗", "in_doubt": "!"}


async def follow(session: Session, run_id: str) -> Rest:
    """Follow a run until it rests, its steps shown as progress, and what it says besides."""
    screen = session.screen

    def tell(step: StepRow) -> None:
        text = step_line(step)
        screen.progress(text, run=run_id, step=step.index, kind=step.kind, state=step.state)

    async with asides(session.client, screen, run_id):
        return await until_rest(session.client, run_id, tell)


def step_line(step: StepRow) -> str:
    """A step in a line: what it is, where it stands, what was said first."""
    first = one_line(step.detail.partition("\n")[0]) if step.kind == "model" else ""
    said = f": {first}" if first else ""
    state = "" if step.state in ("done", "confirmed") else f" ({step.state.replace('_', ' ')})"
    return f"{SIGNS.get(step.state, '…')} {step.index:>3}  {one_line(step.label)}{state}{said}"


def code(rest: Rest) -> int:
    """What a command ends with that followed a run to here."""
    return WAITING if rest.is_held else CODES.get(rest.row.status, 1)


def as_json(rest: Rest) -> dict[str, Any]:
    """Where a run rests, for machines."""
    from legate_core import wire

    return {
        "run": wire.encode(rest.row),
        "result": rest.run.result,
        "questions": wire.encode(list(rest.questions)),
        "in_doubt": [step.action_id for step in rest.steps if step.state == "in_doubt"],
    }


def lines(rest: Rest, screen: Screen) -> list[str]:
    """Where a run rests and what to do next, for people."""
    return list(_lines(rest, screen))


def _lines(rest: Rest, screen: Screen) -> Iterator[str]:
    row = rest.row
    yield f"{one_line(row.name)} ({row.id}): {status_words(rest)}"
    if rest.run.result:
        yield ""
        yield from wrap(rest.run.result, screen.width)
    for question in rest.questions:
        yield ""
        yield from wrap(f"{question.agent} wants to {question.title}.", screen.width)
        yield f"legate inbox {question.id}     shows it whole"
        yield f"legate approve {question.id}   legate reject {question.id} --reason TEXT"
    for step in rest.steps:
        if step.state == "in_doubt":
            yield ""
            yield f"{one_line(step.label)} may have happened or not: legate doubt {step.action_id}"


def standing(row: RunRow) -> tuple[str, str]:
    """Where a run stands, in words, and what ends its wait where that is not an answer."""
    if row.status != "waiting":
        return row.status.replace("_", " "), ""
    return WAITS.get(row.waiting_for, ("waits", ""))


def status_words(rest: Rest) -> str:
    """The status of a run in words, with its reason and what it used."""
    row = rest.row
    words, next_step = WAITS["pause"] if rest.is_held else standing(row)
    words += f"; {next_step}" if next_step else ""
    reason = f": {one_line(row.reason)}" if row.reason else ""
    used = f"{row.input_tokens + row.output_tokens:,} tokens" + (
        f", {money(row.cost_micros)}" if row.cost_micros else ""
    )
    return f"{words}{reason} ({row.steps} steps, {used}{f', {moment(row.finished_at)}' if row.finished_at else ''})"
