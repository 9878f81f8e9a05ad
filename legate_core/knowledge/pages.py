"""A page of a document as a picture, so that a passage opens where it stands.

It is drawn here, in the sealed process that reads strangers' files, and not by the system's viewer: no system has one way
to open a viewer at a page, a server's person does not have the file, and a hostile PDF would meet a program of theirs.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from legate_core.errors import Invalid
from legate_core.kernel.context import Actor, Ports, ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.messages import Query
from legate_core.kernel.registry import query
from legate_core.knowledge import store
from legate_core.knowledge.extract.base import Unreadable
from legate_core.knowledge.originals import Originals
from legate_core.knowledge.readers import Readers

WIDTHS = (200, 2_000)


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page as PNG. `marks` are the boxes (left, top, right, bottom) of the passage's lines, in pixels of the picture."""

    png: bytes
    width: int
    height: int
    page: int
    pages: int
    marks: tuple[tuple[int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class DocumentPage(Query[PageImage]):
    """A page of a PDF, `width` pixels wide; with `position` the passage there is marked where it stands on it."""

    document_id: str
    page: int
    width: int = 1_000
    position: int = -1


class PageImages:
    """Draws pages; a port."""

    def __init__(self, kernel: Kernel, originals: Originals, readers: Readers) -> None:
        self._kernel = kernel
        self._originals = originals
        self._readers = readers

    async def draw(self, workspace_id: str, message: DocumentPage) -> PageImage:
        """The page. Raises `Invalid` where the document has no such page, or none that can be drawn."""
        least, most = WIDTHS
        if not least <= message.width <= most:
            raise Invalid(f"A page is drawn {least} to {most} pixels wide, not {message.width}. Ask for another width.")

        def known(ctx: ReadContext) -> tuple[str, str, str]:
            row = store.load_document(ctx, message.document_id)
            found = store.passages_of(ctx, row["id"], message.position, 1) if message.position >= 0 else []
            is_it = bool(found) and found[0].position == message.position
            return row["content"], row["kind"], found[0].text if is_it else ""

        content, kind, passage = await self._kernel.look(self._kernel.system(workspace_id), known)
        if kind != "pdf":
            raise Invalid("Only PDF documents have pages that can be drawn. Read the text of this one.")
        try:
            path = await asyncio.to_thread(self._originals.path, content)
            drawn = await self._readers.draw(str(path), message.page, message.width, passage)
        except Unreadable as error:
            raise Invalid(str(error)) from error
        marks = tuple((left, top, right, bottom) for left, top, right, bottom in drawn["marks"])
        return PageImage(drawn["png"], drawn["width"], drawn["height"], message.page, drawn["pages"], marks)


async def draw_outside(ports: Ports, actor: Actor, message: DocumentPage) -> PageImage:
    """The drawing, outside of any transaction."""
    return await ports.get(PageImages).draw(actor.workspace_id, message)


@query(DocumentPage, permission="kb.search", route="GET /documents/{document_id}/pages/{page}", before=draw_outside)
def document_page(ctx: ReadContext, message: DocumentPage, drawn: PageImage) -> PageImage:
    return drawn
