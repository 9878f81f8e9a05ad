"""Legate's engine: everything a front end may use, by name, loaded when it is first asked for (PEP 562).

Importing this costs nothing: the window paints before the engine is there. The stub beside this file says the same names to
type checkers.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOME: dict[str, str] = {
    name: module
    for module, names in {
        "agents.commands": "AgentDraft AgentRow Agents CreateAgent DeleteAgent EditAgent PublishAgent RestoreAgent",
        "agents.diff": "DefinitionChange",
        "agents.files": "ExportAgent ImportAgent",
        "agents.model": "AgentDefinition Limits",
        "agents.tools": "AgentTools Tools",
        "agents.versions": "AgentChanges AgentDifference AgentVersion AgentVersions VersionDefinition",
        "app": "Core open_local",
        "approvals.commands": "ApproveAction EditAction RejectAction UndoAnswer",
        "approvals.handing": "DelegateApproval SnoozeApproval",
        "approvals.learning": "ProposedRule ProposedRules",
        "approvals.looking_back": "ApprovalDays PreviewScope",
        "approvals.model": "Answer ApprovalDetail ApprovalRow",
        "approvals.queries": "ApprovalCard DecidedApprovals PendingApprovals",
        "audit.changed_copy": "VerifyChangedCopy",
        "audit.entry": "EntryPlace OpenEntry",
        "audit.export": "ExportJournal ExportPage SignJournal",
        "audit.queries": "JournalEnd JournalEndRow JournalEntries JournalEntry JournalPage StopVerifying VerifyJournal",
        "audit.report": "Report",
        "backup.commands": "MakeBackup RestoreBackup",
        "backup.restore": "Restored",
        "backup.write": "Backup",
        "client": "Client LocalClient follow",
        "crypto.secret": "Secret",
        "errors": (
            "Conflict Damaged Forbidden Invalid LegateError LimitReached Locked NeedsReauthentication NotFound "
            "Unavailable"
        ),
        "features": "registry",
        "identity.me": "Members WhoAmI",
        "identity.prove": "Prove SetPassphrase",
        "kernel.context": "Actor",
        "kernel.dispatch": "Kernel",
        "kernel.messages": "Command Delivery LiveQuery Query Recorded Snapshot Tick",
        "kernel.registry": "Door",
        "kernel.troubles": "Trouble",
        "knowledge.below": "LeftOut Look files_below look_below open_file",
        "knowledge.commands": (
            "AddFiles Added CancelDocuments CreateBase Refused ReindexBase RemoveBase RemoveDocuments RenameBase "
            "RetryDocuments UnwatchFolder UploadDocument WatchFolder"
        ),
        "knowledge.model": "BaseRow DocumentRow Found Hit Passage",
        "knowledge.pages": "DocumentPage PageImage",
        "knowledge.queries": "CitedPassage DocumentView Documents KnowledgeBases OpenDocument SearchKnowledge",
        "knowledge.readers": "kind_of",
        "link.client": "open_link",
        "link.handover": "hand_over",
        "link.owner": "serve_link",
        "llm.commands": "AddModelKey KeyAdded LookForModels",
        "llm.keys": "Recognised recognise_key",
        "llm.own_prices": "RemoveModelPrice SetModelPrice",
        "llm.source_commands": "AddModelFile AddModelServer CheckModelSource RemoveModelSource",
        "policy.commands": "AddRule ChangePolicySettings DeleteRule EditRule",
        "policy.model": "Rule",
        "policy.queries": "ExplainCall PolicySettings PreviewRule Rules StoredRule",
        "practice": "open_practice practice_task",
        "remote": "open_remote",
        "runs.activity": "AgentActivities",
        "runs.branch": "ForkRun RetryRun",
        "runs.catalogue": "ModelCatalogue ModelOffer ModelSource",
        "runs.commands": "CancelRun EraseRun StartRun StopEverything",
        "runs.doubt": "DoubtCard InDoubt SettleDoubt",
        "runs.drafts": "StartDraft",
        "runs.export": "ExportRun",
        "runs.history": "RunHistory",
        "runs.model": "RunRow StepRow",
        "runs.money": "BudgetRow Budgets RemoveBudget SetBudget Spending Spent",
        "runs.pausing": "PauseRuns PauseState ResumeRuns RunsPause",
        "runs.queries": "Run RunLog Runs",
        "runs.retention": "Retention RetentionState SetRetention",
        "runs.secret_uses": "Named SecretUse SecretUses",
        "runs.step": "Step",
        "runs.troubles": "EngineTroubles",
        "settings": "DATABASE_FILE KEYS_FILE Settings from_environment practice_home",
        "vault.commands": "DeleteSecret LockVault ReplaceSecret SealVault StoreSecret UnsealVault",
        "vault.forms": "SecretForm bare_secret recognise_secret",
        "vault.model": "SecretRow VaultState",
        "vault.queries": "Secrets VaultStanding VaultStatus",
    }.items()
    for name in names.split()
}

__all__ = sorted(_HOME)  # pyright: ignore[reportUnsupportedDunderAll] # the names are the table's; types in the stub


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"legate_core offers no {name!r}")
    found = getattr(importlib.import_module(f"legate_core.{_HOME[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
