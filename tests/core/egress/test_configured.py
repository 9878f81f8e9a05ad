"""The configured profile: exactly the place that a person entered, wherever it is, and no other."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from legate_core.egress.broker import Broker
from legate_core.errors import Forbidden, Invalid, LegateError, Unavailable
from tests.core.egress.internet import OTHER_SITE, SITE, Authority, Internet, moved, page, says

LAN = "192.168.1.20"
MODELS = f"http://{LAN}:11434"


def client(broker: Broker, base_url: str = MODELS, **options: object) -> httpx.AsyncClient:
    """What a provider makes of the transport it is given."""
    return httpx.AsyncClient(transport=broker.transport(base_url), base_url=base_url, **options)


@pytest.fixture
async def lan(internet: Internet) -> Internet:
    """An internet with one model server on the own network."""
    await internet.serve(says(page(b"models", Content_Type="text/plain")), address=LAN, port=11434)
    return internet


async def test_a_machine_on_the_own_network_is_reached_because_a_person_entered_it(lan: Internet):
    async with client(lan.broker()) as models:
        answer = await models.post("/v1/chat?x=1", content=b"ask", headers={"Authorization": "Bearer k"})
    assert (answer.status_code, answer.text, answer.http_version) == (200, "models", "HTTP/1.1")
    assert lan.dialled == [(LAN, 11434)]
    assert lan.looked_up == []
    head = lan.requests[0]
    assert head.startswith(b"POST /v1/chat?x=1 HTTP/1.1\r\n")
    assert f"host: {LAN}:11434\r\n".encode() in head.lower()
    assert b"Authorization: Bearer k\r\n" in head


async def test_an_answer_is_read_while_it_is_still_spoken(internet: Internet):
    heard = asyncio.Event()

    async def talk(_: bytes) -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n"
        await heard.wait()
        yield b"3\r\ntwo\r\n0\r\n\r\n"

    await internet.serve(talk, address=LAN, port=11434)
    parts: list[bytes] = []
    async with client(internet.broker()) as models, models.stream("GET", "/") as answer:
        async for part in answer.aiter_raw():
            parts.append(part)
            heard.set()
    assert parts == [b"one", b"two"]


async def test_a_connection_serves_again(lan: Internet):
    async with client(lan.broker()) as models:
        for _ in range(3):
            assert (await models.get("/")).text == "models"
    assert lan.dialled == [(LAN, 11434)]


@pytest.mark.parametrize(
    "url",
    [
        f"https://{LAN}:11434/",
        f"http://{LAN}/",
        f"http://{LAN}:11435/",
        "http://192.168.1.21:11434/",
        "http://localhost:11434/",
        "https://example.com/",
        "ftp://192.168.1.20:11434/",
    ],
)
async def test_any_other_place_is_refused_before_anything_happens(lan: Internet, url: str):
    async with client(lan.broker()) as models:
        with pytest.raises(Forbidden, match=r"only for http://192\.168\.1\.20:11434"):
            await models.get(url, headers={"Authorization": "Bearer k"})
    assert lan.dialled == lan.looked_up == []


async def test_a_redirect_elsewhere_carries_no_key_there(internet: Internet):
    internet.name("api.example.com", [SITE])
    internet.name("evil.example.com", [OTHER_SITE])
    await internet.serve(says(moved("http://evil.example.com/collect")))
    await internet.serve(says(page()), address=OTHER_SITE)
    async with client(internet.broker(), "http://api.example.com", follow_redirects=True) as models:
        with pytest.raises(Forbidden, match="was to go to evil"):
            await models.get("/", headers={"Authorization": "Bearer k"})
    assert internet.dialled == [(SITE, 80)]


async def test_a_redirect_on_the_same_place_is_the_clients_to_follow(internet: Internet):
    async def talk(request: bytes) -> AsyncIterator[bytes]:
        yield page(b"there") if b"GET /v2 " in request else moved("/v2")

    await internet.serve(talk, address=LAN, port=11434)
    async with client(internet.broker(), follow_redirects=True) as models:
        assert (await models.get("/")).text == "there"


async def test_no_proxy_of_the_environment_stands_between(lan: Internet, monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    async with client(lan.broker()) as models:
        assert (await models.get("/")).text == "models"


async def test_tls_is_for_the_entered_name_whatever_the_caller_asks(internet: Internet, tmp_path: Path):
    authority = Authority(tmp_path)
    internet.name("models.example.com", [LAN])
    served = authority.serving("models.example.com", internet.hello_names)
    await internet.serve(says(page(b"safe")), address=LAN, port=443, context=served)
    async with client(internet.broker(tls=authority.trusting), "https://models.example.com") as models:
        answer = await models.get("/", extensions={"sni_hostname": "evil.example.com"})
    assert answer.text == "safe"
    assert internet.hello_names == ["models.example.com"]


async def test_a_certificate_for_another_name_is_a_failed_connection(internet: Internet, tmp_path: Path):
    authority = Authority(tmp_path)
    internet.name("models.example.com", [LAN])
    await internet.serve(says(page()), address=LAN, port=443, context=authority.serving("other.example.com", []))
    async with client(internet.broker(tls=authority.trusting), "https://models.example.com") as models:
        with pytest.raises(httpx.ConnectError, match="certificate is not good"):
            await models.get("/", headers={"Authorization": "Bearer k"})
    assert internet.requests == []


async def test_trouble_on_the_way_is_the_clients_own_kind_of_error(internet: Internet):
    never = asyncio.Event()

    async def dawdle(_: bytes) -> AsyncIterator[bytes]:
        await never.wait()
        yield b""

    await internet.serve(dawdle, address=LAN, port=1)
    await internet.serve(
        says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nx"), address=LAN, port=2
    )
    await internet.serve(says(b"nonsense\r\n\r\n"), address=LAN, port=3)
    cases: dict[int, type[httpx.TransportError]] = {
        1: httpx.ReadTimeout,
        2: httpx.RemoteProtocolError,
        3: httpx.RemoteProtocolError,
        4: httpx.ConnectError,
    }
    for port, kind in cases.items():
        async with client(internet.broker(), f"http://{LAN}:{port}", timeout=httpx.Timeout(5, read=0.2)) as models:
            with pytest.raises(kind):
                await models.get("/", headers={"Connection": "close"})


async def test_a_server_that_does_not_run_is_said_in_words(internet: Internet):
    async with client(internet.broker()) as models:
        with pytest.raises(
            httpx.ConnectError, match=r"192\.168\.1\.20 does not answer on port 11434\. Check that it runs"
        ):
            await models.get("/")


async def test_localhost_is_this_computer_without_asking_anybody(internet: Internet):
    internet.name("localhost", [SITE])
    await internet.serve(says(page(b"here")), address="::1", port=11434)
    async with client(internet.broker(), "http://localhost:11434/v1") as models:
        assert (await models.get("/models")).text == "here"
    assert internet.looked_up == []
    assert internet.dialled == [("127.0.0.1", 11434), ("::1", 11434)]


@pytest.mark.parametrize("base_url", ["", "192.168.1.20:11434", "ftp://x/", "http://user:pw@x/", "http://0177.0.0.1/"])
def test_a_base_address_that_cannot_be_read_is_invalid(base_url: str):
    with pytest.raises(Invalid):
        Internet().broker().transport(base_url)


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "224.0.0.1", "[ff02::1]", "255.255.255.255"])
async def test_what_is_no_single_machine_is_refused(internet: Internet, host: str):
    async with client(internet.broker(), f"http://{host}:11434") as models:
        with pytest.raises(Forbidden, match="Enter 127"):
            await models.get("/")
    assert internet.dialled == []


class Echo:
    """A mail server of few words: it greets, and says back what it hears."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        return self._server.sockets[0].getsockname()[1]

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"+OK\r\n")
        writer.write(await reader.readline())
        await writer.drain()
        writer.transport.abort()


