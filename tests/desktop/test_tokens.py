"""The contrast table of the design, computed from the tokens."""

from __future__ import annotations

from itertools import product

import pytest

from legate_desktop.theme import tokens
from legate_desktop.theme.tokens import DARK, INKS, LIGHT, SURFACES, THEMES, Theme, contrast


def lowest(theme: Theme, ink: str) -> float:
    return min(contrast(getattr(theme, ink), getattr(theme, surface)) for surface in SURFACES)


@pytest.mark.parametrize(("theme", "ink"), list(product(THEMES, INKS)), ids=lambda x: getattr(x, "name", x))
def test_every_ink_reads_on_every_surface(theme: Theme, ink: str) -> None:
    assert lowest(theme, ink) >= 4.5


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
def test_edges_and_focus_can_be_seen(theme: Theme) -> None:
    assert lowest(theme, "edge") >= 3
    assert lowest(theme, "amber_text") >= 3


@pytest.mark.parametrize("theme", THEMES, ids=lambda t: t.name)
def test_text_on_fills_reads(theme: Theme) -> None:
    pairs = [("amber_ink", "amber"), ("amber_ink", "amber_hover"), ("text", "amber_wash"), ("text3", "amber_wash")]
    pairs += [("amber_text", "amber_wash"), ("green", "green_wash"), ("red", "red_wash"), ("blue", "blue_wash")]
    pairs += [("violet", "violet_wash"), ("text2", "amber_wash"), ("text2", "green_wash"), ("text2", "red_wash")]
    for ink, fill in pairs:
        assert contrast(getattr(theme, ink), getattr(theme, fill)) >= 4.5, (ink, fill)


@pytest.mark.parametrize(
    ("theme", "ink", "figure"),
    [
        (DARK, "edge", 3.29), (LIGHT, "edge", 3.14), (DARK, "text", 13.46), (LIGHT, "text", 14.12),
        (DARK, "text2", 8.41), (LIGHT, "text2", 7.24), (DARK, "text3", 5.17), (LIGHT, "text3", 4.90),
        (DARK, "amber_text", 9.04), (LIGHT, "amber_text", 5.37), (DARK, "green", 7.85), (LIGHT, "green", 5.39),
        (DARK, "red", 6.40), (LIGHT, "red", 5.25), (DARK, "blue", 7.83), (LIGHT, "blue", 5.18),
        (DARK, "violet", 7.62), (LIGHT, "violet", 6.06),
    ],
)  # fmt: skip
def test_the_published_table_is_what_the_tokens_give(theme: Theme, ink: str, figure: float) -> None:
    assert lowest(theme, ink) == pytest.approx(figure, abs=0.006)


def test_amber_is_no_colour_of_money_or_of_running() -> None:
    assert all("amber" not in pill.ink + pill.fill for pill in tokens.EFFECT_PILLS.values())
    assert tokens.EFFECT_PILLS["spend"].is_outlined
