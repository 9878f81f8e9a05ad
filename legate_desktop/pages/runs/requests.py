"""Between the Runs page's words and the core's."""

from __future__ import annotations

from typing import Any

import legate_core as core
from legate_desktop.pages.runs.view import RunRow, StepRow


def runs_query() -> Any:
    """All runs, live."""
    return core.Runs()


def log_query(run_id: str) -> Any:
    """The steps of one run, live."""
    return core.RunLog(run_id)


def cancel(run_id: str) -> Any:
    """End one run."""
    return core.CancelRun(run_id)


def stop_everything() -> Any:
    """End every open run."""
    return core.StopEverything()


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
    )


def tick_text(given: Any) -> str:
    """The text a tick adds; progress ticks add none."""
    return given.text if given.kind == "text" else ""