async def test_a_plain_connection_reaches_host_and_port():
    async with Echo() as port:
        reader, writer = await Broker().connect("127.0.0.1", port, tls=False)
        assert await reader.readline() == b"+OK\r\n"
        writer.write(b"hello\n")
        assert await reader.readline() == b"hello\n"
        writer.transport.abort()


async def test_a_connection_is_encrypted_and_verified_unless_told_otherwise(internet: Internet, tmp_path: Path):
    authority = Authority(tmp_path)
    internet.name("mail.example.com", [LAN])
    broker = internet.broker(tls=authority.trusting)
    names: list[str | None] = []
    # A web request with the same broker, after which httpcore has said in its context that it speaks HTTP.
    await internet.serve(says(page()), address=LAN, port=443, context=authority.serving("mail.example.com", []))
    async with client(broker, "https://mail.example.com") as web:
        assert (await web.get("/")).status_code == 200
    async with Echo(authority.serving("mail.example.com", names)) as port:
        internet.stands_at(LAN, 993, port)
        reader, writer = await broker.connect("mail.example.com", 993)
        assert await reader.readline() == b"+OK\r\n"
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() is None
        writer.write(b"bye\n")
        assert await reader.readline() == b"bye\n"
        writer.transport.abort()
    assert names == ["mail.example.com"]
    async with Echo(authority.serving("other.example.com", [])) as port:
        internet.stands_at(LAN, 993, port)
        with pytest.raises(Unavailable, match=r"mail\.example\.com:993 .*Check host, port and certificate"):
            await broker.connect("mail.example.com", 993)


