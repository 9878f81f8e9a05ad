"""Between the Vault page's words and the core's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import legate_core as core
from legate_core.errors import LegateError
from legate_desktop.pages.vault.view import Form, Named, NewSecret, SecretRow, Standing, Uses

LOCKED = "locked"
STANDING = "vault"


def secrets_query() -> Any:
    """Every secret, live."""
    return core.Secrets()


def uses_query() -> Any:
    """Who may borrow them, live."""
    return core.SecretUses()


def standing_query() -> Any:
    """How the vault stands, live."""
    return core.VaultStanding()


def who_query() -> Any:
    """Who is asking."""
    return core.WhoAmI()


def members_query() -> Any:
    """Who belongs to the workspace."""
    return core.Members()


def store(new: NewSecret) -> Any:
    """Put a secret in."""
    return core.StoreSecret(new.name, core.Secret(new.value), new.hosts, new.kind, new.connector, new.is_personal)


def replace(secret_id: str, value: str) -> Any:
    """Give a secret a new value."""
    return core.ReplaceSecret(secret_id, core.Secret(value))


def delete(secret_id: str) -> Any:
    """Delete a secret for good."""
    return core.DeleteSecret(secret_id)


def places_query() -> Any:
    """Where models come from, each with the key that opens it."""
    return core.ModelCatalogue()


def place_of(places: Mapping[str, Any], secret_id: str) -> str:
    """The place that a key opens; empty where there is none."""
    return next((place.id for place in places.values() if place.settings.get("secret") == secret_id), "")


def test(place_id: str) -> Any:
    """Ask the service of a key what it has; answers with what is wrong."""
    return core.CheckModelSource(place_id)


def lock() -> Any:
    """Close the page."""
    return core.LockVault()


def status_query() -> Any:
    """How the vault stands, once."""
    return core.VaultStatus()


def seal() -> Any:
    """Stop lending."""
    return core.SealVault()


def unseal(passphrase: str) -> Any:
    """Lend again."""
    return core.UnsealVault(core.Secret(passphrase))


def prove(passphrase: str) -> Any:
    """Show who is asking."""
    return core.Prove(passphrase)


def set_passphrase(new: str, old: str) -> Any:
    """Choose the passphrase, or change it."""
    return core.SetPassphrase(new, old)


def is_locked(message: str) -> bool:
    """Whether a request failed because the page is closed, or the vault sealed."""
    return getattr(message, "code", "") == LOCKED


def recognise(pasted: str) -> Form:
    """What a pasted text is. A text without a known form is taken as it is, but for the line break that ends it."""
    bare = core.bare_secret(pasted)
    found = core.recognise_secret(bare)
    if found is not None:
        return Form(bare, found.who, found.kind, found.connector, found.host)
    try:
        whose = core.recognise_key(bare)
    except LegateError:
        # What is no key for a model may be a password.
        whose = None
    if whose is None:
        return Form(pasted.rstrip("\r\n"))
    return Form(bare, whose.who, "api_key", "models", whose.host)


def standing(given: Any) -> Standing:
    """How the vault stands."""
    return Standing(
        is_known=True,
        is_sealed=given.is_sealed,
        sealed_at=given.sealed_at,
        sealed_by=given.sealed_by,
        is_locked=given.is_page_closed,
        keys=given.keys,
        needs_passphrase=given.needs_passphrase,
        has_passphrase=given.has_passphrase,
        stale=tuple(given.stale),
    )


def uses(given: Any) -> Uses:
    """Who may borrow a secret."""
    return Uses(
        *(tuple(Named(each.id, each.name) for each in kind) for kind in (given.agents, given.runs, given.bases))
    )


def secret(given: Any, uses: Uses, *, is_stale: bool) -> SecretRow:
    """A secret as the list shows it."""
    return SecretRow(
        id=given.id,
        name=given.name,
        kind=given.kind,
        connector=given.connector,
        hosts=tuple(given.hosts),
        is_personal=bool(given.owner_id),
        version=given.version,
        created_by=given.created_by,
        created_at=given.created_at,
        replaced_at=given.replaced_at,
        last_used_at=given.last_used_at,
        last_used_by=given.last_used_by,
        is_stale=is_stale,
        uses=uses,
    )
