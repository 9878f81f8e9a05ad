"""Text for a terminal: hostile text made visible, lines wrapped, tables in the width there is, times in words. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

# Letters and symbols by category, yet nothing to see: Hangul fillers, the Braille blank, Khmer inherent vowels.
_BLANKS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_PLAIN_SPACES = frozenset(" \u00a0\u202f")
_MOST_MARKS_IN_A_ROW = 3
_BLANK_RUN = re.compile(r"[ \t\r\n]+")
_TAB = "    "

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


def visible(text: str, *, keep_lines: bool = True) -> str:
    """Text from outside with everything that hides, reorders or steers a terminal shown by its code point: ⟨U+202E⟩.

    Line feeds stay where `keep_lines` says so; CR LF counts as one line feed, and a tab becomes spaces.
    """
    shown: list[str] = []
    marks = 0
    for char in text.replace("\r\n", "\n") if keep_lines else text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if keep_lines and char in "\n\t":
            shown.append(_TAB if char == "\t" else char)
        elif _is_hidden(char) or marks > _MOST_MARKS_IN_A_ROW:
            shown.append(f"⟨U+{ord(char):04X}⟩")
        else:
            shown.append(char)
    return "".join(shown)


def _is_hidden(char: str) -> bool:
    """Whether a character shows nothing, or changes how others are shown."""
    category = unicodedata.category(char)
    if category in _HIDDEN_CATEGORIES or char in _BLANKS:
        return True
    if category == "Zs":
        return char not in _PLAIN_SPACES
    # Variation selectors draw nothing of their own.
    return 0xFE00 <= ord(char) <= 0xFE0F or 0xE0100 <= ord(char) <= 0xE01EF


def one_line(text: str) -> str:
    """The same for a cell of a table: runs of blanks and line breaks become one space."""
    return visible(_BLANK_RUN.sub(" ", text).strip(" "), keep_lines=False)


def columns(text: str) -> int:
    """How many columns of a terminal a line takes: wide letters take two, combining marks none."""
    return sum(_columns_of(char) for char in text)


def _columns_of(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, width: int) -> str:
    """A line in at most `width` columns; what was cut off shows as …"""
    if columns(text) <= width:
        return text
    kept, used = "", 1
    for char in text:
        used += _columns_of(char)
        if used > width:
            break
        kept += char
    return kept.rstrip() + "…"


def wrap(text: str, width: int, *, indent: str = "") -> list[str]:
    """Visible text in lines of at most `width` columns, each behind `indent`; its own line breaks are kept."""
    room = max(20, width - columns(indent))
    return [(indent + line).rstrip() for paragraph in visible(text).split("\n") for line in _wrapped(paragraph, room)]


def _wrapped(paragraph: str, width: int) -> list[str]:
    lines = [""]
    for word in re.findall(r"\s+|\S+", paragraph):
        if columns(lines[-1]) + columns(word) <= width:
            lines[-1] += word
        elif word.isspace():
            lines.append("")
        else:
            lines[-1] = lines[-1].rstrip()
            lines += _pieces(word, width)
    return [line.rstrip() for line in lines if line.strip()] or [""]


def _pieces(word: str, width: int) -> list[str]:
    """A word that is longer than a line, in pieces that are not."""
    pieces = [""]
    for char in word:
        if columns(pieces[-1]) + _columns_of(char) > width:
            pieces.append("")
        pieces[-1] += char
    return pieces


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], width: int, *, grows: int = -1) -> list[str]:
    """Rows under heads, no wider than `width`: the column `grows` takes the room that the others leave, and is cut."""
    cells = [list(heads), *([one_line(cell) for cell in row] for row in rows)]
    grows %= len(heads)
    widths = [max(columns(row[place]) for row in cells) for place in range(len(heads))]
    others = sum(widths) - widths[grows] + 2 * (len(heads) - 1)
    widths[grows] = max(12, min(widths[grows], width - others))
    return [_row(row, widths).rstrip() for row in cells]


def _row(row: Sequence[str], widths: Sequence[int]) -> str:
    shown = (cut(cell, width) for cell, width in zip(row, widths, strict=True))
    return "  ".join(cell + " " * (width - columns(cell)) for cell, width in zip(shown, widths, strict=True))


def value_text(value: Any) -> str:
    """An argument as a person reads it: strings bare, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def moment(at: int) -> str:
    """A time in milliseconds as a person here reads it: 2026-11-24 09:30."""
    return datetime.fromtimestamp(at / 1000).astimezone().strftime("%Y-%m-%d %H:%M") if at else ""


def span(milliseconds: int) -> str:
    """A length of time in its largest unit: 26 s, 4 min, 3 h, 2 d."""
    for unit, word in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if milliseconds >= unit:
            return f"{milliseconds // unit} {word}"
    return f"{max(0, milliseconds) // SECOND} s"


def money(micros: int) -> str:
    """Millionths of the price list's currency as an amount; empty for nothing."""
    return f"{micros / 1_000_000:.4f}".rstrip("0").rstrip(".") if micros else ""


def to_json(data: Any, *, is_ascii: bool = False) -> str:
    """One JSON value, indented; characters that would steer a terminal are escaped, as JSON allows inside strings.

    With `is_ascii` everything else is escaped as well, for an output that could not carry it.
    """
    text = json.dumps(data, ensure_ascii=is_ascii, indent=2)
    return "".join(_escaped(char) if char != "\n" and _is_hidden(char) else char for char in text)


def _escaped(char: str) -> str:
    return json.dumps(char, ensure_ascii=True)[1:-1]
