"""Every feature room by name, so that its doors, reactors and events are known before the first message."""

from __future__ import annotations

from legate_core.actions import reactors as actions
from legate_core.agents import commands as agents
from legate_core.agents import files as agent_files
from legate_core.agents import tools as agent_tools
from legate_core.agents import versions as agent_versions
from legate_core.approvals import commands as approvals
from legate_core.approvals import handing, learning, looking_back
from legate_core.approvals import queries as inbox
from legate_core.audit import changed_copy
from legate_core.audit import entry as audit_entry
from legate_core.audit import export as audit_export
from legate_core.audit import queries as audit
from legate_core.backup import commands as backup
from legate_core.identity import me
from legate_core.identity import prove as identity
from legate_core.kernel.registry import Registry, registry
from legate_core.knowledge import commands as knowledge
from legate_core.knowledge import pages
from legate_core.knowledge import queries as passages
from legate_core.llm import commands as models
from legate_core.llm import own_prices, source_commands
from legate_core.policy import commands as policy
from legate_core.policy import queries as rules
from legate_core.runs import (
    activity,
    branch,
    catalogue,
    doubt,
    drafts,
    export,
    history,
    money,
    pausing,
    retention,
    secret_uses,
    step,
    traffic,
    troubles,
)
from legate_core.runs import commands as runs
from legate_core.runs import queries as logs
from legate_core.runs import reactors as wakes
from legate_core.vault import commands as vault
from legate_core.vault import queries as secrets

ROOMS = (
    backup,
    audit,
    changed_copy,
    audit_entry,
    audit_export,
    actions,
    agents,
    agent_files,
    agent_tools,
    agent_versions,
    approvals,
    handing,
    learning,
    looking_back,
    inbox,
    identity,
    me,
    knowledge,
    passages,
    pages,
    policy,
    rules,
    runs,
    activity,
    branch,
    drafts,
    export,
    history,
    step,
    doubt,
    money,
    pausing,
    traffic,
    troubles,
    catalogue,
    retention,
    secret_uses,
    models,
    own_prices,
    source_commands,
    logs,
    wakes,
    vault,
    secrets,
)


def features() -> Registry:
    """The registry with every door in it."""
    return registry
