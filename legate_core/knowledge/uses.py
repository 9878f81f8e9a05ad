"""When a document was last of use: an agent was shown a passage of it. What a person tries out does not count."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from legate_core.kernel.context import Context, ReadContext
from legate_core.knowledge.events import DocumentsUsed
from legate_core.knowledge.model import DocumentState
from legate_core.knowledge.tables import documents

GRAIN_MS = 60_000
"""Within this time a second use of the same document is not written down again."""


def unnoted(ctx: ReadContext, document_ids: Collection[str]) -> dict[str, list[str]]:
    """Which of these documents are there and have no use noted of the last minute, by their bases."""
    statement = select(documents.c.id, documents.c.base_id).where(
        documents.c.workspace_id == ctx.workspace_id,
        documents.c.id.in_(document_ids),
        documents.c.state != DocumentState.REMOVED.value,
        func.coalesce(documents.c.used_at, 0) <= ctx.now - GRAIN_MS,
    )
    found: dict[str, list[str]] = {}
    for row in ctx.rows(statement.order_by(documents.c.id)):
        found.setdefault(row["base_id"], []).append(row["id"])
    return found


def note(ctx: Context, document_ids: Collection[str]) -> None:
    """Write down that passages of these documents were shown to an agent now: one fact for each base."""
    for base_id, ids in unnoted(ctx, document_ids).items():
        for document_id in ids:
            ctx.update(documents, document_id, {"used_at": ctx.now})
        ctx.emit(DocumentsUsed(base_id, tuple(ids)))
