"""What a model call may cost and did cost, in millionths of a US dollar; prices are data with a date and a source."""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from importlib import resources
from typing import Any, cast

from legate_core.errors import Invalid
from legate_core.llm.base import ModelRequest, Usage
from legate_core.llm.tokens import BYTES_PER_TOKEN, count_input

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost, and who says so since when."""

    input_micros_per_million: int
    output_micros_per_million: int
    cached_micros_per_million: int
    as_of: str
    source: str

    @property
    def is_free(self) -> bool:
        """Whether a call costs nothing whatever its size."""
        return not (self.input_micros_per_million or self.output_micros_per_million or self.cached_micros_per_million)


def free(source: str) -> Price:
    """A price of nothing, said out loud: no price at all would have a money limit refused."""
    return Price(0, 0, 0, "", source)


def reserve(request: ModelRequest, price: Price) -> int:
    """The most a call may cost, in micros: every input token at the dearer rate and every output token allowed."""
    dearest = max(price.input_micros_per_million, price.cached_micros_per_million)
    return _up(count_input(request) * dearest + request.max_tokens * price.output_micros_per_million)


def settle(usage: Usage, price: Price) -> int:
    """What a call cost, in micros, rounded up. What the provider says it charged comes before our own reckoning.

    Input that was only estimated is charged at the worst, so that a server that does not count cannot break a limit.
    """
    if usage.charged_micros is not None:
        return usage.charged_micros
    sent = usage.input_tokens * (BYTES_PER_TOKEN if usage.is_estimated else 1)
    cached = min(usage.cached_tokens, sent)
    return _up(
        (sent - cached) * price.input_micros_per_million
        + cached * price.cached_micros_per_million
        + usage.output_tokens * price.output_micros_per_million
    )


def listed(host: str, model: str) -> Price | None:
    """The price that the table has for a model at a host, or None."""
    return _table().get((host.lower(), model))


def own_price(model: Mapping[str, Any]) -> Price | None:
    """The price that a definition gives itself, in dollars per million tokens: `{ input = "2.50", output = "10" }`."""
    given = model.get("price")
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise Invalid('The model\'s price must be a table like { input = "2.50", output = "10" }. Correct it.')
    return price_from(cast("Mapping[str, Any]", given), "the agent's definition")


def price_from(entry: Mapping[str, Any], where: str) -> Price:
    """A price from its data. Raises `Invalid` that names the place and the field."""
    if unknown := sorted(set(entry) - {"input", "output", "cached", "as_of", "source"}):
        raise Invalid(f"The price in {where} has an unknown field {unknown[0]!r}. Take it out.")
    for name in ("input", "output"):
        if name not in entry:
            raise Invalid(f"The price in {where} lacks {name!r}. Say what a million tokens cost in US dollars.")
    return Price(
        micros(entry["input"], where),
        micros(entry["output"], where),
        micros(entry.get("cached", entry["input"]), where),
        str(entry.get("as_of", "")),
        str(entry.get("source", where)),
    )


def micros(dollars: Any, where: str) -> int:
    """Dollars as written ("0.075") in millionths, rounded up. Never through a float of its own making."""
    try:
        amount = Decimal(str(dollars))
    except InvalidOperation as error:
        raise Invalid(f"The price in {where} is {dollars!r}. Write dollars like 2.50.") from error
    if isinstance(dollars, bool) or not amount.is_finite() or amount < 0 or amount > MILLION:
        raise Invalid(f"The price in {where} is {dollars!r}. It must be from 0 to a million dollars.")
    return math.ceil(amount * MILLION)


def _up(micros_times_million: int) -> int:
    return -(-micros_times_million // MILLION)


@functools.cache
def _table() -> Mapping[tuple[str, str], Price]:
    text = resources.files("legate_core.llm").joinpath("prices.toml").read_text("utf-8")
    return read_table(text)


def read_table(text: str) -> Mapping[tuple[str, str], Price]:
    """A price table by (host, model). Raises `Invalid` for an entry without date or source, or a second of its kind."""
    found: dict[tuple[str, str], Price] = {}
    entries = cast("list[dict[str, Any]]", tomllib.loads(text).get("price", []))
    for number, entry in enumerate(entries, 1):
        where = f"entry {number} of the price table"
        fields = {name: value for name, value in entry.items() if name not in {"host", "model"}}
        price = price_from(fields, where)
        key = (str(entry.get("host", "")), str(entry.get("model", "")))
        if not all(key) or not price.as_of or "source" not in entry:
            raise Invalid(f"In {where}, host, model, as_of and source must be given.")
        if key in found:
            raise Invalid(f"In {where}, the model {key[1]} stands a second time. Keep one.")
        found[key] = price
    return found
