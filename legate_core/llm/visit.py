"""An address, a key or a file is asked what models it has: the answer, or in words why there is none."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from legate_core.egress.broker import Broker
from legate_core.errors import LegateError
from legate_core.llm import anthropic, discovery, local, offers
from legate_core.llm.assembly import list_in, table_in
from legate_core.llm.base import ModelFailed
from legate_core.llm.discovery import Found
from legate_core.llm.endpoint import endpoint_of, is_loopback
from legate_core.llm.exchange import bearer
from legate_core.llm.gguf import read_head
from legate_core.llm.offers import Offer
from legate_core.llm.server_errors import Asked, from_status

if TYPE_CHECKING:
    import httpx

LIST_SECONDS = 20.0
MAX_BYTES = 8_000_000


async def visit(broker: Broker, base_url: str) -> Found:
    """What a server without a key has, and what kind of server it is. Raises `ModelFailed` in words."""
    endpoint = endpoint_of(base_url, "", None)
    listed: tuple[Offer, ...] | None = None
    problem: ModelFailed | None = None
    try:
        listed = await list_models(broker, "", "openai_compatible", endpoint.base_url)
    except ModelFailed as failed:
        if failed.kind not in ("refused", "bad_reply"):
            raise
        # It is there; Ollama's own interface, or the usual path below the address, may know more.
        problem = failed
    found = await discovery.look_at(broker, endpoint.base_url.removesuffix("/v1").removesuffix("/api").rstrip("/"))
    if found is not None and (listed is None or found.who != discovery.ANY):
        return replace(found, who=endpoint.place) if found.who == discovery.ANY else found
    if listed is None:
        assert problem is not None, "there is no list without a reason"
        raise problem
    return Found("openai_compatible", endpoint.place, endpoint.base_url, listed)


async def list_models(broker: Broker, key: str, provider: str, base_url: str) -> tuple[Offer, ...]:
    """The models that a service lists, for whoever has this key. Raises `ModelFailed` that says why there are none."""
    import httpx

    host = endpoint_of(base_url, "", None).host
    asked = Asked(host, "that is listed", key)
    headers: Mapping[str, str] = bearer(key) if key else {}
    if provider == "anthropic":
        headers = anthropic.key_header(key) | anthropic.VERSION
    # OpenRouter lists its models for anybody; only this address wants a key that is one.
    proof = f"{base_url}/key" if provider == "openrouter" else ""
    try:
        async with httpx.AsyncClient(
            transport=broker.transport(base_url), trust_env=False, follow_redirects=False, timeout=LIST_SECONDS
        ) as client:
            if proof:
                await _get(client, proof, headers, asked)
            query = "?limit=1000" if provider == "anthropic" else ""
            data = await _get(client, f"{base_url}/models{query}", headers, asked)
    except httpx.TimeoutException as error:
        raise ModelFailed(
            "timeout", f"{host} did not answer within {LIST_SECONDS:.0f} seconds. Try again, or look what keeps it."
        ) from error
    except httpx.HTTPError as error:
        advice = "Start it" if is_loopback(host) else "Check the address and the network"
        raise ModelFailed("unavailable", f"{host} cannot be reached. {advice}, then try again.") from error
    if not isinstance(table_in(data).get("data"), list):
        raise ModelFailed("bad_reply", f"{host} answered with JSON that lists no models. Check the address.")
    return offers.of_openai({"data": list_in(table_in(data)["data"])})


async def _get(client: httpx.AsyncClient, url: str, headers: Mapping[str, str], asked: Asked) -> Any:
    data = bytearray()
    async with asyncio.timeout(LIST_SECONDS * 2), client.stream("GET", url, headers=dict(headers)) as response:
        async for chunk in response.aiter_bytes():
            data += chunk
            if len(data) > MAX_BYTES:
                break
    kind = response.headers.get("content-type", "")
    if response.status_code == 404:
        raise ModelFailed("refused", f"{asked.host} has no list of models there (404). Check the address.")
    if response.status_code != 200:
        raise from_status(asked, response.status_code, bytes(data), kind, None).failure
    try:
        return json.loads(bytes(data))
    except (ValueError, RecursionError) as error:
        what = "a web page" if "html" in kind else "something else"
        raise ModelFailed(
            "bad_reply", f"{asked.host} answered with {what} and no list of models. Check the address."
        ) from error


def offer_of_file(file: Path) -> Offer:
    """The model in a file of one's own. Raises `LegateError` that says why there is none."""
    head = read_head(file)
    # A conversation gets no more room than a run gives it, whatever the model was made for.
    room = min(head.context_tokens or local.CONTEXT_TOKENS, local.CONTEXT_TOKENS)
    # Its calls are held to their grammar, so that every model makes valid ones.
    return Offer(file.stem[: offers.MAX_NAME], room, has_tools=True, has_images=False, size_bytes=head.size_bytes)


def words_of(error: LegateError) -> str:
    """A failure as it is kept beside the place."""
    return error.message[:400]
