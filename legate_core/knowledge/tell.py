"""What a model is told of a search: each passage with its mark, its document and its place, and that none of it commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from legate_core.knowledge.model import Found, Hit
from legate_core.knowledge.retrieve import Question, Searcher
from legate_core.knowledge.store import ANYTHING

WAIT_SECONDS = 30.0
MAX_PASSAGE_CHARS = 4_000


@dataclass(frozen=True)
class Told:
    """A search as an observation."""

    text: str
    source: str
    data: Any


@dataclass(frozen=True)
class AgentSearch:
    """The search of one agent: its bases and no others. It waits a moment for documents that are just being read."""

    searcher: Searcher
    workspace_id: str
    bases: tuple[str, ...]

    async def __call__(self, question: str, limit: int, only: str) -> Told:
        await self.searcher.wait_for(self.workspace_id, self.bases, WAIT_SECONDS)
        about = {ANYTHING: only} if only.strip() else {}
        found = await self.searcher.search(self.workspace_id, Question(question, self.bases, limit, about))
        await self.searcher.note_uses(self.workspace_id, found.hits)
        return Told(as_text(found), source_of(found.hits), [_data(hit) for hit in found.hits])


def as_text(found: Found) -> str:
    """The hits in order, each under its mark."""
    lines = [f"{_mark(hit)}\n{hit.passage.text[:MAX_PASSAGE_CHARS]}" for hit in found.hits]
    if not lines:
        lines = ["Nothing in the knowledge bases fits."]
    if found.unread:
        lines.append(f"({found.unread} documents are still being read and were not searched.)")
    if found.notice:
        lines.append(f"({found.notice})")
    return "\n\n".join(lines)


def source_of(hits: Sequence[Hit]) -> str:
    """Where the passages came from, in words."""
    if not hits:
        return "knowledge bases"
    places = list(dict.fromkeys(_place(hit) for hit in hits))
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return f"knowledge: {'; '.join(places[:3])}{more}"


def _mark(hit: Hit) -> str:
    return f"{hit.passage.citation} {_place(hit)}"


def _place(hit: Hit) -> str:
    return ", ".join(part for part in (hit.passage.document, hit.passage.place) if part)


def _data(hit: Hit) -> dict[str, Any]:
    item = hit.passage
    return {
        "citation": item.citation,
        "document": item.document,
        "place": item.place,
        "page": item.page,
        "score": hit.score,
        "highlights": [list(span) for span in hit.highlights],
    }
