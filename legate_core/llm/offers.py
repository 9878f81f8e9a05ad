"""What a server says of the models it has: each kind of list, read into one. Pure; total on any JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from legate_core.llm.assembly import list_in, table_in, text_in
from legate_core.llm.strict_json import mended

MAX_MODELS = 1_000
MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Offer:
    """One model of a server. What the server does not say is 0 or None; prices in dollars per million tokens, as text."""

    name: str
    context_tokens: int = 0
    has_tools: bool | None = None
    has_images: bool | None = None
    size_bytes: int = 0
    price: Mapping[str, str] | None = None


def of_openai(data: Any) -> tuple[Offer, ...]:
    """GET /models of the OpenAI interface, with what llama.cpp, vLLM, Anthropic and OpenRouter add to it."""
    return _all(_of_openai(table_in(entry)) for entry in list_in(table_in(data).get("data")))


def _of_openai(entry: Mapping[str, Any]) -> Offer | None:
    meta, architecture = table_in(entry.get("meta")), table_in(entry.get("architecture"))
    tops = (entry.get("context_length"), entry.get("max_input_tokens"), entry.get("max_model_len"))
    parameters, inputs = entry.get("supported_parameters"), architecture.get("input_modalities")
    return _offer(
        entry.get("id"),
        context_tokens=next((top for top in map(_number, (*tops, meta.get("n_ctx_train"))) if top), 0),
        has_tools="tools" in list_in(parameters) if isinstance(parameters, list) else None,
        has_images="image" in list_in(inputs) if isinstance(inputs, list) else None,
        size_bytes=_number(meta.get("size")),
        price=_price(table_in(entry.get("pricing"))),
    )


def of_lm_studio(data: Any) -> tuple[Offer, ...]:
    """GET /api/v0/models of LM Studio. Its models for embeddings are left out."""
    return _all(
        _offer(
            entry.get("id"),
            context_tokens=_number(entry.get("loaded_context_length")) or _number(entry.get("max_context_length")),
            has_tools="tool_use" in list_in(entry.get("capabilities")) if "capabilities" in entry else None,
            has_images=entry.get("type") == "vlm",
        )
        for entry in map(table_in, list_in(table_in(data).get("data")))
        if entry.get("type") != "embeddings"
    )


def of_ollama(data: Any) -> tuple[Offer, ...]:
    """GET /api/tags of Ollama: names and sizes; the rest of each is asked for by name."""
    entries = map(table_in, list_in(table_in(data).get("models")))
    return _all(
        _offer(entry.get("name") or entry.get("model"), size_bytes=_number(entry.get("size"))) for entry in entries
    )


def with_details(offer: Offer, data: Any) -> Offer | None:
    """The same model with what POST /api/show of Ollama says of it; None where it cannot speak."""
    shown = table_in(data)
    known, able = table_in(shown.get("model_info")), shown.get("capabilities")
    if isinstance(able, list) and "completion" not in able:
        return None
    room = next((_number(value) for key, value in known.items() if key.endswith(".context_length")), 0)
    tools, images = ("tools" in list_in(able), "vision" in list_in(able)) if isinstance(able, list) else (None, None)
    return replace(offer, context_tokens=room, has_tools=tools, has_images=images)


def with_properties(offer: Offer, data: Any) -> Offer:
    """The same model with what GET /props of llama.cpp says: the room it has here, and what its template knows."""
    shown = table_in(data)
    room = _number(table_in(shown.get("default_generation_settings")).get("n_ctx")) or _number(shown.get("n_ctx"))
    template = text_in(shown.get("chat_template"))
    return replace(
        offer,
        context_tokens=room or offer.context_tokens,
        has_tools="tools" in template if template else None,
        has_images=bool(table_in(shown.get("modalities")).get("vision")) if "modalities" in shown else None,
    )


def _all(offers: Any) -> tuple[Offer, ...]:
    found: dict[str, Offer] = {}
    for offer in offers:
        if offer is not None and len(found) < MAX_MODELS:
            found.setdefault(offer.name, offer)
    return tuple(sorted(found.values(), key=lambda offer: offer.name))


def _offer(name: Any, **fields: Any) -> Offer | None:
    """A model, unless its name cannot be shown in a line and sent back."""
    text = mended(name).strip() if isinstance(name, str) else ""
    return Offer(text, **fields) if text and len(text) <= MAX_NAME and text.isprintable() else None


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53 else 0


def _price(given: Mapping[str, Any]) -> dict[str, str] | None:
    """OpenRouter's prices are dollars for one token, as text."""
    found: dict[str, str] = {}
    names = {"input": "prompt", "output": "completion", "cached": "input_cache_read", "written": "input_cache_write"}
    for ours, theirs in names.items():
        try:
            dollars = float(given[theirs]) * 1e6
        except (KeyError, TypeError, ValueError):
            continue
        if 0 <= dollars <= 1e6:
            found[ours] = f"{dollars:.6f}".rstrip("0").rstrip(".")
    return found if "input" in found and "output" in found else None
