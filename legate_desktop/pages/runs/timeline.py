"""The mission log as lines: which step stands under which, when it worked and waited, and idle time folded. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from legate_desktop.pages.runs.view import StepRow
from legate_desktop.words import duration, plural, tr

FOLDED_OVER_MS = 30_000
GAP_SHARE = 0.12
"""How much of the width a folded gap takes, whatever it lasted."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Bar:
    """A step's bar in parts of the width: it waits from `begin` to `act` and works from there to `end`."""

    begin: float
    act: float
    end: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log: a step, or idle time that was folded. `children` are hidden where `is_folded`."""

    id: str
    step: StepRow | None = None
    depth: int = 0
    children: int = 0
    is_folded: bool = False
    bar: Bar | None = None
    took_ms: int = -1
    words: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The lines, and the figures of the whole. `shown_ms` is the length of the axis, folded time left out."""

    lines: tuple[Line, ...] = ()
    shown_ms: int = 0
    working_ms: int = 0
    waiting_ms: int = 0


class Scale:
    """Maps a moment to its place between 0 and 1. Idle time over 30 s takes a fixed, small part of the width."""

    def __init__(self, spans: Iterable[Span], since: int, until: int) -> None:
        self.busy = _merged(spans)
        first = min(since, self.busy[0][0]) if self.busy else since
        last = max(until, self.busy[-1][1]) if self.busy else max(since, until)
        edges = [*self.busy, (last, last)]
        idle: list[Span] = []
        at = first
        for begin, end in edges:
            if begin > at:
                idle.append((at, begin))
            at = max(at, end)
        self.gaps = [span for span in idle if span[1] - span[0] > FOLDED_OVER_MS]
        folded = sum(end - begin for begin, end in self.gaps)
        self.shown_ms = last - first - folded
        gap_ms = max(1, self.shown_ms) * GAP_SHARE
        # Corners of a piecewise straight line from moments to shown milliseconds.
        self._moments, self._shown = [first], [0.0]
        for begin, end in self.gaps:
            self._add(begin, self._shown[-1] + begin - self._moments[-1])
            self._add(end, self._shown[-1] + gap_ms)
        self._add(last, self._shown[-1] + last - self._moments[-1])
        self._total = self._shown[-1] or 1.0

    def place(self, moment: int) -> float:
        """Where a moment stands between 0 and 1."""
        at = max(0, min(len(self._moments) - 2, bisect_right(self._moments, moment) - 1))
        begin, end = self._moments[at], self._moments[at + 1]
        share = (moment - begin) / (end - begin) if end > begin else 0.0
        shown = self._shown[at] + (self._shown[at + 1] - self._shown[at]) * max(0.0, min(1.0, share))
        return shown / self._total

    def _add(self, moment: int, shown: float) -> None:
        self._moments.append(moment)
        self._shown.append(shown)


def timeline(
    steps: Sequence[StepRow], folded: Collection[str], now: int, *, is_open: bool, is_running: bool = False
) -> Timeline:
    """The log of a run. `folded` are ids of steps whose children are hidden; `is_open` lets the last wait reach now, and
    while it `is_running` with nothing open, a model is thinking whose step is not written yet."""
    if not steps:
        return Timeline()
    spans = [span for step in steps if (span := worked(step, now))]
    ends = [step.finished_at for step in steps if step.finished_at]
    if is_running and len(ends) == len(steps):
        spans.append((max(ends), max(now, *ends)))
    until = now if is_open else max([*ends, *(step.started_at for step in steps)])
    scale = Scale(spans, steps[0].started_at, until)
    gaps = list(scale.gaps)
    lines: list[Line] = []
    parents = _parents(steps)
    children: dict[str, int] = {}
    for parent in parents:
        if parent:
            children[parent] = children.get(parent, 0) + 1
    for at, step in enumerate(steps):
        following = steps[at + 1].started_at if at + 1 < len(steps) else None
        if not parents[at] or parents[at] not in folded:
            lines.append(_line(step, scale, now, bool(parents[at]), children.get(step.id, 0), step.id in folded))
        # After the step that waited in it, or that was over before it.
        while gaps and (following is None or gaps[0][1] <= following):
            begin, end = gaps.pop(0)
            lines.append(Line(f"gap {begin}", words=_idle_words(step, end - begin)))
    working = sum(end - begin for begin, end in scale.busy)
    return Timeline(tuple(lines), scale.shown_ms, working, max(0, until - steps[0].started_at - working))


def worked(step: StepRow, now: int) -> Span | None:
    """From when to when a step worked; None while it only waits, and for what took no time."""
    if step.kind == "person":
        return None
    begin = step.acted_at or step.started_at
    if step.finished_at:
        if step.effect and not step.acted_at and step.state in ("denied", "withdrawn"):
            return None
        return begin, max(begin, step.finished_at)
    # A read leaves no mark, so nobody writes down when it begins: from the proposal on it counts as at work.
    is_reading = step.effect == "read" and step.state == "ready"
    is_at_work = step.state == "dispatched" or is_reading or (step.kind == "model" and step.state == "open")
    return (begin, max(begin, now)) if is_at_work else None


def _line(step: StepRow, scale: Scale, now: int, is_child: bool, children: int, is_folded: bool) -> Line:
    span = worked(step, now)
    end = step.finished_at or (now if step.is_waiting or span else step.started_at)
    act = span[0] if span else end
    bar = Bar(scale.place(step.started_at), scale.place(act), scale.place(max(act, end)))
    took = (span[1] - span[0]) if span else max(0, end - step.started_at)
    return Line(
        step.id,
        step=step,
        depth=1 if is_child else 0,
        children=children,
        is_folded=is_folded and children > 0,
        bar=bar if step.kind != "person" else None,
        took_ms=took if step.finished_at or span or step.is_waiting else -1,
        words=plural("%n call(s) folded", children) if is_folded and children else "",
    )


def _parents(steps: Sequence[StepRow]) -> list[str]:
    """For each step the id of the reply that asked for it, or nothing."""
    found: list[str] = []
    parent = ""
    for step in steps:
        found.append(parent if step.kind == "tool" else "")
        if step.kind != "tool":
            parent = step.id if step.kind == "model" else ""
    return found


def _idle_words(step: StepRow, milliseconds: int) -> str:
    took = duration(milliseconds)
    if step.effect or step.is_waiting:
        return tr("{time}, waiting for an answer").format(time=took)
    return tr("{time}, nothing happened").format(time=took)


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged
