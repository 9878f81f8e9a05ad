"""The facts of workspaces and the people in them."""

from __future__ import annotations

from dataclasses import dataclass

from legate_core.kernel.messages import Event, event


@event("workspace.created")
@dataclass(frozen=True, slots=True)
class WorkspaceCreated(Event):
    """A workspace exists, with its chain."""

    kind: str


@event("member.added")
@dataclass(frozen=True, slots=True)
class MemberAdded(Event):
    """A person belongs to the workspace, in a role. Names stay outside the chain."""

    person_id: str
    role: str


@event("identity.proved")
@dataclass(frozen=True, slots=True)
class IdentityProved(Event):
    """A person proved afresh that it is them."""

    person_id: str


@event("identity.passphrase_set")
@dataclass(frozen=True, slots=True)
class PassphraseSet(Event):
    """The passphrase that proves identity was set or changed."""

    person_id: str
