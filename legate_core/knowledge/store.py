"""The SQL of knowledge bases: rows in, dataclasses out; chunks in and out; what must be cleaned up."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, String, and_, bindparam, case, delete, func, insert, or_, select

from legate_core.errors import NotFound
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.ids import new_id
from legate_core.kernel.troubles import Troubles
from legate_core.knowledge.events import DocumentFailed, DocumentRemoved
from legate_core.knowledge.model import Anchor, BaseRow, Chunk, DocumentRow, DocumentState, Passage
from legate_core.knowledge.tables import bases, chunks, debts, documents, folders
from legate_core.knowledge.words import spaced
from legate_core.storage import dialect

BETWEEN_HEADINGS = " › "  # noqa: RUF001  the sign is meant
CLEANED_AT_ONCE = 2_000
ANYTHING = "any"
"""In a filter, the name that stands for whatever is known of a document."""

WANTED = "wanted"
"""In the place of a fingerprint: a second index is to be built, and nobody has begun."""


def load_base(ctx: ReadContext, base: str) -> Mapping[str, Any]:
    """A knowledge base by id, or by its exact name where that is unambiguous."""
    row = ctx.get(bases, base)
    if row is not None and not row["is_removed"]:
        return row
    statement = select(bases).where(
        bases.c.workspace_id == ctx.workspace_id, bases.c.name == base, bases.c.is_removed.is_(False)
    )
    found = ctx.rows(statement)
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f"Several knowledge bases are called {base[:80]!r}; name one by its id. 'legate kb' lists them.")
    raise NotFound(f"There is no knowledge base {base[:80]!r} in this workspace. 'legate kb' lists them.")


def load_document(ctx: ReadContext, document_id: str) -> Mapping[str, Any]:
    """A document that was not removed, or `NotFound`."""
    row = ctx.get(documents, document_id)
    if row is None or row["state"] == DocumentState.REMOVED.value:
        raise NotFound(f"There is no document {document_id[:80]} in this workspace. 'legate kb list BASE' lists them.")
    return row


def named_document(ctx: ReadContext, name: str) -> Mapping[str, Any]:
    """A document by id, or by its name where only one is called so."""
    if ctx.get(documents, name) is not None:
        return load_document(ctx, name)
    statement = select(documents).where(
        documents.c.workspace_id == ctx.workspace_id,
        documents.c.name == name,
        documents.c.state != DocumentState.REMOVED.value,
    )
    found = ctx.rows(statement.limit(2))
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(
            f"Several documents are called {name[:80]!r}; name one by its id. 'legate kb list BASE' lists them."
        )
    return load_document(ctx, name)


def index_of(base_id: str, fingerprint: str) -> str:
    """The name of a base's vector index under one embedder."""
    return f"{base_id}-{fingerprint}"


def numbered(fingerprint: str, number: int) -> str:
    """The name of the so-and-so-many-th index under an embedder."""
    return f"{fingerprint}.{number}"


def embedder_of(name: str) -> str:
    """The embedder's fingerprint in an index's name."""
    return name.rpartition(".")[0]


def number_of(name: str) -> int:
    """The number in an index's name; 0 for none."""
    return int(name.rpartition(".")[2] or 0)


def heading_of(anchor: Anchor) -> str:
    """The headings above a place as one text."""
    return BETWEEN_HEADINGS.join(anchor.heading).replace("\0", " ")


def building(base_id: str) -> str:
    """What the building of a base's next index is called among the troubles of the engine."""
    return f"the new index of {base_id}"


def key_of(document_id: str, revision: int) -> str:
    """What a document's vectors of one revision are filed under."""
    return f"{document_id}:{revision}"


# Rows as they are shown.


