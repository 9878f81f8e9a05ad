"""The providers by name: a model from a definition's settings, and its price. A new provider is a file and a line here."""

from __future__ import annotations

from legate_core.errors import Invalid
from legate_core.llm import anthropic, local, ollama, openai, openai_compatible, openrouter, recorded, scripted
from legate_core.llm.base import Model
from legate_core.llm.fallback import alone
from legate_core.llm.pricing import Price
from legate_core.llm.surroundings import Key, ModelSettings, Provider, Surroundings

PROVIDERS: dict[str, Provider] = {
    provider.name: provider
    for provider in (
        anthropic.PROVIDER,
        local.PROVIDER,
        ollama.PROVIDER,
        openai.PROVIDER,
        openai_compatible.PROVIDER,
        openrouter.PROVIDER,
        recorded.PROVIDER,
        scripted.PROVIDER,
    )
}


def open_model(model: ModelSettings, surroundings: Surroundings) -> Model:
    """The model that a definition's settings describe, without those that may answer in its place.

    Raises `Invalid` that names what is wrong with them.
    """
    return _provider(model).open(alone(model), surroundings)


def key_of(model: ModelSettings) -> Key | None:
    """The secret that the model needs and the host it goes to, so that it can be lent before the model is opened."""
    return _provider(model).key(alone(model))


def price_of(model: ModelSettings) -> Price | None:
    """What the model costs: the definition's own price, else the provider's, else None."""
    return _provider(model).price(alone(model))


def _provider(model: ModelSettings) -> Provider:
    name = model.get("provider")
    provider = PROVIDERS.get(name) if isinstance(name, str) else None
    if provider is None:
        raise Invalid(f"There is no provider {name!r}. Choose {' or '.join(sorted(PROVIDERS))} under Model.")
    return provider
