"""Dates and times in the spellings people use, read without guessing: what is ambiguous is not a date."""

# ruff: noqa: RUF001 - the apostrophes that people type are what this module reads.
from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

_MONTHS = (
    ("january", "jan", "januar", "jänner", "janvier", "enero", "gennaio"),
    ("february", "feb", "februar", "février", "fevrier", "febrero", "febbraio"),
    ("march", "mar", "märz", "mars", "marzo"),
    ("april", "apr", "avril", "abril", "aprile"),
    ("may", "mai", "mayo", "maggio"),
    ("june", "jun", "juni", "juin", "junio", "giugno"),
    ("july", "jul", "juli", "juillet", "julio", "luglio"),
    ("august", "aug", "août", "agosto"),
    ("september", "sep", "sept", "septembre", "septiembre", "settembre"),
    ("october", "oct", "oktober", "okt", "octobre", "octubre", "ottobre"),
    ("november", "nov", "novembre", "noviembre"),
    ("december", "dec", "dezember", "dez", "décembre", "decembre", "diciembre", "dicembre"),
)
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}

_MONTH = "|".join(sorted(map(re.escape, MONTHS), key=len, reverse=True))
_DAY = r"(?:3[01]|[12][0-9]|0?[1-9])"
_YEAR = r"(?:1[5-9]|2[0-9])[0-9][0-9]"
_CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"

_NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_COUNTS = {word: count for count, word in enumerate(_NUMBERS, 1)} | dict.fromkeys(
    ("a", "an", "ein", "eine", "einen", "einer"), 1
)
_COUNT = rf"(?:[0-9]{{1,3}}|{'|'.join(_COUNTS)})"
_UNIT = r"(?:days?|tagen?|tage?|weeks?|wochen?)"
_WEEKDAYS = {
    name: number
    for names in (
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag"),
    )
    for number, name in enumerate(names)
}
# Words for a day, as days from today; those that mean something else as well ("morgen", "hier") are left out.
_DAYS_OFF = {
    "dayaftertomorrow": 2,
    "daybeforeyesterday": -2,
    **dict.fromkeys(("today", "tonight", "heute", "oggi", "hoy"), 0),
    **dict.fromkeys(("tomorrow", "demain", "domani"), 1),
    **dict.fromkeys(("yesterday", "gestern", "ieri", "ayer"), -1),
    **dict.fromkeys(("übermorgen",), 2),
    **dict.fromkeys(("vorgestern",), -2),
}
_WORDS = [word for word in _DAYS_OFF if not word.startswith("day")] + ["noon", "midday", "midnight"]

_ORDINAL = r"(?:st|nd|rd|th|\.)?"
_TO = r"(?:-|–|to|until|till|through|bis|au|al)"
_JOINED = re.compile(rf"\s*{_TO}\s*(?:the\s+)?", re.IGNORECASE)

