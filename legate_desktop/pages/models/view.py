"""What the Models page shows: places, their models, limits on money; free of the core's types and of Qt."""

from __future__ import annotations

from dataclasses import dataclass

from legate_desktop.core_words import tr_core
from legate_desktop.words import duration, language, moment, money, number, one_line, plural, time_left, tr

SLOW_MS = 5_000
NEARLY = 0.8
UNKNOWN = -1
NOTHING = "\N{EN DASH}"
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model of a place. Prices in millionths of a dollar per million tokens, -1 where nobody has said."""

    name: str
    context_tokens: int = 0
    has_tools: bool | None = None
    has_images: bool | None = None
    size_bytes: int = 0
    input_price: int = UNKNOWN
    output_price: int = UNKNOWN
    cached_price: int = UNKNOWN
    price_source: str = ""
    price_as_of: str = ""
    priced_by: str = ""
    tokens_per_second: float = 0.0
    calls: int = 0

    @property
    def id(self) -> str:
        return self.name

    @property
    def is_free(self) -> bool:
        """Whether a call costs nothing."""
        return self.input_price == 0 == self.output_price


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One place where models come from: *server*, *address*, *key* or *file*."""

    id: str
    kind: str
    who: str
    is_there: bool
    looked_at: int
    models: tuple[ModelRow, ...]
    address: str = ""
    problem: str = ""
    took_ms: int = 0
    cost_micros: int = 0
    secret_id: str = ""

    @property
    def haystack(self) -> str:
        """What a filter looks in."""
        return " ".join((self.who, self.address, *(model.name for model in self.models))).casefold()


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit on money as it stands; money in millionths."""

    id: str
    scope: str
    subject_id: str
    subject: str
    period: str
    limit_micros: int
    spent_micros: int
    reserved_micros: int
    ends_at: int
    waiting: int = 0

    @property
    def share(self) -> float:
        """Which part of it is used."""
        return self.spent_micros / self.limit_micros if self.limit_micros else 1.0

    @property
    def is_nearly_used(self) -> bool:
        """Whether it is time to say so."""
        return self.share >= NEARLY


@dataclass(frozen=True, slots=True)
class NewLimit:
    """A limit as a person enters it."""

    scope: str
    subject_id: str
    period: str
    limit_micros: int


KIND_ICONS = {"server": "monitor", "address": "globe", "key": "key-round", "file": "file"}
COLUMNS = ("model", "context", "tools", "price", "speed")


def kind_words(kind: str) -> str:
    """What kind of place it is."""
    known = {
        "server": tr("Found on this computer"),
        "address": tr("Entered by its address"),
        "key": tr("A service with a key"),
        "file": tr("A file of your own"),
    }
    return known.get(kind, "")


def column_names() -> list[str]:
    """The names over the columns."""
    return [tr("Model"), tr("Context"), tr("Tools"), tr("In / out, per million"), tr("Speed here")]


def cells(model: ModelRow) -> tuple[str, ...]:
    """The texts of a model's row."""
    context = number(model.context_tokens) if model.context_tokens else NOTHING
    tools = NOTHING if model.has_tools is None else tools_words(model)
    price = NOTHING if model.input_price < 0 else price_words(model)
    speed = tr("{n}/s").format(n=speed_number(model)) if model.tokens_per_second else NOTHING
    return one_line(model.name), context, tools, price, speed


def tools_words(model: ModelRow) -> str:
    """Whether it can call tools."""
    return {True: tr("yes"), False: tr("no"), None: tr("not said")}[model.has_tools]


def images_words(model: ModelRow) -> str:
    """Whether it can see pictures."""
    return {True: tr("yes"), False: tr("no"), None: tr("not said")}[model.has_images]


def context_words(model: ModelRow) -> str:
    """How much it holds at once."""
    return number(model.context_tokens) if model.context_tokens else tr("not said")


def price_words(model: ModelRow) -> str:
    """2.50 / 10.00; what costs nothing says so in a word."""
    if model.input_price < 0:
        return tr("no price")
    if model.is_free:
        return tr("free")
    return f"{money(model.input_price)} / {money(model.output_price)}"


def speed_words(model: ModelRow) -> str:
    """41.5 tokens a second, as it was seen here; nothing where no call took any time."""
    return tr("{n} tokens a second").format(n=speed_number(model)) if model.tokens_per_second else ""


def speed_number(model: ModelRow) -> str:
    """41.5."""
    return language.locale.toString(model.tokens_per_second, "f", 1)


def cost_words(micros: int) -> str:
    """0.000018 $: what a single word has cost is less than `money` shows."""
    if micros >= 100:
        return money(micros, "$")
    return f"{language.locale.toString(micros / MILLION, 'f', 6)} $"


