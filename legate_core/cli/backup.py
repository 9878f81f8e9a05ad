"""`legate backup`, `legate restore`, `legate retention`: copies of everything, and how long content is kept."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import legate_core as core
from legate_core.cli.options import Subparsers, add_command
from legate_core.cli.screen import Result, Screen
from legate_core.cli.session import opened
from legate_core.cli.text import moment, one_line
from legate_core.crypto.secret import Secret
from legate_core.errors import Invalid
from legate_core.settings import from_environment

PASSPHRASE_HELP = (
    "The passphrase is asked for, or read from stdin. Who has the file and the passphrase has everything; without the\n"
    "passphrase nobody can read it. The file is in the age format: 'age --decrypt FILE | tar x' opens it anywhere."
)


def add(under: Subparsers) -> None:
    make = add_command(
        under, "backup", "everything that is kept here, in one file under a passphrase", back_up, more=PASSPHRASE_HELP
    )
    make.add_argument("file", type=Path, metavar="FILE", help="where it is written")
    make.add_argument("--overwrite", action="store_true", help="put it in the place of an earlier one")
    back = add_command(
        under, "restore", "a backup into an empty folder, verified before it is used", restore,
        more="LEGATE_KEYS says where its keys go: into the system's keyring, or left under the backup's passphrase.",
    )  # fmt: skip
    back.add_argument("file", type=Path, metavar="FILE", help="the backup")
    back.add_argument("folder", type=Path, metavar="FOLDER", help="an empty folder, or one that is not there yet")
    keep = add_command(under, "retention", "how long the content of ended runs is kept", retention)
    keep.add_argument("days", nargs="?", type=int, metavar="DAYS", help="keep it for so many days; 0 for good")


async def back_up(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire

    if options.server:
        raise Invalid("A backup is made on the machine that keeps the data. Run this there.")
    passphrase = _passphrase(screen, is_new=True)
    async with opened(options, screen) as session:
        made = await session.send(core.MakeBackup(str(options.file.absolute()), passphrase, options.overwrite))
    lines = [f"{one_line(made.path)}: {made.entries:,} entries and {made.files:,} files, {made.bytes:,} bytes."]
    if made.left_out:
        lines.append(f"{made.left_out:,} files were deleted while it was written and are not in it.")
    return Result({"backup": wire.encode(made)}, lines)


async def restore(options: Namespace, screen: Screen) -> Result:
    import asyncio

    from legate_core import wire
    from legate_core.backup.restore import restore_backup

    if options.server:
        raise Invalid("A backup is restored on the machine that is to keep the data. Run this there.")
    keys = "keyring" if from_environment(home=options.home).keys == "keyring" else "passphrase"
    passphrase = _passphrase(screen, is_new=False)
    folder = options.folder.absolute()
    done = await asyncio.to_thread(restore_backup, options.file.absolute(), folder, passphrase, keys=keys)
    lines = [
        f"{one_line(done.folder)} holds the backup of {moment(done.made_at)}: {done.entries:,} entries, verified.",
        f"LEGATE_KEYS={done.keys} legate --home {one_line(done.folder)} opens it.",
    ]
    if (folder / "originals").is_dir():
        lines.append("Documents are found by their words; 'legate kb reindex BASE' brings the search by meaning back.")
    return Result({"restored": wire.encode(done)}, lines)


async def retention(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire

    async with opened(options, screen) as session:
        if options.days is not None:
            await session.send(core.SetRetention(options.days))
        state = await session.ask(core.Retention())
    if not state.days:
        return Result({"retention": wire.encode(state)}, ["The content of ended runs is kept for good."])
    due = f" {state.due:,} ended runs are older, and lose theirs within the hour." if state.due else ""
    return Result(
        {"retention": wire.encode(state)}, [f"The content of ended runs is kept for {state.days:,} days.{due}"]
    )


def _passphrase(screen: Screen, *, is_new: bool) -> Secret:
    if screen.has_person:
        first = screen.ask_secret("Passphrase of the backup")
        if is_new and screen.ask_secret("The same again") != first:
            raise Invalid("The two passphrases differ, so nothing was written. Try again.")
        return first
    if screen.source.isatty():
        raise Invalid("There is nobody to ask for the passphrase. Give it on stdin.")
    return Secret(screen.read().removesuffix("\n").removesuffix("\r"))
