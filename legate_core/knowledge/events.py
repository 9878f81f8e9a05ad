"""The facts of knowledge bases: ids, states and numbers. Names, texts and reasons stand in the rows, never in the journal."""

from __future__ import annotations

from dataclasses import dataclass

from legate_core.kernel.messages import Event, event


@event("base.created")
@dataclass(frozen=True, slots=True)
class BaseCreated(Event):
    """A knowledge base exists, with nothing in it."""

    base_id: str


@event("base.changed")
@dataclass(frozen=True, slots=True)
class BaseChanged(Event):
    """Its name or its embedder was changed."""

    base_id: str


@event("base.reindexed")
@dataclass(frozen=True, slots=True)
class BaseReindexed(Event):
    """A second index was whole and took the place of the first."""

    base_id: str
    fingerprint: str
    chunks: int


@event("base.removed")
@dataclass(frozen=True, slots=True)
class BaseRemoved(Event):
    """It is gone, with its documents and their vectors."""

    base_id: str
    documents: int


@event("document.added")
@dataclass(frozen=True, slots=True)
class DocumentAdded(Event):
    """A document waits to be read. `content` is the SHA-256 of its bytes."""

    base_id: str
    document_id: str
    content: str


@event("document.changed")
@dataclass(frozen=True, slots=True)
class DocumentChanged(Event):
    """Its file has other bytes now, or it is to be read again; until then it is found as it was."""

    base_id: str
    document_id: str
    content: str


@event("document.touched")
@dataclass(frozen=True, slots=True)
class DocumentTouched(Event):
    """Its file was written again with the same bytes; nothing else changed."""

    base_id: str
    document_id: str


@event("document.claimed")
@dataclass(frozen=True, slots=True)
class DocumentClaimed(Event):
    """It is being read."""

    base_id: str
    document_id: str
    attempt: int


@event("document.ready")
@dataclass(frozen=True, slots=True)
class DocumentReady(Event):
    """It was read and indexed whole, and is found from now on."""

    base_id: str
    document_id: str
    revision: int
    chunks: int


@event("document.failed")
@dataclass(frozen=True, slots=True)
class DocumentFailed(Event):
    """It could not be read, or somebody cancelled it."""

    base_id: str
    document_id: str
    kind: str


@event("document.removed")
@dataclass(frozen=True, slots=True)
class DocumentRemoved(Event):
    """It is gone: not found any more, its text, original and vectors deleted."""

    base_id: str
    document_id: str


@event("documents.used")
@dataclass(frozen=True, slots=True)
class DocumentsUsed(Event):
    """An agent was shown passages of these documents of a base. Noted once a minute for each document."""

    base_id: str
    document_ids: tuple[str, ...]


@event("folder.watched")
@dataclass(frozen=True, slots=True)
class FolderWatched(Event):
    """What lies in a folder becomes documents of a base, and changes with it."""

    base_id: str
    folder_id: str


@event("folder.unwatched")
@dataclass(frozen=True, slots=True)
class FolderUnwatched(Event):
    """The folder is looked at no longer; its documents stay."""

    base_id: str
    folder_id: str


FACTS = frozenset(
    kind.name
    for kind in (
        BaseCreated,
        BaseChanged,
        BaseReindexed,
        BaseRemoved,
        DocumentAdded,
        DocumentChanged,
        DocumentTouched,
        DocumentClaimed,
        DocumentReady,
        DocumentFailed,
        DocumentRemoved,
        FolderWatched,
        FolderUnwatched,
    )
)
"""What the engine's readers of documents wake for; the facts of runs and approvals let them sleep."""

TO_DO = FACTS - {DocumentClaimed.name, DocumentReady.name, DocumentFailed.name}
"""What may give those who read documents something to do; what they do themselves they know without being told."""

WATCHING = frozenset({BaseRemoved.name, FolderWatched.name, FolderUnwatched.name})
"""What changes which folders are looked at."""
