"""The facts of the vault: that a secret came, changed, was lent, went. Never what it is."""

from __future__ import annotations

from dataclasses import dataclass

from legate_core.kernel.messages import Event, event


@event("secret.stored")
@dataclass(frozen=True, slots=True)
class SecretStored(Event):
    """A secret is in the vault. `digest` is of its ciphertext."""

    secret_id: str
    version: int
    digest: str


@event("secret.replaced")
@dataclass(frozen=True, slots=True)
class SecretReplaced(Event):
    """A secret has a new value; the old one is gone."""

    secret_id: str
    version: int
    digest: str


@event("secret.deleted")
@dataclass(frozen=True, slots=True)
class SecretDeleted(Event):
    """A secret's value is gone, and nothing can be lent under its id any more."""

    secret_id: str


@event("secret.lent")
@dataclass(frozen=True, slots=True)
class SecretLent(Event):
    """A secret was lent to one dispatched call; the entry's cause says to which run."""

    secret_id: str
    version: int


@event("vault.sealed")
@dataclass(frozen=True, slots=True)
class VaultSealed(Event):
    """Nothing is lent any more; runs that need a secret wait."""


@event("vault.unsealed")
@dataclass(frozen=True, slots=True)
class VaultUnsealed(Event):
    """Secrets are lent again; runs that waited for that may go on."""


@event("vault.locked")
@dataclass(frozen=True, slots=True)
class VaultLocked(Event):
    """The vault's page is closed for a person, and what is grave asks them for a fresh proof. Lending goes on."""

    person_id: str
