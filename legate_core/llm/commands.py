"""Looking for model servers on this computer, and taking in a key for a service: recognised, tried, put into the vault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from legate_core.crypto.secret import Secret
from legate_core.egress.broker import Broker
from legate_core.errors import Invalid
from legate_core.kernel.context import Actor, Context, Ports
from legate_core.kernel.messages import Command
from legate_core.kernel.registry import command
from legate_core.llm import discovery, sources
from legate_core.llm.discovery import Found
from legate_core.llm.endpoint import endpoint_of
from legate_core.llm.events import ModelKeyTried
from legate_core.llm.keys import Recognised, cleaned, recognise_key
from legate_core.llm.sources import KEY, SERVER, Sources
from legate_core.llm.tables import model_sources
from legate_core.llm.trial import Tried, try_key
from legate_core.vault.commands import StoreSecret, store_secret

MAX_ADDRESSES = 10


@dataclass(frozen=True, slots=True)
class LookForModels(Command[int]):
    """Look for model servers on this computer, at the usual ports and at these addresses of it; answers how many there are."""

    addresses: tuple[str, ...] = ()


async def _look(ports: Ports, actor: Actor, message: LookForModels) -> Sequence[Found]:
    if len(message.addresses) > MAX_ADDRESSES:
        raise Invalid(f"At most {MAX_ADDRESSES} addresses are looked at in one go. Name fewer.")
    wanted = [discovery.address_of(address) for address in message.addresses]
    known = [discovery.address_of(address) for address in await ports.get(Sources).servers(actor)]
    return await discovery.look(ports.get(Broker), (*discovery.USUAL, *wanted, *known))


@command(LookForModels, permission="drafts.create", route="POST /models/look", before=_look)
def look_for_models(ctx: Context, message: LookForModels, found: Sequence[Found]) -> int:
    servers = {sources.source_id(SERVER, item.base_url): item for item in found}
    for key, item in servers.items():
        fields = {"kind": SERVER, "provider": item.provider, "who": item.who, "base_url": item.base_url}
        sources.keep(ctx, key, fields | {"models": sources.plain(item.offers)})
    statement = select(model_sources.c.id).where(
        model_sources.c.workspace_id == ctx.workspace_id,
        model_sources.c.kind == SERVER,
        model_sources.c.is_there.is_(True),
        model_sources.c.removed_at.is_(None),
    )
    for key in ctx.connection.execute(statement).scalars().all():
        if key not in servers:
            sources.lose(ctx, key, "Nothing answers there. Start it, then look again.")
    return len(servers)


@dataclass(frozen=True, slots=True)
class KeyAdded:
    """What became of a pasted key. Money in millionths: what trying it has cost."""

    secret_id: str
    source_id: str
    provider: str
    who: str
    models: int
    asked: str
    cost_micros: int


@dataclass(frozen=True, slots=True)
class AddModelKey(Command[KeyAdded]):
    """Take in a key for a model service: it is recognised by its form, tried with the cheapest call, and put into the vault.

    For a service whose keys have no form of their own, `base_url` says where it is. A key that does not work is not kept.
    """

    value: Secret
    name: str = ""
    base_url: str = ""


async def _try(ports: Ports, actor: Actor, message: AddModelKey) -> Tried:
    key = cleaned(message.value.reveal())
    return await try_key(ports.get(Broker), key, _whose(key, message.base_url))


def _whose(key: str, base_url: str) -> Recognised:
    found = recognise_key(key)
    if base_url:
        endpoint = endpoint_of(base_url, "a key", None)
        if found is None or found.host != endpoint.host:
            return Recognised("openai_compatible", endpoint.host, endpoint.host, endpoint.base_url)
    if found is None:
        raise Invalid("Whose key this is cannot be seen from it. Say the base URL of the service it is for.")
    return found


@command(AddModelKey, permission="credentials.create.shared", route="POST /models/keys", before=_try)
def add_model_key(ctx: Context, message: AddModelKey, tried: Tried) -> KeyAdded:
    value = Secret(cleaned(message.value.reveal()))
    stored = StoreSecret(message.name or f"{tried.who} key", value, (tried.place,), connector="models")
    secret_id = store_secret(ctx, stored)
    key = sources.source_id(KEY, tried.base_url, secret_id)
    ctx.insert(
        model_sources,
        {
            "id": key,
            "kind": KEY,
            "provider": tried.provider,
            "who": tried.who[:80],
            "base_url": tried.base_url[:300],
            "file": "",
            "secret_id": secret_id,
            "is_there": True,
            "problem": "",
            "took_ms": 0,
            "models": sources.plain(tried.offers),
            "cost_micros": tried.cost_micros,
            "looked_at": ctx.now,
        },
    )
    ctx.emit(ModelKeyTried(key, secret_id, len(tried.offers), tried.cost_micros))
    return KeyAdded(secret_id, key, tried.provider, tried.who, len(tried.offers), tried.asked, tried.cost_micros)
