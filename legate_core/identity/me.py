"""Who is asking, and what their role may do: so that a front end shows what may not be done as such, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from legate_core.identity.permissions import MATRIX, ROLES, Cell, holders
from legate_core.identity.tables import members, workspaces
from legate_core.kernel.context import ReadContext
from legate_core.kernel.messages import Query
from legate_core.kernel.registry import query


@dataclass(frozen=True, slots=True)
class Me:
    """The person, their workspace and role. `refusals` names each permission they lack, with who holds it."""

    person_id: str
    name: str
    role: str
    workspace: str
    permissions: tuple[str, ...]
    refusals: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WhoAmI(Query[Me]):
    """The one who asks. What is held only for one's own things counts as held: each object is checked when it is used."""


@query(WhoAmI, permission="workspace.view", route="GET /me")
def who_am_i(ctx: ReadContext, message: WhoAmI) -> Me:
    mine = (members.c.workspace_id == ctx.workspace_id, members.c.person_id == ctx.actor.id)
    name = ctx.connection.execute(select(members.c.name).where(*mine)).scalar_one_or_none()
    workspace = ctx.connection.execute(select(workspaces.c.name).where(workspaces.c.id == ctx.workspace_id))
    held = [permission for permission, row in MATRIX.items() if _holds(row, ctx.actor.role)]
    return Me(
        person_id=ctx.actor.id,
        name=name or "",
        role=ctx.actor.role,
        workspace=workspace.scalar_one_or_none() or "",
        permissions=tuple(held),
        refusals={permission: _needs(permission) for permission in MATRIX if permission not in held},
    )


@dataclass(frozen=True, slots=True)
class MemberRow:
    """Somebody of the workspace. `may_decide` names the permissions to answer questions that their role holds."""

    id: str
    name: str
    role: str
    may_decide: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Members(Query[tuple[MemberRow, ...]]):
    """Who belongs to the workspace, by name."""


@query(Members, permission="members.view", route="GET /members")
def list_members(ctx: ReadContext, message: Members) -> tuple[MemberRow, ...]:
    statement = select(members.c.person_id, members.c.name, members.c.role)
    found = ctx.connection.execute(
        statement.where(members.c.workspace_id == ctx.workspace_id).order_by(members.c.name, members.c.person_id)
    )
    deciding = [name for name in MATRIX if name.startswith("approvals.decide.")]
    return tuple(
        MemberRow(person, name, role, tuple(each for each in deciding if _holds(MATRIX[each], role)))
        for person, name, role in found
    )


def _holds(row: Mapping[str, Cell], role: str) -> bool:
    return row.get(role, Cell()).holds


def _needs(permission: str) -> str:
    """Needs Operator: the least role that holds it, which is the last of the list."""
    roles = holders(permission)
    return f"Needs {max(roles, key=ROLES.index).capitalize()}" if roles else "Nobody may do this"