def size_words(size_bytes: int) -> str:
    """2.6 GB."""
    return language.locale.formattedDataSize(size_bytes, 1) if size_bytes else ""


def source_words(model: ModelRow) -> str:
    """Who says what it costs, and since when."""
    when = tr(" on {day}").format(day=model.price_as_of) if model.price_as_of else ""
    if model.priced_by == "you":
        return tr("Set here{when}. It stands before every list.").format(when=when)
    if model.priced_by == "server":
        return tr("Said by the server{when}.").format(when=when)
    if model.priced_by == "list":
        return f"{_list_words(model.price_source)}{when}"
    return tr("Nobody has said. Its tokens are counted; where a limit on money holds, it is not asked.")


def _list_words(source: str) -> str:
    """The name of a list, or the core's own word for a price of nothing."""
    own = {
        "a server on this computer": tr("A server on this computer costs nothing"),
        "a model of one's own": tr("A model of your own costs nothing"),
    }
    return own.get(source) or one_line(source)


def state_words(place: PlaceRow, now: int) -> str:
    """How the place was at the last look."""
    when = tr("looked at {moment}").format(moment=moment(place.looked_at, now))
    if not place.is_there:
        return f"{tr('Not there')} · {when}"
    took = tr("answered in {time}").format(time=duration(place.took_ms)) if place.took_ms else ""
    slow = tr("slow") if place.took_ms >= SLOW_MS else ""
    return " · ".join(part for part in (tr("There"), slow, took, when) if part)


def place_line(place: PlaceRow) -> str:
    """The second line of a place: how many models, and where."""
    if not place.is_there:
        return one_line(tr_core(place.problem)) or tr("Not there")
    return f"{plural('%n model(s)', len(place.models))} · {one_line(place.address)}"


def place_sentence(place: PlaceRow, now: int) -> str:
    """A place's accessible name."""
    kind = kind_words(place.kind)
    return one_line(f"{place.who}, {kind}, {plural('%n model(s)', len(place.models))}, {state_words(place, now)}")


def model_sentence(model: ModelRow) -> str:
    """A model's accessible name."""
    text = tr("{name}, context {context}, tools {tools}, price {price}, speed {speed}")
    return text.format(
        name=one_line(model.name),
        context=context_words(model),
        tools=tools_words(model),
        price=price_words(model),
        speed=speed_words(model) or tr("not measured"),
    )


def limit_title(limit: LimitRow) -> str:
    """5.00 $ a day."""
    amount = money(limit.limit_micros)
    when = {"day": tr("{amount} $ a day"), "month": tr("{amount} $ a month")}.get(limit.period, tr("{amount} $ in all"))
    return when.format(amount=amount)


def limit_scope(limit: LimitRow) -> str:
    """Whom it holds for."""
    if limit.scope == "agent":
        return tr("For {agent}").format(agent=one_line(limit.subject))
    if limit.scope == "run":
        return tr("For the run {run}").format(run=one_line(limit.subject))
    return tr("For the whole workspace")


def limit_line(limit: LimitRow, now: int) -> str:
    """What is used of it, whether somebody waits, and when it begins anew."""
    parts = [tr("{spent} $ used").format(spent=money(limit.spent_micros))]
    if limit.reserved_micros:
        parts.append(tr("{amount} $ set aside").format(amount=money(limit.reserved_micros)))
    if limit.waiting:
        parts.append(plural("%n run(s) waiting for money", limit.waiting))
    if limit.ends_at:
        parts.append(tr("begins anew in {time}").format(time=time_left(limit.ends_at - now)))
    return " · ".join(parts)


def percent(limit: LimitRow) -> str:
    """How much of it is used, in whole hundredths."""
    return number(min(999, int(limit.share * 100)))


def limit_sentence(limit: LimitRow, now: int) -> str:
    """A limit's accessible name."""
    return f"{limit_title(limit)}, {limit_scope(limit)}, {percent(limit)} %, {limit_line(limit, now)}"


def micros_of(text: str) -> int:
    """An amount as a person writes it, with a point or a comma, in millionths; -1 for what is none."""
    cleaned = text.strip().replace(",", ".")
    whole, _, part = cleaned.partition(".")
    digits = whole + part
    if not digits.isdecimal() or not digits.isascii() or len(whole) > 7 or len(part) > 6 or cleaned.count(".") > 1:
        return UNKNOWN
    return int(whole or "0") * MILLION + int(part.ljust(6, "0") or "0")


def amount_text(micros: int) -> str:
    """Millionths as a person would write them into a field."""
    if micros < 0:
        return ""
    whole, part = divmod(micros, MILLION)
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{whole}{language.locale.decimalPoint()}{decimals}"
