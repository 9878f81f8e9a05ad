"""A small internet on loopback: names with answers in succession, public addresses, and servers that say what they like.

The broker is not told: its resolver and its dialler are the edges that stand here, all of its checks are the real ones.
"""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from socket import socket
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from legate_core.egress.broker import Broker
from legate_core.egress.dialing import dial_by_system
from legate_core.egress.limits import Limits

SITE = "93.184.215.14"
OTHER_SITE = "151.101.1.67"
SITE_V6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"

Talk = Callable[[bytes], AsyncIterator[bytes]]


def says(*parts: bytes) -> Talk:
    """A server that answers every request with these bytes and hangs up."""

    async def talk(_: bytes) -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    return talk


def page(body: bytes = b"hello", status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def moved(location: str, status: str = "302 Found") -> bytes:
    """A redirect."""
    return page(b"", status, Location=location)


class Internet:
    """Everything that lies outside the broker, and a record of what was asked of it."""

    def __init__(self) -> None:
        self.names: dict[str, list[Sequence[str]]] = {}
        self.looked_up: list[str] = []
        self.dialled: list[tuple[str, int]] = []
        self.requests: list[bytes] = []
        self.hello_names: list[str | None] = []
        self._ports: dict[tuple[str, int], int] = {}
        self._servers: list[asyncio.Server] = []
        self._talks: set[asyncio.Task[Any]] = set()

    def name(self, host: str, *answers: Sequence[str]) -> None:
        """What the resolver says, the first time, the second time and so on; the last answer stays."""
        self.names[host] = list(answers)

    async def serve(
        self, talk: Talk, *, address: str = SITE, port: int = 80, context: ssl.SSLContext | None = None
    ) -> None:
        """Put a server at a public address."""

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._talks.add(task)
            # The other side may let go in the middle, which is what many of these tests are about.
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while True:
                    request = await reader.readuntil(b"\r\n\r\n")
                    self.requests.append(request)
                    async for part in talk(request):
                        writer.write(part)
                        await writer.drain()
                    if b"connection: close" in request.lower():
                        break
            writer.transport.abort()
            self._talks.discard(task)

        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
        self._servers.append(server)
        self._ports[address, port] = server.sockets[0].getsockname()[1]

    def stands_at(self, address: str, port: int, real_port: int) -> None:
        """Put a server of the test's own at an address."""
        self._ports[address, port] = real_port

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.looked_up.append(host)
        answers = self.names.get(host)
        if not answers:
            raise OSError(-2, "Name or service not known")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def dial(self, address: str, port: int) -> socket:
        self.dialled.append((address, port))
        if (address, port) not in self._ports:
            raise ConnectionRefusedError(111, "Connection refused")
        return await dial_by_system("127.0.0.1", self._ports[address, port])

    def broker(self, *, tls: Callable[[], ssl.SSLContext] | None = None, **limits: Any) -> Broker:
        """A broker at the edge of this internet."""
        more = {} if tls is None else {"tls": tls}
        return Broker(self.resolve, Limits(**limits), dial=self.dial, **more)

    async def end(self) -> None:
        """Stop all servers, also those in the middle of a sentence."""
        for server in self._servers:
            server.close()
        for task in list(self._talks):
            task.cancel()
        if self._talks:
            await asyncio.wait(self._talks)
        for server in self._servers:
            await server.wait_closed()


class Authority:
    """A certificate authority of one test, and the contexts of both sides."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test authority")])
        self._certificate = self._signed(self._name, self._key, x509.BasicConstraints(ca=True, path_length=0), [])

    def trusting(self) -> ssl.SSLContext:
        """What a client has that trusts this authority and no other."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self._pem(self._certificate).decode())
        return context

    def serving(self, host: str, names: list[str | None]) -> ssl.SSLContext:
        """What a server has whose certificate is for this host; `names` collects what clients ask for."""
        key = ec.generate_private_key(ec.SECP256R1())
        own = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        signed = self._signed(own, key, x509.BasicConstraints(ca=False, path_length=None), [host])
        file = self._folder / f"{host}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(private + self._pem(signed))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        context.set_alpn_protocols(["http/1.1"])
        context.sni_callback = lambda _socket, name, _context: names.append(name)
        return context

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, use: x509.BasicConstraints, hosts: list[str]
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(use, critical=True)
        )
        if hosts:
            names = [x509.DNSName(host) for host in hosts]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def _pem(self, certificate: x509.Certificate) -> bytes:
        return certificate.public_bytes(serialization.Encoding.PEM)
