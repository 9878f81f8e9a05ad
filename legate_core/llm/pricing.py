"""What a model call may cost and did cost, in millionths of a US dollar; prices are data with a date and a source."""

from __future__ import annotations

import functools
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from importlib import resources
from typing import Any, cast

from legate_core.errors import Invalid
from legate_core.llm.base import ModelRequest, Usage
from legate_core.llm.endpoint import Endpoint
from legate_core.llm.tokens import BYTES_PER_TOKEN, count_input

MILLION = 1_000_000
_DATE = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$")
_MAKERS = {("openrouter.ai", "openai"): "api.openai.com", ("openrouter.ai", "anthropic"): "api.anthropic.com"}
_FIELDS = frozenset({"input", "output", "cached", "written", "long_from", "long", "as_of", "source"})


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost, and who says so since when.

    What a call puts into the provider's cache costs as much as other input where no price is named for it. A call whose
    input is longer than `long_from` tokens costs what `long` says, all of it.
    """

    input_micros_per_million: int
    output_micros_per_million: int
    cached_micros_per_million: int
    as_of: str
    source: str
    written_micros_per_million: int | None = None
    long_from: int = 0
    long: Price | None = None

    @property
    def written(self) -> int:
        """What a million tokens cost that are put into the cache."""
        given = self.written_micros_per_million
        return self.input_micros_per_million if given is None else given

    @property
    def dearest_input(self) -> int:
        """The most that a million tokens of input can cost, wherever they come from."""
        return max(self.input_micros_per_million, self.cached_micros_per_million, self.written)

    def for_input(self, tokens: int) -> Price:
        """The price of a call with so much input."""
        return self.long if self.long is not None and tokens > self.long_from else self

    @property
    def is_free(self) -> bool:
        """Whether a call costs nothing whatever its size."""
        return not (self.input_micros_per_million or self.output_micros_per_million or self.cached_micros_per_million)


def free(source: str) -> Price:
    """A price of nothing, said out loud: no price at all would have a money limit refused."""
    return Price(0, 0, 0, "", source)


def reserve(request: ModelRequest, price: Price) -> int:
    """The most a call may cost, in micros: every input token at the dearest rate and every output token allowed."""
    most = count_input(request)
    price = price.for_input(most)
    return _up(most * price.dearest_input + request.max_tokens * price.output_micros_per_million)


def settle(usage: Usage, price: Price) -> int:
    """What a call cost, in micros, rounded up. What the provider says it charged comes before our own reckoning.

    Input that was only estimated is charged at the worst, so that a server that does not count cannot break a limit.
    Thoughts are among the output and cost the same.
    """
    if usage.charged_micros is not None:
        return usage.charged_micros
    sent = usage.input_tokens * (BYTES_PER_TOKEN if usage.is_estimated else 1)
    price = price.for_input(sent)
    cached = min(usage.cached_tokens, sent)
    written = min(usage.written_tokens, sent - cached)
    return _up(
        (sent - cached - written) * price.input_micros_per_million
        + cached * price.cached_micros_per_million
        + written * price.written
        + usage.output_tokens * price.output_micros_per_million
    )


def listed(host: str, model: str) -> Price | None:
    """The price that the table has for a model at a host, or None. A dated name costs what the model costs."""
    table, host = _table(), host.lower()
    maker, _, name = model.partition("/")
    if (host, maker) in _MAKERS:
        # A broker that charges what the maker charges, and writes 5.5 where the maker writes 5-5.
        host, model = _MAKERS[host, maker], name.replace(".", "-") if maker == "anthropic" else name
    return table.get((host, model)) or table.get((host, _DATE.sub("", model)))


def own_price(model: Mapping[str, Any]) -> Price | None:
    """The price that a definition gives itself, in dollars per million tokens: `{ input = "2.50", output = "10" }`."""
    given = model.get("price")
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise Invalid('The model\'s price must be a table like { input = "2.50", output = "10" }. Correct it.')
    return price_from(cast("Mapping[str, Any]", given), "the agent's definition")


def price_at(endpoint: Endpoint, settings: Mapping[str, Any], model: str) -> Price | None:
    """What a model costs at an address that a person chose: the definition's own price, else the list's, else nothing for a
    server on this computer."""
    known = own_price(settings) or listed(endpoint.host, model)
    return known or (free("a server on this computer") if endpoint.is_local else None)


def price_from(entry: Mapping[str, Any], where: str) -> Price:
    """A price from its data. Raises `Invalid` that names the place and the field."""
    if unknown := sorted(set(entry) - _FIELDS):
        raise Invalid(f"The price in {where} has an unknown field {unknown[0]!r}. Take it out.")
    for name in ("input", "output"):
        if name not in entry:
            raise Invalid(f"The price in {where} lacks {name!r}. Say what a million tokens cost in US dollars.")
    said = (str(entry.get("as_of", "")), str(entry.get("source", where)))
    return Price(
        micros(entry["input"], where),
        micros(entry["output"], where),
        micros(entry.get("cached", entry["input"]), where),
        *said,
        micros(entry["written"], where) if "written" in entry else None,
        *_long(entry, where, said),
    )


def _long(entry: Mapping[str, Any], where: str, said: tuple[str, str]) -> tuple[int, Price | None]:
    """What a long call costs, where that is more."""
    begins, given = entry.get("long_from", 0), entry.get("long")
    if not begins and given is None:
        return 0, None
    if isinstance(begins, bool) or not isinstance(begins, int) or begins < 1 or not isinstance(given, Mapping):
        raise Invalid(f"The price in {where} needs both long_from, in tokens, and long, a price. Correct it.")
    dearer = price_from(cast("Mapping[str, Any]", given), where)
    if dearer.long is not None:
        raise Invalid(f"The price in {where} has a long price inside a long price. Take it out.")
    return begins, replace(dearer, as_of=said[0], source=said[1])


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
