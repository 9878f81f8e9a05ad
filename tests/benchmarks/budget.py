"""A measured figure beside its budget, and the table they are printed in."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `most` is a ceiling, `least` a floor; neither is a figure for orientation only."""

    name: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def verdict(self) -> Literal["", "kept", "MISSED"]:
        if self.most is None and self.least is None:
            return ""
        over = self.most is not None and self.value > self.most
        under = self.least is not None and self.value < self.least
        return "MISSED" if over or under else "kept"

    @property
    def budget(self) -> str:
        if self.most is not None:
            return f"≤ {self.most:,.6g} {self.unit}"
        return f"≥ {self.least:,.6g} {self.unit}" if self.least is not None else ""


def table(figures: Iterable[Figure]) -> str:
    """The figures as they are printed."""
    lines = [f"{'what':<58}{'measured':>18}   {'budget':<20}"]
    for figure in figures:
        measured = f"{figure.value:,.4g}" if figure.value < 10_000 else f"{figure.value:,.0f}"
        lines.append(f"{figure.name:<58}{f'{measured} {figure.unit}':>18}   {figure.budget:<20}{figure.verdict}")
    return "\n".join(lines)


def median(values: Iterable[float]) -> float:
    """The middle of several measurements: a shared machine stops now and then."""
    return statistics.median(values)