def base_rows(ctx: ReadContext, ids: Sequence[str] | None = None) -> dict[str, BaseRow]:
    """Knowledge bases with their figures, by name."""
    statement = select(bases).where(bases.c.workspace_id == ctx.workspace_id, bases.c.is_removed.is_(False))
    if ids is not None:
        statement = statement.where(bases.c.id.in_(ids))
    figures = _figures(ctx, ids)
    watched = _watched(ctx)
    troubles = {trouble.part: trouble.sentence for trouble in ctx.port(Troubles).of(ctx.workspace_id)}
    found: dict[str, BaseRow] = {}
    for row in ctx.rows(statement.order_by(bases.c.name, bases.c.id)):
        many = figures.get(row["id"], {})
        found[row["id"]] = BaseRow(
            id=row["id"],
            name=row["name"],
            documents=int(many.get("documents", 0)),
            ready=int(many.get("ready", 0)),
            failed=int(many.get("failed", 0)),
            chunks=int(many.get("chunks", 0)),
            size_bytes=int(many.get("size_bytes", 0)),
            embedder=_called(row["embedder"]),
            is_rebuilding=bool(row["next_fingerprint"]),
            folders=tuple(watched.get(row["id"], ())),
            created_at=row["created_at"],
            indexed_at=int(many.get("indexed_at") or 0),
            next_embedder=_called(row["next_embedder"]) if row["next_fingerprint"] else "",
            hindrance=troubles.get(building(row["id"]), "") if row["next_fingerprint"] else "",
        )
    return found


def _called(embedder: Mapping[str, Any]) -> str:
    """What an embedder's settings are called in a list."""
    return str(embedder.get("model") or embedder.get("folder") or embedder["provider"])


def _figures(ctx: ReadContext, ids: Sequence[str] | None) -> dict[str, Mapping[str, Any]]:
    def of(state: DocumentState) -> ColumnElement[int]:
        return func.sum(case((documents.c.state == state.value, 1), else_=0))

    statement = (
        select(
            documents.c.base_id,
            func.count().label("documents"),
            of(DocumentState.READY).label("ready"),
            of(DocumentState.FAILED).label("failed"),
            func.sum(documents.c.chunks).label("chunks"),
            func.sum(documents.c.size_bytes).label("size_bytes"),
            func.max(case((documents.c.state == DocumentState.READY.value, documents.c.changed_at))).label(
                "indexed_at"
            ),
        )
        .where(documents.c.workspace_id == ctx.workspace_id, documents.c.state != DocumentState.REMOVED.value)
        .group_by(documents.c.base_id)
    )
    if ids is not None:
        statement = statement.where(documents.c.base_id.in_(ids))
    return {row["base_id"]: row for row in ctx.rows(statement)}


def _watched(ctx: ReadContext) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in watched_folders(ctx):
        found.setdefault(row["base_id"], []).append(row["path"])
    return found


def watched_folders(ctx: ReadContext) -> Sequence[Mapping[str, Any]]:
    """The folders that are watched, in the order in which they were chosen."""
    return ctx.rows(
        select(folders)
        .where(folders.c.workspace_id == ctx.workspace_id, folders.c.is_watched.is_(True))
        .order_by(folders.c.created_at, folders.c.id)
    )


def document_rows(ctx: ReadContext, base_id: str, ids: Sequence[str] | None = None) -> dict[str, DocumentRow]:
    """The documents of a base that were not removed, the newest first."""
    statement = select(documents).where(
        documents.c.workspace_id == ctx.workspace_id,
        documents.c.base_id == base_id,
        documents.c.state != DocumentState.REMOVED.value,
    )
    if ids is not None:
        statement = statement.where(documents.c.id.in_(ids))
    rows = ctx.rows(statement.order_by(documents.c.added_at.desc(), documents.c.id))
    return {row["id"]: document_row(row) for row in rows}


