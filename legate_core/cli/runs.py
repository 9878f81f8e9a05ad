"""`legate run` and `legate runs`: starting a run and following it; looking at runs, cancelling and pausing them."""

from __future__ import annotations

from argparse import BooleanOptionalAction, Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import legate_core as core
from legate_core.cli import resting
from legate_core.cli.ids import find
from legate_core.cli.options import Subparsers, add_command, given
from legate_core.cli.screen import Result, Screen
from legate_core.cli.session import Session, opened
from legate_core.cli.text import moment, money, one_line, table, wrap
from legate_core.errors import Invalid, NotFound

if TYPE_CHECKING:
    from legate_core.runs.model import RunDetail, RunRow, StepRow

SHOWN = 30
PAUSE, RESUME = "pause", "resume"


def add(under: Subparsers) -> None:
    run = add_command(
        under, "run", "give an agent a task and follow it until it ends or must ask", start, more=resting.CODES_IN_WORDS
    )
    run.add_argument("agent", nargs="?", metavar="AGENT", help="the agent's name or id")
    run.add_argument(
        "task", nargs="?", metavar="TASK", help="what it shall do, in your words: text, @file, - for stdin"
    )
    run.add_argument(
        "--wait", action=BooleanOptionalAction, default=True, help="follow the run; with --no-wait only start it"
    )
    runs = add_command(
        under, "runs", "the runs, or one of them step by step", look,
        more=f"Looking ends with 0 however a run stands. With --follow it says that:\n{resting.CODES_IN_WORDS}",
    )  # fmt: skip
    runs.add_argument(
        "id", nargs="?", metavar="ID|pause|resume",
        help="show this run: its task, its steps, its result; or pause all runs, or let them go on",
    )  # fmt: skip
    runs.add_argument("--all", action="store_true", help=f"list all runs, not only the newest {SHOWN}")
    runs.add_argument("--follow", action="store_true", help="let the run go on until it ends or must ask")
    runs.add_argument("--cancel", metavar="ID", help="end a run now; what is on its way is seen through")
    runs.add_argument("--stop-everything", action="store_true", help="cancel every run that has not ended")
    runs.add_argument("--reason", default="", help="why, for the record")


async def start(options: Namespace, screen: Screen) -> Result:
    agent, task = options.agent, options.task
    if options.practice and not agent:
        agent, task = core.practice_task()
    if not agent or not task:
        raise Invalid("Say which agent shall do what: legate run AGENT TASK. 'legate agents' lists the agents.")
    words = given(task, screen.read)
    async with opened(options, screen, works=options.wait) as session:
        run_id = await session.send(core.StartRun(await agent_id(session, agent), words))
        screen.progress(f"Run {run_id} has started.", run=run_id)
        if options.wait:
            return _result(await resting.follow(session, run_id), screen)
        return Result(
            {"run": {"id": run_id, "status": "ready"}},
            [f"Run {run_id} is ready. It goes on {session.goes_on(run_id)}."],
        )


def _result(rest: Any, screen: Screen) -> Result:
    return Result(resting.as_json(rest), resting.lines(rest, screen), resting.code(rest))


async def agent_id(session: Session, word: str) -> str:
    """The agent that a person means: by name, with or without its capitals, or by its id."""
    rows = await session.ask(core.Agents())
    named = [key for key, row in rows.items() if row.name.casefold() == word.casefold()]
    exact = [key for key in named if rows[key].name == word]
    if len(exact or named) == 1:
        return (exact or named)[0]
    if named:
        raise NotFound(f"Several agents are called {word!r}. Name one by its id; 'legate agents' lists them.")
    return find(word, list(rows), "agent", "legate agents")


