"""What the window says: hostile text made visible, ages, terms and money in words."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QDateTime, QLibraryInfo, QLocale, QTranslator

CATALOGUES = Path(__file__).resolve().parents[1] / "resources" / "languages"

# Letters and symbols by category, yet nothing to see: Hangul fillers, the Braille blank, Khmer inherent vowels.
_BLANKS = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_PLAIN_SPACES = frozenset(" \u00a0\u202f")
_MOST_MARKS_IN_A_ROW = 3
_LONGEST_LINE = 1_000
# Most text is of these alone, and then there is nothing to look for, letter by letter.
_PLAIN = re.compile("[ -~\u00a0-\u00ac\u00ae-\u02ff]*")
_PLAIN_LINES = re.compile("[\n\t -~\u00a0-\u00ac\u00ae-\u02ff]*")
_BLANK_RUN = re.compile(r"[ \t\r\n]+")

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


class Language:
    """The language of the window: its catalogue and its ways to write numbers. One per process (`language`)."""

    def __init__(self) -> None:
        self.code = "en"
        self.locale = QLocale(QLocale.Language.English, QLocale.Country.UnitedStates)
        self._said: Mapping[str, str | list[str]] = {}
        self._of_qt: QTranslator | None = None

    def choose(self, choice: str) -> None:
        """*system*, or the code of a language that there is a catalogue for. English needs none."""
        system = QLocale.system()
        code = system.name().partition("_")[0] if choice == "system" else choice
        file = CATALOGUES / f"{code}.json"
        has_catalogue = code != "en" and file.exists()
        self.code = code if has_catalogue else "en"
        self._said = json.loads(file.read_text(encoding="utf-8")) if has_catalogue else {}
        # A system in English, in any country, keeps that country's way to write numbers and dates.
        is_own = system.name().partition("_")[0] == self.code
        self.locale = system if is_own else QLocale(self.code)
        self._translate_qt()

    def _translate_qt(self) -> None:
        """Qt's own few words, such as those of the menu of a text field, come with Qt."""
        app = QCoreApplication.instance()
        if app is None:
            return
        if self._of_qt is not None:
            app.removeTranslator(self._of_qt)
            self._of_qt = None
        translator = QTranslator(app)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if self.code != "en" and translator.load(f"qtbase_{self.code}", folder):
            app.installTranslator(translator)
            self._of_qt = translator

    def say(self, text: str, count: int = -1) -> str:
        """A string of ours in this language; a plural has two forms there, and in English marks them with (s)."""
        said = self._said.get(text, text)
        if isinstance(said, list):
            said = said[0 if count == 1 else 1]
        return said


language = Language()


def tr(text: str) -> str:
    """The translation of a string of ours (never of the agent's)."""
    return language.say(text)


def number(value: int) -> str:
    """A whole number as this language writes it: 48,211 or 48.211."""
    return language.locale.toString(value)


def money(micros: int, currency: str = "") -> str:
    """An amount in millionths, with as many decimals as it needs, two at least: 0.0184, 12.50."""
    exact = f"{abs(micros) / 1_000_000:.6f}".rstrip("0")
    decimals = min(4, max(2, len(exact.partition(".")[2])))
    shown = language.locale.toString(micros / 1_000_000, "f", decimals)
    return f"{shown} {currency}".rstrip()


def moment(at_ms: int, now_ms: int) -> str:
    """09:41 today, 24 Nov 09:41 on another day, as this language writes it."""
    at, now = (QDateTime.fromMSecsSinceEpoch(value) for value in (at_ms, now_ms))
    time = language.locale.toString(at.time(), QLocale.FormatType.ShortFormat)
    if at.date() == now.date():
        return time
    day = language.locale.toString(at.date(), "d MMM" if at.date().year() == now.date().year() else "d MMM yyyy")
    return f"{day} {time}"


def short_day(at_ms: int) -> str:
    """24 Nov: a day for the foot of a plot."""
    return language.locale.toString(QDateTime.fromMSecsSinceEpoch(at_ms).date(), "d MMM")


