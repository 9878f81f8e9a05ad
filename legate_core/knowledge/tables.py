"""Knowledge bases, their documents and chunks, the folders they watch, and what is still to be cleaned up.

The text of chunks lies in these tables unencrypted, because a full-text search has to read it. The journal never holds it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, Integer, String, Table, Text

from legate_core.storage.schema import JsonColumn, metadata, workspace_table

bases = workspace_table(
    "knowledge_base",
    Column("name", String(120), nullable=False),
    Column("is_removed", Boolean, nullable=False),
    Column("embedder", JsonColumn, nullable=False),
    Column("next_embedder", JsonColumn, nullable=False),
    Column("fingerprint", String(80), nullable=False),
    Column("next_fingerprint", String(80), nullable=False),
    Column("created_by", String(40), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)
"""`fingerprint` names the index that is searched, empty before the first: its embedder, and a number. `next_fingerprint` names
the one that is built beside it, is *wanted* before that begins, and empty where none is; `next_embedder` belongs to it."""

documents = workspace_table(
    "document",
    Column("base_id", String(40), nullable=False, index=True),
    Column("folder_id", String(40), nullable=False),
    Column("name", String(400), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("origin", Text, nullable=False),
    Column("content", String(64), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("modified_us", BigInteger, nullable=False),
    Column("state", String(20), nullable=False),
    Column("reason", String(600), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("about", JsonColumn, nullable=False),
    Column("added_by", String(40), nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)
"""`attempt` counts how often reading began and fences off a worker that was overtaken; `revision` is the attempt whose
chunks are found, 0 where none is; `used_at` is when an agent was last shown something of it, empty where none was."""

chunks = Table(
    "chunk",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True),
    Column("workspace_id", String(40), nullable=False),
    Column("base_id", String(40), nullable=False),
    Column("document_id", String(80), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("heading", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("page", Integer, nullable=False),
    Column("paragraph", Integer, nullable=False),
    Column("row", Integer, nullable=False),
    Column("tokens", Integer, nullable=False),
    Index("ix_chunk_document", "workspace_id", "document_id", "revision", "position", unique=True),
    Index("ix_chunk_base", "workspace_id", "base_id"),
    # A number is never given twice, so that a vector that outlived its chunk cannot be taken for another's.
    sqlite_autoincrement=True,
    info={"tenant": True, "audited": False, "key": "number"},
)
"""A chunk counts only while its revision is its document's. It has a number of its own, which full text and vectors go by."""

folders = workspace_table(
    "watched_folder",
    Column("base_id", String(40), nullable=False),
    Column("path", Text, nullable=False),
    Column("is_watched", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

debts = workspace_table(
    "knowledge_debt",
    Column("index", String(200), nullable=False),
    Column("document", String(120), nullable=False),
    audited=False,
)
"""What must still be taken out of a vector index: a document's revision, or with an empty `document` the whole index. Written
before the vectors are, so that nothing a crash leaves behind is forgotten."""
