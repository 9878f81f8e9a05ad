"""Adding a place where models come from, asking it again, and taking it off the list."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from legate_core.egress.broker import Broker
from legate_core.errors import Invalid, LegateError, Locked
from legate_core.identity.authorize import MatrixAuthorizer
from legate_core.kernel.context import Actor, Context, Ports
from legate_core.kernel.messages import Command
from legate_core.kernel.registry import command
from legate_core.llm import sources
from legate_core.llm.discovery import Found
from legate_core.llm.endpoint import endpoint_of
from legate_core.llm.events import ModelsRemoved
from legate_core.llm.offers import Offer
from legate_core.llm.sources import ADDRESS, FILE, KEY, SERVER, Sources
from legate_core.llm.tables import model_sources
from legate_core.llm.visit import list_models, offer_of_file, visit, words_of
from legate_core.vault.commands import DeleteSecret, delete_secret

MAX_FILE_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class AddModelServer(Command[str]):
    """Take in a server of models that wants no key, by its address; answers with the id of the place.

    It is asked what it has first, and one that does not answer is not taken in. `AddModelKey` is for those with a key.
    """

    base_url: str


@dataclass(frozen=True, slots=True)
class _Timed:
    """What came of a look, and how long it took; `problem` instead where nothing came of it."""

    found: Found | None
    took_ms: int
    problem: str = ""
    offers: tuple[Offer, ...] = ()


async def _visit(ports: Ports, actor: Actor, message: AddModelServer) -> _Timed:
    address = message.base_url.strip()
    base_url = endpoint_of(address if "://" in address else f"http://{address}", "", None).base_url
    return await _timed(visit(ports.get(Broker), base_url))


@command(AddModelServer, permission="credentials.create.shared", route="POST /models/servers", before=_visit)
def add_model_server(ctx: Context, message: AddModelServer, seen: _Timed) -> str:
    found = seen.found
    assert found is not None, "a server that does not answer raises before"
    kind = SERVER if endpoint_of(found.base_url, "", None).is_local else ADDRESS
    key = sources.source_id(kind, found.base_url)
    fields = {"kind": kind, "provider": found.provider, "who": found.who[:80], "base_url": found.base_url[:300]}
    sources.keep(ctx, key, fields | {"models": sources.plain(found.offers)}, seen.took_ms)
    return key


@dataclass(frozen=True, slots=True)
class AddModelFile(Command[str]):
    """Take in a model of one's own, a GGUF file on the engine's computer; answers with the id of the place.

    The file stays where it is. It is run by the optional extra `local`.
    """

    file: str


async def _head(ports: Ports, actor: Actor, message: AddModelFile) -> Offer:
    return await asyncio.to_thread(offer_of_file, _path(message.file))


def _path(file: str) -> Path:
    path = Path(file.strip()).expanduser()
    if not path.is_absolute() or len(file) > MAX_FILE_CHARS:
        raise Invalid(f"The model's file {file[:120]!r} must be named by its full path. Choose it again.")
    return path


@command(AddModelFile, permission="credentials.create.shared", route="POST /models/files", before=_head)
def add_model_file(ctx: Context, message: AddModelFile, offer: Offer) -> str:
    path = _path(message.file)
    key = sources.source_id(FILE, str(path))
    fields = {"kind": FILE, "provider": "local", "who": path.name[:80], "base_url": "", "file": str(path)}
    sources.keep(ctx, key, fields | {"models": sources.plain([offer])})
    return key


@dataclass(frozen=True, slots=True)
class CheckModelSource(Command[str]):
    """Ask a place again what it has, and how long it takes to say so; answers with what is wrong, empty where nothing is.

    A place that does not answer keeps its models on the list, with the reason beside it.
    """

    source_id: str


async def _ask_again(ports: Ports, actor: Actor, message: CheckModelSource) -> _Timed:
    kept = ports.get(Sources)
    row = await kept.one(actor, message.source_id)
    broker = ports.get(Broker)
    try:
        if row["kind"] == FILE:
            return _Timed(None, 0, offers=(await asyncio.to_thread(offer_of_file, Path(row["file"])),))
        if row["kind"] == KEY:
            key = (await kept.key(actor, row)).reveal()
            return await _timed(list_models(broker, key, row["provider"], row["base_url"]))
        return await _timed(visit(broker, row["base_url"]))
    except Locked:
        # The vault's state is nothing that is wrong with the place.
        raise
    except LegateError as error:
        return _Timed(None, 0, words_of(error))


async def _timed(asked: Awaitable[Found | tuple[Offer, ...]]) -> _Timed:
    begun = time.monotonic()
    answer = await asked
    took_ms = round((time.monotonic() - begun) * 1000)
    if isinstance(answer, Found):
        return _Timed(answer, took_ms, offers=answer.offers)
    return _Timed(None, took_ms, offers=answer)


@command(
    CheckModelSource, permission="drafts.create", route="POST /models/sources/{source_id}/check", before=_ask_again
)
def check_model_source(ctx: Context, message: CheckModelSource, seen: _Timed) -> str:
    row = sources.load(ctx, message.source_id)
    if seen.problem:
        sources.lose(ctx, row["id"], seen.problem, seen.took_ms)
        return seen.problem
    fields: dict[str, Any] = {"models": sources.plain(seen.offers), "took_ms": seen.took_ms}
    if seen.found is not None:
        fields |= {"who": seen.found.who[:80]}
    sources.keep(ctx, row["id"], fields, seen.took_ms)
    return ""


@dataclass(frozen=True, slots=True)
class RemoveModelSource(Command[None]):
    """Take a place off the list; a key is deleted from the vault with it. Agents keep their settings and ask in vain.

    A server on this computer comes back when a person adds it or looks for models, not by itself.
    """

    source_id: str


@command(RemoveModelSource, permission="drafts.create", route="DELETE /models/sources/{source_id}")
def remove_model_source(ctx: Context, message: RemoveModelSource) -> None:
    row: Mapping[str, Any] = sources.load(ctx, message.source_id)
    if row["kind"] != SERVER:
        ctx.port(MatrixAuthorizer).require(ctx, "credentials.create.shared")
    if row["secret_id"]:
        ctx.port(MatrixAuthorizer).require(ctx, "credentials.delete")
        delete_secret(ctx, DeleteSecret(row["secret_id"]))
    ctx.update(model_sources, row["id"], {"removed_at": ctx.now})
    ctx.emit(ModelsRemoved(row["id"]))
