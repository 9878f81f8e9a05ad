"""Between the Settings page's words and the core's."""

from __future__ import annotations

from typing import Any

import legate_core as core


def policy_query() -> Any:
    """The switches of the workspace."""
    return core.PolicySettings()


def change_policy(**changes: Any) -> Any:
    """Move switches of the workspace."""
    return core.ChangePolicySettings(**changes)


def end_query() -> Any:
    """How many entries the journal has."""
    return core.JournalEnd()


def retention_query(days: int = 0) -> Any:
    """How long content is kept, and how much is older than so many days."""
    return core.Retention(days)


def set_retention(days: int) -> Any:
    """Keep content for so many days, 0 for good."""
    return core.SetRetention(days)


def vault_query() -> Any:
    """How the vault stands: whether a passphrase is set, and whether it opens the keys."""
    return core.VaultStatus()


def back_up(path: str, passphrase: str) -> Any:
    """Write everything into a file, also in the place of an earlier one: the person was asked about that."""
    return core.MakeBackup(path, core.Secret(passphrase), overwrite=True)


def restore(path: str, folder: str, passphrase: str) -> Any:
    """Put a backup into an empty folder."""
    return core.RestoreBackup(path, folder, core.Secret(passphrase))


def prove(passphrase: str) -> Any:
    """Show who is asking."""
    return core.Prove(passphrase)


def set_passphrase(new: str, old: str) -> Any:
    """Choose the passphrase, or change it."""
    return core.SetPassphrase(new, old)
