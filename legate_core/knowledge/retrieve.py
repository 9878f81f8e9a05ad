"""Finds passages: by keywords in the database and by vectors beside it, joined into one list of hits.

The vectors are asked before and outside of the transaction that reads the passages, so no query holds a connection while a
model or another process works.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from legate_core.errors import Invalid, LegateError
from legate_core.kernel.context import ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.knowledge import store, uses
from legate_core.knowledge.embed.open import Embedders
from legate_core.knowledge.events import FACTS
from legate_core.knowledge.model import DocumentState, Found, Hit
from legate_core.knowledge.rank import fused, weight_of_vectors
from legate_core.knowledge.tables import documents
from legate_core.knowledge.words import highlights, language_of, searched
from legate_core.storage import dialect
from legate_core.vectors.base import Vectors

log = logging.getLogger(__name__)

MAX_QUESTION_CHARS = 4_000
MAX_HITS = 50
CANDIDATES = 100
_LOOKED_AT_FOR_LANGUAGE = 3


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of which bases. `about` narrows to documents whose name, kind, origin, author and so on hold a text;
    under *any*, each word may be held by another of them."""

    text: str
    bases: tuple[str, ...]
    limit: int = 8
    about: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise Invalid("There is no question. Write what you look for.")
        if len(self.text) > MAX_QUESTION_CHARS:
            raise Invalid(f"The question has more than {MAX_QUESTION_CHARS:,} characters. Ask for one thing at a time.")
        if not 1 <= self.limit <= MAX_HITS:
            raise Invalid(f"A search gives 1 to {MAX_HITS} passages, not {self.limit}.")


@dataclass(frozen=True)
class _Scope:
    """The bases as they stand, and the documents a filter leaves, if there is one."""

    bases: tuple[Mapping[str, Any], ...]
    documents: Mapping[str, int] | None
    unread: int

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(base["id"] for base in self.bases)


@dataclass(frozen=True)
class _Near:
    """What the vectors found: numbers, the nearest first; the languages their embedders know; what was not as it should be."""

    numbers: tuple[int, ...]
    languages: frozenset[str] = frozenset()
    notice: str = ""


class Searcher:
    """Searches knowledge bases; a port."""

    def __init__(self, kernel: Kernel, vectors: Vectors, embedders: Embedders) -> None:
        self._kernel = kernel
        self._vectors = vectors
        self._embedders = embedders

    async def search(self, workspace_id: str, question: Question) -> Found:
        """The best passages of these bases. A vector index that is away or being built leaves the keywords, and says so."""
        actor = self._kernel.system(workspace_id)
        scope = await self._kernel.look(actor, lambda ctx: _scope(ctx, question))
        near, keywords = await asyncio.gather(
            self._near(scope, question.text),
            self._kernel.look(actor, lambda ctx: _by_keywords(ctx, question, scope)),
        )
        return await self._kernel.look(actor, lambda ctx: _found(ctx, question, scope, keywords, near))

    async def note_uses(self, workspace_id: str, hits: Collection[Hit]) -> None:
        """Write down that an agent was shown these, where that is not known of the last minute."""
        ids = sorted({hit.passage.document_id for hit in hits})
        actor = self._kernel.system(workspace_id)
        # Asked first, so that most searches write nothing.
        if ids and await self._kernel.look(actor, lambda ctx: uses.unnoted(ctx, ids)):
            await self._kernel.change(actor, lambda ctx: uses.note(ctx, ids), "search knowledge")

    async def wait_for(self, workspace_id: str, bases: Sequence[str], seconds: float) -> int:
        """Wait until nothing of these bases is unread, or the time is up; how many documents still are."""
        actor = self._kernel.system(workspace_id)

        def unread(ctx: ReadContext) -> int:
            return store.count_unread(ctx, [store.load_base(ctx, base)["id"] for base in bases])

        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            known = self._kernel.wake.known(workspace_id)
            left = end - loop.time()
            count = await self._kernel.look(actor, unread)
            if not count or left <= 0:
                return count
            await self._kernel.wake.wait(workspace_id, known, left, hears=FACTS)

    async def _near(self, scope: _Scope, text: str) -> _Near:
        if scope.documents is not None and not scope.documents:
            return _Near(())
        asked = [base for base in scope.bases if base["fingerprint"]]
        found = await asyncio.gather(*(self._near_in(base, scope, text) for base in asked))
        scored = sorted((item for part in found for item in part[0]), reverse=True)
        known = [part[1] for part in found]
        languages = frozenset[str]().union(*known) if known and all(known) else frozenset[str]()
        notice = next((part[2] for part in found if part[2]), "")
        return _Near(tuple(number for _, number in scored[:CANDIDATES]), languages, notice)

    async def _near_in(
        self, base: Mapping[str, Any], scope: _Scope, text: str
    ) -> tuple[list[tuple[float, int]], frozenset[str], str]:
        """The nearest passages of one base, with the languages of its embedder and a notice where something is amiss."""
        keys = None
        if scope.documents is not None:
            keys = [store.key_of(document_id, revision) for document_id, revision in scope.documents.items()]
        try:
            embedder = self._embedders.get(base["embedder"])
            kind = await embedder.kind()
            if kind.fingerprint != store.embedder_of(base["fingerprint"]):
                return (
                    [],
                    kind.languages,
                    f"{base['name']} was searched by keywords alone: its index is of another model. ",
                )
            (vector,) = await embedder.embed([text], urgent=True)
            index = store.index_of(base["id"], base["fingerprint"])
            near = await self._vectors.search(index, vector, CANDIDATES, keys)
        except LegateError as error:
            log.warning("base %s is searched by keywords alone: %s", base["id"], error.message)
            return [], frozenset(), f"{base['name']} was searched by keywords alone. {error.message} "
        return [(item.score, item.id) for item in near], kind.languages, ""


