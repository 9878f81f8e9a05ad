"""Putting secrets into the vault, replacing and deleting them; sealing, unsealing and closing its page."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.exc import IntegrityError

from legate_core.crypto.envelope import Envelope, seal
from legate_core.crypto.secret import Secret
from legate_core.errors import Conflict
from legate_core.identity.authorize import MatrixAuthorizer
from legate_core.identity.prove import has_passphrase
from legate_core.kernel.context import Actor, Context, Ports, ReadContext
from legate_core.kernel.ids import new_id
from legate_core.kernel.messages import Command
from legate_core.kernel.registry import command
from legate_core.vault import store
from legate_core.vault.access import require_open_page
from legate_core.vault.events import (
    SecretDeleted,
    SecretReplaced,
    SecretStored,
    VaultLocked,
    VaultSealed,
    VaultUnsealed,
)
from legate_core.vault.keys import Vault, sealed
from legate_core.vault.model import clean_hosts, clean_label, clean_name, clean_value
from legate_core.vault.tables import secrets


def _no_passphrase() -> Secret:
    return Secret("")


@dataclass(frozen=True, slots=True)
class StoreSecret(Command[str]):
    """Put a secret into the vault; answers with its id. It is lent for these hosts only, and never shown again.

    A personal one is lent for runs of the person who stored it, and for nobody else's.
    """

    name: str
    value: Secret
    hosts: tuple[str, ...]
    kind: str = "api_key"
    connector: str = ""
    is_personal: bool = False


def _self(ctx: ReadContext, message: StoreSecret) -> str:
    return ctx.actor.id


@command(StoreSecret, permission="credentials.create.personal", route="POST /vault/secrets", owner=_self)
def store_secret(ctx: Context, message: StoreSecret) -> str:
    if not message.is_personal:
        ctx.port(MatrixAuthorizer).require(ctx, "credentials.create.shared")
    require_open_page(ctx)
    secret_id = new_id("sec")
    envelope = _seal(ctx, secret_id, 1, message.value)
    row = {
        "id": secret_id,
        "name": clean_name(message.name),
        "kind": clean_label(message.kind, "kind"),
        "connector": clean_label(message.connector, "connector") if message.connector else "",
        "hosts": list(clean_hosts(message.hosts)),
        "owner_id": ctx.actor.id if message.is_personal else "",
        "version": 1,
        "digest": envelope.digest,
        "created_by": ctx.actor.id,
        "created_at": ctx.now,
        "last_used_by": "",
    }
    try:
        ctx.insert(secrets, row)
    except IntegrityError as error:
        raise Conflict(
            f"There is a secret called {row['name']!r} already. Replace it, or choose another name."
        ) from error
    store.keep_envelope(ctx, secret_id, 1, envelope)
    ctx.emit(SecretStored(secret_id, 1, envelope.digest))
    return secret_id


@dataclass(frozen=True, slots=True)
class ReplaceSecret(Command[int]):
    """Give a secret a new value; answers with its version. The old value is gone at once, the hosts stay."""

    secret_id: str
    value: Secret


@command(ReplaceSecret, permission="credentials.replace", route="PUT /vault/secrets/{secret_id}")
def replace_secret(ctx: Context, message: ReplaceSecret) -> int:
    require_open_page(ctx)
    row = store.load_secret(ctx, message.secret_id)
    version = int(row["version"]) + 1
    envelope = _seal(ctx, row["id"], version, message.value)
    changes = {"version": version, "digest": envelope.digest, "replaced_at": ctx.now}
    if ctx.update(secrets, row["id"], changes, expect={"version": row["version"], "deleted_at": None}) is None:
        raise Conflict("Somebody else changed this secret just now. Look at it again, then replace it.")
    store.keep_envelope(ctx, row["id"], version, envelope)
    ctx.emit(SecretReplaced(row["id"], version, envelope.digest))
    return version


@dataclass(frozen=True, slots=True)
class DeleteSecret(Command[None]):
    """Delete a secret for good. What used it fails until it names another."""

    secret_id: str


def _owner(ctx: ReadContext, message: DeleteSecret) -> str:
    return str(store.load_secret(ctx, message.secret_id)["owner_id"])


@command(DeleteSecret, permission="credentials.delete", route="DELETE /vault/secrets/{secret_id}", owner=_owner)
def delete_secret(ctx: Context, message: DeleteSecret) -> None:
    require_open_page(ctx)
    row = store.load_secret(ctx, message.secret_id)
    if ctx.update(secrets, row["id"], {"deleted_at": ctx.now}, expect={"deleted_at": None}) is None:
        raise Conflict("Somebody else deleted this secret just now. There is nothing left to do.")
    store.drop_envelope(ctx, row["id"])
    ctx.emit(SecretDeleted(row["id"]))


@dataclass(frozen=True, slots=True)
class SealVault(Command[None]):
    """Stop lending at once, and forget the keys. Runs that need a secret wait; a restart does not open it."""


@command(SealVault, permission="vault.lock", route="POST /vault/seal")
def seal_vault(ctx: Context, message: SealVault) -> None:
    ctx.port(Vault).forget()
    if store.sealed_row(ctx) is None:
        store.set_sealed(ctx, at=ctx.now, by=ctx.actor.id)
        ctx.emit(VaultSealed())


@dataclass(frozen=True, slots=True)
class UnsealVault(Command[None]):
    """Lend again, and let the runs that wait for it go on. The passphrase is asked for where it opens the keys."""

    passphrase: Secret = field(default_factory=_no_passphrase)


def _open_keys(ports: Ports, actor: Actor, message: UnsealVault) -> None:
    """A keyring may take seconds or ask the person, and a passphrase is slow to check: no transaction waits for either."""
    ports.get(Vault).unseal(message.passphrase)


@command(UnsealVault, permission="vault.unlock", route="POST /vault/unseal", before=_open_keys)
def unseal_vault(ctx: Context, message: UnsealVault, opened: None) -> None:
    if not ctx.port(Vault).is_open:
        raise Conflict("The vault was sealed again in the meantime. Unseal it once more if you still want to.")
    if store.sealed_row(ctx) is not None:
        store.set_sealed(ctx, at=None, by=None)
        ctx.emit(VaultUnsealed())


@dataclass(frozen=True, slots=True)
class LockVault(Command[None]):
    """Close the vault's page, and let what is grave ask for a fresh proof again. Sent after a time without anybody.

    Lending goes on, so nothing that runs stops. `Prove` opens the page again; without a passphrase that could prove it
    there would be no way back, and the page is not closed.
    """


@command(LockVault, permission="vault.lock", route="POST /vault/lock")
def lock_vault(ctx: Context, message: LockVault) -> None:
    if not (ctx.port(Vault).needs_passphrase or has_passphrase(ctx)):
        raise Conflict("No passphrase is set that could open the page again. Set one first, then lock it.")
    ctx.port(MatrixAuthorizer).sessions.prove(ctx.actor, 0)
    ctx.port(Vault).close_page(ctx.workspace_id, ctx.actor.id, ctx.now)
    ctx.emit(VaultLocked(ctx.actor.id))


def _seal(ctx: Context, secret_id: str, version: int, value: Secret) -> Envelope:
    data = clean_value(value)
    if store.sealed_row(ctx) is not None:
        raise sealed()
    return seal(ctx.port(Vault).current(), store.place_of(ctx, secret_id, version), data)
