"""The first start: a personal workspace with its chain, its own key, and the person at the desk as its Owner."""

from __future__ import annotations

from sqlalchemy import Connection, select

from legate_core.identity.events import MemberAdded, WorkspaceCreated
from legate_core.identity.tables import installation, members, workspaces
from legate_core.kernel import journal
from legate_core.kernel.context import Actor, Context
from legate_core.kernel.payloads import WORKSPACE
from legate_core.storage import dialect

PERSONAL = "personal workspace"
OWNER = "owner"


def personal_workspace(connection: Connection) -> tuple[str, str] | None:
    """Ids of this installation's workspace and of its Owner; None before the first start."""
    found = remembered(connection, PERSONAL), remembered(connection, OWNER)
    return (found[0], found[1]) if found[0] and found[1] else None


def create_personal_workspace(ctx: Context, person_id: str, person_name: str, *, name: str) -> None:
    """Write the workspace that `ctx` is in, its chain, its key and its Owner; in one transaction."""
    journal.open_chain(ctx.connection, ctx.workspace_id)
    ctx.bodies.open_scope(WORKSPACE)
    ctx.insert(workspaces, {"id": ctx.workspace_id, "name": name[:120], "kind": "personal", "created_at": ctx.now})
    ctx.emit(WorkspaceCreated("personal"))
    owner = {"person_id": person_id, "name": person_name[:120] or "Owner", "role": "owner", "created_at": ctx.now}
    ctx.insert(members, owner)
    ctx.emit(MemberAdded(person_id, "owner"))
    remember(ctx.connection, PERSONAL, ctx.workspace_id)
    remember(ctx.connection, OWNER, person_id)


def owner_of(workspace_id: str, person_id: str) -> Actor:
    """The person at the desk."""
    return Actor("person", person_id, workspace_id, role="owner")


def remembered(connection: Connection, key: str) -> str:
    """What this installation keeps under a key; empty where it keeps nothing."""
    found = connection.execute(select(installation.c.value).where(installation.c.key == key)).scalar_one_or_none()
    return str(found or "")


def remember(connection: Connection, key: str, value: str) -> None:
    """Keep a value of this installation, in the place of an earlier one."""
    dialect.upsert(connection, installation, {"key": key, "value": value}, ("key",))
