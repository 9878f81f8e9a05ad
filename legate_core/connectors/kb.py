"""Searching the knowledge bases that an agent was given, and no others."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from legate_core.connectors.base import Connector, tool
from legate_core.errors import LegateError
from legate_core.tools.spec import Effect, Invocation, Observation, ToolFailed

ONLY = (
    "Narrows to documents whose name, kind, title, author and so on hold all of these words, such as 'pdf Lind'. Leave it "
    "out to search all of them."
)


class Knowledge(Connector):
    """The agent's knowledge bases."""

    name = "kb"

    @tool(
        "kb.search",
        effect=Effect.READ,
        title="search its knowledge bases for {question}",
        reach="Nobody outside: the search runs on the knowledge bases of this agent.",
        timeout_seconds=60.0,
    )
    async def search(
        self,
        call: Invocation,
        question: Annotated[
            str, Meta(description="What to look for, in a sentence or a few words.", min_length=1, max_length=2_000)
        ],
        limit: Annotated[int, Meta(description="How many passages at most.", ge=1, le=20)] = 5,
        only: Annotated[str, Meta(description=ONLY, max_length=400)] = "",
    ) -> Observation:
        """Search your knowledge bases. Each passage comes with its document, its place, and a mark in brackets; when you use
        a passage, put its mark behind what you take from it."""
        if self.surroundings.knowledge is None:
            raise ToolFailed("This agent was given no knowledge base. Work without one.")
        try:
            found = await self.surroundings.knowledge(question, limit, only)
        except LegateError as error:
            raise ToolFailed(error.message) from error
        return Observation(found.text, found.source, data=found.data)