def long_day(at_ms: int) -> str:
    """The same day in full."""
    return language.locale.toString(QDateTime.fromMSecsSinceEpoch(at_ms).date(), QLocale.FormatType.LongFormat)


def visible(text: str, *, keep_lines: bool = True) -> str:
    """Text from outside with everything that hides or reorders shown by its code point, as ⟨U+202E⟩.

    Control characters, bidi overrides and isolates, zero-width and invisible letters, odd spaces, and combining
    marks beyond three in a row. Line feeds and tabs stay where `keep_lines` says so; CR LF counts as one line feed.
    """
    if (_PLAIN_LINES if keep_lines else _PLAIN).fullmatch(text):
        return text
    shown: list[str] = []
    marks = 0
    for char in text.replace("\r\n", "\n") if keep_lines else text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if char in "\n\t" and keep_lines:
            shown.append(char)
        elif is_hidden(char) or marks > _MOST_MARKS_IN_A_ROW:
            shown.append(f"⟨U+{ord(char):04X}⟩")
        else:
            shown.append(char)
    return "".join(shown)


def is_hidden(char: str) -> bool:
    """Whether a character shows nothing, or changes how others are shown."""
    category = unicodedata.category(char)
    if category in _HIDDEN_CATEGORIES or char in _BLANKS:
        return True
    if category == "Zs":
        return char not in _PLAIN_SPACES
    # Variation selectors draw nothing of their own.
    return 0xFE00 <= ord(char) <= 0xFE0F or 0xE0100 <= ord(char) <= 0xE01EF


def one_line(text: str) -> str:
    """The same for a row of a list: runs of blanks and line breaks become one space, everything hidden is shown.

    What is longer than any row is cut here already, so that a huge text costs no more than a row.
    """
    cut = text if len(text) <= _LONGEST_LINE else text[:_LONGEST_LINE] + "…"
    return visible(_BLANK_RUN.sub(" ", cut).strip(" "), keep_lines=False)


def value_text(value: Any) -> str:
    """An argument as a person reads it: strings bare, everything else as indented JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)


def short_age(milliseconds: int) -> str:
    """26s, 4m, 3h, 2d: how long ago, for the right edge of a row."""
    for unit, letter in ((DAY, "d"), (HOUR, "h"), (MINUTE, "m")):
        if milliseconds >= unit:
            return f"{milliseconds // unit}{letter}"
    return f"{max(0, milliseconds) // SECOND}s"


def long_age(milliseconds: int) -> str:
    """6 minutes: the same in words, for accessible names."""
    words = ((DAY, "%n day(s)"), (HOUR, "%n hour(s)"), (MINUTE, "%n minute(s)"), (SECOND, "%n second(s)"))
    for unit, text in words:
        if milliseconds >= unit:
            return plural(text, milliseconds // unit)
    return plural("%n second(s)", 0)


def plural(text: str, count: int) -> str:
    """`%n row(s)` for a count, in this language."""
    said = language.say(text, count).replace("%n", number(count))
    return said.replace("(s)", "" if count == 1 else "s")


def time_left(milliseconds: int) -> str:
    """in 23 h 41 m: two units, the smaller one only where it still matters."""
    if milliseconds <= 0:
        return tr("now")
    days, rest = divmod(milliseconds, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} m" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} m"
    return f"{rest // SECOND} s"


def duration(milliseconds: int) -> str:
    """8.4 s, 140 ms, 2 m 14 s: how long something took."""
    if milliseconds < SECOND:
        return f"{max(0, milliseconds)} ms"
    if milliseconds < MINUTE:
        return f"{milliseconds / SECOND:.1f} s"
    minutes, rest = divmod(milliseconds, MINUTE)
    if minutes < 60:
        return f"{minutes} m {rest // SECOND} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} m"


def counted(how_many: int) -> str:
    """A count for a badge; they stop at 9,999+."""
    return f"{number(9_999)}+" if how_many > 9_999 else number(how_many)


def short_hash(value: str) -> str:
    """First six … last four; the whole one is a focus or a copy away."""
    return value if len(value) <= 12 else f"{value[:6]}…{value[-4:]}"
