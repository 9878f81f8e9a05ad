"""A person's own words as an index of whole tokens: does this value stand in them, as itself and not as a part?

The text is read generously (quotes, brackets, a full stop after an address), the value strictly: it is what would run,
so it must be what the person wrote, character by character, wherever a character could make a difference.
"""

# ruff: noqa: RUF001 - the quotation marks, dashes and minus signs that people type are what this module reads.
from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

from legate_core.policy import amounts, dates
from legate_core.tools.spec import Json

SHORT_ID_DIGITS = 6
"""An id of fewer digits is named only where the text says that it is one ("#13", "file 13", "id 13")."""

_OPENING = "\"'`“”„‘’«»‹›([{<"
_CLOSING = "\"'`“”„‘’«»‹›)]}>.,;:!?…"
_LETTERS = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_DIGITS = re.compile(r"[0-9]+")
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_WEB = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://|(?=[Ww]{3}\.))"
    r"(?P<host>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9a-fA-F:.]+\])(?P<port>:[0-9]+)?(?P<rest>[/?#]\S*)?"
)
_NUMBER = re.compile(
    r"(?P<sign>[-−]?)[$€£¥]?(?P<sign2>-?)"
    r"(?:(?P<english>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]{1,3}(?:['’][0-9]{3})+(?:\.[0-9]+)?)"
    r"|(?P<continental>[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]+,[0-9]{1,2})"
    r"|(?P<plain>[0-9]+(?:\.[0-9]+)?))[$€£¥]?"
)
_AMBIGUOUS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
_ID_MARKERS = frozenset({"#", "id", "ids", "no", "nr", "number", "numbers", "num"})
_PLACES = frozenset({"channel", "channels", "kanal", "kanäle"})
_SECONDS_IN = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
_SHARES = frozenset({"percent", "percentage", "rate", "discount", "share", "tax", "vat", "tip"})
_CHOICE = re.compile(r"[A-Za-z]+(?:[_-][A-Za-z]+)+")
_AND = frozenset({"and", "or", "&", "und", "oder"})


def number(text: str) -> Decimal | None:
    """The number that a text is, whatever its separators; None where two countries would read it apart (1.000)."""
    match = _NUMBER.fullmatch(text)
    if match is None or _AMBIGUOUS.fullmatch(text.strip("$€£¥-−")):
        return None
    digits = match["plain"] or ""
    if match["english"]:
        digits = re.sub(r"[,'’]", "", match["english"])
    elif match["continental"]:
        digits = match["continental"].replace(".", "").replace(",", ".")
    found = Decimal(digits)
    return found.copy_negate() if match["sign"] or match["sign2"] else found


def as_decimal(value: int | float) -> Decimal | None:
    """A JSON number as a decimal, in the digits it is written with; None for what JSON cannot hold."""
    try:
        found = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    except InvalidOperation:  # pragma: no cover - repr of a float is always a decimal
        return None
    return found if found.is_finite() else None


def address(text: str) -> str:
    """A mail or web address in the one form it is compared in (host and mailbox in small letters); empty otherwise.

    Without a scheme or `www.` a host cannot be told from a file name, so it stays a plain token and compares exactly.
    """
    if _MAIL.fullmatch(text):
        return text.lower()
    match = _WEB.fullmatch(text)
    if match is None:
        return ""
    rest = match["rest"] or ""
    scheme = f"{match['scheme'].lower()}://" if match["scheme"] else ""
    return f"{scheme}{match['host'].lower()}{match['port'] or ''}{'' if rest == '/' else rest}"


def addresses_in(text: str) -> Iterator[str]:
    """Every link and address inside a longer text, for the check of content."""
    for chunk in unicodedata.normalize("NFKC", text).split():
        for part in re.split(r"[,;|<>()\[\]{}\"'`“”]+", chunk):
            stripped = part.strip(_OPENING + _CLOSING)
            # A host without a scheme is a link to most mail programs, so anything with an inner dot counts.
            if "@" in stripped or "://" in stripped or re.search(r"\w\.[^\W\d]", stripped):
                yield stripped


