"""What the engine cannot do right now, as people ask for it."""

from __future__ import annotations

from dataclasses import dataclass

from legate_core.kernel.context import ReadContext
from legate_core.kernel.messages import Query
from legate_core.kernel.registry import query
from legate_core.kernel.troubles import Trouble, Troubles


@dataclass(frozen=True, slots=True)
class EngineTroubles(Query[tuple[Trouble, ...]]):
    """Every part of this process's engine that fails again and again, the oldest trouble in front; empty where all is well."""


@query(EngineTroubles, permission="workspace.view", route="GET /troubles")
def engine_troubles(ctx: ReadContext, message: EngineTroubles) -> tuple[Trouble, ...]:
    return ctx.port(Troubles).of(ctx.workspace_id)
