"""Making a backup and restoring one. Both doors are for whoever sits at this computer: they take paths of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from legate_core.backup.events import BackupMade
from legate_core.backup.model import Source
from legate_core.backup.restore import Restored, restore_backup
from legate_core.backup.write import Backup, write_backup
from legate_core.crypto.secret import Secret
from legate_core.errors import Invalid
from legate_core.kernel.context import Actor, Context, Ports, ReadContext
from legate_core.kernel.messages import Command, Query
from legate_core.kernel.registry import command, query


@dataclass(frozen=True, slots=True)
class MakeBackup(Command[Backup]):
    """Write everything that is kept here into one file under a passphrase, in the age format; the engine goes on meanwhile.

    With it go the keys, under the same passphrase: who has the file and the passphrase has everything.
    """

    path: str
    passphrase: Secret
    overwrite: bool = False


def _write(ports: Ports, actor: Actor, message: MakeBackup) -> Backup:
    path = Path(message.path).expanduser()
    return write_backup(ports.get(Source), path, message.passphrase, overwrite=message.overwrite)


@command(MakeBackup, permission="backup.run", before=_write)
def make_backup(ctx: Context, message: MakeBackup, written: Backup) -> Backup:
    ctx.emit(BackupMade(written.entries, written.files, written.bytes))
    return written


@dataclass(frozen=True, slots=True)
class RestoreBackup(Query[Restored]):
    """Put a backup into an empty folder and verify it there. This workspace is not touched: it is opened as another one."""

    path: str
    folder: str
    passphrase: Secret


def _restore(ports: Ports, actor: Actor, message: RestoreBackup) -> Restored:
    source = ports.get(Source)
    folder = Path(message.folder).expanduser()
    if folder.resolve().is_relative_to(source.home.resolve()):
        raise Invalid("A folder inside the data folder is no place for another one. Choose one outside.")
    keys = "keyring" if source.keys.kind == "keyring" else "passphrase"
    return restore_backup(Path(message.path).expanduser(), folder, message.passphrase, keys=keys)


@query(RestoreBackup, permission="backup.restore", before=_restore)
def restore(ctx: ReadContext, message: RestoreBackup, restored: Restored) -> Restored:
    return restored