async def look(options: Namespace, screen: Screen) -> Result:
    if sum(map(bool, (options.id, options.cancel, options.stop_everything))) > 1:
        raise Invalid("Show one run, cancel one, or stop everything: one at a time.")
    if options.follow and options.id in (None, PAUSE, RESUME):
        raise Invalid("Say which run to follow: legate runs ID --follow.")
    if options.id in (PAUSE, RESUME):
        return await _hold(options, screen)
    async with opened(options, screen, works=options.follow) as session:
        if options.stop_everything:
            count = await session.send(core.StopEverything(options.reason))
            return Result({"cancelled": count}, [f"{count} run{'' if count == 1 else 's'} cancelled."])
        rows = await session.ask(core.Runs())
        if options.cancel:
            run_id = _find(options.cancel, rows)
            await session.send(core.CancelRun(run_id, options.reason))
            return Result({"cancelled": 1, "run": run_id}, [f"Run {run_id} is cancelled."])
        if options.follow:
            return _result(await resting.follow(session, _find(options.id, rows)), screen)
        if options.id:
            return await _one(session, _find(options.id, rows))
        (pause,) = (await session.ask(core.RunsPause())).values()
        return _list(list(rows.values()), pause.is_paused, options, screen)


async def _hold(options: Namespace, screen: Screen) -> Result:
    """Pause all runs of the workspace, or let them go on."""
    async with opened(options, screen) as session:
        if options.id == PAUSE:
            await session.send(core.PauseRuns())
            return Result({"paused": True}, ["All runs are paused. 'legate runs resume' lets them go on."])
        await session.send(core.ResumeRuns())
        return Result({"paused": False}, ["The runs go on."])


def _find(word: str, rows: dict[str, RunRow]) -> str:
    return find(word, list(rows), "run", "legate runs")


def _list(rows: list[RunRow], is_paused: bool, options: Namespace, screen: Screen) -> Result:
    from legate_core import wire

    shown = rows if options.all else rows[:SHOWN]
    data = {"runs": wire.encode(shown), "count": len(rows), "paused": is_paused}
    held = ["All runs are paused; 'legate runs resume' lets them go on.", ""] if is_paused else []
    if not rows:
        return Result(data, [*held, "Nothing has run yet. 'legate run AGENT TASK' starts a run."])
    cells = [
        (str(at), row.id, row.name, moment(row.created_at), str(row.steps), status(row))
        for at, row in enumerate(shown, 1)
    ]
    lines = table(("", "id", "agent", "started", "steps", "status"), cells, screen.width)
    if len(shown) < len(rows):
        lines += ["", f"{len(rows) - len(shown):,} older ones are not shown; --all lists them."]
    return Result(data, held + lines)


def status(row: RunRow) -> str:
    """A run's status in words, with its reason."""
    words, _ = resting.standing(row)
    return f"{words}: {row.reason}" if row.reason else words


async def _one(session: Session, run_id: str) -> Result:
    from legate_core import wire

    run = await session.ask(core.Run(run_id))
    steps = sorted((await session.ask(core.RunLog(run_id))).values(), key=lambda step: step.index)
    data = wire.encode(run) | {"steps": wire.encode(steps)}
    return Result(data, list(_told(run, steps, session.screen)))


def _told(run: RunDetail, steps: list[StepRow], screen: Screen) -> Iterator[str]:
    row = run.row
    yield screen.style(f"{one_line(row.name)}, run {row.id}", "bold")
    yield status(row)
    yield f"started {moment(row.created_at)}" + (f", ended {moment(row.finished_at)}" if row.finished_at else "")
    cost = f", {money(row.cost_micros)} spent" if row.cost_micros else ""
    yield f"{row.steps} steps, {row.input_tokens:,} tokens in, {row.output_tokens:,} out{cost}"
    if run.is_erased:
        yield "Its content was erased; its entries stay in the journal."
    yield from _part("Task", run.task, screen)
    yield ""
    for step in steps:
        yield screen.style(resting.step_line(step).partition(": ")[0], "bold")
        yield from wrap(step.detail, screen.width, indent="         ") if step.detail.strip() else ()
    yield from _part("Result", run.result, screen)


def _part(name: str, text: str, screen: Screen) -> Iterator[str]:
    if text:
        yield ""
        yield screen.style(name, "bold")
        yield from wrap(text, screen.width)
