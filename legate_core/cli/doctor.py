"""`legate doctor`: looks at everything Legate stands on, and says of each thing that is wrong what to do."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict

from legate_core.cli import checkup
from legate_core.cli.options import Subparsers, add_command
from legate_core.cli.screen import Result, Screen
from legate_core.cli.session import opened, with_passphrase
from legate_core.cli.text import wrap
from legate_core.errors import Invalid
from legate_core.settings import from_environment

ILL = 1
SIGNS = {"ok": ("ok  ", "green"), "warn": ("warn", "yellow"), "fail": ("fail", "red")}


def add(under: Subparsers) -> None:
    parser = add_command(
        under, "doctor", "look at everything Legate stands on, and say what to do", look,
        more="Changes nothing and does not start the engine. The process ends with 1 where something fails.",
    )  # fmt: skip
    parser.add_argument("--models", action="store_true", help="also see whether each agent's model can be reached")


async def look(options: Namespace, screen: Screen) -> Result:
    if options.server:
        raise Invalid("The doctor looks at this machine. Run 'legate doctor' where the server runs.")
    settings = from_environment(home=options.home)
    if options.practice:
        from legate_core.settings import practice_home, throw_away

        home = practice_home(options.home)
        settings = from_environment({}, home)
        settings = throw_away(settings) if settings.is_throw_away else settings
    settings = with_passphrase(settings, screen) if (settings.home / "keys.json").exists() else settings
    found = list(await checkup.of(settings, screen.progress))
    if options.models:
        async with opened(options, screen) as session:
            found += await checkup.models(session.client)
    data = {"checks": [asdict(one) for one in found], "home": str(settings.home)}
    return Result(data, list(_told(found, screen)), ILL if any(one.state == "fail" for one in found) else 0)


def _told(found: list[checkup.Check], screen: Screen) -> Iterator[str]:
    wide = max(len(one.name) for one in found)
    for one in found:
        sign, colour = SIGNS[one.state]
        first, *others = wrap(one.sentence, screen.width - wide - 7)
        yield f"{screen.style(sign, colour)}  {one.name:<{wide}}  {first}"
        yield from (" " * (wide + 8) + line for line in others)
    worst = {state: sum(one.state == state for one in found) for state in ("fail", "warn")}
    yield ""
    if not any(worst.values()):
        yield "Everything is as it should be."
    else:
        yield f"{worst['fail']} to mend, {worst['warn']} to look at."
