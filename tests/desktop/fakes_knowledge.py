"""The fake core's side of knowledge: two bases, documents in every state, passages with their places, hits, a drawn page."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from legate_core.knowledge.below import files_below
from legate_core.knowledge.extract.page import png
from legate_core.knowledge.readers import kind_of

MESSAGES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "Documents": (("base_id",), {}),
    "OpenDocument": (("document_id",), {"position": 0}),
    "CitedPassage": (("citation",), {}),
    "DocumentPage": (("document_id", "page"), {"width": 1_000, "position": -1}),
    "SearchKnowledge": (("question", "bases"), {"limit": 8, "about": None}),
    "CreateBase": (("name",), {"embedder": None}),
    "RenameBase": (("base_id", "name"), {}),
    "ReindexBase": (("base_id",), {"embedder": None}),
    "RemoveBase": (("base_id",), {}),
    "AddFiles": (("base_id", "paths"), {}),
    "UploadDocument": (("base_id", "name", "data"), {}),
    "RemoveDocuments": (("base_id", "document_ids"), {}),
    "RetryDocuments": (("base_id",), {"document_ids": ()}),
    "CancelDocuments": (("base_id",), {"document_ids": ()}),
    "WatchFolder": (("base_id", "path"), {}),
    "UnwatchFolder": (("base_id", "path"), {}),
}
FUNCTIONS = {"kind_of": kind_of, "files_below": files_below}
PARAGRAPHS = (
    "Lamps by Halden. The Fjord lamp stands on an oak foot and takes bulbs up to forty watts.",
    "Returns. A cracked lamp is paid back in full within five working days of its return.",
    "Shipping. Parcels leave the house on weekdays at three, and reach most towns the next day.",
    "Warranty. Two years on every lamp and bulb, beginning with the day of delivery.",
)
LOCKED = "The PDF is protected by a password. Save it without one, then add it again."


def base(base_id: str, name: str, now: int, **changes: Any) -> SimpleNamespace:
    """A knowledge base as the core lists it."""
    given: dict[str, Any] = {
        "id": base_id,
        "name": name,
        "documents": 6,
        "ready": 3,
        "failed": 1,
        "chunks": 1_204,
        "size_bytes": 3_400_000,
        "embedder": "local",
        "next_embedder": "",
        "is_rebuilding": False,
        "hindrance": "",
        "folders": (),
        "created_at": now - 9_000_000,
        "indexed_at": now - 240_000,
    }
    return SimpleNamespace(**(given | changes))


def document(number: int, name: str, now: int, **changes: Any) -> SimpleNamespace:
    """A document as the core lists it."""
    given: dict[str, Any] = {
        "id": f"doc_{number}",
        "base_id": "kb_1",
        "name": name,
        "kind": kind_of(name),
        "origin": f"/srv/papers/{name}",
        "state": "ready",
        "reason": "",
        "size_bytes": 48_000 * number,
        "pages": 0,
        "chunks": len(PARAGRAPHS),
        "revision": 1,
        "added_at": now - number * 60_000,
        "changed_at": now - number * 60_000,
        "used_at": 0,
    }
    return SimpleNamespace(**(given | changes))


def passage(row: Any, position: int) -> SimpleNamespace:
    """A passage of a document; each begins where the one before ended."""
    start = sum(len(text) + 2 for text in PARAGRAPHS[: position % len(PARAGRAPHS)])
    text = PARAGRAPHS[position % len(PARAGRAPHS)]
    page = 1 + position // 2 if row.kind == "pdf" else 0
    heading = text.partition(".")[0]
    return SimpleNamespace(
        citation=f"[{row.id}#{position}]",
        base_id=row.base_id,
        document_id=row.id,
        document=row.name,
        revision=row.revision,
        position=position,
        text=text,
        start=start,
        end=start + len(text),
        page=page,
        heading=(heading,),
        paragraph=position + 1,
        row=0,
        place=f"page {page}, {heading}" if page else heading,
    )


def hit(row: Any, position: int, words: tuple[str, ...], score: float, by: str = "both") -> SimpleNamespace:
    """A passage that was found by words in it."""
    found = passage(row, position)
    marks = [(found.text.find(word), found.text.find(word) + len(word)) for word in words if word in found.text]
    return SimpleNamespace(passage=found, score=score, highlights=tuple(sorted(marks)), by=by)


def equip(bridge: Any, now: int) -> None:
    """Let a fake bridge answer what the Knowledge page asks."""
    bridge.tables["KnowledgeBases"] = {
        "kb_1": base("kb_1", "Handbook", now, folders=("/srv/letters",)),
        "kb_2": base("kb_2", "Letters", now, documents=0, ready=0, failed=0, chunks=0, size_bytes=0, indexed_at=0),
    }
    rows = [
        document(1, "lamps.pdf", now, pages=2),
        document(2, "letter.docx", now),
        document(3, "order.eml", now, chunks=2),
        document(4, "locked.pdf", now, state="failed", reason=LOCKED, chunks=0, revision=0),
        document(5, "prices.csv", now, state="processing", chunks=0, revision=0),
        document(6, "notes.md", now, state="pending", chunks=0, revision=0),
    ]
    bridge.tables["Documents"] = {row.id: row for row in rows}
    documents = bridge.tables["Documents"]

    def opened(query: Any) -> SimpleNamespace:
        row = documents[query.document_id]
        places = range(query.position, min(row.chunks, query.position + 200))
        passages = tuple(passage(row, position) for position in places)
        return SimpleNamespace(row=row, about={}, passages=passages, has_more=query.position + 200 < row.chunks)

    def added(command: Any) -> SimpleNamespace:
        taken = [path for path in command.paths if kind_of(path)]
        refused = tuple(
            SimpleNamespace(name=path, reason="Files like this are not read. Add a PDF.")
            for path in command.paths
            if not kind_of(path)
        )
        new = tuple(f"doc_new{at}" for at, _path in enumerate(taken))
        return SimpleNamespace(new=new, changed=(), known=(), refused=refused)

    def found(query: Any) -> SimpleNamespace:
        if not set(query.bases) <= bridge.tables["KnowledgeBases"].keys():
            raise LookupError(query.bases)
        hits = (
            hit(documents["doc_1"], 1, ("cracked", "lamp", "paid"), 0.0325),
            hit(documents["doc_2"], 3, ("lamp",), 0.0161, "vectors"),
        )
        only = (query.about or {}).get("any", "").casefold()
        left = tuple(item for item in hits if only in item.passage.document and "lamp" in query.question)
        return SimpleNamespace(hits=left, unread=2, notice="")

    bridge.answers |= {
        "OpenDocument": opened,
        "CitedPassage": lambda query: passage(documents["doc_1"], 1),
        "SearchKnowledge": found,
        "DocumentPage": lambda query: SimpleNamespace(
            png=png([b"\xf4\xf1\xea" * 60] * 80, 60, 80, 3),
            width=60,
            height=80,
            page=query.page,
            pages=2,
            marks=((6, 10, 50, 14), (6, 16, 40, 20)) if query.position >= 0 else (),
        ),
        "CreateBase": lambda command: _created(bridge, command.name, now),
        "AddFiles": added,
        "UploadDocument": lambda command: added(SimpleNamespace(paths=(command.name,))),
        "WatchFolder": lambda command: "fld_1",
    }


def _created(bridge: Any, name: str, now: int) -> str:
    bridge.tables["KnowledgeBases"]["kb_new"] = base(
        "kb_new", name, now, documents=0, ready=0, failed=0, chunks=0, size_bytes=0, indexed_at=0
    )
    bridge.publish("KnowledgeBases")
    return "kb_new"
