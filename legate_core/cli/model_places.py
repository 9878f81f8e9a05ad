"""`legate models add, file, check, remove, price, unprice`: the places where models come from, and what models cost."""

from __future__ import annotations

from argparse import Namespace
from decimal import Decimal, InvalidOperation

from legate_core.cli.ids import find
from legate_core.cli.options import Subparsers, add_command
from legate_core.cli.screen import Result, Screen
from legate_core.cli.session import Session, opened
from legate_core.cli.text import one_line
from legate_core.errors import Invalid, Unavailable

MILLION = 1_000_000


def add(words: Subparsers) -> None:
    server = add_command(words, "add", "take in a server of models that wants no key, by its address", add_server)
    server.add_argument("address", metavar="ADDRESS", help="such as http://192.168.1.20:8080/v1")
    file = add_command(words, "file", "take in a model of your own, a GGUF file", add_file)
    file.add_argument("file", metavar="FILE", help="its full path on the computer where Legate works")
    check = add_command(words, "check", "ask a place again what it has, and say what is wrong with it", check_place)
    check.add_argument("place", metavar="PLACE", help="its id, as 'legate models' shows it")
    remove = add_command(words, "remove", "take a place off the list, and its key out of the vault", remove_place)
    remove.add_argument("place", metavar="PLACE")
    price = add_command(words, "price", "say what a model costs, in dollars for a million tokens", set_price)
    price.add_argument("place", metavar="PLACE")
    price.add_argument("model", metavar="MODEL")
    price.add_argument("input", metavar="IN", help="dollars for a million tokens of input")
    price.add_argument("output", metavar="OUT", help="dollars for a million tokens of output")
    price.add_argument("--cached", default="", metavar="DOLLARS", help="for input read from the provider's cache")
    unprice = add_command(words, "unprice", "leave what a model costs to the price list again", remove_price)
    unprice.add_argument("place", metavar="PLACE")
    unprice.add_argument("model", metavar="MODEL")


async def add_server(options: Namespace, screen: Screen) -> Result:
    from legate_core.llm.source_commands import AddModelServer

    async with opened(options, screen) as session:
        place = await session.send(AddModelServer(options.address))
        return await _added(session, place)


async def add_file(options: Namespace, screen: Screen) -> Result:
    from legate_core.llm.source_commands import AddModelFile

    async with opened(options, screen) as session:
        place = await session.send(AddModelFile(options.file))
        return await _added(session, place)


async def _added(session: Session, place: str) -> Result:
    from legate_core import wire
    from legate_core.runs.catalogue import ModelCatalogue

    source = (await session.ask(ModelCatalogue((place,))))[place]
    names = ", ".join(one_line(model.name) for model in source.models[:8]) or "no model yet"
    return Result({"source": wire.encode(source)}, [f"{place}: {one_line(source.who)}, {names}."])


async def check_place(options: Namespace, screen: Screen) -> Result:
    from legate_core.llm.source_commands import CheckModelSource

    async with opened(options, screen) as session:
        place = await _meant(session, options.place)
        problem = await session.send(CheckModelSource(place))
        if not problem:
            return await _added(session, place)
    return Result({"place": place, "problem": problem}, [one_line(problem)], Unavailable.exit_code)


async def remove_place(options: Namespace, screen: Screen) -> Result:
    from legate_core.llm.source_commands import RemoveModelSource

    async with opened(options, screen) as session:
        place = await _meant(session, options.place)
        await session.send(RemoveModelSource(place))
    return Result({"removed": place}, [f"{place} is off the list."])


async def set_price(options: Namespace, screen: Screen) -> Result:
    from legate_core.llm.own_prices import SetModelPrice

    cached = _micros(options.cached) if options.cached else -1
    sent, received = _micros(options.input), _micros(options.output)
    async with opened(options, screen) as session:
        place = await _meant(session, options.place)
        price_id = await session.send(SetModelPrice(place, options.model, sent, received, cached))
    text = f"{options.model} costs {options.input} in and {options.output} out, in dollars for a million tokens."
    return Result({"price": price_id}, [one_line(text)])


async def remove_price(options: Namespace, screen: Screen) -> Result:
    from legate_core.llm.own_prices import RemoveModelPrice

    async with opened(options, screen) as session:
        place = await _meant(session, options.place)
        await session.send(RemoveModelPrice(place, options.model))
    return Result({"model": options.model}, [f"The price of {one_line(options.model)} is left to the list."])


async def _meant(session: Session, word: str) -> str:
    from legate_core.runs.catalogue import ModelCatalogue

    return find(word, list(await session.ask(ModelCatalogue())), "place", "legate models")


def _micros(dollars: str) -> int:
    """Dollars as written, in millionths: exactly, or not at all."""
    try:
        amount = Decimal(dollars) * MILLION
    except InvalidOperation as error:
        raise Invalid(f"{dollars[:40]!r} is no amount. Write dollars like 2.50.") from error
    if not amount.is_finite() or amount < 0 or amount != amount.to_integral_value():
        raise Invalid(f"{dollars[:40]!r} is no amount down to a millionth. Write dollars like 2.50.")
    return int(amount)