def host_of(url: str) -> str | None:
    """The host that a web address leads to; None where two readers of addresses could disagree about it."""
    if not url.isascii() or re.search(r"[\s\\\x00-\x20]", url):
        return None
    text = url if "://" in url else f"https://{url}"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or not host or "%" in host:
        return None
    return host.rstrip(".")


@lru_cache(maxsize=1024)
def words_of(name: str) -> frozenset[str]:
    """The words of an argument's name in the singular: `fileIds` and `file_ids` are file and id."""
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return frozenset(_singular(part.lower()) for part in parts)


@lru_cache(maxsize=1024)
def unit_of(name: str) -> int | None:
    """The unit, in seconds, of an argument that holds a length of time by its name (`hours`, `duration_minutes`).

    `start_hour` is a time of day, so a unit in the singular needs a word beside it that says what it measures.
    """
    parts = [part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]
    units = {_singular(part) for part in parts} & _SECONDS_IN.keys()
    measures = any(part in ("duration", "length") or part.removesuffix("s") in units - {part} for part in parts)
    return _SECONDS_IN[units.pop()] if len(units) == 1 and measures else None


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 2 and word.endswith("s") and not word.endswith("ss") else word


@dataclass(frozen=True)
class OwnWords:
    """What a person typed, ready to be asked `is_named`. Made once per run, asked for every value."""

    texts: tuple[str, ...] = ()
    _tokens: tuple[frozenset[str], ...] = field(default=(), repr=False)
    _places: dict[str, list[int]] = field(default_factory=dict[str, list[int]], repr=False, compare=False)
    _folded: tuple[str, ...] = field(default=(), repr=False)
    _folded_places: dict[str, list[int]] = field(default_factory=dict[str, list[int]], repr=False, compare=False)
    _addresses: frozenset[str] = field(default=frozenset(), repr=False)
    _numbers: frozenset[Decimal] = field(default=frozenset(), repr=False)
    _percents: frozenset[Decimal] = field(default=frozenset(), repr=False)
    _marks: dict[str, set[str]] = field(default_factory=dict[str, set[str]], repr=False, compare=False)
    _length: int = field(default=0, repr=False)
    _moments: tuple[dates.Spelled, ...] = field(default=(), repr=False)

    @classmethod
    def from_texts(cls, texts: Iterable[str], today: datetime.date | None = None) -> OwnWords:
        """Read the texts once. `today` is the day they were written; without it "June 13" names no day of a year."""
        return cls.from_dated((text, today) for text in texts)

    @classmethod
    def from_dated(cls, texts: Iterable[tuple[str, datetime.date | None]]) -> OwnWords:
        """Read texts that were written on days of their own."""
        dated = tuple(texts)
        kept = tuple(text for text, _ in dated)
        tokens: list[frozenset[str]] = []
        folded: list[str] = []
        addresses: set[str] = set()
        numbers: set[Decimal] = set()
        percents: set[Decimal] = set()
        marks: dict[str, set[str]] = {}
        moments: list[dates.Spelled] = []
        for text, today in dated:
            normal = unicodedata.normalize("NFKC", text)
            for chunk in _chunks(normal):
                tokens.append(_spellings(chunk))
                if plain := _fold(chunk):
                    folded.append(plain)
                addresses.update(filter(None, map(address, _trimmed(chunk))))
            # No token sequence reaches over the end of a text.
            tokens.append(frozenset())
            folded.append("")
            found = list(dates.moments(normal, today))
            moments.append(dates.spelled(normal, found))
            undated = _without(normal, found)
            in_words = list(amounts.amounts(undated))
            numbers.update(amount.value for amount in in_words)
            percents.update(amounts.percents(undated))
            rest = list(_chunks(_without(undated, in_words)))
            numbers.update(_numbers_in(rest))
            _mark_ids(rest, marks)
        return cls(
            texts=kept,
            _tokens=tuple(tokens),
            _places=_index(tokens),
            _folded=tuple(folded),
            _folded_places=_index([frozenset({word} if word else ()) for word in folded]),
            _addresses=frozenset(addresses),
            _numbers=frozenset(numbers),
            _percents=frozenset(percents),
            _marks=marks,
            _length=sum(map(len, kept)),
            _moments=tuple(moments),
        )

    def is_named(
        self,
        value: Json,
        *,
        role: Literal["authority", "content"] = "authority",
        argument: str = "",
        is_quantity: bool = False,
        is_choice: bool = False,
    ) -> bool:
        """Whether the value stands here as a whole token, number, date, length of time or address. Booleans and null
        never do.

        `argument` is the name it would be passed under: it lets "file 13" name a `file_id` and "an hour" a
        `duration_minutes`; for a quantity the bare number is enough. A choice is one of a list that the tool's schema
        declares, so "read only" spells `read_only`.
        """
        if isinstance(value, bool) or value is None:
            return False
        if isinstance(value, int | float):
            return self._is_number_named(value, argument, is_quantity)
        if not isinstance(value, str):
            return False
        if is_choice and _CHOICE.fullmatch(value) and self._stands(re.split("[_-]", value)):
            return True
        return self._is_text_named(value, role, argument, is_quantity)

    def _is_number_named(self, value: int | float, argument: str, is_quantity: bool) -> bool:
        found = as_decimal(value)
        if found is None:
            return False
        unit = unit_of(argument)
        if unit is not None and self._has_length(found * unit / 60):
            return True
        if found in self._percents and words_of(argument) & _SHARES:
            return True
        if is_quantity or found != found.to_integral_value() or abs(found) >= 10 ** (SHORT_ID_DIGITS - 1):
            return found in self._numbers
        return found in self._numbers and self._is_marked(str(int(found)), argument)

    def _has_length(self, minutes: Decimal | int) -> bool:
        return any(minutes in each.measures for each in self._moments)

    def _is_text_named(self, value: str, role: str, argument: str, is_quantity: bool) -> bool:
        normal = value if value.isascii() else unicodedata.normalize("NFC", value)
        if _DIGITS.fullmatch(normal) and len(normal) < SHORT_ID_DIGITS:
            if is_quantity:
                return Decimal(normal) in self._numbers
            return self._is_marked(normal, argument)
        if len(normal) <= 40 and any(character.isdigit() for character in normal):
            moment = dates.whole(normal)
            if moment is not None:
                return any(each.names(moment) for each in self._moments)
            minutes = dates.whole_length(normal)
            if minutes is not None and self._has_length(minutes):
                return True
            found = None if _DIGITS.fullmatch(normal) else number(normal)
            if found is not None:
                return found in self._numbers
        if role == "content":
            return self._has_content(value)
        if not normal.isascii() and unicodedata.normalize("NFKC", normal) != normal:
            # A look-alike that normalisation would turn into the person's word is not the person's word.
            return False
        if form := address(normal):
            bare = form.removeprefix("https://")
            return form in self._addresses or (
                bare != form and (bare in self._addresses or f"\0{bare}" in self._places)
            )
        parts = normal.split(" ")
        if len(normal) < 2 or not all(parts) or len(normal.split()) != len(parts):
            # One letter stands in every text; odd white space can mean something to the other side.
            return False
        return self._stands(parts) or self._is_channel(normal)

    def _stands(self, parts: Sequence[str]) -> bool:
        return _stands(self._tokens, self._places, [_key(part.removeprefix("./") or part) for part in parts])

    def _is_channel(self, value: str) -> bool:
        """Whether `#general` is what "the general channel" spells."""
        if not value.startswith("#") or len(value) < 3:
            return False
        return any(
            0 <= beside < len(self._tokens) and not _PLACES.isdisjoint(self._tokens[beside])
            for place in self._places.get(_key(value[1:]), ())
            for beside in (place - 1, place + 1)
        )

    def _has_content(self, value: str) -> bool:
        if len(value) > 4 * self._length + 64:
            # Far longer than all own words together, even decomposed into single marks: it cannot stand in them.
            return False
        words = [word for chunk in unicodedata.normalize("NFKC", value).split() if (word := _fold(chunk))]
        if not words:
            return not value.strip()
        if len(words) == 1:
            return words[0] in self._folded_places
        return any(
            self._folded[start : start + len(words)] == tuple(words) for start in self._folded_places.get(words[0], ())
        )

    def _is_marked(self, digits: str, argument: str) -> bool:
        marks = self._marks.get(digits, ())
        return any(mark in _ID_MARKERS or mark in words_of(argument) for mark in marks)


