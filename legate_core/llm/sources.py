"""The places where models come from, as they are kept: one row each, found again by what they are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import select

from legate_core import typed
from legate_core.crypto.secret import Secret
from legate_core.errors import NotFound
from legate_core.kernel.context import Actor, Context, ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.llm.endpoint import endpoint_of
from legate_core.llm.events import ModelsFound
from legate_core.llm.offers import Offer
from legate_core.llm.tables import model_sources
from legate_core.vault.lend import lend

SERVER, ADDRESS, KEY, FILE = "server", "address", "key", "file"
"""Kinds of places: a server on this computer, one elsewhere, a service with a key, a file of one's own."""


class Sources:
    """The kept places for what must know them before a transaction begins: looking again, with a key where one is needed."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    async def one(self, actor: Actor, source_id: str) -> Mapping[str, Any]:
        """A place by its id. Raises `NotFound`."""
        return await self._kernel.look(actor, lambda ctx: load(ctx, source_id))

    async def servers(self, actor: Actor) -> Sequence[str]:
        """The addresses of this computer at which a server was found or entered before."""
        statement = select(model_sources.c.base_url).where(
            model_sources.c.workspace_id == actor.workspace_id,
            model_sources.c.kind == SERVER,
            model_sources.c.removed_at.is_(None),
        )
        return await self._kernel.look(actor, lambda ctx: ctx.connection.execute(statement).scalars().all())

    async def key(self, actor: Actor, row: Mapping[str, Any]) -> Secret:
        """The key of a place, lent for one look at it. Raises `Locked` where the vault is sealed."""
        place = endpoint_of(row["base_url"], row["secret_id"], None).place

        def borrow(ctx: Context) -> Secret:
            return lend(ctx, row["secret_id"], place, on_behalf_of=actor.id)

        return await self._kernel.change(actor, borrow, f"models {row['id']}")


def load(ctx: ReadContext, source_id: str) -> Mapping[str, Any]:
    """A place by its id. Raises `NotFound` for one that is not there or was removed."""
    row = ctx.get(model_sources, source_id)
    if row is None or row["removed_at"] is not None:
        raise NotFound(f"There is no place {source_id[:80]!r} where models come from. 'legate models' lists them.")
    return row


def keep(ctx: Context, key: str, fields: Mapping[str, Any], took_ms: int = 0) -> None:
    """Write a place down as it answers now, where anything about it is new; what was known leaves no trace.

    One that a person took off the list is not put back by the engine's own look.
    """
    row = ctx.get(model_sources, key)
    is_removed = row is not None and row["removed_at"] is not None
    if is_removed and ctx.actor.kind == "system":
        return
    is_known = row is not None and row["is_there"] and all(row[name] == value for name, value in fields.items())
    if is_known and not is_removed:
        return
    empty = {"file": "", "secret_id": "", "cost_micros": 0}
    now = {"is_there": True, "problem": "", "took_ms": took_ms, "looked_at": ctx.now, "removed_at": None}
    if row is None:
        ctx.insert(model_sources, {"id": key, **empty, **fields, **now})
    else:
        ctx.update(model_sources, key, {**fields, **now})
    ctx.emit(ModelsFound(key, True, len(fields["models"])))


def lose(ctx: Context, key: str, problem: str, took_ms: int = 0) -> None:
    """Write down that a place does not answer, and why; its models stay listed."""
    changes = {"is_there": False, "problem": problem[:400], "took_ms": took_ms, "looked_at": ctx.now}
    ctx.update(model_sources, key, changes)
    ctx.emit(ModelsFound(key, False, 0))


def source_id(kind: str, place: str, secret_id: str = "") -> str:
    """The id of a place where models come from: the same place is always the same row."""
    return f"{kind}_{hashlib.sha256(f'{place}|{secret_id}'.encode()).hexdigest()[:20]}"


def plain(offers: Sequence[Offer]) -> list[dict[str, Any]]:
    """Offers as a row holds them."""
    return msgspec.to_builtins(list(offers))


def offers_in(row: Mapping[str, Any]) -> list[Offer]:
    """The offers of a row."""
    return typed.convert(row["models"], list[Offer])
