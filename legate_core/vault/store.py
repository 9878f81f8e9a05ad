"""The SQL of the vault: secrets by id, their envelopes, and whether the vault is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, select

from legate_core.crypto.envelope import Envelope, Place
from legate_core.errors import NotFound
from legate_core.kernel.context import Context, ReadContext
from legate_core.storage import dialect
from legate_core.vault.model import SecretRow
from legate_core.vault.tables import records, secrets, vaults

VAULT = "vault"
FIELD = "value"
_PARTS = ("master", "salt", "commitment", "wrapped", "nonce", "content")


def load_secret(ctx: ReadContext, secret_id: str) -> Mapping[str, Any]:
    """The row of a secret that was not deleted, or `NotFound`."""
    row = ctx.get(secrets, secret_id)
    if row is None or row["deleted_at"] is not None:
        raise NotFound(f"There is no secret {secret_id[:80]} in this vault. Look under Vault, or store it again.")
    return row


def place_of(ctx: ReadContext, secret_id: str, version: int) -> Place:
    """What a secret's envelope is bound to."""
    return Place(ctx.workspace_id, secret_id, FIELD, version)


def load_envelope(ctx: ReadContext, secret_id: str) -> tuple[Envelope, int] | None:
    """The envelope under a secret's id and the version it claims; None where there is none."""
    row = ctx.get(records, secret_id)
    return None if row is None else (_envelope(row), int(row["version"]))


def keep_envelope(ctx: Context, secret_id: str, version: int, envelope: Envelope) -> None:
    """Put an envelope in the place of a secret's earlier one."""
    row = {name: getattr(envelope, name) for name in _PARTS}
    row |= {"workspace_id": ctx.workspace_id, "id": secret_id, "version": version}
    dialect.upsert(ctx.connection, records, row, ("workspace_id", "id"))


def drop_envelope(ctx: Context, secret_id: str) -> None:
    """Delete what was encrypted of a secret."""
    ctx.connection.execute(delete(records).where(records.c.workspace_id == ctx.workspace_id, records.c.id == secret_id))


def sealed_row(ctx: ReadContext) -> Mapping[str, Any] | None:
    """The row that says the vault is sealed; None where it is not."""
    row = ctx.get(vaults, VAULT)
    return row if row is not None and row["sealed_at"] is not None else None


def set_sealed(ctx: Context, *, at: int | None, by: str | None) -> None:
    """Write whether the vault is sealed."""
    state = {"sealed_at": at, "sealed_by": by}
    if ctx.get(vaults, VAULT) is None:
        ctx.insert(vaults, {"id": VAULT, **state})
    else:
        ctx.update(vaults, VAULT, state)


def stale_secrets(ctx: ReadContext) -> tuple[str, ...]:
    """Secrets whose record is not the one that the journal accounts for: an older one put back, changed, or gone."""
    statement = (
        select(secrets.c.id, secrets.c.version, secrets.c.digest)
        .where(secrets.c.workspace_id == ctx.workspace_id, secrets.c.deleted_at.is_(None))
        .order_by(secrets.c.id)
    )
    stale: list[str] = []
    for secret_id, version, digest in ctx.connection.execute(statement):
        found = load_envelope(ctx, secret_id)
        if found is None or found[1] != version or found[0].digest != digest:
            stale.append(secret_id)
    return tuple(stale)


def has_records(connection: Connection) -> bool:
    """Whether anything in the workspace that `connection` is in depends on a master key; asked before one is made."""
    return connection.execute(select(func.count()).select_from(records)).scalar_one() > 0


def secret_row(row: Mapping[str, Any]) -> SecretRow:
    """A secret as the vault's page shows it."""
    return SecretRow(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        connector=row["connector"],
        hosts=tuple(row["hosts"]),
        owner_id=row["owner_id"],
        version=row["version"],
        created_by=row["created_by"],
        created_at=row["created_at"],
        replaced_at=row["replaced_at"] or 0,
        last_used_at=row["last_used_at"] or 0,
        last_used_by=row["last_used_by"],
    )


def _envelope(row: Mapping[str, Any]) -> Envelope:
    return Envelope(int(row["master"]), *(bytes(row[name]) for name in _PARTS[1:]))
