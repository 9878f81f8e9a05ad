"""Who may borrow a secret: the agents and knowledge bases that name it, and the runs that go on with it now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from sqlalchemy import select

from legate_core.agents.events import AgentCreated, AgentDeleted, AgentEdited, AgentPublished, AgentRestored
from legate_core.agents.tables import agent_versions, agents
from legate_core.kernel.context import ReadContext
from legate_core.kernel.messages import LiveQuery, Recorded, Reread
from legate_core.kernel.registry import query
from legate_core.knowledge.events import BaseChanged, BaseCreated, BaseReindexed, BaseRemoved
from legate_core.knowledge.tables import bases
from legate_core.runs.events import RunBranched, RunCreated, RunFinished
from legate_core.runs.model import FINAL, RunStatus
from legate_core.runs.tables import runs
from legate_core.vault.events import SecretDeleted, SecretStored
from legate_core.vault.tables import secrets


@dataclass(frozen=True, slots=True)
class Named:
    """Something that names a secret."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class SecretUse:
    """Who may borrow one secret: agents by their draft or published version, runs that have not ended, knowledge bases."""

    id: str
    agents: tuple[Named, ...]
    runs: tuple[Named, ...]
    bases: tuple[Named, ...]


@dataclass(frozen=True)
class SecretUses(LiveQuery[SecretUse]):
    """For each secret who names it. A run borrows by the version it began with, until it ends."""

    listens: ClassVar[frozenset[str]] = frozenset(
        event.name
        for event in (
            *(AgentCreated, AgentEdited, AgentPublished, AgentDeleted, AgentRestored),
            *(RunCreated, RunBranched, RunFinished),
            *(BaseCreated, BaseChanged, BaseReindexed, BaseRemoved),
            *(SecretStored, SecretDeleted),
        )
    )
    ids: tuple[str, ...] | None = None

    def apply(self, rows: Mapping[str, SecretUse], event: Recorded) -> Mapping[str, SecretUse] | Reread:
        if event.name == SecretDeleted.name:
            return {key: row for key, row in rows.items() if key != event.body["secret_id"]}
        if event.name == SecretStored.name:
            return Reread(frozenset({str(event.body["secret_id"])}))
        return Reread(frozenset(rows))


@query(SecretUses, permission="vault.view", route="GET /vault/uses")
def secret_uses(ctx: ReadContext, message: SecretUses) -> dict[str, SecretUse]:
    statement = select(secrets.c.id).where(secrets.c.workspace_id == ctx.workspace_id, secrets.c.deleted_at.is_(None))
    if message.ids is not None:
        statement = statement.where(secrets.c.id.in_(message.ids))
    wanted = list(ctx.connection.execute(statement.order_by(secrets.c.id)).scalars())
    if not wanted:
        return {}
    by_agent, by_run, by_base = _by_agent(ctx), _by_run(ctx), _by_base(ctx)
    return {
        secret_id: SecretUse(
            secret_id,
            tuple(named for named, ids in by_agent if secret_id in ids),
            tuple(named for named, ids in by_run if secret_id in ids),
            tuple(named for named, ids in by_base if secret_id in ids),
        )
        for secret_id in wanted
    }


Naming = list[tuple[Named, frozenset[str]]]


def _by_agent(ctx: ReadContext) -> Naming:
    statement = select(agents).where(agents.c.workspace_id == ctx.workspace_id, agents.c.deleted_at.is_(None))
    found: Naming = []
    for row in ctx.rows(statement.order_by(agents.c.name, agents.c.id)):
        published = _of_version(ctx, row["published_hash"]) if row["published_hash"] else frozenset[str]()
        found.append((Named(row["id"], row["name"]), _in_model(row["draft"]) | published))
    return found


def _by_run(ctx: ReadContext) -> Naming:
    statement = select(runs.c.id, runs.c.name, runs.c.definition_hash).where(
        runs.c.workspace_id == ctx.workspace_id,
        runs.c.status.in_([status.value for status in RunStatus if status not in FINAL]),
    )
    known: dict[str, frozenset[str]] = {}
    found: Naming = []
    for run_id, name, version in ctx.connection.execute(statement.order_by(runs.c.created_at, runs.c.id)):
        if version not in known:
            known[version] = _of_version(ctx, version)
        found.append((Named(run_id, name), known[version]))
    return found


def _by_base(ctx: ReadContext) -> Naming:
    statement = select(bases).where(bases.c.workspace_id == ctx.workspace_id, bases.c.is_removed.is_(False))
    return [
        (Named(row["id"], row["name"]), frozenset(_named([row["embedder"], row["next_embedder"]])))
        for row in ctx.rows(statement.order_by(bases.c.name, bases.c.id))
    ]


def _of_version(ctx: ReadContext, definition_hash: str) -> frozenset[str]:
    row = ctx.get(agent_versions, definition_hash)
    return _in_model(json.loads(row["definition"])) if row is not None else frozenset()


def _in_model(definition: Mapping[str, Any]) -> frozenset[str]:
    """The secrets that a definition's model, and those that may answer in its place, are opened with.

    Read leniently: a draft may hold anything, and what makes no sense there names no secret.
    """
    model: Any = definition.get("model")
    if not isinstance(model, Mapping):
        return frozenset()
    settings = cast("Mapping[str, Any]", model)
    others: Any = settings.get("fallbacks", ())
    return frozenset(_named([settings, *(cast("Iterable[Any]", others) if isinstance(others, list | tuple) else ())]))


def _named(settings: Iterable[Any]) -> Iterator[str]:
    for each in settings:
        if isinstance(each, Mapping):
            secret: Any = cast("Mapping[str, Any]", each).get("secret")
            if isinstance(secret, str) and secret:
                yield secret
