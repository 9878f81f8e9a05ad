"""Opening the core that a command speaks to: the one that is open already, the data folder's own, or one behind a server."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import legate_core as core
from legate_core.cli.screen import Screen
from legate_core.crypto.secret import Secret
from legate_core.errors import Conflict, Invalid, Locked, NeedsReauthentication
from legate_core.settings import KEYS_FILE, Settings, from_environment, practice_home

if TYPE_CHECKING:
    from legate_core.client import Client
    from legate_core.kernel.messages import Command, Query

R = TypeVar("R")


@dataclass
class Session:
    """A client, and what a person may be asked on the way."""

    client: Client
    screen: Screen
    elsewhere: str = ""
    """Where the core runs, in words, when it is not in this process."""
    passphrase: Secret = field(default_factory=lambda: Secret(""))
    """What opened the keys, where a passphrase did."""

    def goes_on(self, run_id: str) -> str:
        """Where a run that this command does not wait for goes on."""
        return self.elsewhere or f"with 'legate runs {run_id} --follow'"

    async def ask(self, query: Query[R]) -> R:
        _check(query)
        return await self.client.ask(query)

    async def send(self, command: Command[R]) -> R:
        """Send a command. Where it needs a fresh proof and a person is there, ask for the passphrase and send it again."""
        _check(command)
        try:
            return await self.client.send(command)
        except NeedsReauthentication:
            if not self.screen.has_person:
                raise
            self.screen.note("This is grave, so it needs a fresh proof that it is you.")
            passphrase = self.screen.ask_secret("Passphrase")
            await self.client.send(core.Prove(passphrase.reveal()))
            return await self.client.send(command)


def _check(message: object) -> None:
    """Arguments may hold bytes that are no text; a core in this process refuses them like one that is reached."""
    from legate_core import wire

    wire.refuse_unportable(message)


@asynccontextmanager
async def opened(
    options: Namespace, screen: Screen, *, works: bool = False, never_here: str = ""
) -> AsyncGenerator[Session]:
    """The core that the options name, closed at the end. Only with `works` does it advance runs meanwhile; then nothing that
    was removed is left on the disk at its end, because nobody may open this folder again soon.

    `never_here` is for what only means something in a Legate that goes on: the sentence that refuses to open the folder
    for this command alone.
    """
    if options.server:
        if options.practice or options.home:
            raise Invalid("--server means a core that runs elsewhere. Leave out --home and --practice.")
        client: Any = await core.open_remote(options.server, os.environ.get("LEGATE_TOKEN", ""))
        try:
            yield Session(client, screen, "on the server")
        finally:
            await client.close()
        return
    linked = await _open_already(options)
    if linked is not None:
        try:
            yield Session(linked, screen, "in the Legate that is open")
        finally:
            await linked.close()
        return
    if never_here:
        raise Conflict(never_here)
    held: Any = await _open_here(options, screen, works)
    for place in held.closed_to_others:
        screen.note(f"Others on this machine could read {place}. It is closed to them now.")
    try:
        yield Session(held.client, screen, passphrase=Secret(held.settings.passphrase))
        if works:
            await held.knowledge.finish()
    finally:
        await held.close()


async def _open_already(options: Namespace) -> Client | None:
    """The core of the window or server that owns the data folder, where one does: then this command is its client."""
    if options.practice:
        return await core.open_link(from_environment({}, practice_home(options.home)))
    return await core.open_link(from_environment(home=options.home))


async def _open_here(options: Namespace, screen: Screen, works: bool) -> Any:
    if options.practice:
        return await core.open_practice(options.home, is_worker=works)
    settings = with_passphrase(from_environment(home=options.home), screen)
    return await core.open_local(settings, is_worker=works)


def with_passphrase(settings: Settings, screen: Screen) -> Settings:
    """The settings with the passphrase of the keys: from the environment, or asked for where a person is there."""
    if settings.keys != "passphrase" or settings.passphrase or not screen.has_person:
        return settings
    if (settings.home / KEYS_FILE).exists():
        return replace(settings, passphrase=screen.ask_secret("Passphrase").reveal())
    screen.note(
        f"The keys of {settings.home} will lie under a passphrase. Nothing can be read without it; keep it safe."
    )
    first, second = screen.ask_secret("New passphrase"), screen.ask_secret("The same again")
    if first != second:
        raise Locked("The two passphrases differ, so nothing was made. Try again.")
    return replace(settings, passphrase=first.reveal())
