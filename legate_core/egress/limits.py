"""How much of the world one request may cost: hops, bytes, seconds, and the ports of the web."""

from __future__ import annotations

from dataclasses import dataclass

# Ports where web servers are found. A list of what is allowed is short; a list of what is dangerous is never complete.
WEB_PORTS = frozenset({80, 443, 8000, 8008, 8080, 8443, 8888})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of one request.

    `body_bytes` counts real bytes, after decompression; no more than that is taken from the wire either. What is
    larger is cut. `connect_seconds` is for each of the look-up, one address, and the TLS handshake; `total_seconds` for
    everything from the name to the last byte, all hops together. It stays below the minute that a tool is given.

    `follows_other_hosts` is off because a person or a rule allowed *this* host: an open redirect on it would
    otherwise carry data to a host that nobody allowed. Off, such a redirect is an answer that names the address.
    """

    redirects: int = 5
    body_bytes: int = 4_000_000
    head_bytes: int = 64_000
    connect_seconds: float = 8.0
    total_seconds: float = 40.0
    addresses_tried: int = 4
    ports: frozenset[int] = WEB_PORTS
    follows_other_hosts: bool = False
