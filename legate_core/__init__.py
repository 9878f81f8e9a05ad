"""Legate's engine: everything a front end may use, by name, loaded when it is first asked for (PEP 562).

Importing this costs nothing: the window paints before the engine is there.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from legate_core.agents.commands import AgentDraft, AgentRow, Agents, CreateAgent, EditAgent, PublishAgent
    from legate_core.agents.model import AgentDefinition, Limits
    from legate_core.app import Core, open_local
    from legate_core.approvals.commands import ApproveAction, EditAction, RejectAction, UndoAnswer
    from legate_core.approvals.model import Answer, ApprovalDetail, ApprovalRow
    from legate_core.approvals.queries import ApprovalCard, DecidedApprovals, PendingApprovals
    from legate_core.client import Client, LocalClient, follow
    from legate_core.errors import (
        Conflict,
        Damaged,
        Forbidden,
        Invalid,
        LegateError,
        LimitReached,
        Locked,
        NeedsReauthentication,
        NotFound,
        Unavailable,
    )
    from legate_core.features import registry
    from legate_core.identity.prove import Prove, SetPassphrase
    from legate_core.kernel.context import Actor
    from legate_core.kernel.dispatch import Kernel
    from legate_core.kernel.messages import Command, Delivery, LiveQuery, Query, Recorded, Snapshot, Tick
    from legate_core.kernel.registry import Door
    from legate_core.policy.commands import AddRule, ChangePolicySettings, DeleteRule, EditRule
    from legate_core.policy.queries import PolicySettings, Rules
    from legate_core.practice import open_practice, practice_task
    from legate_core.remote import open_remote
    from legate_core.runs.commands import CancelRun, EraseRun, StartRun, StopEverything
    from legate_core.runs.doubt import DoubtCard, InDoubt, SettleDoubt
    from legate_core.runs.model import RunRow, StepRow
    from legate_core.runs.queries import Run, RunLog, Runs
    from legate_core.settings import Settings, from_environment

_HOME: dict[str, str] = {
    name: module
    for module, names in {
        "agents.commands": "AgentDraft AgentRow Agents CreateAgent EditAgent PublishAgent",
        "agents.model": "AgentDefinition Limits",
        "app": "Core open_local",
        "approvals.commands": "ApproveAction EditAction RejectAction UndoAnswer",
        "approvals.model": "Answer ApprovalDetail ApprovalRow",
        "approvals.queries": "ApprovalCard DecidedApprovals PendingApprovals",
        "client": "Client LocalClient follow",
        "errors": (
            "Conflict Damaged Forbidden Invalid LegateError LimitReached Locked NeedsReauthentication NotFound Unavailable"
        ),
        # A function called as its module would be hidden by the module, once anybody imported that.
        "features": "registry",
        "identity.prove": "Prove SetPassphrase",
        "kernel.context": "Actor",
        "kernel.dispatch": "Kernel",
        "kernel.messages": "Command Delivery LiveQuery Query Recorded Snapshot Tick",
        "kernel.registry": "Door",
        "policy.commands": "AddRule ChangePolicySettings DeleteRule EditRule",
        "policy.queries": "PolicySettings Rules",
        "practice": "open_practice practice_task",
        "remote": "open_remote",
        "runs.commands": "CancelRun EraseRun StartRun StopEverything",
        "runs.doubt": "DoubtCard InDoubt SettleDoubt",
        "runs.model": "RunRow StepRow",
        "runs.queries": "Run RunLog Runs",
        "settings": "Settings from_environment",
    }.items()
    for name in names.split()
}

__all__ = sorted(_HOME)  # pyright: ignore[reportUnsupportedDunderAll] # the names are the table's


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"legate_core offers no {name!r}")
    found = getattr(importlib.import_module(f"legate_core.{_HOME[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
