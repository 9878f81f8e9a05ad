"""What the Deck shows: runs, failures, figures by agent, week and day, the journal's state; free of the core and of Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from legate_desktop.widgets.plot import PlotData, Series
from legate_desktop.words import SECOND, duration, long_age, money, number, one_line, plural, tr

MOST_AGENTS = 5
ChainState = Literal["unknown", "checking", "sound", "unproven", "broken"]


@dataclass(frozen=True, slots=True)
class DeckRun:
    """A run in one line. `why` is the reason it failed."""

    id: str
    name: str
    state: str
    steps: int
    at: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """What one agent used in a time: money in millionths, and tokens."""

    agent_id: str
    name: str
    cost_micros: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Day:
    """One day of questions; `answered` counts those that a person said yes or no to."""

    label: str
    long: str
    asked: int
    median_ms: int
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Chain:
    """What the last verification said, when, and of how many of the entries; others may have come since."""

    state: ChainState = "unknown"
    entries: int = 0
    checked_at: int = 0
    sentence: str = ""
    checked: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the list for a beginner: done or not, and the page that it is done on."""

    id: str
    words: str
    is_done: bool
    page_id: str


def chain_words(chain: Chain, now: int) -> str:
    """48,211 entries, intact, checked 2 minutes ago · 12 since. What came since was not verified, and is counted apart."""
    count = _entries(chain.entries)
    if chain.state == "checking":
        return tr("{entries}, being verified…").format(entries=count)
    if chain.state == "unknown":
        return tr("{entries}, not verified yet in this session").format(entries=count)
    verdict = {"sound": tr("intact"), "unproven": tr("intact, not proven whole"), "broken": tr("broken")}[chain.state]
    age = now - chain.checked_at
    ago = tr("checked {age} ago").format(age=long_age(age)) if age >= SECOND else tr("checked just now")
    said = f"{_entries(chain.checked)}, {verdict}, {ago}"
    since = chain.entries - chain.checked
    return f"{said} · {plural('%n since', since)}" if since > 0 else said


def _entries(count: int) -> str:
    return plural("%n entry(s)", count).replace("entrys", "entries")


def run_words(run: DeckRun, now: int) -> str:
    """Running · 4.2 s · 3 steps; or what it waits for."""
    words = {"ready": tr("Queued"), "running": tr("Running"), "waiting": tr("Waiting"), "in_doubt": tr("In doubt")}
    parts = [words.get(run.state, run.state), duration(now - run.at), plural("%n step(s)", run.steps)]
    return " · ".join(parts)


def failure_words(run: DeckRun, now: int) -> str:
    """The reason in one line, and how long ago."""
    ago = tr("{age} ago").format(age=long_age(now - run.at))
    return f"{one_line(run.why) or tr('No reason was kept')} · {ago}"


def use_plots(uses: Sequence[Use]) -> tuple[PlotData, PlotData]:
    """Cost and tokens of the week, an agent to a bar, the dearest first; beyond five they are one bar."""
    shown = sorted(uses, key=lambda use: (-use.cost_micros, -use.tokens, use.name))
    rest = shown[MOST_AGENTS:]
    names = [one_line(use.name) for use in shown[:MOST_AGENTS]]
    costs = [float(use.cost_micros) for use in shown[:MOST_AGENTS]]
    tokens = [float(use.tokens) for use in shown[:MOST_AGENTS]]
    if rest:
        names.append(plural("%n other(s)", len(rest)))
        costs.append(float(sum(use.cost_micros for use in rest)))
        tokens.append(float(sum(use.tokens for use in rest)))
    short = tuple(_short(name) for name in names)
    cost = Series(tr("Cost"), tuple(costs), _money)
    token = Series(tr("Tokens"), tuple(tokens))
    return PlotData(short, (cost,), tuple(names)), PlotData(short, (token,), tuple(names))


def week_plot(weeks: Sequence[tuple[str, str, Mapping[str, int]]], names: Mapping[str, str]) -> PlotData:
    """Cost by week, an agent to a layer. A week is its label, its long name, and cost by agent id."""
    totals: dict[str, int] = {}
    for _label, _long, costs in weeks:
        for agent_id, micros in costs.items():
            totals[agent_id] = totals.get(agent_id, 0) + micros
    agents = sorted((agent_id for agent_id, total in totals.items() if total), key=lambda each: (-totals[each], each))
    series = [
        Series(names.get(agent_id, agent_id), tuple(float(costs.get(agent_id, 0)) for _l, _n, costs in weeks), _money)
        for agent_id in agents[: MOST_AGENTS - 1]
    ]
    rest = agents[MOST_AGENTS - 1 :]
    if rest:
        sums = tuple(float(sum(costs.get(agent_id, 0) for agent_id in rest)) for _l, _n, costs in weeks)
        series.append(Series(plural("%n other(s)", len(rest)), sums, _money))
    return PlotData(tuple(label for label, _n, _c in weeks), tuple(series), tuple(long for _l, long, _c in weeks))


def day_plots(days: Sequence[Day]) -> tuple[PlotData, PlotData]:
    """Questions per day as bars, the time to decide as a line."""
    short, long = tuple(day.label for day in days), tuple(day.long for day in days)
    asked = Series(tr("Questions"), tuple(float(day.asked) for day in days))
    took = Series(tr("Median time to decide"), tuple(float(day.median_ms) for day in days), _took)
    return PlotData(short, (asked,), long), PlotData(short, (took,), long, is_line=True)


def _short(name: str) -> str:
    return name if len(name) <= 14 else f"{name[:13]}…"


def _money(micros: float) -> str:
    return money(round(micros))


def _took(milliseconds: float) -> str:
    return duration(round(milliseconds)) if milliseconds else number(0)