def document_row(row: Mapping[str, Any]) -> DocumentRow:
    """A document as the list shows it."""
    return DocumentRow(
        id=row["id"],
        base_id=row["base_id"],
        name=row["name"],
        kind=row["kind"],
        origin=row["origin"],
        state=row["state"],
        reason=row["reason"],
        size_bytes=row["size_bytes"],
        pages=row["pages"],
        chunks=row["chunks"],
        revision=row["revision"],
        added_at=row["added_at"],
        changed_at=row["changed_at"],
        used_at=row["used_at"] or 0,
    )


# Chunks.


def add_chunks(
    ctx: Context, document: Mapping[str, Any], revision: int, first: int, passages: Sequence[Chunk]
) -> list[int]:
    """Write passages of a revision that is not found yet; their numbers, in order."""
    rows = [
        {
            "workspace_id": ctx.workspace_id,
            "base_id": document["base_id"],
            "document_id": document["id"],
            "revision": revision,
            "position": first + place,
            # PostgreSQL holds no NUL in text.
            "text": passage.text.replace("\0", " "),
            "heading": heading_of(passage.anchor),
            "start": passage.start,
            "end": passage.end,
            "page": passage.anchor.page,
            "paragraph": passage.anchor.paragraph,
            "row": passage.anchor.row,
            "tokens": passage.tokens,
        }
        for place, passage in enumerate(passages)
    ]
    statement = insert(chunks).returning(chunks.c.number, sort_by_parameter_order=True)
    numbers = list(ctx.connection.execute(statement, rows).scalars())
    dialect.words_in(ctx.connection, [_in_words(number, row) for number, row in zip(numbers, rows, strict=True)])
    return numbers


