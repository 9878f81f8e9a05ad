"""Who sees a question, who sees what it is about, and what is left of a card for whoever sees only that there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from legate_core.approvals.model import Card
from legate_core.identity.authorize import MatrixAuthorizer
from legate_core.kernel.context import ReadContext

WITHHELD = "What it would do exactly is not shown to your role. Somebody who may see it can hand the question to you."


def is_visible(ctx: ReadContext, row: Mapping[str, Any]) -> bool:
    """Whether this person may see that there is a question: all of the workspace's, or those of their own runs."""
    if ctx.actor.kind == "system":
        return True
    cell = ctx.port(MatrixAuthorizer).cell(ctx, "approvals.view")
    return cell.everything or (cell.own and row["initiator"] == ctx.actor.id)


def may_read(ctx: ReadContext, row: Mapping[str, Any]) -> bool:
    """Whether this person may see the arguments: by role, because the run is theirs, or because it was handed to them."""
    if ctx.actor.kind == "system":
        return True
    cell = ctx.port(MatrixAuthorizer).cell(ctx, "approvals.view.payload")
    is_own = cell.own and row["initiator"] == ctx.actor.id
    return cell.everything or is_own or (cell.granted and row.get("assigned_to") == ctx.actor.id)


def withheld(card: Card, tool: str) -> Card:
    """A card without its payload: who asks for which tool, by which rule. Whatever may quote an argument is gone."""
    words = f"call {tool}"
    return replace(
        card,
        sentence=words,
        title=words,
        outline=words,
        why="",
        arguments=(),
        changes=(),
        reach="",
        cost="",
        asked_because=WITHHELD,
        before=(),
        scopes=(),
        raw_arguments=None,
        schema=None,
    )
