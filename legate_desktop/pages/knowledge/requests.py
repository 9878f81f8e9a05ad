"""Between the Knowledge page's words and the core's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import legate_core as core
from legate_desktop.pages.knowledge.view import Base, Document, Hit, Passage

HITS = 12


def bases_query() -> Any:
    """The knowledge bases, live."""
    return core.KnowledgeBases()


def agents_query() -> Any:
    """The agents, for who may read what."""
    return core.Agents()


def documents_query(base_id: str) -> Any:
    """The documents of a base, live."""
    return core.Documents(base_id)


def document_query(document_id: str, position: int) -> Any:
    """A document with its passages from a position on."""
    return core.OpenDocument(document_id, position)


def cited_query(citation: str) -> Any:
    """The passage behind a mark."""
    return core.CitedPassage(citation)


def page_query(document_id: str, page: int, width: int, position: int) -> Any:
    """A page as a picture, with a passage marked."""
    return core.DocumentPage(document_id, page, width, position)


def search_query(question: str, base_id: str, only: str = "") -> Any:
    """A question to a base; to those of its documents alone of which all the words of `only` are known."""
    return core.SearchKnowledge(question, (base_id,), HITS, {"any": only} if only else {})


def create(name: str) -> Any:
    """A new base with the model that ships with Legate."""
    return core.CreateBase(name)


def rename(base_id: str, name: str) -> Any:
    """Another name."""
    return core.RenameBase(base_id, name)


def reindex(base_id: str, embedder: Mapping[str, Any]) -> Any:
    """A second index, perhaps with another model."""
    return core.ReindexBase(base_id, embedder)


def remove_base(base_id: str) -> Any:
    """A base out, with everything in it."""
    return core.RemoveBase(base_id)


def add_files(base_id: str, paths: Sequence[str]) -> Any:
    """Files of this computer, by their paths."""
    return core.AddFiles(base_id, tuple(paths))


def upload(base_id: str, name: str, data: bytes) -> Any:
    """One file by its bytes, for a core that runs elsewhere."""
    return core.UploadDocument(base_id, name, data)


def remove(base_id: str, document_ids: Sequence[str]) -> Any:
    """Documents out."""
    return core.RemoveDocuments(base_id, tuple(document_ids))


def retry(base_id: str, document_ids: Sequence[str] = ()) -> Any:
    """Read again; without ids, all that failed."""
    return core.RetryDocuments(base_id, tuple(document_ids))


def cancel(base_id: str, document_ids: Sequence[str] = ()) -> Any:
    """Stop reading; without ids, all that is unread."""
    return core.CancelDocuments(base_id, tuple(document_ids))


def watch(base_id: str, folder: str) -> Any:
    """Keep in step with a folder."""
    return core.WatchFolder(base_id, folder)


def unwatch(base_id: str, folder: str) -> Any:
    """Follow it no longer."""
    return core.UnwatchFolder(base_id, folder)


def kind_of(name: str) -> str:
    """The kind of a file by its name; empty for one that is not read."""
    return str(core.kind_of(name))


def files_below(path: str) -> list[str]:
    """A file, or the files of a folder that can be read. Looks at the disk, so never in the window's thread."""
    return list(core.files_below(path))


def base(given: Any, agents: Sequence[tuple[str, str]]) -> Base:
    """A base as the page shows it."""
    return Base(
        id=given.id,
        name=given.name,
        documents=given.documents,
        ready=given.ready,
        failed=given.failed,
        chunks=given.chunks,
        size_bytes=given.size_bytes,
        embedder=given.embedder,
        next_embedder=given.next_embedder,
        is_rebuilding=given.is_rebuilding,
        hindrance=given.hindrance,
        folders=tuple(given.folders),
        indexed_at=given.indexed_at,
        agents=tuple(agents),
    )


def readers(rows: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Which agents were given which base, by the base's id or name as their definition says it."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in sorted(rows.values(), key=lambda row: row.name.casefold()):
        for name in row.knowledge:
            found.setdefault(name, []).append((row.id, row.name))
    return found


def document(given: Any) -> Document:
    """A document as the page shows it."""
    return Document(
        id=given.id,
        name=given.name,
        kind=given.kind,
        origin=given.origin,
        state=str(given.state),
        reason=given.reason,
        size_bytes=given.size_bytes,
        pages=given.pages,
        chunks=given.chunks,
        revision=given.revision,
        changed_at=given.changed_at,
        used_at=given.used_at,
    )


def passage(given: Any) -> Passage:
    """A passage as the page shows it."""
    return Passage(
        id=str(given.position),
        position=given.position,
        citation=given.citation,
        text=given.text,
        start=given.start,
        end=given.end,
        page=given.page,
        place=given.place,
    )


def hit(given: Any) -> Hit:
    """A hit as the page shows it."""
    return Hit(
        id=given.passage.citation,
        document_id=given.passage.document_id,
        document=given.passage.document,
        position=given.passage.position,
        page=given.passage.page,
        place=given.passage.place,
        text=given.passage.text,
        marks=tuple((start, end) for start, end in given.highlights),
        score=given.score,
        by=given.by,
    )
