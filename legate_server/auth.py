"""Who gets in: the bearer of the one token, asking for this machine by its own name, and nobody else.

There are no cookies, so a page in a browser carries no authority; the list of hosts keeps out a page whose name was
pointed at this machine after it was loaded (DNS rebinding).
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from legate_core import Invalid, LegateError
from legate_server import problems

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
OPEN_PATHS = frozenset({"/health"})
"""What anybody on this machine may ask without a token."""

MIN_TOKEN = 16
HOW_TO_MAKE_ONE = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


def check_token(token: str) -> str:
    """The token, if it can be one. Raises `Invalid` that says how to make one."""
    if not token:
        raise Invalid(f"The server needs a token in LEGATE_TOKEN, and there is none. {HOW_TO_MAKE_ONE}")
    if len(token) < MIN_TOKEN:
        raise Invalid(f"LEGATE_TOKEN has fewer than {MIN_TOKEN} characters and could be guessed. {HOW_TO_MAKE_ONE}")
    if not all("!" <= letter <= "~" for letter in token):
        raise Invalid(f"LEGATE_TOKEN holds a character that no HTTP header can carry. {HOW_TO_MAKE_ONE}")
    return token


def check_host(host: str) -> str:
    """The address to listen on. Raises `Invalid` unless only this machine can reach it."""
    if host == "localhost":
        # Not looked up: what the name resolves to is not this program's to trust.
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise Invalid(
            f"LEGATE_HOST is {host!r}, and for now the server listens on this machine only. "
            "Set it to 127.0.0.1, or leave it out."
        )
    return str(address)


class Guard:
    """Lets a request through only for an allowed host and with the token; everything else ends here, as a problem."""

    def __init__(self, app: ASGIApp, token: str, hosts: Iterable[str] = LOOPBACK_NAMES) -> None:
        self._app = app
        self._digest = hashlib.sha256(check_token(token).encode()).digest()
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] != "http":
            # Streams are plain HTTP; no WebSocket is spoken here, so none can come in past the token.
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def watch(message: dict[str, object]) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            self._check(scope)
            await self._app(scope, receive, watch)  # type: ignore[arg-type] # ASGI's messages are dictionaries
        except LegateError as error:
            await problems.response(error)(scope, receive, send)
        except Exception as error:
            unexpected = problems.unexpected(error, f"{scope['method']} {scope['path']}")
            if has_begun:
                # Half an answer cannot be taken back: the connection breaks off, and the reader sees that.
                raise
            await problems.response(unexpected)(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        self._check_host([value for name, value in headers if name == b"host"])
        if scope["path"] not in OPEN_PATHS:
            self._check_token([value for name, value in headers if name == b"authorization"])

    def _check_host(self, given: list[bytes]) -> None:
        if len(given) != 1 or _name_of(given[0].decode("latin-1")) not in self._hosts:
            raise problems.Misdirected(
                "This server answers only to the names of this machine. Ask http://127.0.0.1 and its port."
            )

    def _check_token(self, given: list[bytes]) -> None:
        scheme, _, token = given[0].partition(b" ") if len(given) == 1 else (b"", b"", b"")
        digest = hashlib.sha256(token.strip()).digest()
        # Digests are compared, so that neither content nor length of the token shows in the time it takes.
        if not hmac.compare_digest(digest, self._digest) or scheme.lower() != b"bearer":
            raise problems.Unauthenticated(
                "The token is missing or wrong. Send the server's LEGATE_TOKEN as 'Authorization: Bearer <token>'."
            )


def _name_of(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
