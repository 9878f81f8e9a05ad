"""Between the Deck's words and the core's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import legate_core as core
from legate_desktop.pages.deck.view import Chain, ChainState, Day, DeckRun, Use
from legate_desktop.words import long_day, short_day

DAY_MS = 24 * 60 * 60 * 1_000
WEEK_MS = 7 * DAY_MS
FAILED = ("failed", "ended_early")
MOST_FAILURES = 5


def running_query() -> Any:
    """The runs that have not ended, live."""
    return core.Runs(unended=True)


def agents_query() -> Any:
    """Every agent, live, for their names."""
    return core.Agents()


def use_query(since: int) -> Any:
    """What each agent used since then, live."""
    return core.AgentActivities(since=since)


def models_query() -> Any:
    """Where models come from, live."""
    return core.ModelCatalogue()


def end_query() -> Any:
    """How many entries the journal has, live."""
    return core.JournalEnd()


def rules_query() -> Any:
    """The rules, live."""
    return core.Rules()


def failures_query(since: int) -> Any:
    """The last runs that failed since then."""
    return core.RunHistory(states=FAILED, since=since, limit=MOST_FAILURES)


def days_query(since: int, offset_minutes: int) -> Any:
    """Questions by day."""
    return core.ApprovalDays(since=since, offset_minutes=offset_minutes)


def week_query(since: int, until: int) -> Any:
    """What was spent in a week, by agent and model."""
    return core.Spending(since=since, until=until)


def verify_query() -> Any:
    """Is the journal sound."""
    return core.VerifyJournal()


def cancel(run_id: str) -> Any:
    """End one run."""
    return core.CancelRun(run_id)


def run(given: Any) -> DeckRun:
    """A run in one line."""
    return DeckRun(
        id=given.id,
        name=given.name,
        state=str(given.status),
        steps=given.steps,
        at=given.finished_at or given.started_at or given.created_at,
        why=given.reason,
    )


def use(given: Any, names: Mapping[str, str]) -> Use:
    """What an agent used."""
    return Use(given.id, names.get(given.id, given.id), given.cost_micros, given.tokens)


def day(given: Any) -> Day:
    """One day of questions; its first moment says which day it is here."""
    answered = given.approved + given.rejected
    return Day(short_day(given.day), long_day(given.day), given.asked, given.median_ms, answered)


def costs(given: Any) -> dict[str, int]:
    """Money by agent, over every model."""
    found: dict[str, int] = {}
    for spent in given:
        found[spent.agent_id] = found.get(spent.agent_id, 0) + spent.cost_micros
    return found


def chain(given: Any, now: int) -> Chain:
    """What a verification said, in one of three words and the sentence of the first verdict that is not proven."""
    verdicts = (given.intact, given.complete, given.by_whom)
    worst: ChainState = "sound"
    for verdict in verdicts:
        state = str(verdict.state)
        if state == "broken":
            worst = "broken"
        elif state != "holds" and worst == "sound":
            worst = "unproven"
    said = next((verdict.sentence for verdict in verdicts if str(verdict.state) != "holds"), given.intact.sentence)
    return Chain(worst, given.entries, now, said, checked=given.entries)