# One pattern, tried left to right, so that "13" of "June 13" is spent and cannot name anything else.
_MOMENT = re.compile(
    rf"""(?<![\w.:/\-]) (?:
      (?P<y1>{_YEAR})[-/.](?P<m1>0?[1-9]|1[0-2])[-/.](?P<d1>{_DAY})
        (?:[T\ ]+(?P<iso>{_CLOCK})(?:\.0+)?)?
    | (?P<d2>{_DAY})[.](?P<m2>0?[1-9]|1[0-2])[.](?P<y2>{_YEAR})
    | (?P<a3>[0-9]{{1,2}})/(?P<b3>[0-9]{{1,2}})/(?P<y3>{_YEAR})
    | (?P<d7>{_DAY}){_ORDINAL}\s*{_TO}\s*(?:the\s+)?(?P<e7>{_DAY}){_ORDINAL}\s+(?:of\s+|de\s+)?(?P<m7>{_MONTH})\.?
        (?:,?\s+(?:de\s+)?(?P<y7>{_YEAR}))?
    | (?P<m8>{_MONTH})\.?\s+(?:the\s+)?(?P<d8>{_DAY}){_ORDINAL}\s*{_TO}\s*(?:the\s+)?(?P<e8>{_DAY}){_ORDINAL}
        (?:,?\s+(?P<y8>{_YEAR}))?
    | (?P<d4>{_DAY}){_ORDINAL}\s+(?:of\s+|de\s+)?(?P<m4>{_MONTH})\.?(?:,?\s+(?:de\s+)?(?P<y4>{_YEAR}))?
    | (?P<m5>{_MONTH})\.?\s+(?:the\s+)?(?P<d5>{_DAY})(?:st|nd|rd|th)?(?:,?\s+(?P<y5>{_YEAR}))?
    | (?P<m6>{_MONTH})\s+(?P<y6>{_YEAR})
    | (?P<clock>{_CLOCK})(?:\s?(?P<half>[ap])\.?m\b\.?)?
    | (?P<hour>1[0-2]|0?[1-9])(?:[.:](?P<minute>[0-5][0-9]))?\s?(?P<half2>[ap])\.?m\b\.?
    | (?P<oclock>2[0-3]|[01]?[0-9])\s+(?:o['’]clock|uhr)
    | (?P<ordinal>{_DAY})(?:st|nd|rd|th)
    | in\s+(?P<in>{_COUNT})\s+(?P<in_unit>{_UNIT})
    | (?P<off>{_COUNT})\s+(?P<off_unit>{_UNIT})\s+(?P<way>ago|from\s+now|(?:from|after)\s+(?:today|tomorrow))
    | (?P<which>this|next|last|coming|kommenden?|diesen?)\s+(?P<weekday>{"|".join(_WEEKDAYS)})
    | (?P<word>(?:the\s+)?day\s+after\s+tomorrow|(?:the\s+)?day\s+before\s+yesterday|{"|".join(_WORDS)})
    ) (?![\w/]|[-.:]\w)""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A date, a time of day, or both, and the stretch of text that spells it. A date without a year has year 0."""

    start: int
    end: int
    date: tuple[int, int, int] | None = None
    time: tuple[int, int, int] | None = None


def moments(text: str, today: datetime.date | None = None) -> Iterator[Moment]:
    """Every date and time in a text, in order. `today` gives dates without a year, and words like "tomorrow", theirs.

    What looks like one and is ambiguous (05/06/2024) or impossible (31 June) is yielded empty: spent, naming nothing.
    In "January 11th to January 15th 2025" the year belongs to both.
    """
    found = list(_MOMENT.finditer(text))
    for match, following in itertools.zip_longest(found, found[1:]):
        if match["d7"] or match["d8"]:
            yield from _both_ends(match, today)
            continue
        date = _date(match, today)
        if following is not None and _JOINED.fullmatch(text, match.end(), following.start()):
            date = _year_of_the_end(match, following) or date
        yield Moment(match.start(), match.end(), date, _time(match))


def _both_ends(match: re.Match[str], today: datetime.date | None) -> Iterator[Moment]:
    """ "11 to 15 January 2025" and "January 11-15, 2025": two dates that share a month and a year."""
    first, second, month, year = ("d7", "e7", "m7", "y7") if match["d7"] else ("d8", "e8", "m8", "y8")
    number = MONTHS[match[month].casefold()]
    start, end = (
        _real(int(match[year]), number, int(match[day])) if match[year] else _nearest(number, int(match[day]), today)
        for day in (first, second)
    )
    yield Moment(match.start(), match.end(first), start)
    yield Moment(match.end(first), match.end(), end)


def _year_of_the_end(match: re.Match[str], following: re.Match[str]) -> tuple[int, int, int] | None:
    end = _date(following, None)
    if end is None or not end[0]:
        return None
    for day, month, year in (("d4", "m4", "y4"), ("d5", "m5", "y5")):
        if match[month] and not match[year]:
            start = (MONTHS[match[month].casefold()], int(match[day]))
            return _real(end[0] if start <= end[1:] else end[0] - 1, *start)
    return None


def whole(text: str) -> Moment | None:
    """The moment that a value as a whole is: a date, a time, or a date and a time in this order. Otherwise None."""
    found = list(moments(text))
    if not found or len(found) > 2 or found[0].start != 0 or found[-1].end != len(text):
        return None
    if len(found) == 1:
        return found[0] if found[0].date or found[0].time else None
    first, second = found
    between = text[first.end : second.start].strip(" ,").casefold()
    if between not in {"", "at", "t", "um"} or not first.date or first.time or not second.time or second.date:
        return None
    return Moment(0, len(text), first.date, second.time)


def _date(match: re.Match[str], today: datetime.date | None) -> tuple[int, int, int] | None:
    part = match.group
    if part("y1"):
        return _real(int(part("y1")), int(part("m1")), int(part("d1")))
    if part("y2"):
        return _real(int(part("y2")), int(part("m2")), int(part("d2")))
    if part("y3"):
        first, second, year = int(part("a3")), int(part("b3")), int(part("y3"))
        readings = {_real(year, first, second), _real(year, second, first)} - {None}
        return readings.pop() if len(readings) == 1 else None
    for day, month, year in (("d4", "m4", "y4"), ("d5", "m5", "y5")):
        if part(month):
            number = MONTHS[part(month).casefold()]
            if part(year):
                return _real(int(part(year)), number, int(part(day)))
            return _nearest(number, int(part(day)), today)
    days = None if today is None else _days_off(match, today)
    if days is None or today is None:
        return None
    meant = today.toordinal() + days
    if not 1 <= meant <= datetime.date.max.toordinal():
        return None
    found = datetime.date.fromordinal(meant)
    return (found.year, found.month, found.day)


def _days_off(match: re.Match[str], today: datetime.date) -> int | None:
    """How many days from today a word or two lead: "tomorrow", "in 3 days", "two weeks ago", "this Friday"."""
    part = match.group
    if part("word"):
        return _DAYS_OFF.get("".join(part("word").casefold().split()).removeprefix("the"))
    if part("weekday"):
        return _to_weekday(part("which").casefold(), _WEEKDAYS[part("weekday").casefold()] - today.weekday())
    count = part("in") or part("off")
    if not count or _RANGE_BEFORE.search(match.string, 0, match.start()):
        return None
    unit = 7 if (part("in_unit") or part("off_unit")).casefold().startswith("w") else 1
    days = unit * (_COUNTS.get(count.casefold()) or int(count))
    way = (part("way") or "").casefold()
    return -days if way == "ago" else days + way.endswith("tomorrow")


_RANGE_BEFORE = re.compile(
    r"(?:\b(?:to|or|and|bis|oder|und|once|twice|times|every|each|per)|[-–/+])\s*$", re.IGNORECASE
)
"""What makes "3 to 5 days ago" and "once a week from today" no day."""


def _to_weekday(which: str, ahead: int) -> int | None:
    """Days to a weekday, `ahead` counted within this week; None where two people would mean different weeks."""
    if which.startswith("kommend") or which == "coming":
        return ahead if ahead > 0 else ahead + 7
    if which == "next":
        return ahead + 7 if ahead <= 0 else None
    if which == "last":
        return ahead - 7 if ahead >= 0 else None
    return ahead if ahead >= 0 else None


def _real(year: int, month: int, day: int) -> tuple[int, int, int] | None:
    try:
        datetime.date(year, month, day)
    except ValueError:
        return None
    return (year, month, day)


def _nearest(month: int, day: int, today: datetime.date | None) -> tuple[int, int, int] | None:
    """A date without a year is the nearest one to the day it was written; without that day it keeps year 0."""
    if _real(2000, month, day) is None:
        return None
    if today is None:
        return (0, month, day)
    years = range(max(1, today.year - 1), min(9999, today.year + 1) + 1)
    dates = [found for year in years if (found := _real(year, month, day))]
    return min(dates, key=lambda found: abs((datetime.date(*found) - today).days), default=None)


def _time(match: re.Match[str]) -> tuple[int, int, int] | None:
    part = match.group
    if clock := part("iso") or part("clock"):
        hour, minute, second = [*map(int, clock.split(":")), 0][:3]
        return _half_of_day(hour, minute, second, part("half")) if part("half") else (hour, minute, second)
    if part("hour"):
        return _half_of_day(int(part("hour")), int(part("minute") or 0), 0, part("half2"))
    if part("oclock"):
        return (int(part("oclock")), 0, 0)
    return {"noon": (12, 0, 0), "midday": (12, 0, 0), "midnight": (0, 0, 0)}.get((part("word") or "").casefold())


def _half_of_day(hour: int, minute: int, second: int, half: str) -> tuple[int, int, int] | None:
    if not 1 <= hour <= 12:
        return None
    return (hour % 12 + (12 if half in "pP" else 0), minute, second)


_UNITS = {
    1: r"min(?:ute[sn]?|utos?|uti|s)?",
    60: r"h(?:ours?|rs?)?|stunden?|std|heures?|horas?|or[ae]",
    1440: r"days?|nights?|tagen?|tage?|nächten?|nacht|jours?|nuits?|días?|noches?|giorn[oi]|nott[ei]",
    10080: r"weeks?|wochen?|semaines?|semanas?|settiman[ae]",
}
_LENGTH = re.compile(
    rf"(?<![\w.,:/-])(?:(?P<half>half)\s+(?:an?\s+)?|(?P<count>[0-9]{{1,3}}(?:[.,][0-9]{{1,2}})?|{'|'.join(_COUNTS)})"
    rf"(?P<more>\s+and\s+a\s+half)?(?:\s+|-)?)"
    + rf"(?:{'|'.join(f'(?P<u{minutes}>{names})' for minutes, names in _UNITS.items())})"
    + r"(?P<again>\s+and\s+a\s+half)?(?!\w)",
    re.IGNORECASE,
)


_NIGHT = re.compile("n[iuoaä]", re.IGNORECASE)
_ISO_LENGTH = re.compile(
    r"P(?:(?P<w>[0-9]{1,3})W|(?:(?P<d>[0-9]{1,3})D)?(?:T(?:(?P<h>[0-9]{1,3})H)?(?:(?P<m>[0-9]{1,4})M)?)?)"
)


def whole_length(text: str) -> int | None:
    """The length of time that a value as a whole is ("1 hour", "90min", "PT1H30M"), in minutes; otherwise None."""
    if match := _ISO_LENGTH.fullmatch(text):
        counted = {unit: int(match[unit] or 0) for unit in "wdhm"}
        return counted["w"] * 10080 + counted["d"] * 1440 + counted["h"] * 60 + counted["m"] or None
    return next(lengths(text, with_nights=False), None) if _LENGTH.fullmatch(text) else None


def lengths(text: str, *, with_nights: bool = True) -> Iterator[int]:
    """Every length of time in a text ("an hour", "90 minutes", "4 nights"), in minutes."""
    for match in _LENGTH.finditer(text):
        if not with_nights and _NIGHT.match(match["u1440"] or ""):
            continue
        unit = next(minutes for minutes in _UNITS if match[f"u{minutes}"])
        count = match["count"] or "0"
        number = Decimal(_COUNTS.get(count.casefold()) or count.replace(",", "."))
        if match["half"] or match["more"] or match["again"]:
            number += Decimal("0.5")
        minutes = number * unit
        if minutes and minutes == int(minutes):
            yield int(minutes)


@dataclass(frozen=True, slots=True)
class Spelled:
    """The dates, times and lengths of time that one text spells.

    A time and a length spell an end as well: "at 12:00 for one hour" names 13:00. `measures` are the lengths without
    nights, because a stay of four nights is no four days.
    """

    dates: frozenset[tuple[int, int, int]]
    times: frozenset[tuple[int, int, int]]
    lengths: frozenset[int]
    measures: frozenset[int]

    def names(self, moment: Moment) -> bool:
        """Whether a date, a time of day, or both stand here, or are the end of what stands here."""
        return self._stands(moment.date, moment.time) or any(
            self._stands(*_earlier(moment, minutes)) for minutes in self.lengths if _may_end(moment, minutes)
        )

    def _stands(self, date: tuple[int, int, int] | None, time: tuple[int, int, int] | None) -> bool:
        has_date = (
            date is None or date in self.dates or (date[0] == 0 and any(day[1:] == date[1:] for day in self.dates))
        )
        return has_date and (time is None or time in self.times)


def spelled(text: str, found: Iterable[Moment]) -> Spelled:
    """What a text spells; `found` are its `moments`."""
    kept = list(found)
    return Spelled(
        frozenset(moment.date for moment in kept if moment.date),
        frozenset(moment.time for moment in kept if moment.time),
        frozenset(lengths(text)),
        frozenset(lengths(text, with_nights=False)),
    )


def _may_end(moment: Moment, minutes: int) -> bool:
    if moment.time is None:
        return minutes % 1440 == 0 and bool(moment.date and moment.date[0])
    return bool(moment.date[0]) if moment.date else minutes < 1440


def _earlier(moment: Moment, minutes: int) -> tuple[tuple[int, int, int] | None, tuple[int, int, int] | None]:
    """The date and time that lie so long before; only the parts that the moment has."""
    # Years begin at 1500 and a length has three digits, so that no subtraction leaves the calendar.
    then = datetime.datetime(*(moment.date or (2000, 1, 2)), *(moment.time or (0, 0, 0)))
    then -= datetime.timedelta(minutes=minutes)
    date = (then.year, then.month, then.day) if moment.date else None
    return date, (then.hour, then.minute, then.second) if moment.time else None
