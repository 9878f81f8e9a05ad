"""Whether the vault's page is open to the person who asks."""

from __future__ import annotations

from legate_core.errors import Locked
from legate_core.identity.authorize import MatrixAuthorizer
from legate_core.kernel.context import ReadContext
from legate_core.vault.keys import Vault


def is_page_closed(ctx: ReadContext) -> bool:
    """Whether the page was closed for this person and they have not proved since that it is them."""
    proved_at = ctx.port(MatrixAuthorizer).sessions.proved_at(ctx.actor)
    return ctx.port(Vault).is_page_closed(ctx.workspace_id, ctx.actor.id, proved_at)


def require_open_page(ctx: ReadContext) -> None:
    """Raise `Locked` where the page is closed for this person. The engine itself has no page."""
    if is_page_closed(ctx):
        raise Locked("The vault is locked because nobody was here for a while. Confirm that it is you, then go on.")
