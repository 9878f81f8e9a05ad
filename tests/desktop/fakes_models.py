"""What the fake core says of models: places of every kind and state, and limits on money."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

HOUR = 3_600_000

MESSAGES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "ModelCatalogue": ((), {}),
    "Budgets": ((), {}),
    "LookForModels": ((), {"addresses": ()}),
    "CheckModelSource": (("source_id",), {}),
    "RemoveModelSource": (("source_id",), {}),
    "AddModelServer": (("base_url",), {}),
    "AddModelFile": (("file",), {}),
    "AddModelKey": (("value",), {"name": "", "base_url": ""}),
    "SetModelPrice": (("source_id", "model", "input", "output"), {"cached": -1}),
    "RemoveModelPrice": (("source_id", "model"), {}),
    "SetBudget": (("scope", "period", "limit_micros"), {"subject_id": ""}),
    "RemoveBudget": (("budget_id",), {}),
}


class Refused(Exception):
    """The core's error, as far as the page looks at it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def recognise_key(text: str) -> Any:
    """Whose key it is, by two forms and one that is surely none."""
    if text.startswith("ghp_"):
        raise Refused("This is no key for models. It is GitHub's. Store it under Connectors.")
    return SimpleNamespace(who="OpenAI") if text.startswith("sk-proj-") else None


CLASSES: dict[str, Any] = {"Secret": str, "LegateError": Refused, "recognise_key": recognise_key}


def model(name: str, **changes: Any) -> SimpleNamespace:
    """A model as the core lists it."""
    given: dict[str, Any] = {
        "name": name,
        "context_tokens": 128_000,
        "has_tools": True,
        "has_images": False,
        "size_bytes": 0,
        "input_price": 2_000_000,
        "output_price": 10_000_000,
        "cached_price": 200_000,
        "price_source": "developers.openai.com/api/docs/pricing",
        "price_as_of": "2026-09-22",
        "priced_by": "list",
        "tokens_per_second": 0.0,
        "calls": 0,
    }
    return SimpleNamespace(**(given | changes))


def local(name: str, **changes: Any) -> SimpleNamespace:
    """One that costs nothing."""
    free = {"input_price": 0, "output_price": 0, "cached_price": 0, "price_as_of": ""}
    return model(name, **{**free, "price_source": "a server on this computer", "context_tokens": 40_960, **changes})


def place(place_id: str, kind: str, who: str, now: int, *models: Any, **changes: Any) -> SimpleNamespace:
    """A place as the core lists it."""
    given: dict[str, Any] = {
        "id": place_id,
        "kind": kind,
        "who": who,
        "is_there": True,
        "looked_at": now - HOUR,
        "cost_micros": 0,
        "settings": {"provider": "openai_compatible"},
        "models": models,
        "address": "",
        "problem": "",
        "took_ms": 0,
    }
    return SimpleNamespace(**(given | changes))


def places(now: int) -> dict[str, Any]:
    """One of every kind: found, entered and slow, with a key, a file, and one that is not there any more."""
    nobody = {"input_price": -1, "output_price": -1, "cached_price": -1, "priced_by": "", "price_source": ""}
    found = (
        place(
            "src_1",
            "server",
            "Ollama on this computer",
            now,
            local("qwen3:4b", size_bytes=2_600_000_000, calls=41, tokens_per_second=38.2),
            local("llama3.2:3b", size_bytes=2_000_000_000, has_images=True, context_tokens=8_192),
            settings={"provider": "ollama", "base_url": "http://127.0.0.1:11434"},
            address="http://127.0.0.1:11434",
            took_ms=14,
        ),
        place(
            "src_2",
            "key",
            "OpenAI",
            now,
            model("gpt-6-sol", calls=12, tokens_per_second=71.0),
            model("gpt-6-luna", input_price=100_000, output_price=400_000, cached_price=10_000),
            model("gpt-6-nova", has_tools=None, has_images=None, context_tokens=0, **nobody),
            settings={"provider": "openai", "secret": "sec_1"},
            address="https://api.openai.com/v1",
            cost_micros=18,
        ),
        place(
            "src_3",
            "address",
            "workshop:8080",
            now,
            model("mixtral", priced_by="you", price_source="you", price_as_of="2026-11-20"),
            address="http://workshop:8080/v1",
            took_ms=12_400,
        ),
        place("src_4", "file", "tiny-q4.gguf", now, local("tiny-q4", calls=3), address="/srv/models/tiny-q4.gguf"),
        place(
            "src_5",
            "server",
            "llama.cpp",
            now,
            is_there=False,
            problem="Nothing answers there. Start it, then look again.",
            address="http://127.0.0.1:8080/v1",
        ),
    )
    return {given.id: given for given in found}


def limit(limit_id: str, **changes: Any) -> SimpleNamespace:
    """A limit as the core lists it."""
    scope, _, rest = limit_id.partition(".")
    subject, _, period = rest.rpartition(".")
    given: dict[str, Any] = {
        "id": limit_id,
        "scope": scope,
        "subject_id": subject,
        "period": period,
        "limit_micros": 5_000_000,
        "spent_micros": 1_240_000,
        "reserved_micros": 0,
        "begins_at": 0,
        "ends_at": 0,
        "waiting": 0,
    }
    return SimpleNamespace(**(given | changes))


def limits() -> dict[str, Any]:
    """One with room, one that is nearly used, one at which runs wait."""
    found = (
        limit("workspace.day"),
        limit("workspace.month", limit_micros=50_000_000, spent_micros=42_500_000),
        limit("agent.agt_2.total", limit_micros=1_000_000, spent_micros=990_000, reserved_micros=4_000, waiting=2),
    )
    return {given.id: given for given in found}
