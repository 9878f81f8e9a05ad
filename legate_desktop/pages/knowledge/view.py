"""What the Knowledge page shows: bases, documents, passages and hits as rows, and their words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QLocale

from legate_desktop.core_words import tr_core
from legate_desktop.theme.signs import RUN_SIGNS, UNKNOWN, Sign
from legate_desktop.words import counted, language, long_age, number, one_line, plural, short_age, tr, visible

UNREAD = ("pending", "processing")
SIGNS: dict[str, Sign] = {
    "pending": RUN_SIGNS["ready"],
    "processing": RUN_SIGNS["running"],
    "ready": RUN_SIGNS["succeeded"],
    "failed": RUN_SIGNS["failed"],
}
KIND_WORDS = {
    "pdf": "PDF", "docx": "DOCX", "html": "HTML", "markdown": "Markdown", "text": "TXT", "csv": "CSV", "mail": "EML",
    "mailbox": "MBOX",
}  # fmt: skip
SNIPPET_CHARS = 420
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Base:
    """A knowledge base as the list shows it; `agents` are those that may read it, by id and name."""

    id: str
    name: str
    documents: int = 0
    ready: int = 0
    failed: int = 0
    chunks: int = 0
    size_bytes: int = 0
    embedder: str = ""
    next_embedder: str = ""
    is_rebuilding: bool = False
    hindrance: str = ""
    folders: tuple[str, ...] = ()
    indexed_at: int = 0
    agents: tuple[tuple[str, str], ...] = ()

    @property
    def unread(self) -> int:
        """How many documents wait to be read."""
        return max(0, self.documents - self.ready - self.failed)

    @property
    def sign(self) -> Sign | None:
        """What goes on in it; nothing when it rests."""
        if self.unread or self.is_rebuilding:
            return SIGNS["processing"]
        return SIGNS["failed"] if self.failed else None


@dataclass(frozen=True, slots=True)
class Document:
    """A document as the list shows it; `done` of `total` passages while it is read; `used_at` is when an agent last saw
    something of it."""

    id: str
    name: str
    kind: str
    origin: str
    state: str
    reason: str = ""
    size_bytes: int = 0
    pages: int = 0
    chunks: int = 0
    revision: int = 0
    changed_at: int = 0
    used_at: int = 0
    done: int = 0
    total: int = 0

    @property
    def is_unread(self) -> bool:
        """Whether it still waits or is being read."""
        return self.state in UNREAD

    @property
    def sign(self) -> Sign:
        """The sign of its state."""
        return SIGNS.get(self.state, UNKNOWN)

    @property
    def haystack(self) -> str:
        """What the filter looks in."""
        kind = KIND_WORDS.get(self.kind, self.kind)
        return f"{self.name} {kind} {self.origin} {self.reason} {self.state}".casefold()


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of an open document; `start` and `end` are its place in the document's text."""

    id: str
    position: int
    citation: str
    text: str
    start: int
    end: int
    page: int
    place: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found; `marks` are the words asked for, in its text."""

    id: str
    document_id: str
    document: str
    position: int
    page: int
    place: str
    text: str
    marks: Spans
    score: float
    by: str


@dataclass(frozen=True, slots=True)
class Job:
    """Something that goes on in a base, or that ended and is to be seen; `verbs` are what can be done about it."""

    id: str
    words: str
    state: str
    done: int = 0
    total: int = 0
    verbs: tuple[str, ...] = ()


def base_words(base: Base) -> str:
    """12 documents · 1,204 passages · 3.4 MB."""
    return " · ".join(
        (
            plural("%n document(s)", base.documents),
            plural("%n passage(s)", base.chunks),
            size_words(base.size_bytes),
        )
    )


def size_words(size_bytes: int) -> str:
    """3.4 MB."""
    return language.locale.formattedDataSize(size_bytes, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def model_words(embedder: str) -> str:
    """What an embedder is called."""
    names = {"local": tr("the model that ships with Legate"), "hashing": tr("a model for tests")}
    return names.get(embedder) or one_line(embedder)


def agents_words(base: Base) -> str:
    """Which agents may read it."""
    if not base.agents:
        return tr("No agent may read it")
    return tr("Read by {agents}").format(agents=", ".join(one_line(name) for _id, name in base.agents))


def base_sentence(base: Base, now: int) -> str:
    """A base for who cannot see it."""
    parts = [one_line(base.name), base_words(base)]
    if base.unread:
        parts.append(plural("%n not read yet", base.unread))
    if base.failed:
        parts.append(plural("%n failed", base.failed))
    if base.is_rebuilding:
        parts.append(tr("a second index is being built"))
    if base.indexed_at:
        parts.append(tr("index {age} old").format(age=long_age(now - base.indexed_at)))
    return ", ".join([*parts, agents_words(base)])


def document_words(row: Document, now: int = 0) -> str:
    """The second line of a document: what it is and, where it is said what time it is, when it was last used; or how far it
    is, or why it failed."""
    if row.state == "failed":
        kept = tr("What was read before is still found.") if row.revision else ""
        return f"{one_line(tr_core(row.reason))} {kept}".strip()
    if row.state == "processing":
        if row.total:
            return tr("Reading · passage {done} of {total}").format(done=counted(row.done), total=counted(row.total))
        return tr("Reading")
    if row.state == "pending":
        return tr("Waits to be read")
    parts = [KIND_WORDS.get(row.kind, row.kind), plural("%n passage(s)", row.chunks)]
    if row.pages:
        parts.insert(1, plural("%n page(s)", row.pages))
    parts.append(size_words(row.size_bytes))
    if row.used_at and now:
        parts.append(tr("used {age} ago").format(age=long_age(now - row.used_at)))
    if row.reason:
        parts.append(one_line(tr_core(row.reason)))
    return " · ".join(parts)


def document_sentence(row: Document, now: int) -> str:
    """A document for who cannot see it."""
    states = {"ready": tr("ready"), "failed": tr("failed"), "pending": tr("waiting"), "processing": tr("being read")}
    age = tr("changed {age} ago").format(age=long_age(now - row.changed_at)) if row.changed_at else ""
    return ", ".join(
        part for part in (one_line(row.name), states.get(row.state, row.state), document_words(row, now), age) if part
    )


def age_of(at: int, now: int) -> str:
    """How long ago, for the right edge of a row."""
    return short_age(now - at) if at else ""


def hit_sentence(hit: Hit) -> str:
    """A hit for who cannot see it."""
    where = ", ".join(part for part in (one_line(hit.document), one_line(hit.place)) if part)
    text = one_line(snippet(hit.text, hit.marks)[0])
    return f"{where}, {tr('score {score}').format(score=score_words(hit.score))}: {text}"


def score_words(score: float) -> str:
    """A score as this language writes it."""
    return str(language.locale.toString(score, "f", 3))


def by_words(by: str) -> str:
    """Who found it."""
    words = {"keywords": tr("keywords"), "vectors": tr("meaning"), "both": tr("keywords and meaning")}
    return words.get(by, by)


def passage_sentence(row: Passage) -> str:
    """A passage for who cannot see it."""
    place = one_line(row.place)
    return f"{tr('Passage {n}').format(n=number(row.position))}, {place + ', ' if place else ''}{one_line(row.text)}"


def snippet(text: str, marks: Sequence[tuple[int, int]], most: int = SNIPPET_CHARS) -> tuple[str, Spans]:
    """The part of a passage that holds the most of the words asked for, on one line, with their places in it."""
    flat = "".join(" " if char in "\n\r\t" else char for char in text)
    if len(flat) <= most:
        return flat, tuple(marks)
    starts = [start for start, _end in marks] or [0]
    best = max(starts, key=lambda at: sum(at <= start < at + most - 60 for start in starts))
    begin = max(0, min(best - 40, len(flat) - most))
    lead = "… " if begin else ""
    tail = " …" if begin + most < len(flat) else ""
    shift = len(lead) - begin
    kept = tuple((start + shift, end + shift) for start, end in marks if start >= begin and end <= begin + most)
    return f"{lead}{flat[begin : begin + most]}{tail}", kept


def shown(text: str, marks: Sequence[tuple[int, int]], *, keep_lines: bool = True) -> tuple[str, Spans]:
    """Text from outside with everything hidden in it made visible, and where the marks are then."""
    parts: list[str] = []
    found: list[tuple[int, int]] = []
    at = length = 0
    for start, end in sorted(marks):
        if start < at or end > len(text):
            continue
        for piece, is_marked in ((text[at:start], False), (text[start:end], True)):
            said = visible(piece, keep_lines=keep_lines)
            parts.append(said)
            if is_marked:
                found.append((length, length + len(said)))
            length += len(said)
        at = end
    parts.append(visible(text[at:], keep_lines=keep_lines))
    return "".join(parts), tuple(found)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document's text as far as it is loaded, and where each passage stands in it, by position."""

    text: str
    places: dict[int, tuple[int, int]]