def _chunks(text: str) -> Iterator[str]:
    """The pieces between white space; lists without spaces are taken apart, numbers and web addresses are not."""
    for chunk in text.split():
        if "/" in chunk or not re.search(r"[,;—–].", chunk) or number(chunk.strip(_OPENING + _CLOSING)) is not None:
            yield chunk
        else:
            yield from filter(None, re.split(r"(?<=[,;])|[—–]", chunk))


def _trimmed(chunk: str) -> set[str]:
    """A piece of text as it stands, and without the punctuation of the sentence around it."""
    inner = chunk.lstrip(_OPENING).rstrip(_CLOSING)
    found = {chunk, chunk.rstrip(_CLOSING), chunk.lstrip(_OPENING), inner}
    for start, end in (("(", ")"), ("[", "]")):
        # A closing bracket that belongs to the token ("f(x)") is kept in one of the readings.
        if start in inner and inner + end in chunk:
            found.add(inner + end)
    for ending in ("'s", "’s", "'", "’"):
        if inner.endswith(ending):
            found.add(inner.removesuffix(ending))
    if inner[:1] in ("#", "@") and len(inner) > 1:
        found.add(inner[1:])
    if inner.startswith("./") and len(inner) > 2:
        # The same file, spelled from here.
        found.add(inner[2:])
    return found - {""}


