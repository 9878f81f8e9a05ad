"""Where a model is served: a base URL a person entered, with a key for its host and limits on waiting."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast
from urllib.parse import urlsplit

from legate_core.errors import Invalid


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long to wait: for a connection, for the first byte, between bytes, and for the whole reply."""

    connect_seconds: float = 10.0
    first_seconds: float = 180.0
    idle_seconds: float = 90.0
    total_seconds: float = 900.0
    tail_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One configured address. `secret` is the id of the key in the vault, empty where none is needed; `place` is what
    the vault binds it to, the host with its port where that is not the usual one."""

    base_url: str
    host: str
    secret: str = ""
    limits: TimeLimits = field(default_factory=TimeLimits)
    place: str = ""

    @property
    def is_local(self) -> bool:
        """Whether it is this computer."""
        return is_loopback(self.host)


def endpoint_of(base_url: str, secret: str, limits: Any) -> Endpoint:
    """The endpoint of what a person entered. Raises `Invalid` that says what is wrong with it."""
    url = base_url.strip().rstrip("/").removesuffix("/chat/completions")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise Invalid(f"The base URL {base_url[:120]!r} is no web address: {error}. Correct it.") from error
    if parts.scheme not in ("http", "https") or not host or any(char.isspace() for char in url):
        raise Invalid(f"The base URL {base_url[:120]!r} must be like https://host/v1. Correct it.")
    if parts.username is not None or parts.query or parts.fragment:
        raise Invalid("The base URL must hold no user name, no ? and no #. Put the key into the vault instead.")
    if secret and parts.scheme == "http" and not is_loopback(host):
        raise Invalid(f"A key would travel to {host} unencrypted. Use https, or take the key out under Model.")
    name = f"[{host}]" if ":" in host else host.lower()
    place = name if port in (None, 443) else f"{name}:{port}"
    return Endpoint(url, host.lower(), secret, _limits(limits), place)


def is_loopback(host: str) -> bool:
    """Whether a host's name says that it is this computer. No look-up: a name that leads here by DNS is not local."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


def _limits(given: Any) -> TimeLimits:
    if given is None:
        return TimeLimits()
    known = {item.name for item in fields(TimeLimits)}
    if not isinstance(given, Mapping) or set(cast("Mapping[str, Any]", given)) - known:
        raise Invalid(f"The setting time_limits takes {', '.join(sorted(known))}. Correct it under Model.")
    limits = dict(cast("Mapping[str, Any]", given))
    for name, value in limits.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 86_400:
            raise Invalid(f"The setting {name} must be seconds, more than 0 and at most a day. Correct it under Model.")
    return TimeLimits(**{name: float(value) for name, value in limits.items()})
