"""Reading the matrix at the moment of use: this actor, this permission, this object."""

from __future__ import annotations

from sqlalchemy import func, select

from legate_core.errors import Forbidden, NeedsReauthentication
from legate_core.identity.permissions import MATRIX, Cell, holders
from legate_core.identity.tables import members
from legate_core.kernel.context import Actor, ReadContext
from legate_core.kernel.registry import INTERNAL, Door

FRESH_MS = 5 * 60 * 1000
"""How long a proof of identity counts as fresh."""


class Sessions:
    """When each person last proved who they are, in this process. Lost on restart, which only asks again."""

    def __init__(self) -> None:
        self._proved_at: dict[tuple[str, str], int] = {}

    def prove(self, actor: Actor, at: int) -> None:
        self._proved_at[actor.workspace_id, actor.id] = at

    def proved_at(self, actor: Actor) -> int:
        return max(actor.authenticated_at, self._proved_at.get((actor.workspace_id, actor.id), 0))


class MatrixAuthorizer:
    """Checks every door against the matrix. Agents hold nothing; the engine itself may use internal doors."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions

    def check(self, ctx: ReadContext, door: Door, message: object) -> None:
        """Raise `Forbidden` unless the actor may send this message."""
        if ctx.actor.kind == "system":
            return
        if door.permission == INTERNAL:
            raise Forbidden(f"{door.name} is for the engine itself; nobody may send it.")
        cell = self.cell(ctx, door.permission)
        owner = door.owner(ctx, message) if door.owner is not None and not cell.everything else None
        self.require(ctx, door.permission, owner=owner, listing=door.owner is None and door.kind != "command")

    def require(
        self,
        ctx: ReadContext,
        permission: str,
        *,
        owner: str | None = None,
        author: str | None = None,
        listing: bool = False,
    ) -> None:
        """Raise unless the actor holds `permission` for an object owned by `owner` and started by `author`.

        `listing` is a read over many objects: holding the permission for one's own is enough to ask, and the handler
        narrows the rows.
        """
        if ctx.actor.kind == "system":
            return
        cell = self.cell(ctx, permission)
        mine = owner is not None and owner == ctx.actor.id
        alone = self.is_alone(ctx, permission)
        if not (cell.everything or (cell.own and (mine or listing)) or (cell.proposes and alone)):
            raise _refusal(permission, cell)
        if cell.not_own and author == ctx.actor.id and not alone:
            raise Forbidden("You started this yourself; somebody else with the right to decide must answer it.")
        needs_proof = cell.reauthenticate or cell.proposes
        if needs_proof and ctx.now - self.sessions.proved_at(ctx.actor) > FRESH_MS:
            raise NeedsReauthentication(
                "This needs a fresh proof that it is you. Confirm with your passphrase, then do it again.",
                permission=permission,
            )

    def cell(self, ctx: ReadContext, permission: str) -> Cell:
        """What the actor's role holds of a permission; nothing for whoever has no role here, or an unknown permission."""
        if ctx.actor.kind != "person":
            return Cell()
        return MATRIX.get(permission, {}).get(ctx.actor.role, Cell())

    def is_alone(self, ctx: ReadContext, permission: str) -> bool:
        """Whether nobody else in the workspace could agree or decide instead; then rules for two cannot hold."""
        roles = holders(permission)
        statement = select(func.count()).where(members.c.workspace_id == ctx.workspace_id, members.c.role.in_(roles))
        return ctx.connection.execute(statement).scalar_one() <= 1

    def refusal(self, ctx: ReadContext, permission: str) -> Forbidden:
        """What to say to the actor, who may not: who may, or that somebody else must agree."""
        return _refusal(permission, self.cell(ctx, permission))


def _refusal(permission: str, cell: Cell) -> Forbidden:
    if cell.proposes:
        return Forbidden("This takes effect only after a second person agrees. Ask another owner or admin.")
    roles = holders(permission)
    who = " or ".join(role.capitalize() for role in roles) or "nobody"
    return Forbidden(
        f"This needs the permission {permission}, held by {who}. Ask them, or ask for that role.",
        permission=permission,
    )
