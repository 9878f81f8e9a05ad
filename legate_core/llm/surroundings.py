"""What a provider may know of the world it works in, and what a provider is."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from legate_core.errors import Invalid, Unavailable
from legate_core.llm.base import Model
from legate_core.llm.local_pool import LocalModels, Progress
from legate_core.llm.pricing import Price

if TYPE_CHECKING:
    import httpx

ModelSettings = Mapping[str, Any]
"""A definition's `model`: the provider's name, the model's, and what the provider needs."""


MAX_OUTPUT_TOKENS = 4096
"""How much a model may say in one turn where its definition does not say."""


def _no_transport(base_url: str) -> httpx.AsyncBaseTransport:
    raise Unavailable(f"There is no road to {base_url} here. Use the scripted model, or start Legate with a network.")


def _no_secret(secret_id: str, host: str) -> str:
    raise Unavailable(f"There is no vault here to lend {secret_id} for {host}. Use a model that needs no key.")


def _nobody_looks(text: str, done: int, total: int) -> None:
    """Progress that nobody is shown."""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Surroundings:
    """The world as a provider gets it, all of it replaceable by a test.

    `transport` gives the checked HTTP transport for a configured base URL; each call of a model opens one and closes it.
    `secret` lends a secret by its id for one host and raises `Locked` where the vault is sealed. `now` is milliseconds
    since the epoch, `jitter` a number from 0 to 1. `faults` counts the scripted faults already played. `local` holds the
    models of one's own, and `progress` is told how far one is loaded.
    """

    transport: Callable[[str], httpx.AsyncBaseTransport] = _no_transport
    secret: Callable[[str, str], str] = _no_secret
    now: Callable[[], int] = _now_ms
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random
    faults: dict[str, int] = field(default_factory=dict[str, int])
    local: LocalModels | None = None
    progress: Progress = _nobody_looks


@dataclass(frozen=True, slots=True)
class Key:
    """A secret's id in the vault, and the host that it goes to."""

    secret_id: str
    host: str


class Provider(Protocol):
    """One way to reach models, in one file of its own; `registry.py` lists them."""

    @property
    def name(self) -> str: ...

    def open(self, settings: ModelSettings, surroundings: Surroundings) -> Model:
        """The model these settings describe. Raises `Invalid` that names the setting; opens no connection."""
        ...

    def key(self, settings: ModelSettings) -> Key | None:
        """The key that this model needs, or None."""
        ...

    def price(self, settings: ModelSettings) -> Price | None:
        """What this model costs, or None where nobody has said."""
        ...


def refuse_unknown(settings: ModelSettings, known: frozenset[str]) -> None:
    """A mistyped setting is told, not ignored."""
    if unknown := sorted(set(settings) - known - {"provider"}):
        raise Invalid(
            f"The model has an unknown setting {unknown[0]!r}. The provider {settings.get('provider')} takes "
            f"{', '.join(sorted(known))}. Correct it under Model."
        )


def text_of(settings: ModelSettings, name: str, default: str = "") -> str:
    """A setting that is text. Raises `Invalid` that names it."""
    value = settings.get(name, default)
    if not isinstance(value, str):
        raise Invalid(f"The model's setting {name!r} must be text. Correct it under Model.")
    return value


def output_limit(settings: ModelSettings) -> None:
    """`max_tokens` and `temperature` are read by the executor, so a wrong one is refused here, before the run."""
    most = settings.get("max_tokens", 1)
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise Invalid("The model's setting 'max_tokens' must be a whole number of at least 1. Correct it under Model.")
    heat = settings.get("temperature")
    if heat is not None and (isinstance(heat, bool) or not isinstance(heat, int | float) or not 0 <= heat <= 2):
        raise Invalid("The model's setting 'temperature' must be a number from 0 to 2. Correct it under Model.")


def model_name(settings: ModelSettings) -> str:
    """The model's name at the server. Raises `Invalid` where there is none."""
    name = text_of(settings, "model").strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise Invalid("The model has no name. Say which one under Model, as the server calls it.")
    return name