async def test_a_connection_to_nobody_says_what_to_check(internet: Internet):
    with pytest.raises(Unavailable, match="does not answer on port 25"):
        await internet.broker().connect(LAN, 25)


async def test_a_server_that_speaks_no_tls_is_left(internet: Internet):
    async with Echo() as port:
        internet.stands_at(LAN, 993, port)
        with pytest.raises(Unavailable, match="no safe connection"):
            await internet.broker().connect(LAN, 993)


async def test_in_airplane_mode_nothing_leaves_and_no_name_is_looked_up(lan: Internet):
    lan.name("example.com", [SITE])
    broker = lan.broker()
    broker.airplane = True
    async with client(broker) as models, client(broker, "http://example.com") as remote:
        for attempt in (
            broker.fetch("GET", "http://example.com/"),
            broker.connect("example.com", 25, tls=False),
            broker.connect(LAN, 25, tls=False),
            models.get("/"),
            remote.get("/"),
        ):
            with pytest.raises(Unavailable, match=r"Airplane mode is on, so .* was not reached\. Turn it off"):
                await attempt
    assert lan.looked_up == lan.dialled == []
    broker.airplane = False
    async with client(broker) as models:
        assert (await models.get("/")).text == "models"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.8.9.10"])
async def test_in_airplane_mode_this_computer_is_still_reached(internet: Internet, host: str):
    for address in ("127.0.0.1", "::1", "127.8.9.10"):
        await internet.serve(says(page(b"here")), address=address, port=11434)
    broker = internet.broker()
    broker.airplane = True
    async with client(broker, f"http://{host}:11434") as models:
        assert (await models.get("/")).text == "here"


async def test_a_kept_connection_is_not_used_in_airplane_mode(lan: Internet):
    broker = lan.broker()
    async with client(broker) as models:
        await models.get("/")
        broker.airplane = True
        with pytest.raises(Unavailable):
            await models.get("/")
    assert len(lan.requests) == 1


async def test_airplane_mode_cuts_what_is_open_and_leaves_this_computer_alone(internet: Internet):
    broker = internet.broker()
    async with Echo() as port:
        internet.stands_at(LAN, 25, port)
        internet.stands_at("127.0.0.1", 25, port)
        far, far_writer = await broker.connect(LAN, 25, tls=False)
        near, near_writer = await broker.connect("127.0.0.1", 25, tls=False)
        assert await far.readline() == await near.readline() == b"+OK\r\n"
        broker.airplane = True
        assert await far.read() == b""
        near_writer.write(b"still here\n")
        assert await near.readline() == b"still here\n"
        far_writer.transport.abort()
        near_writer.transport.abort()


async def test_airplane_mode_is_heeded_when_a_look_up_comes_back(internet: Internet):
    broker: Broker

    async def resolve(host: str, port: int):
        broker.airplane = True
        return [SITE]

    internet.resolve = resolve
    broker = internet.broker()
    with pytest.raises(Unavailable, match="Airplane mode"):
        await broker.fetch("GET", "http://example.com/")
    assert internet.dialled == []


async def test_airplane_mode_stops_a_connection_that_is_just_being_made(internet: Internet):
    dial = internet.dial
    broker: Broker

    async def dial_late(address: str, port: int):
        connected = await dial(address, port)
        broker.airplane = True
        return connected

    internet.dial = dial_late
    broker = internet.broker()
    async with Echo() as port:
        internet.stands_at(LAN, 25, port)
        with pytest.raises(LegateError, match="Airplane mode"):
            await broker.connect(LAN, 25, tls=False)
