"""Intent and outcome: the two commits between which an allowed call reaches the world, at most once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from legate_core.actions.events import ActionDenied, ActionDispatched, ActionSettled, ActionWithdrawn
from legate_core.actions.follow import follow
from legate_core.actions.model import OPEN, Action, ActionState, Dispatch, Result
from legate_core.actions.tables import actions
from legate_core.approvals import ask
from legate_core.approvals.model import Binding
from legate_core.errors import Damaged, NotFound
from legate_core.kernel.context import Context, ReadContext
from legate_core.policy import store as policy
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import Effect, Invocation

__all__ = ["OPEN", "Action", "Dispatch", "Result", "RunFolders", "Settled"]


@dataclass(frozen=True)
class Settled:
    """The action came to its end without a call: rejected, denied, or drifted. `stop` ends the whole run."""

    state: ActionState
    outcome: Mapping[str, Any]
    stop: bool = False


def load(ctx: ReadContext, action_id: str) -> Action:
    """An action with its effective arguments."""
    row = ctx.get(actions, action_id)
    if row is None:
        raise NotFound(f"There is no action {action_id} in this workspace.")
    return _action(ctx, row)


def begin(ctx: Context, action_id: str) -> Dispatch | Settled | None:
    """Commit the intent to make a call, or end the action where it may no longer be made.

    None where the action is not ready or its hold has not passed: somebody took the answer back, or was faster. What is
    about to run is compared with what was approved, byte by byte of the digest; any drift ends it.
    """
    row = ctx.get(actions, action_id)
    if row is None or row["state"] != ActionState.READY.value or (row["hold_until"] or 0) > ctx.now:
        return None
    action = _action(ctx, row)
    approval = ask.locked(ctx, row["approval_id"]) if row["approval_id"] else None
    if approval is not None:
        if follow(ctx, row, approval):
            # Taken back or answered anew, and the reactor that would have told the action is not there yet.
            return None
        if (rejection := ask.rejection(ctx, approval)) is not None:
            return deny(ctx, row, rejection.reason, stop=rejection.stop)
    if (refusal := _refusal(ctx, row, action, approval)) is not None:
        return deny(ctx, row, refusal)
    if action.needs_intent:
        if approval is not None and not ask.spend(ctx, approval):
            return deny(ctx, row, "The approval for this exact call was already used.")
        changes = {
            "state": ActionState.DISPATCHED.value,
            "attempt": row["attempt"] + 1,
            "dispatched_at": ctx.now,
        }
        changed = ctx.update(actions, action_id, changes, expect={"state": row["state"], "attempt": row["attempt"]})
        if changed is None:
            return None
        ctx.emit(ActionDispatched(action_id, action.run_id, action.tool, row["attempt"] + 1))
        action = replace(action, attempt=row["attempt"] + 1)
    return dispatch_of(action, ctx.port(RunFolders))


def dispatch_of(action: Action, folders: RunFolders) -> Dispatch:
    """The call as its tool is handed it; the same for the act and for the question whether it happened."""
    invocation = Invocation(
        action_id=action.id,
        run_id=action.run_id,
        arguments=action.arguments,
        idempotency_key=action.idempotency_key,
        run_folder=folders.of(action.run_id),
    )
    return Dispatch(action, invocation)


class RunFolders:
    """Where each run's own folder is, for local writes."""

    def __init__(self, root: str) -> None:
        self.root = root

    def of(self, run_id: str) -> str:
        return f"{self.root}/{run_id}" if self.root else ""


def settle(ctx: Context, dispatch: Dispatch, result: Result) -> Mapping[str, Any] | None:
    """Commit what a call came to; also accepted late, from a worker that lost its run meanwhile or a call that outlived
    its time. None where it is settled, or was dispatched anew since: what one attempt came to is nothing about the next."""
    row = ctx.get(actions, dispatch.action.id)
    if row is None:
        raise Damaged(f"Action {dispatch.action.id} has vanished. Run 'legate verify'.")
    if row["attempt"] != dispatch.action.attempt:
        return None
    expected = ActionState.DISPATCHED if dispatch.action.needs_intent else ActionState.READY
    late = row["state"] == ActionState.IN_DOUBT.value and result.state is not ActionState.IN_DOUBT
    if row["state"] != expected.value and not late:
        return None
    return record_outcome(ctx, row, result)


def record_outcome(ctx: Context, row: Mapping[str, Any], result: Result) -> Mapping[str, Any] | None:
    """Write an outcome by compare-and-set and say so. The one place where an action gets one."""
    changes = {
        "state": result.state.value,
        "outcome_ref": ctx.bodies.put(row["run_id"], dict(result.outcome)),
        "settled_at": None if result.state is ActionState.IN_DOUBT else ctx.now,
    }
    if ctx.update(actions, row["id"], changes, expect={"state": row["state"], "attempt": row["attempt"]}) is None:
        return None
    ctx.emit(ActionSettled(row["id"], row["run_id"], result.state.value, result.by))
    return {"state": result.state.value, "outcome": dict(result.outcome), "hold_until": 0}


