"""An action goes where its answer stands, whoever notices first: a reactor that hears of it, or the executor about to act."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from legate_core.actions.events import ActionReady, ActionReopened
from legate_core.actions.model import ActionState
from legate_core.actions.tables import actions
from legate_core.approvals.model import ApprovalState
from legate_core.kernel.context import Context

_UNDECIDED = (ActionState.WAITING.value, ActionState.READY.value)
_ANSWERED = (ApprovalState.APPROVED.value, ApprovalState.EDITED.value, ApprovalState.REJECTED.value)


def follow(ctx: Context, row: Mapping[str, Any], approval: Mapping[str, Any]) -> bool:
    """Bring an action that was not dispatched to where its answer stands now; whether it had to move.

    A yes or a no makes it ready, with the hold and the arguments of that answer; an answer taken back lets it wait again,
    as it was proposed. It depends on nothing but the two rows, so no fact that is heard late, twice or out of turn takes
    an action anywhere else.
    """
    if row["state"] not in _UNDECIDED or row["approval_id"] != approval["id"]:
        return False
    if approval["state"] in _ANSWERED:
        changes = {"state": ActionState.READY.value, "hold_until": approval["hold_until"]}
    elif approval["state"] == ApprovalState.WAITING.value:
        changes = {"state": ActionState.WAITING.value, "hold_until": None}
    else:
        return False
    changes["effective_ref"] = approval["edited_ref"]
    if all(row[name] == value for name, value in changes.items()):
        return False
    if row["effective_ref"] != approval["edited_ref"]:
        judged = ctx.bodies.get(row["run_id"], approval["edited_ref"] or row["call_ref"])
        changes["policy_version"] = judged["policy_version"]
    expect = {name: row[name] for name in ("state", "hold_until", "approval_id")}
    if ctx.update(actions, row["id"], changes, expect=expect) is None:
        return False
    if changes["state"] == ActionState.READY.value:
        ctx.emit(ActionReady(row["id"], row["run_id"], approval["id"], approval["hold_until"]))
    else:
        ctx.emit(ActionReopened(row["id"], row["run_id"], approval["id"]))
    return True
