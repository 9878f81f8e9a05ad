"""The one way out of the vault: a secret is lent for one host, to whoever acts at the edge, and never returned to view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from legate_core.crypto.envelope import unseal
from legate_core.crypto.secret import Secret
from legate_core.errors import Damaged, Forbidden
from legate_core.kernel.context import Context, ReadContext
from legate_core.vault import store
from legate_core.vault.events import SecretLent
from legate_core.vault.keys import Vault, sealed
from legate_core.vault.model import clean_host
from legate_core.vault.tables import secrets


def lend(
    ctx: ReadContext, secret_id: str, host: str, *, on_behalf_of: str = "", connector: str = "", run_id: str = ""
) -> Secret:
    """The secret, for a host it is bound to. In a writing transaction the journal says that it was lent, and to which run.

    Raises `Locked` while the vault is sealed, `Forbidden` for another host or connector and for a personal secret that
    is not lent on behalf of its owner, `Damaged` where the stored record is not the one the journal accounts for.
    Nothing is decrypted before all of that is settled.
    """
    vault = ctx.port(Vault)
    if store.sealed_row(ctx) is not None:
        # Another process may have sealed it: then this one has keys it should not have any more.
        vault.forget()
        raise sealed()
    row = store.load_secret(ctx, secret_id)
    _check_bounds(ctx, row, host, on_behalf_of, connector)
    found = store.load_envelope(ctx, secret_id)
    if found is None or found[1] != row["version"] or found[0].digest != row["digest"]:
        raise Damaged(
            f"The stored record of the secret {row['name']!r} is not the one that was last written. It is not lent; "
            "run 'legate verify', then replace the secret."
        )
    data = unseal(vault.master(found[0].master), store.place_of(ctx, secret_id, row["version"]), found[0])
    if isinstance(ctx, Context):
        ctx.update(secrets, secret_id, {"last_used_at": ctx.now, "last_used_by": run_id})
        ctx.emit(SecretLent(secret_id, row["version"]))
    return Secret(data.decode())


def _check_bounds(ctx: ReadContext, row: Mapping[str, Any], host: str, on_behalf_of: str, connector: str) -> None:
    wanted = clean_host(host)
    if wanted not in row["hosts"]:
        bound = ", ".join(row["hosts"])
        raise Forbidden(
            f"The secret {row['name']!r} is for {bound} and is not lent for {wanted}. "
            "Store a secret for that host, if it should have one."
        )
    if connector and row["connector"] and connector != row["connector"]:
        raise Forbidden(
            f"The secret {row['name']!r} is for {row['connector']} and is not lent to {connector}. "
            "Store a secret of its own for it."
        )
    if row["owner_id"] and row["owner_id"] not in (on_behalf_of, ctx.actor.id):
        raise Forbidden(
            f"The secret {row['name']!r} belongs to one person and is lent for their runs only. "
            "Store a shared secret for this."
        )
