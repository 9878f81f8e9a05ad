"""The tools there are, and what each may do for one agent: never, only when asked, or without asking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from legate_core.agents.store import load_agent, shown_definition
from legate_core.errors import NotFound
from legate_core.kernel.context import ReadContext
from legate_core.kernel.messages import Query
from legate_core.kernel.registry import query
from legate_core.policy import store as policy
from legate_core.policy.describe import describe, ends_words
from legate_core.policy.model import GRAVE, Rule
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import Effect, ToolSpec

Mode = Literal["never", "ask", "allow"]


@dataclass(frozen=True, slots=True)
class ToolRow:
    """One tool that an agent can be given. `undo` is empty where nothing can be undone."""

    name: str
    description: str
    effect: str
    connector: str
    reach: str
    undo: str


@dataclass(frozen=True, slots=True)
class Tools(Query[tuple[ToolRow, ...]]):
    """Every tool of this installation, by name."""


@query(Tools, permission="definitions.view", route="GET /tools")
def list_tools(ctx: ReadContext, message: Tools) -> tuple[ToolRow, ...]:
    catalog = ctx.port(Catalog)
    return tuple(_row(catalog.spec(name)) for name in catalog)


@dataclass(frozen=True, slots=True)
class AgentTool:
    """A tool and how it stands with one agent's draft.

    `mode` is never, ask or allow, as the rules about exactly this agent and tool say, or the safe default where none
    does. `rule_id` names that rule, `rule_verdict` is what it says, `rule_words` and `rule_ends` say it in words.
    `may_allow` is false where only a
    mandate, or a rule with an amount, a count and an end may loosen it. `is_free` says that the default lets it through.
    """

    tool: ToolRow
    mode: Mode
    rule_id: str
    rule_words: str
    rule_ends: str
    may_allow: bool
    is_free: bool
    rule_verdict: str = ""


@dataclass(frozen=True, slots=True)
class AgentTools(Query[tuple[AgentTool, ...]]):
    """Every tool with what it may do for this agent. Other rules may narrow it further; `ExplainCall` tells for a call."""

    agent_id: str


@query(AgentTools, permission="definitions.view", route="GET /agents/{agent_id}/tools")
def agent_tools(ctx: ReadContext, message: AgentTools) -> tuple[AgentTool, ...]:
    agent = load_agent(ctx, message.agent_id)
    shown = shown_definition(ctx, agent)
    if shown is None:
        raise NotFound(f"{agent['id']} is not published yet. Have somebody who builds agents publish it.")
    chosen = shown.tools
    catalog = ctx.port(Catalog)
    book = policy.load(ctx)
    found: list[AgentTool] = []
    for name in catalog:
        spec = catalog.spec(name)
        own = _own_rule(book.rules, agent["id"], name)
        is_free = spec.effect is Effect.READ
        mode: Mode = "allow" if is_free else "ask"
        if own is not None:
            mode = "never" if own.verdict == "deny" else own.verdict
        found.append(
            AgentTool(
                tool=_row(spec),
                mode=mode if name in chosen else "never",
                rule_id=own.id if own is not None else "",
                rule_words=describe(own) if own is not None else "",
                rule_ends=ends_words(own) if own is not None else "",
                may_allow=spec.effect not in GRAVE,
                is_free=is_free,
                rule_verdict=own.verdict if own is not None else "",
            )
        )
    return tuple(found)


def _own_rule(rules: tuple[Rule, ...], agent_id: str, tool: str) -> Rule | None:
    """The strictest rule that is about this agent and this tool and about nothing else."""
    about = [
        rule for rule in rules if rule.tools == (tool,) and rule.agents == (agent_id,) and not _has_conditions(rule)
    ]
    return min(about, key=lambda rule: ("deny", "ask", "allow").index(rule.verdict), default=None)


def _has_conditions(rule: Rule) -> bool:
    return bool(
        rule.arguments
        or rule.accounts
        or rule.workflows
        or rule.runs
        or rule.triggers
        or rule.origin
        or rule.after_reading
        or rule.hours
        or rule.weekdays
        or rule.starts_at
    )


def _row(spec: ToolSpec) -> ToolRow:
    return ToolRow(
        name=spec.name,
        description=spec.description,
        effect=spec.effect.value,
        connector=spec.connector,
        reach=spec.reach,
        undo=spec.undo,
    )
