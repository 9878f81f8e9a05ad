"""Model servers on this computer, found by looking: Ollama, LM Studio, llama.cpp, and whatever else lists its models.

Loopback only, through the broker's configured profile, with short waits; a port where nobody listens costs a moment.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from legate_core.egress.broker import Broker
from legate_core.errors import Invalid, LegateError
from legate_core.llm import offers
from legate_core.llm.assembly import list_in, table_in, text_in
from legate_core.llm.endpoint import endpoint_of
from legate_core.llm.offers import Offer

if TYPE_CHECKING:
    import httpx

USUAL = ("http://127.0.0.1:11434", "http://127.0.0.1:1234", "http://127.0.0.1:8080")
"""Where Ollama, LM Studio and a llama.cpp server listen unless they are told otherwise."""
KNOCK_SECONDS = 0.5
LOOK_SECONDS = 5.0
SHOW_SECONDS = 2.0
MAX_BYTES = 4_000_000
ANY = "a server of the OpenAI interface"
MAX_SHOWN = 60
"""How many models of one Ollama are asked about one by one."""
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Found:
    """One server and its models. `base_url` is what a model's settings need."""

    provider: str
    who: str
    base_url: str
    offers: tuple[Offer, ...]


def address_of(text: str) -> str:
    """An address of this computer as it is looked at. Raises `Invalid` for any other place."""
    endpoint = endpoint_of(text if "://" in text else f"http://{text}", "", None)
    if not endpoint.is_local:
        raise Invalid(
            f"{endpoint.host} is not this computer. Only servers here are looked for; enter others under Model."
        )
    return endpoint.base_url.removesuffix("/v1").removesuffix("/api").rstrip("/")


async def look(broker: Broker, addresses: Sequence[str] = USUAL) -> tuple[Found, ...]:
    """The servers that answer at these addresses of this computer."""
    answers = await asyncio.gather(*(look_at(broker, address) for address in dict.fromkeys(addresses)))
    return tuple(found for found in answers if found is not None)


async def look_at(broker: Broker, address: str) -> Found | None:
    """The server at an address and its models; None where none of a known kind answers in time."""
    try:
        if not await _is_open(broker, address):
            return None
        async with asyncio.timeout(LOOK_SECONDS):
            return await _ask(broker, address)
    except (TimeoutError, LegateError, _NotOne):
        return None


async def _is_open(broker: Broker, address: str) -> bool:
    """Knock before an HTTP library is loaded for a server that is not there."""
    host, _, port = address.removeprefix("http://").removeprefix("https://").rpartition(":")
    if not host or not port.isdecimal():
        return True
    try:
        async with asyncio.timeout(KNOCK_SECONDS):
            _, writer = await broker.connect(host.strip("[]"), int(port), tls=False)
    except (TimeoutError, LegateError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


class _NotOne(Exception):
    """What answered is no model server, or none of the kind that was asked for."""


async def _ask(broker: Broker, address: str) -> Found:
    import httpx

    async with httpx.AsyncClient(
        transport=broker.transport(address), trust_env=False, follow_redirects=False, timeout=LOOK_SECONDS
    ) as client:
        for kind in (_ollama, _lm_studio, _openai):
            with suppress(_NotOne):
                return await kind(client, address)
    raise _NotOne


async def _ollama(client: httpx.AsyncClient, address: str) -> Found:
    version = text_in(table_in(await read(client, "GET", f"{address}/api/version")).get("version"))
    listed = offers.of_ollama(await read(client, "GET", f"{address}/api/tags"))
    if not version:
        raise _NotOne
    some_at_once = asyncio.Semaphore(AT_ONCE)

    async def shown(offer: Offer) -> Offer | None:
        """The model with what the server says of it; as it was listed where it cannot say, as of one that is damaged."""
        try:
            async with some_at_once, asyncio.timeout(SHOW_SECONDS):
                details = await read(client, "POST", f"{address}/api/show", {"model": offer.name})
        except (TimeoutError, _NotOne):
            return offer
        return offers.with_details(offer, details)

    found = await asyncio.gather(*map(shown, listed[:MAX_SHOWN]))
    able = (offer for offer in found if offer is not None)
    return Found("ollama", f"Ollama {version[:20]}", address, (*able, *listed[MAX_SHOWN:]))


async def _lm_studio(client: httpx.AsyncClient, address: str) -> Found:
    data = await read(client, "GET", f"{address}/api/v0/models")
    if not isinstance(table_in(data).get("data"), list):
        raise _NotOne
    return Found("openai_compatible", "LM Studio", f"{address}/v1", offers.of_lm_studio(data))


async def _openai(client: httpx.AsyncClient, address: str) -> Found:
    data = await read(client, "GET", f"{address}/v1/models")
    if not isinstance(table_in(data).get("data"), list):
        raise _NotOne
    listed = offers.of_openai(data)
    owners = {text_in(table_in(entry).get("owned_by")) for entry in list_in(table_in(data)["data"])}
    if "llamacpp" not in owners:
        return Found("openai_compatible", ANY, f"{address}/v1", listed)
    with suppress(_NotOne):
        shown = await read(client, "GET", f"{address}/props")
        listed = tuple(offers.with_properties(offer, shown) for offer in listed)
    return Found("openai_compatible", "llama.cpp", f"{address}/v1", listed)


async def read(
    client: httpx.AsyncClient, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> Any:
    """The JSON at an address of a server; raises `_NotOne` for anything else."""
    import httpx

    data = bytearray()
    try:
        async with client.stream(method, url, json=body, headers=dict(headers or {})) as response:
            if response.status_code != 200:
                raise _NotOne
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > MAX_BYTES:
                    raise _NotOne
        return json.loads(bytes(data))
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, ValueError, RecursionError) as error:
        raise _NotOne from error
