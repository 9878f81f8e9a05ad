"""The gate: every tool call passes here, policy speaks, and what must be asked is parked with its question in one commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from legate_core.actions.events import ActionProposed
from legate_core.actions.model import ActionState
from legate_core.actions.tables import actions
from legate_core.approvals import ask
from legate_core.approvals.model import Binding
from legate_core.kernel.context import Context
from legate_core.kernel.ids import new_id
from legate_core.policy import store as policy
from legate_core.policy.model import Call, Facts, ObservationText, Verdict
from legate_core.policy.provenance import Typed, read_typed
from legate_core.tools.spec import ToolSpec


@dataclass(frozen=True)
class Proposal:
    """A schema-valid tool call of an agent, and everything it is judged and shown by.

    `own_words` are what a person typed into this run and the literals of its published definition; `observations` are
    what the run has read, whose text has no authority and only explains where a value came from.
    """

    run_id: str
    step: int
    call_id: str
    tool: ToolSpec
    arguments: Mapping[str, Any]
    why: str
    agent_id: str
    agent: str
    initiator: str
    trigger: str
    own_words: tuple[Typed, ...]
    observations: tuple[ObservationText, ...]
    before: tuple[str, ...]
    account: str = ""


def propose(ctx: Context, proposal: Proposal) -> dict[str, Any]:
    """Judge a call and store it: ready where a rule allows it, waiting with its question, or denied.

    Answers with id, state and, for a denied call, the outcome the agent is told. There is no other way to an action.
    """
    call = Call(
        tool=proposal.tool,
        arguments=proposal.arguments,
        account=proposal.account,
        agent_id=proposal.agent_id,
        run_id=proposal.run_id,
        trigger=proposal.trigger,
        now=ctx.now,
    )
    judged_by = Facts(own_words=read_typed(proposal.own_words), observations=proposal.observations)
    verdict, book = policy.judge(ctx, call, judged_by)
    facts = replace(judged_by, settings=book.settings)
    binding = Binding(
        tool=proposal.tool.name,
        definition_hash=proposal.tool.definition_hash,
        arguments=proposal.arguments,
        account=proposal.account,
        policy_version=book.version,
        connector_version=proposal.tool.connector_version,
    )
    action = _row(ctx, proposal, verdict, binding)
    outcome = None
    if verdict.kind == "ask":
        question = ask.Question(
            call=call,
            facts=facts,
            own_words=proposal.own_words,
            verdict=verdict,
            binding=binding,
            action_id=action["id"],
            agent=proposal.agent,
            why=proposal.why,
            initiator=proposal.initiator,
            before=proposal.before,
        )
        action["approval_id"] = ask.open_question(ctx, question)
    elif verdict.kind == "deny":
        outcome = {"content": f"Not allowed by the rule {verdict.rule_name!r}: {verdict.reason}", "is_error": True}
        action["outcome_ref"] = ctx.bodies.put(proposal.run_id, outcome)
        action["settled_at"] = ctx.now
    ctx.insert(actions, action)
    ctx.emit(
        ActionProposed(
            action["id"],
            proposal.run_id,
            proposal.tool.name,
            proposal.tool.effect.value,
            verdict.kind,
            verdict.rule_id,
        )
    )
    return {"id": action["id"], "state": action["state"], "outcome": outcome}


def _row(ctx: Context, proposal: Proposal, verdict: Verdict, binding: Binding) -> dict[str, Any]:
    states = {"allow": ActionState.READY, "ask": ActionState.WAITING, "deny": ActionState.DENIED}
    return {
        "id": new_id("act"),
        "run_id": proposal.run_id,
        "call_id": proposal.call_id[:80],
        "step": proposal.step,
        "agent_id": proposal.agent_id,
        "agent": proposal.agent[:120],
        "initiator": proposal.initiator,
        "trigger": proposal.trigger,
        "state": states[verdict.kind].value,
        "tool": proposal.tool.name,
        "effect": proposal.tool.effect.value,
        "definition_hash": proposal.tool.definition_hash,
        "connector_version": proposal.tool.connector_version,
        "account": proposal.account,
        "policy_version": binding.policy_version,
        "digest": binding.digest,
        "call_ref": ctx.bodies.put(
            proposal.run_id,
            {
                "arguments": dict(proposal.arguments),
                "digest": binding.digest,
                "policy_version": binding.policy_version,
                "call": proposal.call_id,
            },
        ),
        "verdict": verdict.kind,
        "rule_id": verdict.rule_id,
        "attempt": 0,
        "proposed_at": ctx.now,
    }