def _in_words(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    """A chunk as the full-text index holds it."""
    return {"number": number, "heading": spaced(row["heading"]), "text": spaced(row["text"])}


def stale_chunks(ctx: ReadContext, document: Mapping[str, Any]) -> list[int]:
    """Some numbers of a document's chunks that neither count nor are about to; empty once there are none."""
    kept: set[int] = set()
    row = ctx.get(documents, document["id"]) or document
    if row["state"] != DocumentState.REMOVED.value:
        kept = {row["revision"]} | ({row["attempt"]} if row["state"] == DocumentState.PROCESSING.value else set())
    statement = select(chunks.c.number).where(
        chunks.c.workspace_id == ctx.workspace_id,
        chunks.c.document_id == document["id"],
        chunks.c.revision.not_in(kept),
    )
    return list(ctx.connection.execute(statement.limit(CLEANED_AT_ONCE)).scalars())


def delete_chunks(ctx: Context, numbers: Sequence[int]) -> None:
    """Delete chunks by number, and with them what full-text search knows of them."""
    statement = select(chunks.c.number, chunks.c.heading, chunks.c.text).where(
        chunks.c.workspace_id == ctx.workspace_id, chunks.c.number.in_(numbers)
    )
    dialect.words_out(ctx.connection, [_in_words(row["number"], row) for row in ctx.rows(statement)])
    ctx.connection.execute(
        delete(chunks).where(chunks.c.workspace_id == ctx.workspace_id, chunks.c.number.in_(numbers))
    )


_FOUND = and_(
    documents.c.workspace_id == chunks.c.workspace_id,
    documents.c.id == chunks.c.document_id,
    documents.c.revision == chunks.c.revision,
    documents.c.state != DocumentState.REMOVED.value,
)
"""A chunk that may be found: of its document's revision."""


def findable(ctx: ReadContext, numbers: Collection[int], base_ids: Collection[str]) -> dict[int, str]:
    """Which of these numbers are chunks that may be found in these bases, each with its document's id."""
    statement = (
        select(chunks.c.number, chunks.c.document_id)
        .join(documents, _FOUND)
        .where(chunks.c.workspace_id == ctx.workspace_id, chunks.c.number.in_(numbers), chunks.c.base_id.in_(base_ids))
    )
    return {row.number: row.document_id for row in ctx.connection.execute(statement)}


def passages(ctx: ReadContext, numbers: Collection[int], base_ids: Collection[str]) -> dict[int, Passage]:
    """The chunks with these numbers that may be found in these bases."""
    statement = (
        select(chunks, documents.c.name)
        .join(documents, _FOUND)
        .where(chunks.c.workspace_id == ctx.workspace_id, chunks.c.number.in_(numbers), chunks.c.base_id.in_(base_ids))
    )
    return {row["number"]: passage(row) for row in ctx.rows(statement)}


def passages_of(ctx: ReadContext, document_id: str, first: int = 0, limit: int = 10_000) -> list[Passage]:
    """A document's passages in order, from a position on."""
    statement = (
        select(chunks, documents.c.name)
        .join(documents, _FOUND)
        .where(
            chunks.c.workspace_id == ctx.workspace_id,
            chunks.c.document_id == document_id,
            chunks.c.position >= first,
        )
        .order_by(chunks.c.position)
        .limit(limit)
    )
    return [passage(row) for row in ctx.rows(statement)]


def passage(row: Mapping[str, Any]) -> Passage:
    """A chunk as it is shown."""
    return Passage(
        citation=citation_of(row["document_id"], row["position"]),
        base_id=row["base_id"],
        document_id=row["document_id"],
        document=row["name"],
        revision=row["revision"],
        position=row["position"],
        text=row["text"],
        start=row["start"],
        end=row["end"],
        page=row["page"],
        heading=tuple(row["heading"].split(BETWEEN_HEADINGS)) if row["heading"] else (),
        paragraph=row["paragraph"],
        row=row["row"],
    )


def citation_of(document_id: str, position: int) -> str:
    """The mark that an answer cites a passage by: [doc_…#3]."""
    return f"[{document_id}#{position}]"


def next_unembedded(ctx: ReadContext, base_id: str, after: int, limit: int) -> list[tuple[int, str, str, str]]:
    """Chunks that may be found, in order of their numbers: number, key of the document's vectors, heading, text."""
    statement = (
        select(chunks.c.number, chunks.c.document_id, chunks.c.revision, chunks.c.heading, chunks.c.text)
        .join(documents, _FOUND)
        .where(chunks.c.workspace_id == ctx.workspace_id, chunks.c.base_id == base_id, chunks.c.number > after)
        .order_by(chunks.c.number)
        .limit(limit)
    )
    return [
        (number, key_of(document_id, revision), heading, text)
        for number, document_id, revision, heading, text in ctx.connection.execute(statement)
    ]


def count_chunks(ctx: ReadContext, base_id: str) -> int:
    """How many chunks of a base may be found."""
    statement = select(func.coalesce(func.sum(documents.c.chunks), 0)).where(
        documents.c.workspace_id == ctx.workspace_id, documents.c.base_id == base_id
    )
    return int(ctx.connection.execute(statement).scalar_one())


def count_unread(ctx: ReadContext, base_ids: Collection[str]) -> int:
    """How many documents of these bases wait to be read or are being read."""
    statement = select(func.count()).where(
        documents.c.workspace_id == ctx.workspace_id,
        documents.c.base_id.in_(base_ids),
        documents.c.state.in_([DocumentState.PENDING.value, DocumentState.PROCESSING.value]),
    )
    return int(ctx.connection.execute(statement).scalar_one())


# Ends of documents.


def fail_document(ctx: Context, row: Mapping[str, Any], kind: str, reason: str) -> bool:
    """End a document's reading with a reason; False where it moved on meanwhile. An earlier revision stays found."""
    changes = {"state": DocumentState.FAILED.value, "reason": reason[:600], "changed_at": ctx.now}
    if ctx.update(documents, row["id"], changes, expect={"state": row["state"], "attempt": row["attempt"]}) is None:
        return False
    ctx.emit(DocumentFailed(row["base_id"], row["id"], kind))
    return True


def remove_document(ctx: Context, base: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    """Take a document out: not found from this commit on. Its chunks, vectors and original are cleaned up after it."""
    changes: dict[str, Any] = {
        "state": DocumentState.REMOVED.value,
        "name": "",
        "origin": "",
        "reason": "",
        "about": {},
        "chunks": 0,
        "size_bytes": 0,
        "changed_at": ctx.now,
    }
    if ctx.update(documents, row["id"], changes, expect={"state": row["state"], "attempt": row["attempt"]}) is None:
        return
    ctx.emit(DocumentRemoved(row["base_id"], row["id"]))
    for fingerprint in {base["fingerprint"], base["next_fingerprint"]} - {"", WANTED} or {""}:
        owe(ctx, index_of(base["id"], fingerprint), key_of(row["id"], row["revision"]))


# Debts.


def owe(ctx: Context, index: str, document: str = "") -> str:
    """Remember that a document's vectors, or a whole index, must be taken out; the debt's id."""
    debt_id = new_id("dbt")
    ctx.insert(debts, {"id": debt_id, "index": index, "document": document})
    return debt_id


# Asked after every document, so it is one statement that is made once. Keys and indexes are named as `key_of` and `index_of` do.
_PAYABLE = (
    select(debts)
    .where(
        debts.c.workspace_id == bindparam("workspace_id"),
        debts.c.document.not_in(
            select(documents.c.id + ":" + documents.c.attempt.cast(String)).where(
                documents.c.workspace_id == bindparam("workspace_id"),
                documents.c.state == DocumentState.PROCESSING.value,
            )
        ),
        or_(
            debts.c.document != "",
            debts.c.index.not_in(
                select(bases.c.id + "-" + bases.c.next_fingerprint).where(
                    bases.c.workspace_id == bindparam("workspace_id"),
                    bases.c.is_removed.is_(False),
                    bases.c.next_fingerprint != "",
                )
            ),
        ),
    )
    .order_by(debts.c.id)
    .limit(bindparam("most"))
)


def payable(ctx: ReadContext, limit: int) -> list[Mapping[str, Any]]:
    """What must be taken out: all that is owed, but for what is just being put in and may yet count."""
    values = {"workspace_id": ctx.workspace_id, "most": limit}
    return cast("list[Mapping[str, Any]]", ctx.connection.execute(_PAYABLE, values).mappings().all())


def contents(ctx: ReadContext) -> set[str]:
    """The digests of all originals that documents have."""
    statement = select(documents.c.content).where(
        documents.c.workspace_id == ctx.workspace_id, documents.c.state != DocumentState.REMOVED.value
    )
    return set(ctx.connection.execute(statement).scalars())


def forgive(ctx: Context, debt_ids: Iterable[str]) -> None:
    """These debts are paid, or what they were for turned out well."""
    ctx.connection.execute(
        delete(debts).where(debts.c.workspace_id == ctx.workspace_id, debts.c.id.in_(list(debt_ids)))
    )


def forgive_index(ctx: Context, index: str) -> None:
    """An index is whole and answers: nothing that an interrupted build of the same name left may take it out."""
    ctx.connection.execute(
        delete(debts).where(debts.c.workspace_id == ctx.workspace_id, debts.c.index == index, debts.c.document == "")
    )


def about_matches(about: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether what is known of a document holds every wanted value, as part of it and in any case. Of what is wanted under
    *any*, each word may be held by another fact."""
    known = {name: str(text).casefold() for name, text in about.items()}
    words = wanted.get(ANYTHING, "").casefold().split()
    return all(any(word in text for text in known.values()) for word in words) and all(
        value.casefold() in known.get(name, "") for name, value in wanted.items() if name != ANYTHING
    )


def about_of(row: Mapping[str, Any]) -> dict[str, str]:
    """What is known of a document: what its file says of itself, and its name, kind and origin."""
    known: Any = row["about"]
    said: dict[str, str] = json.loads(known) if isinstance(known, str) else dict(known)
    return {**said, "name": row["name"], "kind": row["kind"], "origin": row["origin"]}
