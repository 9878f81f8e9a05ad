"""The core's own sentences in the language of the window: why something is asked or refused, what a rule does.

The core speaks English, in sentences that it puts together from a template and values; they lie frozen in cards and in the
journal, and come over the link and from servers of any age. So the window does not ask the core for another language: it
finds the template again (`resources/languages/core`, a file for each language) and says it with the same values. A
sentence that nothing fits, or that fits in two ways, stays as it came. What agents and tools wrote is never given to this.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from legate_desktop.words import CATALOGUES, language

CORE_CATALOGUES = CATALOGUES / "core"
PLACE = re.compile(r"\{([a-z_]+)\}")
LONGEST = 4_000
"""Longer texts are no sentences of the core."""

_WORD = r"[\w.*-]+"
_ONE_WORD = frozenset({"tool", "argument", "run", "permission"})
_SENTENCE, _LIST = "said", "parts"


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence of the core with places for values, and how this language says it.

    `{said}` holds another sentence of the core, `{parts}` several with commas between them. The value of a place such as
    `{tool}` is one word, that of any other may be any text, so it is looked for in both directions: a text that could be
    read in two ways is left alone.
    """

    fixed: tuple[str, ...]
    first: re.Pattern[str]
    last: re.Pattern[str]
    said: str

    @classmethod
    def of(cls, text: str, said: str) -> Template:
        """The template of one entry of a catalogue."""
        fixed = PLACE.split(text)[::2]
        return cls(tuple(part for part in fixed if part), _pattern(text, "*?"), _pattern(text, "*"), said)

    def values(self, text: str) -> Mapping[str, str] | None:
        """The values that stand in this text; None where it is another sentence, or may be read in two ways."""
        if not all(part in text for part in self.fixed):
            return None
        found, other = self.first.fullmatch(text), self.last.fullmatch(text)
        if found is None or other is None or found.groups() != other.groups():
            return None
        return found.groupdict()

    def fill(self, values: Mapping[str, str]) -> str:
        """The sentence in this language. One pass: a value that looks like a place stays text."""
        return PLACE.sub(lambda place: _value(place[1], values[place[1]]), self.said)


def tr_core(text: str) -> str:
    """A sentence of the core in the language of the window; whatever is none stays as it is."""
    return text if language.code == "en" or not text or len(text) > LONGEST else _said(language.code, text)


@lru_cache(maxsize=4_096)
def _said(code: str, text: str) -> str:
    whole, templates = _catalogue(code)
    if text in whole:
        return whole[text]
    for template in templates:
        values = template.values(text)
        if values is not None:
            return template.fill(values)
    return text


@cache
def _catalogue(code: str) -> tuple[Mapping[str, str], tuple[Template, ...]]:
    """The sentences without places, and those with; the ones with most words of their own are tried first."""
    entries = sentences(code)
    whole = {text: said for text, said in entries.items() if not PLACE.search(text)}
    rest = sorted((text for text in entries if text not in whole), key=lambda text: -len(PLACE.sub("", text)))
    return whole, tuple(Template.of(text, entries[text]) for text in rest)


def sentences(code: str) -> Mapping[str, str]:
    """Every sentence of the core that this language has, with its places; none where there is no catalogue."""
    file = CORE_CATALOGUES / f"{code}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def _pattern(text: str, how: str) -> re.Pattern[str]:
    return re.compile("".join(_as_pattern(PLACE.split(text), how)), re.DOTALL)


def _as_pattern(parts: Iterable[str], how: str) -> Iterable[str]:
    for at, part in enumerate(parts):
        if at % 2 == 0:
            yield re.escape(part)
        else:
            any_text = _WORD if part in _ONE_WORD else f".{how}"
            yield f"(?P<{part}>{any_text})"


def _value(name: str, value: str) -> str:
    if name.startswith(_SENTENCE):
        return tr_core(value)
    return ", ".join(tr_core(part) for part in value.split(", ")) if name == _LIST else value