def sheet_of(passages: Sequence[Passage]) -> Sheet:
    """The text of passages that may overlap, put together by their places; hidden signs made visible."""
    parts: list[str] = []
    places: dict[int, tuple[int, int]] = {}
    at = length = 0
    for order, row in enumerate(passages):
        overlap = max(0, at - row.start) if order else 0
        if order and row.start > at:
            parts.append("\n\n")
            length += 2
        said = visible(row.text[overlap:])
        # What it shares with the one before is already there, as long as that was shown letter by letter.
        begin = max(0, length - overlap)
        parts.append(said)
        length += len(said)
        places[row.position] = (begin, length)
        at = max(at, row.end)
    return Sheet("".join(parts), places)


def offer_words(paths: Iterable[tuple[str, bool]]) -> str:
    """What is dragged, before anything starts: how many of which kinds. Pairs of a kind and whether it is a folder."""
    folders = 0
    kinds: dict[str, int] = {}
    unread = 0
    for kind, is_folder in paths:
        if is_folder:
            folders += 1
        elif kind:
            kinds[kind] = kinds.get(kind, 0) + 1
        else:
            unread += 1
    parts = [plural("%n folder(s)", folders)] if folders else []
    files = sum(kinds.values())
    if files:
        names = ", ".join(f"{number(count)} {KIND_WORDS.get(kind, kind)}" for kind, count in sorted(kinds.items()))
        parts.append(f"{plural('%n file(s)', files)} ({names})")
    if parts and unread:
        parts.append(plural("%n that cannot be read", unread))
    return ", ".join(parts)


def in_words_of(rows: Iterable[Document], text: str) -> list[Document]:
    """The documents in which every word of this stands."""
    words = text.casefold().split()
    return [row for row in rows if all(word in row.haystack for word in words)]


def with_progress(row: Document, progress: tuple[int, int] | None) -> Document:
    """The same with how far reading it is."""
    if row.state != "processing" or progress is None:
        return row
    return replace(row, done=progress[0], total=progress[1])