def deny(ctx: Context, row: Mapping[str, Any], reason: str, *, stop: bool = False) -> Settled:
    """End an action that never ran; the reason is what the agent is told."""
    outcome = {"content": reason, "is_error": True}
    changes = {
        "state": ActionState.DENIED.value,
        "outcome_ref": ctx.bodies.put(row["run_id"], outcome),
        "settled_at": ctx.now,
    }
    if ctx.update(actions, row["id"], changes, expect={"state": row["state"]}) is not None:
        ctx.emit(ActionDenied(row["id"], row["run_id"], "stopped" if stop else "denied"))
    return Settled(ActionState.DENIED, outcome, stop)


def withdraw_open(ctx: Context, run_id: str, reason: str) -> None:
    """Its run ends: take back every question and every call that was not dispatched. What was dispatched stays open
    until its outcome is known; a call that may have happened is put in doubt, never forgotten."""
    statement = select(actions).where(actions.c.workspace_id == ctx.workspace_id, actions.c.run_id == run_id)
    for row in ctx.rows(statement):
        state = ActionState(row["state"])
        if state not in (ActionState.PROPOSED, ActionState.WAITING, ActionState.READY):
            continue
        if ctx.update(actions, row["id"], {"state": "withdrawn", "settled_at": ctx.now}, expect={"state": state.value}):
            ctx.emit(ActionWithdrawn(row["id"], run_id))
        if row["approval_id"]:
            ask.withdraw(ctx, row["approval_id"], reason)


def doubt_dispatched(ctx: Context, run_id: str) -> list[Action]:
    """Put every dispatched call of a run whose worker died in doubt; a probe may settle it right after."""
    statement = select(actions).where(
        actions.c.workspace_id == ctx.workspace_id,
        actions.c.run_id == run_id,
        actions.c.state == ActionState.DISPATCHED.value,
    )
    found: list[Action] = []
    for row in ctx.rows(statement):
        text = f"{row['tool']} was on its way when Legate stopped. It may have happened."
        record_outcome(ctx, row, Result(ActionState.IN_DOUBT, {"content": text, "is_error": True}, by="recovery"))
        found.append(load(ctx, row["id"]))
    return found


def _refusal(ctx: Context, row: Mapping[str, Any], action: Action, approval: Mapping[str, Any] | None) -> str | None:
    """Why this call may no longer be made, as a sentence for the agent, or None."""
    catalog = ctx.port(Catalog)
    if action.tool not in catalog:
        return f"The tool {action.tool} is no longer installed."
    spec = catalog.spec(action.tool)
    now = Binding(
        tool=spec.name,
        definition_hash=spec.definition_hash,
        arguments=action.arguments,
        account=action.account,
        policy_version=action.policy_version,
        connector_version=spec.connector_version,
    )
    if now.digest != (row["digest"] if approval is None else ask.effective_digest(approval)):
        return (
            "The tool or its arguments changed since this was approved, so it was not run. Ask again if still needed."
        )
    if policy.load(ctx).version != action.policy_version and policy.denies_now(ctx, spec, action.arguments, row):
        return "A rule made since now forbids this call, so it was not run."
    # Authority is read at use: what nobody was asked about runs only while a rule still says that nobody need be asked.
    if approval is None and action.needs_intent and not policy.allows_still(ctx, spec, action.arguments, row):
        return (
            "The rule that allowed this call does not allow it any more, so it was not run. Ask again if still needed."
        )
    return None


def _action(ctx: ReadContext, row: Mapping[str, Any]) -> Action:
    body = ctx.bodies.get(row["run_id"], row["effective_ref"] or row["call_ref"])
    outcome = ctx.bodies.get(row["run_id"], row["outcome_ref"]) if row["outcome_ref"] else None
    return Action(
        id=row["id"],
        run_id=row["run_id"],
        call_id=row["call_id"],
        step=row["step"],
        state=ActionState(row["state"]),
        tool=row["tool"],
        effect=Effect(row["effect"]),
        definition_hash=row["definition_hash"],
        connector_version=row["connector_version"],
        account=row["account"],
        policy_version=row["policy_version"],
        digest=row["digest"],
        arguments=body["arguments"],
        verdict=row["verdict"],
        approval_id=row["approval_id"] or "",
        hold_until=row["hold_until"] or 0,
        attempt=row["attempt"],
        outcome=outcome,
    )
