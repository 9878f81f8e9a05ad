"""Restoring a backup: into an empty folder, verified whole before the folder gets its name."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import Connection

from legate_core.audit.notary import Notary
from legate_core.audit.report import Report
from legate_core.audit.verify import verify
from legate_core.backup.model import DATABASE, KEYS, MANIFEST, Manifest, place_of, read_manifest
from legate_core.crypto.age import AgeReader
from legate_core.crypto.bodies import BodyKeyRing
from legate_core.crypto.keys import BODIES, DEVICE, KeyPort, get_or_make, master_name, note_name
from legate_core.crypto.keys.passphrase import PassphraseKeys
from legate_core.crypto.keys.system import SystemKeys
from legate_core.crypto.secret import Secret
from legate_core.errors import Damaged, Invalid, Unavailable
from legate_core.identity.bootstrap import personal_workspace
from legate_core.kernel.payloads import Bodies, BodyKeys
from legate_core.storage.engine import Database
from legate_core.storage.migrate import migrate

LARGEST_MANIFEST = 100_000


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that lies in a folder again, and what a verification of it said. `keys` is how LEGATE_KEYS opens it."""

    folder: str
    made_at: int
    entries: int
    files: int
    keys: str
    report: Report


def restore_backup(path: Path, folder: Path, passphrase: Secret, *, keys: str = "passphrase") -> Restored:
    """Put a backup into a folder that is empty or not there yet.

    It is unpacked beside that folder, brought to today's schema and verified with its own keys; only what is intact gets
    the folder's name. `keys` says where its keys go: `passphrase` leaves them under the backup's, `keyring` moves them into
    the system's keyring. Raises `Invalid`, `Locked`, `Damaged` or `Unavailable`; then nothing is left behind.
    """
    _check_folder(folder)
    try:
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise Unavailable(
            f"The folder {folder.parent} cannot be written ({error.strerror}). Choose another."
        ) from error
    try:
        manifest = _unpack(path, fresh, passphrase)
        held = PassphraseKeys(fresh)
        held.unlock(passphrase)
        migrate(f"sqlite:///{fresh / DATABASE}")
        report = _verified(fresh, held, manifest)
        _check_originals(fresh)
        if keys == "keyring":
            _into_keyring(held, fresh, manifest.workspace_id)
        if folder.exists():
            folder.rmdir()
        os.rename(fresh, folder)
    except OSError as error:
        raise Unavailable(
            f"The backup cannot be put into {folder} ({error.strerror or error}). Free some space or choose another place."
        ) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return Restored(str(folder), manifest.made_at, manifest.entries, manifest.files, keys, report)


def _check_folder(folder: Path) -> None:
    if not folder.is_absolute():
        raise Invalid(f"Say the whole path of the folder, not {str(folder)!r}.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Invalid(f"{folder} is not empty, and a backup never goes over what is there. Choose an empty folder.")
    if not folder.parent.is_dir():
        raise Invalid(f"There is no folder {folder.parent}. Make it, or choose another place.")


def _unpack(path: Path, fresh: Path, passphrase: Secret) -> Manifest:
    """Unpack into the fresh folder; the manifest. Nothing but files that a backup has, and only below the folder."""
    manifest: Manifest | None = None
    files = 0
    try:
        with path.open("rb") as source, tarfile.open(fileobj=AgeReader(source, passphrase), mode="r|") as archive:
            for entry in archive:
                content = archive.extractfile(entry) if entry.isreg() else None
                if content is None:
                    raise Damaged(
                        "The backup holds something that is no file, so nothing of it is used. Choose another."
                    )
                if manifest is None:
                    manifest = read_manifest(content.read(LARGEST_MANIFEST) if entry.name == MANIFEST else b"")
                    continue
                files += _put(fresh, entry.name, content)
    except FileNotFoundError as error:
        raise Invalid(f"There is no file {path}. Choose the backup.") from error
    except tarfile.TarError as error:
        raise Damaged("This file is under a passphrase, but it is no backup of Legate. Choose another file.") from error
    missing = [name for name in (DATABASE, KEYS) if not (fresh / name).is_file()]
    if manifest is None or missing:
        raise Damaged("The backup lacks its database or its keys. Choose another file.")
    return manifest


def _put(fresh: Path, name: str, content: IO[bytes]) -> int:
    """Write one file; 1 where it lies beside the database."""
    place = fresh / place_of(name)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        shutil.copyfileobj(content, target, 1 << 20)
        target.flush()
        os.fsync(target.fileno())
    return int(name not in (DATABASE, KEYS))


def _verified(fresh: Path, keys: KeyPort, manifest: Manifest) -> Report:
    """The three verdicts over the restored journal, with its rows, its keys and its last checkpoint."""
    notary = Notary.open(keys, may_make=False)
    body_keys = BodyKeys(BodyKeyRing(get_or_make(keys, BODIES, may_make=False)))
    database = Database(f"sqlite:///{fresh / DATABASE}")

    def work(connection: Connection) -> Report:
        known = personal_workspace(connection)
        if known is None or known[0] != manifest.workspace_id:
            raise Damaged("The backup is of another workspace than it says. Choose another file.")
        return verify(
            connection,
            manifest.workspace_id,
            bodies=Bodies(connection, manifest.workspace_id, body_keys),
            outside=notary.outside(manifest.workspace_id),
            public_key=notary.public_key,
        )

    try:
        report = database.read_now(work, workspace_id=manifest.workspace_id)
    finally:
        database.close()
    if not report.is_sound:
        worst = next(found.sentence for found in report.findings)
        raise Damaged(f"The backup does not verify, so it was not restored: {worst}")
    return report


def _check_originals(fresh: Path) -> None:
    """Originals are named by what is in them."""
    for path in sorted((fresh / "originals").rglob("*")):
        if path.is_file() and len(path.name) == 64:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != path.name:
                    raise Damaged("A document in the backup is not the one it says it is. Choose another file.")


def _into_keyring(held: PassphraseKeys, fresh: Path, workspace_id: str) -> None:
    """Move the keys into the system's keyring, under a name of the folder's own."""
    keyring = SystemKeys(fresh)
    keyring.unlock()
    number = 1
    names = [BODIES, DEVICE, note_name(workspace_id)]
    while held.get(master_name(number)) is not None:
        names.append(master_name(number))
        number += 1
    for name in names:
        value = held.get(name)
        if value is not None:
            keyring.put(name, value)
    held.path.unlink()
