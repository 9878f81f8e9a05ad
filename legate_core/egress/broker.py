"""The broker: the one object through which anything in the core reaches another computer."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from legate_core.egress.addresses import host_in_url, read_host
from legate_core.egress.dialing import Dial, Dialer, Resolve, dial_by_system, resolve_by_system
from legate_core.egress.limits import Limits
from legate_core.egress.target import Target, check_chosen, onward, read_url
from legate_core.errors import Forbidden, Invalid, LegateError, Unavailable

if TYPE_CHECKING:
    import httpx

    from legate_core.egress.exchange import Fetched
    from legate_core.egress.streams import Meter

METHODS = frozenset({"GET", "HEAD"})
_LINE_BYTES = 1 << 20


def trusting_the_usual() -> ssl.SSLContext:
    """TLS that verifies chain and name against the certificates this computer trusts, and those httpx ships with.

    Not `create_default_context`: that one writes the session keys to a file when SSLKEYLOGFILE is set.
    """
    import certifi

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    context.load_verify_locations(certifi.where())
    return context


class Broker:
    """Outside connections in two profiles, with one switch that ends them all.

    `resolve`, `dial` and `tls` are the edges of the operating system, so that tests can stand in for it; the checks lie
    between them and cannot be passed over. Proxies of the environment are never used: a proxy would resolve names
    itself, and what was checked would not be what is reached.
    """

    def __init__(
        self,
        resolve: Resolve = resolve_by_system,
        limits: Limits | None = None,
        *,
        dial: Dial = dial_by_system,
        tls: Callable[[], ssl.SSLContext] = trusting_the_usual,
    ) -> None:
        self._limits = limits or Limits()
        self._dialer = Dialer(resolve, dial, self._limits)
        self._make_tls = tls
        self._contexts: dict[str, ssl.SSLContext] = {}

    @property
    def airplane(self) -> bool:
        """While true, nothing leaves this computer; turning it on also cuts what is open. Loopback goes on working."""
        return self._dialer.airplane

    @airplane.setter
    def airplane(self, is_on: bool) -> None:
        self._dialer.airplane = is_on

    async def fetch(self, method: str, url: str) -> Fetched:
        """The *chosen* profile: look at a public web address. Every error says in `details["sent"]` whether it left.

        A redirect on the same host is followed, each hop checked like the first. One that leads to another host is
        the answer itself (status and `location`), unless the limits say that other hosts are fine.
        """
        from legate_core.egress.streams import Meter

        meter = Meter()
        try:
            if method not in METHODS:
                raise Invalid(f"{method[:20]!r} is not a way to look at a page. Use GET or HEAD.")
            async with asyncio.timeout(self._limits.total_seconds):
                return await self._followed(method, read_url(url), meter)
        except TimeoutError as error:
            raise Unavailable(
                f"The answer was not complete after {self._limits.total_seconds:g} seconds. Try again later.",
                sent=meter.sent,
            ) from error
        except LegateError as error:
            error.details["sent"] = meter.sent
            raise

    def transport(self, base_url: str) -> httpx.AsyncBaseTransport:
        """The *configured* profile for HTTP: a transport for httpx that reaches the origin of this address only."""
        from legate_core.egress.endpoint import EndpointTransport

        endpoint = read_url(base_url)
        return EndpointTransport(
            endpoint,
            lambda: self._dialer.to_entered(endpoint.host, endpoint.port),
            self._tls_for(endpoint),
            lambda: self._dialer.admit(endpoint.host),
        )

    async def connect(
        self, host: str, port: int, *, tls: bool = True
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The *configured* profile for everything else (SMTP, IMAP, SQL): a connection to this host and port.

        With `tls` it is encrypted from the first byte and the certificate is good for this host.
        """
        place = read_host(host)
        connected = await self._dialer.to_entered(place, port)
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                return await asyncio.open_connection(
                    sock=connected,
                    limit=_LINE_BYTES,
                    ssl=self._tls("other") if tls else None,
                    server_hostname=str(place) if tls else None,
                )
        except TimeoutError as error:
            raise Unavailable(f"{place} does not answer in time. Try again later.") from error
        except OSError as error:
            reason = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else error.strerror
            raise Unavailable(
                f"There is no safe connection to {host_in_url(place)}:{port} ({reason or type(error).__name__}). "
                "Check host, port and certificate."
            ) from error

    async def _followed(self, method: str, target: Target, meter: Meter) -> Fetched:
        from legate_core.egress.exchange import asked

        for _ in range(self._limits.redirects + 1):
            check_chosen(target, self._limits)
            self._dialer.admit(target.host)
            here = target
            async with asked(
                method,
                here,
                lambda here=here: self._dialer.to_public(here.host, here.port),
                self._tls_for(here),
                self._limits,
                meter,
            ) as answer:
                further = self._further(target, answer.location)
                if further is None:
                    return await answer.read()
            target = further
        raise Unavailable(
            f"{target.host} sends the request on more than {self._limits.redirects} times. Try another address."
        )

    def _further(self, target: Target, location: str | None) -> Target | None:
        """Where a redirect is followed to, or None when the answer is to be shown as it is."""
        if not location:
            return None
        further = onward(target, location)
        check_chosen(further, self._limits)
        if further.host != target.host and not self._limits.follows_other_hosts:
            return None
        if target.scheme == "https" and further.scheme == "http":
            raise Forbidden(
                f"{target.host} sends the request on without encryption. "
                f"Ask for {further.url[:200]} itself if it is meant."
            )
        return further

    def _tls_for(self, target: Target) -> ssl.SSLContext | None:
        return self._tls("http") if target.scheme == "https" else None

    def _tls(self, use: str) -> ssl.SSLContext:
        """Made once for each use: reading the certificates takes longer than many a request.

        Not once for all: httpcore writes into its context that HTTP is spoken, which a mail server need not like.
        """
        if use not in self._contexts:
            self._contexts[use] = self._make_tls()
        return self._contexts[use]
