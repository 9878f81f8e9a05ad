"""The fake core's side of agents: two agents with versions, tools and what they did; an editable draft."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

from legate_core.agents.model import AgentDefinition, Limits
from legate_core.policy.model import Rule
from tests.desktop import fakes_models

DEFINITION = AgentDefinition(
    name="Reply desk",
    purpose="Answers customers who wait for an order.",
    instructions="Read the mail, look up the order, and answer.\nAsk before you send.",
    model={"provider": "scripted", "model": "desk-1"},
    tools=("mail.read", "mail.send", "stripe.refund"),
    limits=Limits(steps=40, cost_micros=2_500_000),
    folders={"orders": "/srv/orders"},
    sender="desk@example.com",
)

MESSAGES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "Agents": ((), {"deleted": False}),
    "AgentActivities": ((), {"since": 0}),
    "AgentDraft": (("agent_id",), {}),
    "AgentTools": (("agent_id",), {}),
    "Tools": ((), {}),
    "AgentVersions": (("agent_id",), {}),
    "VersionDefinition": (("definition_hash",), {}),
    "AgentChanges": (("agent_id",), {"before": "", "after": ""}),
    "KnowledgeBases": ((), {}),
    "CreateAgent": (("definition",), {}),
    "EditAgent": (("agent_id", "definition"), {"was": ""}),
    "PublishAgent": (("agent_id",), {"note": ""}),
    "DeleteAgent": (("agent_id",), {}),
    "RestoreAgent": (("agent_id",), {}),
    "ExportAgent": (("agent_id",), {"definition_hash": ""}),
    "ImportAgent": (("text",), {}),
    "StartDraft": (("agent_id", "task"), {"after": ""}),
    "PreviewRule": (("rule",), {}),
    "AddRule": (("rule",), {}),
}
CLASSES = {"AgentDefinition": AgentDefinition, "Limits": Limits, "Rule": Rule}


def agent(agent_id: str, name: str, **changes: Any) -> SimpleNamespace:
    """An agent as the core lists it."""
    given: dict[str, Any] = {
        "id": agent_id,
        "name": name,
        "purpose": DEFINITION.purpose,
        "model": "desk-1",
        "tools": DEFINITION.tools,
        "published_hash": "h" * 64,
        "has_unpublished_changes": False,
        "changed_at": 1,
        "version": 3,
        "created_by": "usr_me",
        "deleted_at": 0,
        "knowledge": ("kb_1",) if agent_id == "agt_1" else (),
    }
    return SimpleNamespace(**(given | changes))


def activity(agent_id: str, **changes: Any) -> SimpleNamespace:
    """What an agent did lately."""
    given: dict[str, Any] = {
        "id": agent_id,
        "last_run_id": "run_01cd7371",
        "last_status": "running",
        "last_waiting_for": "",
        "last_at": 1,
        "runs": 4,
        "cost_micros": 31_400,
        "tokens": 5_120,
        "unended": ("run_01cd7371",),
    }
    return SimpleNamespace(**(given | changes))


def tool(name: str, effect: str, description: str, **changes: Any) -> SimpleNamespace:
    """A tool and how it stands with an agent."""
    row = SimpleNamespace(
        name=name, description=description, effect=effect, connector=name.partition(".")[0], reach="", undo=""
    )
    given: dict[str, Any] = {
        "tool": row,
        "mode": "never",
        "rule_id": "",
        "rule_verdict": "",
        "rule_words": "",
        "rule_ends": "",
        "may_allow": effect not in ("spend", "destroy", "grant"),
        "is_free": effect == "read",
    }
    return SimpleNamespace(**(given | changes))


TOOLS = (
    tool("files.create", "write", "Create a file that is not there yet."),
    tool("files.trash", "destroy", "Move a file to the trash."),
    tool("mail.read", "read", "Read one mail of the mailbox.", mode="allow"),
    tool("mail.send", "send", "Send a mail to one or more people.", mode="ask"),
    tool("stripe.refund", "spend", "Give money back for an order.", mode="ask"),
)


def equip(bridge: Any, now: int) -> None:
    """Let a fake bridge answer what the Agents page asks; edits change what it answers next."""
    drafts = {"agt_1": DEFINITION, "agt_2": dataclasses.replace(DEFINITION, name="Ledger keeper", tools=("mail.read",))}
    bridge.drafts.update(drafts)
    drafts = bridge.drafts
    bridge.tables["Agents"] = {
        "agt_1": agent("agt_1", "Practice deputy"),
        "agt_2": agent("agt_2", "Ledger keeper", version=0, published_hash="", tools=("mail.read",)),
    }
    bridge.tables["Agents deleted"] = {"agt_9": agent("agt_9", "Old desk", deleted_at=now)}
    bridge.tables["AgentActivities"] = {"agt_1": activity("agt_1", last_at=now - 60_000)}
    bridge.tables["ModelCatalogue"] = fakes_models.places(now)
    bridge.tables["Budgets"] = fakes_models.limits()
    versions = [
        SimpleNamespace(
            hash=str(number) * 64,
            number=number,
            note=f"Note {number}.",
            published_by="usr_me",
            published_at=now - (4 - number) * 3_600_000,
            is_current=number == 3,
        )
        for number in (3, 2, 1)
    ]
    change = SimpleNamespace(
        part="instructions",
        field="instructions",
        before="Ask first.",
        after="Ask always.",
        lines=("  Be kind.", "- Ask first.", "+ Ask always."),
        wider=False,
    )
    added = SimpleNamespace(part="tools", field="tools", before="", after="stripe.refund", lines=(), wider=True)
    answers = bridge.answers
    answers["Agents"] = lambda _query: bridge.tables["Agents"]
    answers["AgentDraft"] = lambda query: drafts[query.agent_id]
    answers["AgentTools"] = lambda query: tuple(
        dataclasses_like(row, mode="never") if row.tool.name not in drafts[query.agent_id].tools else _given(row)
        for row in TOOLS
    )
    answers["Tools"] = lambda _query: tuple(row.tool for row in TOOLS)
    answers["AgentVersions"] = lambda query: tuple(versions) if query.agent_id == "agt_1" else ()
    answers["VersionDefinition"] = lambda _query: dataclasses.replace(DEFINITION, instructions="Be kind.")
    answers["AgentChanges"] = lambda _query: SimpleNamespace(changes=(change, added), literals=("lee@example.com",))
    answers["CreateAgent"] = lambda command: _created(bridge, command.definition)
    answers["EditAgent"] = lambda command: drafts.__setitem__(command.agent_id, command.definition)
    answers["ExportAgent"] = lambda _query: '{"format": "legate/agent/1"}\n'
    answers["ImportAgent"] = lambda _command: SimpleNamespace(
        agent_id="agt_2", missing_tools=("payroll.raise",), missing_folders=("letters",), literals=()
    )
    answers["StartRun"] = lambda _command: "run_02cd7371"
    answers["StartDraft"] = lambda _command: "run_01cd7371"
    answers["PreviewRule"] = lambda query: SimpleNamespace(
        problems=(),
        conditions=f"{query.rule.tools[0]}, by this agent",
        change="widening",
        needs_approval=True,
        words="It allows a mail to anybody, which was asked before.",
    )


def dataclasses_like(row: SimpleNamespace, **changes: Any) -> SimpleNamespace:
    """A copy of a row with changes."""
    return SimpleNamespace(**(vars(row) | changes))


def _given(row: SimpleNamespace) -> SimpleNamespace:
    if row.mode != "never":
        return row
    return dataclasses_like(row, mode="allow" if row.is_free else "ask")


def _created(bridge: Any, definition: AgentDefinition) -> str:
    agent_id = f"agt_new{len(bridge.drafts)}"
    bridge.drafts[agent_id] = definition
    bridge.tables["Agents"][agent_id] = agent(agent_id, definition.name, version=0)
    bridge.publish("Agents")
    return agent_id
