"""The chosen profile: look at public pages only, once resolved, once checked, and never more than was bargained for."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from legate_core.connectors.base import Fetch, Surroundings
from legate_core.connectors.http import Http
from legate_core.egress.exchange import Fetched
from legate_core.errors import Forbidden, Invalid, LegateError, Unavailable
from legate_core.tools.spec import Invocation
from tests.core.egress.internet import OTHER_SITE, SITE, SITE_V6, Authority, Internet, moved, page, says


@pytest.fixture
async def site(internet: Internet) -> Internet:
    """An internet in which example.com has a name and no server yet."""
    internet.name("example.com", [SITE])
    return internet


async def refused(internet: Internet, url: str, method: str = "GET", **limits: object) -> LegateError:
    """The error of a fetch that must fail."""
    with pytest.raises(LegateError) as caught:
        await internet.broker(**limits).fetch(method, url)
    assert caught.value.message.endswith(".")
    return caught.value


async def test_a_page_comes_from_the_checked_address_with_its_host_kept(site: Internet):
    await site.serve(says(page(b"hi", Content_Type="text/plain", Set_Cookie="id=1", X_Twice="a")))
    answer = await site.broker().fetch("GET", "HTTP://EXAMPLE.com./a%20b?q=ü#part")
    assert (answer.status, answer.body, answer.is_cut) == (200, b"hi", False)
    assert answer.url == "http://example.com/a%20b?q=%C3%BC#part"
    assert answer.headers == {"content-length": "2", "content-type": "text/plain", "x-twice": "a"}
    assert site.dialled == [(SITE, 80)]
    lines = site.requests[0].decode().split("\r\n")
    assert lines[0] == "GET /a%20b?q=%C3%BC HTTP/1.1"
    assert sorted(lines[1:-2]) == [
        "Accept-Encoding: gzip",
        "Accept: */*",
        "Connection: close",
        "Host: example.com",
        "User-Agent: Legate",
    ]


async def test_a_head_request_reads_no_body(site: Internet):
    await site.serve(says(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"))
    answer = await site.broker().fetch("HEAD", "http://example.com/")
    assert (answer.status, answer.body) == (200, b"")
    assert site.requests[0].startswith(b"HEAD / ")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "get", "CONNECT", "GET / HTTP/1.1\r\nX: y\r\n\r\nGET"])
async def test_only_looking_is_possible(site: Internet, method: str):
    error = await refused(site, "http://example.com/", method)
    assert isinstance(error, Invalid)
    assert site.looked_up == site.dialled == []


async def test_another_port_of_the_web_is_named_in_the_host(site: Internet):
    await site.serve(says(page()), port=8080)
    await site.broker().fetch("GET", "http://example.com:8080/")
    assert b"\r\nHost: example.com:8080\r\n" in site.requests[0]


async def test_an_ip_address_in_an_odd_spelling_is_asked_by_its_plain_one(site: Internet):
    await site.serve(says(page()))
    answer = await site.broker().fetch("GET", "http://0x5d.12113678/")
    assert answer.url == f"http://{SITE}/"
    assert f"\r\nHost: {SITE}\r\n".encode() in site.requests[0]
    assert site.looked_up == []


async def test_an_ipv6_address_is_in_brackets(site: Internet):
    await site.serve(says(page()), address=SITE_V6)
    answer = await site.broker().fetch("GET", f"http://[{SITE_V6.upper()}]/")
    assert answer.url == f"http://[{SITE_V6}]/"
    assert f"\r\nHost: [{SITE_V6}]\r\n".encode() in site.requests[0]


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/",
        "http://printer/",
        "http://printer.local/",
        "http://metadata.google.internal/",
        "http://x.localhost/",
        "http://router.home.arpa/",
        "http://secret.onion/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://\uff11\uff12\uff17\uff0e\uff11/",
        "http://%31%32%37.1/",
        "http://example.com:22/",
        "http://example.com:25/",
        "http://example.com:6379/",
        "http://example.com:11434/",
    ],
)
async def test_what_is_not_the_public_web_is_refused_before_any_look_up(site: Internet, url: str):
    site.name("printer", [SITE])
    error = await refused(site, url)
    assert isinstance(error, Forbidden)
    assert error.details["sent"] is False
    assert site.looked_up == site.dialled == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "file:///etc/passwd",
        "ftp://example.com/",
        "http:example.com",
        "http://",
        "http:///x",
        "http://user@example.com/",
        "http://user:pw@example.com/",
        "http://example.com@127.0.0.1/",
        "http://127.0.0.1\\@example.com/",
        "http://example.com\t/",
        "http://exa\nmple.com/",
        " http://example.com/",
        "http://example.com/\x00",
        "http://example.com/\ud800",
        "http://example\u200b.com/",
        "http://example.com:99999/",
        "http://example.com:0/",
        "http://example.com:80:80/",
        "http://example.com:\uff18\uff10/",
        "http://example.com:-1/",
        "http://[::1/",
        "http://::1/",
        "http://[fe80::1%25eth0]/",
        "http://0177.0.0.1/",
        "http://example.com../",
        "http://.example.com/",
        "http://exa_mple..com/",
        "http://a℀b.com/",
        "http://-example.com/",
        "http://" + "a." * 200 + "com/",
        "http://example.com/" + "a" * 9_000,
    ],
)
async def test_what_is_no_plain_address_is_refused(site: Internet, url: str):
    error = await refused(site, url)
    assert isinstance(error, Invalid)
    assert error.details["sent"] is False
    assert site.looked_up == site.dialled == []


@pytest.mark.parametrize(
    "answer",
    [
        ["10.0.0.1"],
        [SITE, "10.0.0.1"],
        ["10.0.0.1", SITE],
        [SITE, SITE_V6, "::1"],
        [SITE, "::ffff:10.0.0.1"],
        [SITE, "64:ff9b::a00:1"],
        [SITE, "fe80::1%2"],
        [SITE, "0.0.0.0"],
        ["2002:7f00:1::"],
    ],
)
async def test_one_private_address_among_the_answers_and_none_is_tried(internet: Internet, answer: list[str]):
    internet.name("example.com", answer)
    error = await refused(internet, "http://example.com/")
    assert isinstance(error, Forbidden)
    assert "example.com leads to" in error.message
    assert internet.looked_up == ["example.com"]
    assert internet.dialled == []


async def test_a_name_that_changes_its_mind_is_reached_at_the_address_that_was_checked(internet: Internet):
    internet.name("rebind.example.com", [SITE], ["127.0.0.1"])
    await internet.serve(says(page(b"public")))
    await internet.serve(says(page(b"private")), address="127.0.0.1")
    answer = await internet.broker().fetch("GET", "http://rebind.example.com/")
    assert answer.body == b"public"
    assert internet.looked_up == ["rebind.example.com"]
    assert internet.dialled == [(SITE, 80)]


async def test_every_hop_is_checked_again(internet: Internet):
    internet.name("rebind.example.com", [SITE], ["127.0.0.1"])
    await internet.serve(says(moved("/again")))
    error = await refused(internet, "http://rebind.example.com/")
    assert isinstance(error, Forbidden)
    assert error.details["sent"] is True
    assert internet.dialled == [(SITE, 80)]


async def test_the_next_address_is_tried_when_the_first_does_not_answer(internet: Internet):
    internet.name("example.com", [SITE_V6, SITE])
    await internet.serve(says(page()))
    assert (await internet.broker().fetch("GET", "http://example.com/")).status == 200
    assert internet.dialled == [(SITE_V6, 80), (SITE, 80)]


async def test_not_every_address_of_a_long_answer_is_tried(internet: Internet):
    internet.name("example.com", [f"93.184.215.{n}" for n in range(20)])
    error = await refused(internet, "http://example.com/")
    assert isinstance(error, Unavailable)
    assert len(internet.dialled) == 4


@pytest.mark.parametrize("answer", [[], ["no address"], [f"93.184.1.{n}" for n in range(65)]])
async def test_a_name_without_a_usable_address_is_unavailable(internet: Internet, answer: list[str]):
    internet.name("example.com", answer)
    assert isinstance(await refused(internet, "http://example.com/"), Unavailable)
    assert internet.dialled == []


async def test_an_unknown_name_says_what_to_check(internet: Internet):
    error = await refused(internet, "http://nowhere.example.com/")
    assert error.message == "There is no host nowhere.example.com, or no network. Check the name and the connection."
    assert error.details["sent"] is False


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
async def test_a_redirect_on_the_same_host_is_followed(site: Internet, status: str):
    async def talk(request: bytes) -> AsyncIterator[bytes]:
        yield page(b"there") if b"GET /b%20c?x=1 " in request else moved("../b c?x=1", status)

    await site.serve(talk)
    answer = await site.broker().fetch("GET", "http://example.com/a/x")
    assert (answer.body, answer.url) == (b"there", "http://example.com/b%20c?x=1")
    assert b"referer" not in site.requests[1].lower()


async def test_a_redirect_to_another_host_is_an_answer_and_not_followed(site: Internet):
    site.name("other.example.com", [OTHER_SITE])
    await site.serve(says(moved("http://other.example.com/?data=1")))
    answer = await site.broker().fetch("GET", "http://example.com/")
    assert (answer.status, answer.headers["location"]) == (302, "http://other.example.com/?data=1")
    assert site.looked_up == ["example.com"]


async def test_the_web_tool_shows_where_it_was_not_taken(site: Internet):
    """The broker is the road that the connector asks for."""
    await site.serve(says(moved("http://other.example.com/?data=1")))
    web: Fetch = site.broker().fetch
    call = Invocation("a", "r", {"url": "http://example.com/"}, "k")
    seen = await Http(Surroundings(fetch=web)).tools()[0].invoke(call)
    assert "location: http://other.example.com/?data=1\n" in seen.content
    assert "Ask for that one if you need it" in seen.content
    assert seen.source == "http://example.com/"


async def test_other_hosts_are_followed_only_where_the_limits_say_so(site: Internet):
    site.name("other.example.com", [OTHER_SITE])
    await site.serve(says(moved("//other.example.com/x")))
    await site.serve(says(page(b"other")), address=OTHER_SITE)
    answer = await site.broker(follows_other_hosts=True).fetch("GET", "http://example.com/")
    assert (answer.body, answer.url) == (b"other", "http://other.example.com/x")
    assert b"cookie" not in site.requests[1].lower()
    assert site.dialled == [(SITE, 80), (OTHER_SITE, 80)]


@pytest.mark.parametrize("follows", [True, False])
@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "//[::1]/",
        "http://localhost:8080/",
        "http://169.254.169.254/latest/",
        "http://example.com:6379/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        "http://user@example.com/",
        "/\\127.0.0.1/",
        "http://[::1/",
        "/a\tb",
    ],
)
async def test_a_redirect_to_what_would_be_refused_is_refused(site: Internet, location: str, follows: bool):
    await site.serve(says(moved(location)))
    error = await refused(site, "http://example.com/", follows_other_hosts=follows)
    assert isinstance(error, Forbidden | Invalid)
    assert error.details["sent"] is True
    assert site.dialled == [(SITE, 80)]


async def test_a_redirect_to_a_name_of_a_private_address_is_refused(site: Internet):
    site.name("inside.example.com", ["192.168.1.1"])
    await site.serve(says(moved("http://inside.example.com/")))
    error = await refused(site, "http://example.com/", follows_other_hosts=True)
    assert isinstance(error, Forbidden)
    assert site.dialled == [(SITE, 80)]


async def test_two_places_to_go_on_to_are_none(site: Internet):
    await site.serve(says(b"HTTP/1.1 302 F\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"))
    answer = await site.broker().fetch("GET", "http://example.com/")
    assert (answer.status, answer.headers["location"]) == (302, "")


async def test_a_redirect_loop_ends(site: Internet):
    await site.serve(says(moved("/")))
    error = await refused(site, "http://example.com/", redirects=3)
    assert isinstance(error, Unavailable)
    assert "more than 3 times" in error.message
    assert len(site.requests) == 4


async def test_encryption_is_not_lost_on_the_way(site: Internet, tmp_path: Path):
    authority = Authority(tmp_path)
    await site.serve(says(moved("http://example.com/")), port=443, context=authority.serving("example.com", []))
    with pytest.raises(Forbidden, match="without encryption"):
        await site.broker(tls=authority.trusting).fetch("GET", "https://example.com/")
    assert site.dialled == [(SITE, 443)]


async def test_tls_is_for_the_name_although_the_connection_is_to_the_address(site: Internet, tmp_path: Path):
    authority = Authority(tmp_path)
    await site.serve(says(page(b"safe")), port=443, context=authority.serving("example.com", site.hello_names))
    answer = await site.broker(tls=authority.trusting).fetch("GET", "https://example.com/")
    assert answer.body == b"safe"
    assert site.hello_names == ["example.com"]
    assert site.dialled == [(SITE, 443)]


async def test_a_certificate_for_another_name_is_refused_and_nothing_is_sent(site: Internet, tmp_path: Path):
    authority = Authority(tmp_path)
    await site.serve(says(page()), port=443, context=authority.serving("evil.example.org", []))
    with pytest.raises(Unavailable, match="certificate is not good") as caught:
        await site.broker(tls=authority.trusting).fetch("GET", "https://example.com/")
    assert caught.value.details["sent"] is False
    assert site.requests == []


async def test_a_certificate_of_a_stranger_is_refused(site: Internet, tmp_path: Path):
    await site.serve(says(page()), port=443, context=Authority(tmp_path).serving("example.com", []))
    with pytest.raises(Unavailable, match="certificate is not good"):
        await site.broker().fetch("GET", "https://example.com/")
    assert site.requests == []


async def test_a_server_that_never_answers_the_greeting_is_left_and_nothing_was_sent(site: Internet):
    await site.serve(says(page()), port=443)
    error = await refused(site, "https://example.com/", connect_seconds=0.2)
    assert error.message == "example.com does not answer in time. Try again later."
    assert error.details["sent"] is False


async def test_no_proxy_of_the_environment_is_used(site: Internet, monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    await site.serve(says(page()))
    assert (await site.broker().fetch("GET", "http://example.com/")).status == 200
    assert site.dialled == [(SITE, 80)]


def chunked(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        page(b"x" * 5_000),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5_000,
        CHUNKED + b"\r\n" + chunked(b"x" * 2_500, b"x" * 2_500),
        page(gzip.compress(b"x" * 5_000, mtime=0), Content_Encoding="gzip"),
        CHUNKED
        + b"Content-Encoding: x-gzip\r\n\r\n"
        + chunked(*[bytes([b]) for b in gzip.compress(b"x" * 5_000, mtime=0)]),
    ],
    ids=["with length", "to the end", "chunked", "packed", "packed in chunks of one"],
)
async def test_a_body_is_cut_at_the_limit_of_real_bytes(site: Internet, answer: bytes):
    await site.serve(says(answer))
    cut = await site.broker(body_bytes=1_000).fetch("GET", "http://example.com/")
    assert (cut.body, cut.is_cut) == (b"x" * 1_000, True)
    whole = await site.broker(body_bytes=5_000).fetch("GET", "http://example.com/")
    assert (whole.body, whole.is_cut) == (b"x" * 5_000, False)


def bomb(size_bytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1_000_000)
    return b"".join(packer.compress(block) for _ in range(size_bytes // len(block))) + packer.flush()


async def test_a_gzip_bomb_costs_no_more_than_the_limit(site: Internet):
    packed = bomb(200_000_000)
    assert len(packed) < 200_000
    await site.serve(says(page(packed, Content_Encoding="gzip")))
    answer = await site.broker(body_bytes=100_000).fetch("GET", "http://example.com/")
    assert (len(answer.body), answer.is_cut) == (100_000, True)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (page(b"junk", Content_Encoding="gzip"), "no valid gzip"),
        (page(gzip.compress(b"x" * 999, mtime=0)[:-9], Content_Encoding="gzip"), "ends in the middle"),
        (page(b"junk", Content_Encoding="br"), "not asked for"),
        (page(b"junk", Content_Encoding="gzip, gzip"), "not asked for"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "cannot be read"),
        (CHUNKED + b"\r\nzz\r\n", "cannot be read"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", "too large"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 500_000, "cannot be read"),
        (b"HTTP/1.1 103 Early\r\n\r\n" * 50_000, "larger than it may be"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", "cannot be read"),
        (page(b"", "999 Odd"), "odd status"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "cannot be read"),
        (b"", "cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "answer",
)
async def test_an_answer_that_is_none_says_so_and_that_the_request_left(site: Internet, answer: bytes, words: str):
    await site.serve(says(answer))
    error = await refused(site, "http://example.com/")
    assert isinstance(error, Unavailable)
    assert words in error.message
    assert error.details["sent"] is True


async def test_chunks_of_padding_are_not_read_for_ever(site: Internet):
    async def talk(_: bytes) -> AsyncIterator[bytes]:
        yield CHUNKED + b"\r\n"
        while True:
            yield b"1;" + b"p" * 10_000 + b"\r\nx\r\n"

    await site.serve(talk)
    error = await refused(site, "http://example.com/", body_bytes=10_000)
    assert "larger than it may be" in error.message


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"])
async def test_a_server_that_dawdles_is_left(site: Internet, start: bytes):
    never = asyncio.Event()

    async def talk(_: bytes) -> AsyncIterator[bytes]:
        yield start
        await never.wait()
        yield b"late"

    await site.serve(talk)
    error = await refused(site, "http://example.com/", total_seconds=0.3)
    assert isinstance(error, Unavailable)
    assert error.message == "The answer was not complete after 0.3 seconds. Try again later."
    assert error.details["sent"] is True


async def test_a_trickle_does_not_stretch_the_time(site: Internet):
    async def talk(_: bytes) -> AsyncIterator[bytes]:
        yield CHUNKED + b"\r\n"
        while True:
            yield b"1\r\nx\r\n"
            await asyncio.sleep(0.01)

    await site.serve(talk)
    error = await refused(site, "http://example.com/", total_seconds=0.3)
    assert "not complete" in error.message


async def test_a_resolver_that_hangs_is_left(internet: Internet):
    async def resolve(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return [SITE]

    internet.resolve = resolve
    error = await refused(internet, "http://example.com/", connect_seconds=0.1)
    assert "could not be looked up in time" in error.message


async def test_an_address_that_hangs_is_left_for_the_next(internet: Internet):
    dial = internet.dial

    async def hang(address: str, port: int):
        if address == SITE_V6:
            await asyncio.Event().wait()
        return await dial(address, port)

    internet.name("example.com", [SITE_V6, SITE])
    internet.dial = hang
    await internet.serve(says(page()))
    answer = await internet.broker(connect_seconds=0.2).fetch("GET", "http://example.com/")
    assert isinstance(answer, Fetched)


async def test_many_at_a_time_do_not_mix(site: Internet):
    async def talk(request: bytes) -> AsyncIterator[bytes]:
        yield page(request.split()[1])

    await site.serve(talk)
    broker = site.broker()
    answers = await asyncio.gather(*(broker.fetch("GET", f"http://example.com/{n}") for n in range(20)))
    assert [answer.body for answer in answers] == [b"/%d" % n for n in range(20)]
