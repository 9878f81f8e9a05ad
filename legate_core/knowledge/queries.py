"""Looking at knowledge bases, their documents and passages, and searching them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from legate_core.errors import NotFound
from legate_core.kernel.context import Actor, Ports, ReadContext
from legate_core.kernel.messages import LiveQuery, Query, Recorded, Reread, TickStream
from legate_core.kernel.registry import query, ticks
from legate_core.knowledge import store
from legate_core.knowledge.cite import parts_of
from legate_core.knowledge.events import (
    BaseChanged,
    BaseCreated,
    BaseReindexed,
    BaseRemoved,
    DocumentAdded,
    DocumentChanged,
    DocumentClaimed,
    DocumentFailed,
    DocumentReady,
    DocumentRemoved,
    DocumentsUsed,
    FolderUnwatched,
    FolderWatched,
)
from legate_core.knowledge.model import BaseRow, DocumentRow, Found, Passage
from legate_core.knowledge.retrieve import Question, Searcher

DOCUMENT_EVENTS = frozenset(
    {
        DocumentAdded.name,
        DocumentChanged.name,
        DocumentClaimed.name,
        DocumentReady.name,
        DocumentFailed.name,
        DocumentRemoved.name,
    }
)
BASE_EVENTS = frozenset(
    {
        BaseCreated.name,
        BaseChanged.name,
        BaseReindexed.name,
        BaseRemoved.name,
        FolderWatched.name,
        FolderUnwatched.name,
    }
)
PASSAGES_A_PAGE = 200


@dataclass(frozen=True, slots=True)
class BaseTicks(TickStream):
    """How far the documents of a knowledge base are, as they are read and indexed. Nothing of it is kept."""

    prefix: ClassVar[str] = "kb_"
    base_id: str


@ticks(BaseTicks, permission="kb.search", route="GET /knowledge/{base_id}/ticks")
def base_ticks(ctx: ReadContext, message: BaseTicks) -> None:
    store.load_base(ctx, message.base_id)


@dataclass(frozen=True)
class KnowledgeBases(LiveQuery[BaseRow]):
    """Every knowledge base of the workspace with its figures."""

    listens: ClassVar[frozenset[str]] = BASE_EVENTS | DOCUMENT_EVENTS
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, BaseRow], event: Recorded) -> Reread:
        return Reread(frozenset({str(event.body["base_id"])}))


@query(KnowledgeBases, permission="kb.search", route="GET /knowledge")
def knowledge_bases(ctx: ReadContext, message: KnowledgeBases) -> dict[str, BaseRow]:
    return store.base_rows(ctx, message.ids)


@dataclass(frozen=True)
class Documents(LiveQuery[DocumentRow]):
    """The documents of a knowledge base, the newest first, with their state and the reason where one failed."""

    listens: ClassVar[frozenset[str]] = DOCUMENT_EVENTS | {DocumentsUsed.name}
    base_id: str
    ids: tuple[str, ...] | None = None

    def concerns(self, event: Recorded) -> bool:
        return event.body["base_id"] == self.base_id

    def apply(self, rows: Mapping[str, DocumentRow], event: Recorded) -> Mapping[str, DocumentRow] | Reread:
        if not self.concerns(event):
            return rows
        used: Sequence[str] = event.body["document_ids"] if event.name == DocumentsUsed.name else ()
        return Reread(frozenset(used or {str(event.body["document_id"])}))


@query(Documents, permission="kb.search", route="GET /knowledge/{base_id}/documents")
def list_documents(ctx: ReadContext, message: Documents) -> dict[str, DocumentRow]:
    return store.document_rows(ctx, message.base_id, message.ids)


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document opened: what is known of it, and its passages in order. `before` is the first passage's place; more follow
    where `has_more`."""

    row: DocumentRow
    about: Mapping[str, str]
    passages: tuple[Passage, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class OpenDocument(Query[DocumentView]):
    """A document with up to 200 of its passages, from a position on."""

    document_id: str
    position: int = 0


@query(OpenDocument, permission="kb.search", route="GET /documents/{document_id}")
def open_document(ctx: ReadContext, message: OpenDocument) -> DocumentView:
    row = store.load_document(ctx, message.document_id)
    found = store.passages_of(ctx, row["id"], max(0, message.position), PASSAGES_A_PAGE + 1)
    return DocumentView(
        store.document_row(row), store.about_of(row), tuple(found[:PASSAGES_A_PAGE]), len(found) > PASSAGES_A_PAGE
    )


@dataclass(frozen=True, slots=True)
class CitedPassage(Query[Passage]):
    """The passage behind the mark of a citation: [doc_…#3], or [handbook.md#3] where only one document is called so."""

    citation: str


@query(CitedPassage, permission="kb.search", route="GET /citations/{citation}")
def cited_passage(ctx: ReadContext, message: CitedPassage) -> Passage:
    cited = parts_of(message.citation)
    if cited is not None:
        row = store.named_document(ctx, cited[0])
        found = store.passages_of(ctx, row["id"], cited[1], 1)
        if found and found[0].position == cited[1]:
            return found[0]
    raise NotFound(f"There is no passage {message.citation[:80]}; the document may have been read anew. Search again.")


@dataclass(frozen=True, slots=True)
class SearchKnowledge(Query[Found]):
    """Search knowledge bases, named by id or name, for passages that answer a question."""

    question: str
    bases: tuple[str, ...]
    limit: int = 8
    about: Mapping[str, str] = field(default_factory=dict[str, str])


async def search_outside(ports: Ports, actor: Actor, message: SearchKnowledge) -> Found:
    """The whole search; it reads in short transactions of its own, between which the vectors are asked."""
    question = Question(message.question, message.bases, message.limit, message.about)
    return await ports.get(Searcher).search(actor.workspace_id, question)


@query(SearchKnowledge, permission="kb.search", route="GET /knowledge/search", before=search_outside)
def search_knowledge(ctx: ReadContext, message: SearchKnowledge, found: Found) -> Found:
    return found
