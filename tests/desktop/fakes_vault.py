"""A vault of plain data for the window's tests: four secrets, who uses them, and how it stands."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.desktop.fake_core import NOW, FakeBridge, practice_bridge

MINUTE, DAY = 60_000, 86_400_000


def secret(secret_id: str, name: str, **changes: Any) -> SimpleNamespace:
    """A secret as the core lists it."""
    given: dict[str, Any] = {
        "id": secret_id,
        "name": name,
        "kind": "api_key",
        "connector": "",
        "hosts": ("api.example.com",),
        "owner_id": "",
        "version": 1,
        "created_by": "usr_me",
        "created_at": NOW - 40 * DAY,
        "replaced_at": 0,
        "last_used_at": 0,
        "last_used_by": "",
    }
    return SimpleNamespace(**(given | changes))


def standing(**changes: Any) -> SimpleNamespace:
    """How the vault stands."""
    given: dict[str, Any] = {
        "is_sealed": False,
        "sealed_at": 0,
        "sealed_by": "",
        "is_page_closed": False,
        "keys": "keyring",
        "needs_passphrase": False,
        "has_passphrase": True,
        "secrets": 4,
        "stale": (),
    }
    return SimpleNamespace(**(given | changes))


def named(object_id: str, name: str) -> SimpleNamespace:
    """An agent, a run or a base."""
    return SimpleNamespace(id=object_id, name=name)


def vault_bridge(**changes: Any) -> FakeBridge:
    """A bridge with a vault behind it."""
    bridge = practice_bridge()
    equip(bridge, **changes)
    return bridge


def equip(bridge: FakeBridge, **changes: Any) -> None:
    """Secrets of several kinds; one of them borrowed by two runs, one put back by somebody, one with a hostile name."""
    rows = [
        secret(
            "sec_1",
            "Anthropic",
            connector="models",
            hosts=("api.anthropic.com",),
            version=3,
            replaced_at=NOW - 2 * DAY,
            last_used_at=NOW - 4 * MINUTE,
            last_used_by="run_01cd7371",
        ),
        secret(
            "sec_2", "Mail of the support desk", kind="password", hosts=("imap.example.org:993", "smtp.example.org")
        ),
        secret(
            "sec_3", "GitHub", kind="token", owner_id="usr_me", hosts=("api.github.com",), last_used_at=NOW - 3 * DAY
        ),
        secret("sec_4", "pay\u202egpj\u200b key", hosts=("pay.example.net",)),
    ]
    nobody = {"agents": (), "runs": (), "bases": ()}
    uses = {row.id: SimpleNamespace(id=row.id, **nobody) for row in rows}
    uses["sec_1"] = SimpleNamespace(
        id="sec_1",
        agents=(named("agt_1", "Reply desk"), named("agt_2", "Ledger keeper")),
        runs=(named("run_01cd7371", "Reply desk"), named("run_02cd7371", "Ledger keeper")),
        bases=(named("kb_1", "Handbook"),),
    )
    bridge.tables["Secrets"] = {row.id: row for row in rows}
    bridge.tables["SecretUses"] = uses
    bridge.tables["VaultStanding"] = {"vault": standing(**{"stale": ("sec_4",)} | changes)}


def stand(bridge: FakeBridge, **changes: Any) -> None:
    """The vault stands otherwise from now on, and whoever watches it is told."""
    now = vars(bridge.tables["VaultStanding"]["vault"])
    bridge.tables["VaultStanding"] = {"vault": SimpleNamespace(**(now | changes))}
    bridge.publish("VaultStanding")
