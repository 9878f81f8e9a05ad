"""`legate models`: what there is, looking for servers here, taking in a key; limits on money; a run's traffic as a recording."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from pathlib import Path

from legate_core.cli import model_places as places
from legate_core.cli.options import Subparsers, add_command, add_words
from legate_core.cli.screen import Result, Screen
from legate_core.cli.session import opened
from legate_core.cli.text import money, one_line, table, to_json
from legate_core.crypto.secret import Secret
from legate_core.errors import Invalid

KEY_HELP = "The key is asked for, or read from stdin; it is never an argument, which everybody on the machine can read."


def add(under: Subparsers) -> None:
    parser = add_command(under, "models", "what models there are, what they cost and may cost", list_all)
    words = add_words(parser)
    add_command(words, "list", "every model with its context, price and speed", list_all)
    look = add_command(words, "look", "look for model servers on this computer", look_for)
    look.add_argument("address", nargs="*", metavar="ADDRESS", help="a further address here, like 127.0.0.1:9000")
    key = add_command(
        words, "key", "take in a key: recognised, tried with the cheapest call, kept", add_key, more=KEY_HELP
    )
    key.add_argument("--name", default="", help="what it is called in the vault")
    key.add_argument("--base-url", default="", metavar="URL", help="the service, where the key does not show it")
    places.add(words)
    add_command(words, "budgets", "the limits on money and how they stand", list_budgets)
    limit = add_command(words, "limit", "limit what may be spent on models, in dollars", set_limit)
    limit.add_argument("dollars", type=float, metavar="DOLLARS")
    limit.add_argument("--per", choices=("day", "month", "total"), default="day", help="for how long it holds")
    limit.add_argument("--agent", default="", metavar="AGENT", help="for one agent only")
    limit.add_argument("--run", default="", metavar="RUN", help="for one run only")
    unlimit = add_command(words, "unlimit", "take a limit away", remove_limit)
    unlimit.add_argument("id", metavar="ID", help="the limit's id")
    record = add_command(words, "record", "save a run's model traffic, to be played again", save_traffic)
    record.add_argument("run", metavar="RUN", help="the run's id")
    record.add_argument("file", type=Path, metavar="FILE", help="where to; it must not exist yet")


async def list_all(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire
    from legate_core.runs.catalogue import ModelCatalogue

    async with opened(options, screen) as session:
        sources = list((await session.ask(ModelCatalogue())).values())
    data = {"sources": wire.encode(sources)}
    rows = [
        (
            source.id,
            source.who if source.is_there else f"{source.who} (not there)",
            model.name,
            str(model.context_tokens or ""),
            {True: "yes", False: "no", None: "?"}[model.has_tools],
            "?" if model.input_price < 0 else f"{money(model.input_price) or '0'} / {money(model.output_price) or '0'}",
            f"{model.tokens_per_second:g}/s" if model.tokens_per_second else "",
        )
        for source in sources
        for model in source.models
    ]
    if not rows:
        return Result(
            data,
            [
                "No models are known. 'legate models look' looks here, 'legate models key' takes in a key, 'add' an address."
            ],
        )
    return Result(
        data,
        table(("place", "from", "model", "context", "tools", "$/M in / out", "speed"), rows, screen.width, grows=2),
    )


async def look_for(options: Namespace, screen: Screen) -> Result:
    from legate_core.llm.commands import LookForModels

    async with opened(options, screen) as session:
        count = await session.send(LookForModels(tuple(options.address)))
    return Result({"servers": count}, [f"{count} model servers answer on this computer. 'legate models' lists them."])


async def add_key(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire
    from legate_core.llm.commands import AddModelKey

    value = await asyncio.to_thread(_value, screen)
    async with opened(options, screen) as session:
        added = await session.send(AddModelKey(value, options.name, options.base_url))
    tried = f"{added.asked} said a word, for {exactly(added.cost_micros)} dollars" if added.asked else "it cost nothing"
    lines = [f"A key for {one_line(added.who)} is in the vault as {added.secret_id}: {added.models} models, {tried}."]
    return Result({"key": wire.encode(added)}, lines)


def exactly(micros: int) -> str:
    """Millionths to the last: a word costs less than a shorter amount could show."""
    return f"{micros / 1_000_000:.6f}"


def _value(screen: Screen) -> Secret:
    if screen.has_person:
        return screen.ask_secret("Key")
    if screen.source.isatty():
        raise Invalid("There is nobody to ask for the key. Give it on stdin.")
    return Secret(screen.source.read())


async def list_budgets(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire
    from legate_core.runs.money import Budgets

    async with opened(options, screen) as session:
        rows = list((await session.ask(Budgets())).values())
    data = {"budgets": wire.encode(rows)}
    if not rows:
        return Result(data, ["No limits on money are set. 'legate models limit 5 --per day' sets one."])
    cells = [
        (
            row.id,
            {"day": "a day", "month": "a month"}.get(row.period, "in all"),
            money(row.limit_micros) or "0",
            money(row.spent_micros) or "0",
            f"{min(999, row.spent_micros * 100 // max(1, row.limit_micros))} %",
            str(row.waiting or ""),
        )
        for row in rows
    ]
    return Result(data, table(("id", "for", "limit", "spent", "used", "runs waiting"), cells, screen.width, grows=0))


async def set_limit(options: Namespace, screen: Screen) -> Result:
    from legate_core.runs.money import SetBudget

    if options.agent and options.run:
        raise Invalid("A limit is for an agent or for a run. Name one of them.")
    if not 0 <= options.dollars <= 1e9:
        raise Invalid("A limit is 0 dollars or more. Correct it.")
    scope = "agent" if options.agent else "run" if options.run else "workspace"
    message = SetBudget(scope, options.per, round(options.dollars * 1e6), options.agent or options.run)
    async with opened(options, screen, works=True) as session:
        budget_id = await session.send(message)
    return Result({"budget": budget_id}, [f"{budget_id} is limited to {options.dollars:.2f} dollars."])


async def remove_limit(options: Namespace, screen: Screen) -> Result:
    from legate_core.runs.money import RemoveBudget

    async with opened(options, screen, works=True) as session:
        await session.send(RemoveBudget(options.id))
    return Result({"removed": options.id}, [f"{one_line(options.id)} is gone."])


async def save_traffic(options: Namespace, screen: Screen) -> Result:
    import legate_core as core
    from legate_core.errors import NeedsReauthentication
    from legate_core.runs.traffic import RunTraffic

    async with opened(options, screen) as session:
        try:
            traffic = await session.ask(RunTraffic(options.run))
        except NeedsReauthentication:
            if not screen.has_person:
                raise
            await session.client.send(core.Prove(screen.ask_secret("Passphrase").reveal()))
            traffic = await session.ask(RunTraffic(options.run))
    try:
        with options.file.open("x", encoding="utf-8") as target:
            target.write(to_json(traffic))
    except OSError as error:
        raise Invalid(f"{options.file} cannot be written ({error.strerror}). Choose another name.") from error
    count = len(traffic["entries"])
    return Result(
        {"file": str(options.file), "entries": count}, [f"{count} questions and answers are in {options.file}."]
    )
