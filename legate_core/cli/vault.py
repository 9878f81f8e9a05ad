"""`legate vault`: how it stands, which secrets it holds, putting them in; sealing and unsealing. No way to read one."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from typing import TYPE_CHECKING

import legate_core as core
from legate_core.cli.ids import find
from legate_core.cli.options import Subparsers, add_command, add_words
from legate_core.cli.screen import Result, Screen
from legate_core.cli.session import Session, opened
from legate_core.cli.text import moment, one_line, table
from legate_core.crypto.secret import Secret
from legate_core.errors import Invalid, NotFound, Unavailable

if TYPE_CHECKING:
    from legate_core.runs.secret_uses import SecretUse
    from legate_core.vault.commands import StoreSecret
    from legate_core.vault.model import SecretRow, VaultState

VALUE_HELP = (
    "The value is asked for, or read from stdin; it is never an argument, which everybody on the machine can read."
)

NOTHING_OPEN = (
    "No Legate is open on this folder, so there is no vault's page that could be locked. Nothing was changed; "
    "'legate vault seal' stops lending until it is unsealed."
)


def add(under: Subparsers) -> None:
    parser = add_command(under, "vault", "how the vault stands; putting secrets in; sealing it", status)
    words = add_words(parser)
    add_command(words, "status", "sealed or not, where its keys live, whether its records are the right ones", status)
    add_command(words, "list", "which secrets there are, never their values", list_all)
    make = add_command(words, "add", "put a secret into the vault", add_one, more=VALUE_HELP)
    make.add_argument("name", metavar="NAME", help="what it is called")
    make.add_argument(
        "--host",
        action="append",
        default=[],
        metavar="HOST",
        help="where it may be sent; repeatable; may be left out for a key whose form says whose it is",
    )
    make.add_argument("--kind", default="", help="what it is: api_key, password, token …")
    make.add_argument("--connector", default="", help="the connector it is for")
    make.add_argument("--personal", action="store_true", help="for your own runs only")
    replace = add_command(words, "replace", "give a secret a new value", replace_one, more=VALUE_HELP)
    delete = add_command(words, "delete", "delete a secret for good", delete_one)
    test = add_command(words, "test", "ask the service of a key for models whether it works", test_one)
    for word in (replace, delete, test):
        word.add_argument("name", metavar="NAME", help="its name or id")
    uses = add_command(words, "uses", "who may borrow a secret: agents, runs that go on, knowledge bases", show_uses)
    uses.add_argument("name", metavar="NAME", help="its name or id")
    add_command(words, "lock", "close the vault's page until you prove that it is you; runs go on", lock)
    add_command(words, "seal", "stop lending at once; runs that need a secret wait", seal)
    add_command(words, "unseal", "lend again", unseal)
    add_command(words, "passphrase", "choose the passphrase that opens the keys or proves that it is you", passphrase)


async def status(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire

    async with opened(options, screen) as session:
        state = await session.ask(core.VaultStatus())
    return Result({"vault": wire.encode(state)}, _told(state))


def _told(state: VaultState) -> list[str]:
    sealed = f"sealed since {moment(state.sealed_at)}; 'legate vault unseal' opens it" if state.is_sealed else "open"
    lines = [f"vault     {sealed}", f"keys      {state.keys}", f"secrets   {state.secrets}"]
    if state.stale:
        lines.append(
            f"not lent  {one_line(', '.join(state.stale))}: an older record was put back; replace their values"
        )
    return lines


async def list_all(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire

    async with opened(options, screen) as session:
        rows = list((await session.ask(core.Secrets())).values())
    data = {"secrets": wire.encode(rows)}
    if not rows:
        return Result(data, ["The vault is empty. 'legate vault add NAME --host HOST' puts a secret in."])
    cells = [
        (row.id, row.name, row.kind, str(row.version), moment(row.last_used_at) or "never", ", ".join(row.hosts))
        for row in rows
    ]
    return Result(data, table(("id", "name", "kind", "version", "last lent", "for"), cells, screen.width))


async def add_one(options: Namespace, screen: Screen) -> Result:
    message = _recognised(options, _value(screen, options.name))
    async with opened(options, screen) as session:
        secret_id = await session.send(message)
    data = {"secret": {"id": secret_id, "name": options.name, "version": 1}}
    hosts = one_line(", ".join(message.hosts))
    return Result(data, [f"{one_line(options.name)} is in the vault as {secret_id}, for {hosts}."])


def _recognised(options: Namespace, value: Secret) -> StoreSecret:
    """The secret with what was said of it; what was not said is taken from its form, where that says it."""
    hosts, kind, connector = tuple(options.host), options.kind, options.connector
    if not hosts:
        bare = core.bare_secret(value.reveal())
        found = core.recognise_secret(bare)
        whose = core.recognise_key(bare) if found is None and len(bare) >= 8 and " " not in bare else None
        host = found.host if found is not None else whose.host if whose is not None else ""
        if not host:
            raise Invalid("Where it may be sent cannot be seen from it. Name the host with --host.")
        hosts, value = (host,), Secret(bare)
        kind = kind or (found.kind if found is not None else "api_key")
        connector = connector or (found.connector if found is not None else "models")
    return core.StoreSecret(options.name, value, hosts, kind or "api_key", connector, options.personal)


async def replace_one(options: Namespace, screen: Screen) -> Result:
    value = _value(screen, options.name)
    async with opened(options, screen, works=True) as session:
        row = await _secret(session, options.name)
        version = await session.send(core.ReplaceSecret(row.id, value))
    data = {"secret": {"id": row.id, "name": row.name, "version": version}}
    return Result(data, [f"{one_line(row.name)} has a new value, version {version}."])


async def delete_one(options: Namespace, screen: Screen) -> Result:
    async with opened(options, screen) as session:
        row = await _secret(session, options.name)
        await session.send(core.DeleteSecret(row.id))
    return Result({"deleted": row.id}, [f"{one_line(row.name)} is deleted. What used it fails until it names another."])


async def test_one(options: Namespace, screen: Screen) -> Result:
    async with opened(options, screen) as session:
        row = await _secret(session, options.name)
        places = (await session.ask(core.ModelCatalogue())).values()
        opens = [place.id for place in places if place.settings.get("secret") == row.id]
        if not opens:
            raise Invalid(
                "It opens no place where models come from, so nobody can be asked. Add it under Models in the window."
            )
        wrong = await session.send(core.CheckModelSource(opens[0]))
    data = {"secret": {"id": row.id, "name": row.name, "works": not wrong, "reason": wrong}}
    return Result(data, [wrong or f"{one_line(row.name)} works."], Unavailable.exit_code if wrong else 0)


async def _secret(session: Session, word: str) -> SecretRow:
    rows = await session.ask(core.Secrets())
    named = [row for row in rows.values() if row.name == word]
    if len(named) > 1:
        raise NotFound(f"Several secrets are called {word!r}. Name one by its id; 'legate vault list' lists them.")
    return named[0] if named else rows[find(word, list(rows), "secret", "legate vault list")]


def _value(screen: Screen, name: str) -> Secret:
    """The value from whoever sits there, or from stdin, without the line break that ends it."""
    if screen.has_person:
        return screen.ask_secret(f"Value of {name}")
    if screen.source.isatty():
        raise Invalid("There is nobody to ask for the value. Give it on stdin.")
    return Secret(screen.read().removesuffix("\n").removesuffix("\r"))


async def show_uses(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire

    async with opened(options, screen) as session:
        row = await _secret(session, options.name)
        use = (await session.ask(core.SecretUses(ids=(row.id,))))[row.id]
    return Result({"secret": wire.encode(row), "uses": wire.encode(use)}, list(_uses_told(row, use)))


def _uses_told(row: SecretRow, use: SecretUse) -> Iterator[str]:
    by = f", to run {row.last_used_by}" if row.last_used_by else ""
    yield f"{one_line(row.name)} is lent for {', '.join(row.hosts)}; last {moment(row.last_used_at) or 'never'}{by}"
    for what, named in (("agent", use.agents), ("run", use.runs), ("knowledge", use.bases)):
        for each in named:
            yield f"{what:<10}{each.id}  {one_line(each.name)}"
    if not (use.agents or use.runs or use.bases):
        yield "Nothing names it."


async def lock(options: Namespace, screen: Screen) -> Result:
    # The lock is kept by the process that is open, so one of this command's own would end with it.
    async with opened(options, screen, never_here=NOTHING_OPEN) as session:
        await session.send(core.LockVault())
    return Result({"locked": True}, ["The vault's page is locked. Runs go on; your passphrase opens it again."])


async def seal(options: Namespace, screen: Screen) -> Result:
    async with opened(options, screen) as session:
        await session.send(core.SealVault())
    return Result(
        {"sealed": True}, ["The vault is sealed. Runs that need a secret wait; 'legate vault unseal' opens it."]
    )


async def unseal(options: Namespace, screen: Screen) -> Result:
    async with opened(options, screen, works=True) as session:
        state = await session.ask(core.VaultStatus())
        given = session.passphrase
        if state.needs_passphrase and not given and screen.has_person:
            given = screen.ask_secret("Passphrase")
        await session.send(core.UnsealVault(given))
    return Result({"sealed": False}, ["The vault is open. Runs that waited for it go on."])


async def passphrase(options: Namespace, screen: Screen) -> Result:
    """Change the one that wraps the keys, where they lie under one; else the one that proves who is at the desk."""
    if not screen.has_person:
        raise Invalid("A passphrase is typed by a person. Run this at a terminal.")
    async with opened(options, screen) as session:
        state = await session.ask(core.VaultStatus())
        # Who just opened the keys with it is not asked for it twice.
        old = session.passphrase or (screen.ask_secret("Old passphrase") if state.has_passphrase else Secret(""))
        await session.send(core.SetPassphrase(_twice(screen).reveal(), old.reveal()))
    if state.needs_passphrase:
        return Result({"changed": "keys"}, ["From now on the new passphrase opens the keys."])
    return Result({"changed": "proof"}, ["From now on this passphrase proves that it is you."])


def _twice(screen: Screen) -> Secret:
    first, second = screen.ask_secret("New passphrase"), screen.ask_secret("The same again")
    if first != second:
        raise Invalid("The two passphrases differ, so nothing was changed. Try again.")
    return first
