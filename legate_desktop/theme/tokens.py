"""Every colour, face and measure of the window, once: palette, style sheet and delegates are made from this table.

Contrast is WCAG 2.1 and a test computes it from these values: body inks at least 4.5 over every surface, edges and the
focus ring at least 3. Amber means a person's turn, the main action, or where you are, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

SURFACES: Final = ("abyss", "deck", "panel", "raised", "well")
INKS: Final = ("text", "text2", "text3", "amber_text", "green", "red", "blue", "violet")


@dataclass(frozen=True, slots=True)
class Theme:
    """One complete set of colours. Names are roles, so that no widget ever holds a hex value of its own."""

    name: str
    is_dark: bool
    abyss: str
    deck: str
    panel: str
    raised: str
    well: str
    line: str
    line2: str
    edge: str
    text: str
    text2: str
    text3: str
    amber_text: str
    green: str
    red: str
    blue: str
    violet: str
    amber: str
    amber_hover: str
    amber_ink: str
    amber_wash: str
    green_wash: str
    red_wash: str
    blue_wash: str
    violet_wash: str
    glow_percent: int


DARK: Final = Theme(
    name="dark",
    is_dark=True,
    abyss="#0B0D12",
    deck="#0F1218",
    panel="#141821",
    raised="#1B202B",
    well="#090B0F",
    line="#232936",
    line2="#384154",
    edge="#667087",
    text="#EEE9DD",
    text2="#B7BAC4",
    text3="#8B91A1",
    amber_text="#FFB224",
    green="#52C98F",
    red="#FF7A6B",
    blue="#7DB7FF",
    violet="#BCA3FF",
    amber="#FFB224",
    amber_hover="#FFC555",
    amber_ink="#1B1304",
    amber_wash="#241C0C",
    green_wash="#10231C",
    red_wash="#2A1416",
    blue_wash="#111F33",
    violet_wash="#1E1933",
    glow_percent=8,
)

LIGHT: Final = Theme(
    name="light",
    is_dark=False,
    abyss="#F4EFE4",
    deck="#ECE6D8",
    panel="#FCF9F2",
    raised="#FFFFFF",
    well="#F1EBDD",
    line="#DED5C3",
    line2="#B9AE97",
    edge="#8A8069",
    text="#17191F",
    text2="#454953",
    text3="#5E626D",
    amber_text="#855000",
    green="#17693F",
    red="#B3261E",
    blue="#1F5FA8",
    violet="#5B3FB0",
    amber="#F2A31B",
    amber_hover="#FFB224",
    amber_ink="#1B1304",
    amber_wash="#FBEBCB",
    green_wash="#DDF0E4",
    red_wash="#FBE3DF",
    blue_wash="#DFEBFA",
    violet_wash="#EAE4FA",
    glow_percent=14,
)


def high_contrast(base: Theme) -> Theme:
    """Two surfaces only, hairlines become edges, hints become body text; nothing else moves, so nobody relearns it."""
    return replace(
        base,
        name=f"{base.name} high contrast",
        deck=base.abyss,
        raised=base.panel,
        well=base.abyss,
        line=base.edge,
        line2=base.edge,
        text3=base.text2,
        glow_percent=0,
    )


DARK_HIGH_CONTRAST: Final = high_contrast(DARK)
LIGHT_HIGH_CONTRAST: Final = high_contrast(LIGHT)
THEMES: Final = (DARK, LIGHT, DARK_HIGH_CONTRAST, LIGHT_HIGH_CONTRAST)


def theme_for(*, is_dark: bool, is_high_contrast: bool = False) -> Theme:
    """The one of the four that these two wishes name."""
    if is_high_contrast:
        return DARK_HIGH_CONTRAST if is_dark else LIGHT_HIGH_CONTRAST
    return DARK if is_dark else LIGHT


@dataclass(frozen=True, slots=True)
class Pill:
    """How one kind of effect is marked: ink on fill, outlined or not, with the icon that stands beside the word."""

    word: str
    ink: str
    fill: str
    is_outlined: bool = False
    icon: str = ""


EFFECT_PILLS: Final[dict[str, Pill]] = {
    "read": Pill("READS", "text3", "well"),
    "write": Pill("WRITES", "blue", "blue_wash"),
    "send": Pill("SENDS", "violet", "violet_wash"),
    "spend": Pill("MONEY", "red", "", is_outlined=True, icon="coins"),
    "destroy": Pill("DESTROYS", "red", "red_wash", icon="flame"),
    "grant": Pill("GRANTS", "red", "red_wash", icon="key-round"),
}


@dataclass(frozen=True, slots=True)
class Face:
    """One role of type: family, pixel size and line, weight, tracking in percent, capitals."""

    family: str
    size_px: int
    line_px: int
    weight: int
    tracking_percent: int = 0
    is_capitals: bool = False


DISPLAY_FAMILY: Final = "Bricolage Grotesque"
TEXT_FAMILY: Final = "Hanken Grotesk"
MONO_FAMILY: Final = "JetBrains Mono"

FACES: Final[dict[str, Face]] = {
    "display": Face(DISPLAY_FAMILY, 26, 32, 700),
    "title": Face(DISPLAY_FAMILY, 20, 26, 700),
    "mark": Face(DISPLAY_FAMILY, 19, 24, 700),
    "body": Face(TEXT_FAMILY, 14, 20, 400),
    "name": Face(TEXT_FAMILY, 14, 20, 600),
    "small": Face(TEXT_FAMILY, 13, 18, 400),
    "caption": Face(TEXT_FAMILY, 11, 14, 600, tracking_percent=10, is_capitals=True),
    "pill": Face(TEXT_FAMILY, 10, 12, 700, tracking_percent=6, is_capitals=True),
    "mono": Face(MONO_FAMILY, 12, 18, 400),
    "mono_name": Face(MONO_FAMILY, 13, 18, 500),
}

SIDEBAR_PX: Final = 232
SIDEBAR_ICONS_PX: Final = 56
SIDEBAR_COLLAPSES_UNDER_PX: Final = 1100
LIST_MIN_PX: Final = 300
DETAIL_MIN_PX: Final = 464
DETAIL_MAX_PX: Final = 560
WINDOW_MIN: Final = (900, 600)
WINDOW: Final = (1440, 900)
FRAME_ROOM_PX: Final = 40
ROW_APPROVAL_PX: Final = 72
ROW_STEP_PX: Final = 40
RADIUS_FIELD_PX: Final = 8
RADIUS_CARD_PX: Final = 10
RADIUS_DIALOG_PX: Final = 12
RADIUS_PILL_PX: Final = 4
TARGET_PX: Final = 28
ICON_PX: Final = 16
ICON_STROKE: Final = 1.75

FADE_MS: Final = 120
SKELETON_AFTER_MS: Final = 150
TOAST_MS: Final = 6_000
HOLD_MS: Final = 700
INERT_MS: Final = 400
FRAME_MS: Final = 16


def rgb(colour: str) -> tuple[int, int, int]:
    """The three channels of `#RRGGBB`."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """WCAG 2.1 relative luminance."""
    channels = [value / 255 for value in rgb(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG 2.1 contrast ratio, 1 to 21, whichever is lighter."""
    first, second = luminance(one), luminance(other)
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)
