"""What the Audit page shows: entries, an entry's place in the chain, and a report; free of the core's types and of Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from legate_desktop.core_words import tr_core
from legate_desktop.words import number, one_line, short_hash, tr


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One line of the table."""

    seq: int
    at: int
    who: str
    what: str
    about: str
    hash: str
    run_id: str = ""
    approval_id: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    cause: str = ""
    rows: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        return str(self.seq)


@dataclass(frozen=True, slots=True)
class Place:
    """An entry where it stands in the chain."""

    row: EntryRow
    text: str
    before: str
    fits: bool
    checkpoint: int
    signed_at: int
    entries: int


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows the table; times in milliseconds, 0 for none."""

    text: str = ""
    what: str = ""
    who: str = ""
    about: str = ""
    hash: str = ""
    since: int = 0
    until: int = 0


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """One of the three answers: which (intact, complete, by whom), holds, unproven or broken, and a sentence."""

    key: str
    state: str
    sentence: str

    @property
    def name(self) -> str:
        """What the answer is called, in the language of this moment."""
        names = {"intact": tr("Intact"), "complete": tr("Complete"), "by_whom": tr("By whom")}
        return names.get(self.key, self.key)


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One thing that is wrong, and the entry it names, 0 for none."""

    sentence: str
    seq: int


@dataclass(frozen=True, slots=True)
class ReportView:
    """What a verification said, and when it ended."""

    verdicts: tuple[VerdictRow, ...]
    findings: tuple[FindingRow, ...]
    entries: int
    rows: int
    signed: int
    root: str
    key: str
    is_sound: bool
    at: int

    @property
    def state(self) -> str:
        """The worst of the three."""
        states = {verdict.state for verdict in self.verdicts}
        return next(state for state in ("broken", "unproven", "holds") if state in states)

    @property
    def headline(self) -> str:
        """48,211 entries, intact; or the first sentence that says what is wrong."""
        intact, worst = self.verdicts[0], next((v for v in self.verdicts if v.state == "broken"), None)
        if worst is not None:
            return tr_core(worst.sentence)
        if intact.state == "holds":
            return tr("Intact: {n} entries").format(n=number(self.entries))
        return tr_core(intact.sentence)


COLUMNS = ("seq", "time", "who", "what", "about", "hash")


def column_names() -> list[str]:
    """The names over the columns."""
    return [tr("Entry"), tr("Time"), tr("Who"), tr("What"), tr("Object"), tr("Hash")]


def cell(row: EntryRow, column: int, moment: str) -> str:
    """The text of a cell."""
    return (number(row.seq), moment, one_line(row.who), row.what, one_line(row.about), short_hash(row.hash))[column]


def entry_sentence(row: EntryRow, moment: str) -> str:
    """An entry's accessible name."""
    text = tr("Entry {seq}, {what}, by {who}, {moment}, about {about}")
    about = row.about or tr("nothing else")
    return one_line(text.format(seq=number(row.seq), what=row.what, who=row.who, moment=moment, about=about))


def speed_words(done: int, total: int, elapsed_ms: int) -> str:
    """12,400 of 48,211 entries · 52,000 a second."""
    text = tr("{done} of {total} entries").format(done=number(done), total=number(total))
    if elapsed_ms < 200 or not done:
        return text
    rate = tr("{n} a second").format(n=number(round(done * 1_000 / elapsed_ms)))
    return f"{text} · {rate}"