def _scope(ctx: ReadContext, question: Question) -> _Scope:
    bases = tuple(store.load_base(ctx, base) for base in dict.fromkeys(question.bases))
    ids = [base["id"] for base in bases]
    unread = store.count_unread(ctx, ids)
    if not question.about:
        return _Scope(bases, None, unread)
    rows = ctx.rows(
        select(documents).where(
            documents.c.workspace_id == ctx.workspace_id,
            documents.c.base_id.in_(ids),
            documents.c.state != DocumentState.REMOVED.value,
            documents.c.revision > 0,
        )
    )
    chosen = {row["id"]: row["revision"] for row in rows if store.about_matches(store.about_of(row), question.about)}
    return _Scope(bases, chosen, unread)


def _by_keywords(ctx: ReadContext, question: Question, scope: _Scope) -> list[int]:
    wanted = searched(question.text)
    if not wanted or scope.documents == {}:
        return []
    ranked = dialect.keyword_matches(ctx.connection, ctx.workspace_id, scope.ids, wanted, CANDIDATES, scope.documents)
    return [number for number, _ in ranked]


def _found(ctx: ReadContext, question: Question, scope: _Scope, ranked: Sequence[int], near: _Near) -> Found:
    """The best of both lists. Only those are loaded with their text; of all others it is enough that they may be found."""
    known = _findable(ctx, {*ranked, *near.numbers}, scope)
    keywords = [number for number in ranked if number in known][:CANDIDATES]
    vectors = [number for number in near.numbers if number in known]
    language = language_of(question.text) or _language_of_passages(ctx, keywords[:_LOOKED_AT_FOR_LANGUAGE], scope)
    order = fused(keywords, vectors, weight_of_vectors(language, near.languages))[: question.limit]
    shown = store.passages(ctx, [item.number for item in order], scope.ids) if order else {}
    wanted = searched(question.text)
    hits = tuple(
        Hit(shown[item.number], item.score, highlights(shown[item.number].text, wanted), item.by)
        for item in order
        if item.number in shown
    )
    return Found(hits, scope.unread, near.notice.strip())


def _findable(ctx: ReadContext, numbers: Collection[int], scope: _Scope) -> set[int]:
    found = store.findable(ctx, numbers, scope.ids) if numbers else {}
    if scope.documents is None:
        return set(found)
    return {number for number, document_id in found.items() if document_id in scope.documents}


def _language_of_passages(ctx: ReadContext, numbers: Sequence[int], scope: _Scope) -> str:
    """The language of what the keywords found first, for questions too short to tell."""
    shown = store.passages(ctx, numbers, scope.ids) if numbers else {}
    return language_of(" ".join(shown[number].text for number in numbers if number in shown))
