"""What may be known of the vault: which secrets there are and how it stands. No query answers with a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import func, or_, select

from legate_core.identity.events import IdentityProved, PassphraseSet
from legate_core.identity.permissions import MATRIX, Cell
from legate_core.identity.prove import has_passphrase
from legate_core.kernel.context import ReadContext
from legate_core.kernel.messages import LiveQuery, Query, Recorded, Reread
from legate_core.kernel.registry import query
from legate_core.vault import store
from legate_core.vault.access import is_page_closed, require_open_page
from legate_core.vault.events import (
    SecretDeleted,
    SecretLent,
    SecretReplaced,
    SecretStored,
    VaultLocked,
    VaultSealed,
    VaultUnsealed,
)
from legate_core.vault.keys import Vault
from legate_core.vault.model import SecretRow, VaultState
from legate_core.vault.tables import secrets


@dataclass(frozen=True)
class Secrets(LiveQuery[SecretRow]):
    """Every secret the actor may know of: the shared ones and their own; all of them for who may delete any."""

    listens: ClassVar[frozenset[str]] = frozenset(
        {SecretStored.name, SecretReplaced.name, SecretDeleted.name, SecretLent.name}
    )
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, SecretRow], event: Recorded) -> Mapping[str, SecretRow] | Reread:
        secret_id = str(event.body["secret_id"])
        if event.name == SecretDeleted.name:
            return {key: row for key, row in rows.items() if key != secret_id}
        return Reread(frozenset({secret_id}))


@query(Secrets, permission="vault.view", route="GET /vault/secrets")
def list_secrets(ctx: ReadContext, message: Secrets) -> dict[str, SecretRow]:
    require_open_page(ctx)
    statement = (
        select(secrets)
        .where(secrets.c.workspace_id == ctx.workspace_id, secrets.c.deleted_at.is_(None))
        .order_by(secrets.c.name, secrets.c.id)
    )
    if not _sees_everybodys(ctx):
        statement = statement.where(or_(secrets.c.owner_id == "", secrets.c.owner_id == ctx.actor.id))
    if message.ids is not None:
        statement = statement.where(secrets.c.id.in_(message.ids))
    return {row["id"]: store.secret_row(row) for row in ctx.rows(statement)}


@dataclass(frozen=True, slots=True)
class VaultStatus(Query[VaultState]):
    """How the vault stands: sealed or not, where its keys live, and whether every record is the one it should be."""


@query(VaultStatus, permission="vault.view", route="GET /vault")
def vault_status(ctx: ReadContext, message: VaultStatus) -> VaultState:
    return _standing(ctx)


@dataclass(frozen=True)
class VaultStanding(LiveQuery[VaultState]):
    """The same, live: one row, under `vault`. A page that is closed while somebody looks at it is told so by this."""

    listens: ClassVar[frozenset[str]] = frozenset(
        event.name
        for event in (
            *(VaultSealed, VaultUnsealed, VaultLocked, IdentityProved, PassphraseSet),
            *(SecretStored, SecretReplaced, SecretDeleted),
        )
    )
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, VaultState], event: Recorded) -> Reread:
        return Reread(frozenset({store.VAULT}))


@query(VaultStanding, permission="vault.view", route="GET /vault/standing")
def vault_standing(ctx: ReadContext, message: VaultStanding) -> dict[str, VaultState]:
    return {store.VAULT: _standing(ctx)}


def _standing(ctx: ReadContext) -> VaultState:
    vault = ctx.port(Vault)
    row = store.sealed_row(ctx)
    count = select(func.count()).where(secrets.c.workspace_id == ctx.workspace_id, secrets.c.deleted_at.is_(None))
    return VaultState(
        is_sealed=row is not None,
        sealed_at=row["sealed_at"] if row is not None else 0,
        sealed_by=row["sealed_by"] if row is not None else "",
        is_page_closed=is_page_closed(ctx),
        keys=vault.kind,
        needs_passphrase=vault.needs_passphrase,
        has_passphrase=vault.needs_passphrase or has_passphrase(ctx),
        secrets=ctx.connection.execute(count).scalar_one(),
        stale=store.stale_secrets(ctx),
    )


def _sees_everybodys(ctx: ReadContext) -> bool:
    if ctx.actor.kind == "system":
        return True
    return MATRIX["credentials.delete"].get(ctx.actor.role, Cell()).everything
