"""Between the Runs page's words and the core's."""

from __future__ import annotations

from typing import Any

import legate_core as core
from legate_desktop.core_words import tr_core
from legate_desktop.pages.runs.filters import Filters
from legate_desktop.pages.runs.view import Aside, Masked, RunRow, Said, StepDetail, StepRow
from legate_desktop.words import tr

PAGE = 100
"""Rows of one page of the history: one block of the model that holds them."""


def open_runs_query() -> Any:
    """The runs that have not ended, live."""
    return core.Runs(unended=True)


def history_query(filters: Filters, *, before: str = "", as_of: int = 0) -> Any:
    """A page of the runs that have ended."""
    return core.RunHistory(
        before=before,
        states=filters.ended_states,
        agents=(filters.agent_id,) if filters.agent_id else (),
        since=filters.since,
        text=filters.text,
        as_of=as_of,
        limit=PAGE,
    )


def run_query(run_id: str) -> Any:
    """One run with its task and its answer."""
    return core.Run(run_id)


def agents_query() -> Any:
    """The agents, for the filter."""
    return core.Agents()


def log_query(run_id: str) -> Any:
    """The steps of one run, live, each with the beginning of what it holds."""
    return core.RunLog(run_id, outline=True)


def step_query(run_id: str, index: int) -> Any:
    """One step whole."""
    return core.Step(run_id, index)


def cancel(run_id: str) -> Any:
    """End one run."""
    return core.CancelRun(run_id)


def stop_everything() -> Any:
    """End every open run."""
    return core.StopEverything()


def retry(run_id: str, step: int) -> Any:
    """Do this step and what follows it anew."""
    return core.RetryRun(run_id, step)


def fork(run_id: str, step: int, say: str, *, is_published: bool) -> Any:
    """Another run with the steps before this one, and perhaps with words."""
    return core.ForkRun(run_id, step, say=say, version="published" if is_published else "same")


def export(run_id: str, masks: tuple[str, ...]) -> Any:
    """The run as one file."""
    return core.ExportRun(run_id, mask=masks)


def prove(passphrase: str) -> Any:
    """Show who is asking."""
    return core.Prove(passphrase)


def run(given: Any) -> RunRow:
    """A run as the page shows it."""
    return RunRow(
        id=given.id,
        name=given.name,
        state=str(given.status),
        waiting_for=str(given.waiting_for),
        reason=given.reason,
        steps=given.steps,
        tokens=given.input_tokens + given.output_tokens,
        cost_micros=given.cost_micros,
        created_at=given.created_at,
        started_at=given.started_at,
        finished_at=given.finished_at,
        agent_id=given.agent_id,
        trigger=given.trigger,
        origin_run_id=given.origin_run_id,
        origin_steps=given.origin_steps,
    )


def step(given: Any) -> StepRow:
    """A step as the page shows it."""
    return StepRow(
        id=given.id,
        index=given.index,
        kind=str(given.kind),
        state=str(given.state),
        label=given.label,
        text=given.detail,
        started_at=given.started_at,
        finished_at=given.finished_at,
        tokens=given.input_tokens + given.output_tokens,
        acted_at=given.acted_at,
        effect=given.effect,
        model=given.model,
        approval_id=given.approval_id,
    )


def step_detail(given: Any) -> StepDetail:
    """A step whole as the page shows it."""
    return StepDetail(
        id=given.row.id,
        output=given.output,
        arguments=given.arguments,
        proposed=given.proposed,
        context=tuple(Said(message.role, message.name, message.text) for message in given.context),
        raw=given.raw,
        seq=given.seq,
        entry_hash=given.entry_hash,
        is_shown=given.is_shown,
        taken_over=given.taken_over,
    )


def masked(given: Any) -> Masked:
    """A run as a file."""
    return Masked(given.name, given.text, dict(given.masked))


def tick_text(given: Any) -> str:
    """The text a tick adds; progress ticks add none."""
    return given.text if given.kind == "text" else ""


def tick_aside(given: Any) -> Aside | None:
    """What a tick says besides: how far a model is loaded, that money is nearly used, who answers in whose place."""
    if given.kind == "loading":
        share = 100 * given.done // max(1, given.total)
        return Aside(tr("Loading {name}: {percent} %").format(name=given.text, percent=share), is_loading=True)
    return Aside(tr_core(given.text)) if given.kind in ("budget", "model") else None