def _spellings(chunk: str) -> frozenset[str]:
    return frozenset(_key(form) for form in _trimmed(chunk))


def _key(token: str) -> str:
    """Plain words compare without case, everything else (paths, ids, keys) exactly."""
    return token.lower() if _LETTERS.fullmatch(token) else f"\0{token}"


def _fold(chunk: str) -> str:
    return chunk.casefold().strip(_OPENING + _CLOSING + "-–—*_#")


def _index(tokens: Sequence[frozenset[str]]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for position, forms in enumerate(tokens):
        for form in forms:
            places.setdefault(form, []).append(position)
    return places


def _stands(tokens: Sequence[frozenset[str]], places: dict[str, list[int]], keys: Sequence[str]) -> bool:
    starts = places.get(keys[0], ())
    if len(keys) == 1:
        return bool(starts)
    return any(
        start + len(keys) <= len(tokens) and all(key in tokens[start + offset] for offset, key in enumerate(keys))
        for start in starts
    )


def _without(text: str, found: Sequence[dates.Moment] | Sequence[amounts.Amount]) -> str:
    """The text with its dates, times and amounts in words blanked, so that their digits name nothing else."""
    for moment in reversed(found):
        text = f"{text[: moment.start]} \N{BULLET} {text[moment.end :]}"
    return text


def _numbers_in(chunks: Iterable[str]) -> Iterator[Decimal]:
    for chunk in chunks:
        found = number(chunk.lstrip(_OPENING + "#").rstrip(_CLOSING))
        if found is not None:
            yield found


def _mark_ids(chunks: Sequence[str], marks: dict[str, set[str]]) -> None:
    """Note, for every short run of digits, the words right beside it that say what it is."""
    carried: set[str] = set()
    for position, chunk in enumerate(chunks):
        bare = chunk.lstrip(_OPENING).rstrip(_CLOSING)
        digits = bare.removeprefix("#")
        if not _DIGITS.fullmatch(digits) or len(digits) >= SHORT_ID_DIGITS:
            if bare.casefold() not in _AND:
                carried = set()
            continue
        beside = {"#"} if bare.startswith("#") else set[str]()
        if position and not _ends_sentence(chunks[position - 1]):
            beside.add(_singular(_fold(chunks[position - 1]) or chunks[position - 1]))
        if position + 1 < len(chunks) and not chunk.endswith(tuple(".,;:!?")):
            beside.add(_singular(_fold(chunks[position + 1])))
        # "ids 3, 4 and 5" is three ids.
        beside |= carried
        marks.setdefault(digits, set()).update(beside - {""})
        carried = beside


def _ends_sentence(chunk: str) -> bool:
    return chunk.endswith((".", "!", "?")) and chunk.rstrip(".").casefold() not in _ID_MARKERS
