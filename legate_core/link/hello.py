"""What an owner says of itself first, so that a client knows whether it wants to go on."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from legate_core.settings import Settings


@dataclass(frozen=True, slots=True)
class Owner:
    """Who listens: its version, its process, whether it has a window, and a fingerprint of its database."""

    version: str
    pid: int
    has_window: bool
    database: str


def fingerprint(settings: Settings) -> str:
    """Says whether two processes mean the same database, without saying how to reach it."""
    return sha256(settings.url.encode()).hexdigest()
