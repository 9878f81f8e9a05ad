"""Who gets in: the bearer of the token, who asks this machine by its own name; nobody else learns anything."""

from __future__ import annotations

import httpx
import pytest

from legate_core.errors import Invalid
from legate_server.app import Application
from legate_server.auth import check_host, check_token
from tests.server.small_core import TOKEN, browser

PATHS = ("/v1/agents", "/v1/session", "/v1/openapi.json", "/v1/runs/run_1/ticks", "/v1/nothing", "/nothing", "/")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN.upper()}",
        f"Bearer {TOKEN} {TOKEN}",
        f"Basic {TOKEN}",
        TOKEN,
        f"Token {TOKEN}",
        "Bearer \xff",
    ],
)
async def test_without_the_token_nothing_is_told(app: Application, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header.encode("latin-1")}
    async with browser(app, token=None) as web:
        for path in PATHS:
            for method in ("GET", "POST"):
                answer = await web.request(method, path, headers=headers)
                assert answer.status_code == 401
                assert answer.headers["content-type"] == "application/problem+json"
                assert answer.headers["www-authenticate"].startswith("Bearer")
                assert answer.json()["type"] == "urn:legate:problem:unauthenticated"
                assert TOKEN not in answer.text


async def test_the_scheme_may_be_written_as_one_likes(app: Application) -> None:
    async with browser(app, token=None) as web:
        for scheme in ("Bearer", "bearer", "BEARER"):
            answer = await web.get("/v1/session", headers={"authorization": f"{scheme} {TOKEN}"})
            assert answer.status_code == 200


async def test_two_tokens_are_none(app: Application) -> None:
    async with browser(app, token=None) as web:
        headers = [("authorization", f"Bearer {TOKEN}"), ("authorization", "Bearer other")]
        assert (await web.get("/v1/session", headers=headers)).status_code == 401


async def test_the_token_counts_in_its_header_only(app: Application) -> None:
    async with browser(app, token=None) as web:
        answer = await web.get(f"/v1/session?token={TOKEN}&access_token={TOKEN}", headers={"cookie": f"token={TOKEN}"})
        assert answer.status_code == 401


async def test_health_is_open_and_says_one_word(app: Application) -> None:
    async with browser(app, token=None) as web:
        answer = await web.get("/health")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert {"server", "x-powered-by"} & set(answer.headers) == set()
        assert (await web.get("/health/")).status_code == 401


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8080", 200),
        ("127.0.0.1:1", 200),
        ("localhost:8080", 200),
        ("LOCALHOST", 200),
        ("[::1]:8080", 200),
        ("evil.example", 421),
        ("evil.example:8080", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example:8080", 421),
        ("evil.example#127.0.0.1", 421),
        ("0.0.0.0:8080", 421),
        ("127.0.0.2", 421),
        ("2130706433", 421),
        ("[::ffff:127.0.0.1]", 421),
        ("", 421),
    ],
)
async def test_only_the_names_of_this_machine_are_answered(app: Application, host: str, status: int) -> None:
    """A page whose name was pointed at this machine sends that name, whatever else it sends."""
    async with browser(app) as web:
        for path in ("/v1/session", "/health"):
            answer = await web.get(path, headers={"host": host})
            assert answer.status_code == status
            if status == 421:
                assert answer.json()["type"] == "urn:legate:problem:misdirected"


async def test_a_host_given_twice_is_refused(app: Application) -> None:
    async with browser(app) as web:
        headers = [("host", "127.0.0.1"), ("host", "evil.example")]
        assert (await web.get("/v1/session", headers=headers)).status_code == 421


async def test_no_page_of_another_origin_is_let_read(web: httpx.AsyncClient) -> None:
    origin = {"origin": "https://evil.example"}
    asked = await web.options("/v1/agents", headers=origin | {"access-control-request-method": "POST"})
    assert asked.status_code == 405
    for answer in (asked, await web.get("/v1/agents", headers=origin)):
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert "set-cookie" not in answer.headers


async def test_no_websocket_comes_in(app: Application) -> None:
    sent: list[str] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(str(message["type"]))

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    headers = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {TOKEN}".encode())]
    scope = {"type": "websocket", "path": "/v1/agents", "headers": headers, "query_string": b""}
    await app(scope, receive, send)  # type: ignore[arg-type] # plain dictionaries are ASGI
    assert sent == ["websocket.close"]


@pytest.mark.parametrize(
    "token", ["", "short", "fifteen-letters", "a token with spaces in it", "ü" * 20, "x" * 20 + "\n"]
)
def test_a_token_that_cannot_be_one_is_refused_with_the_way_to_make_one(token: str) -> None:
    with pytest.raises(Invalid, match=r"secrets\.token_urlsafe"):
        check_token(token)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "127.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("127.9.9.9", "127.9.9.9"),
    ],
)
def test_the_server_listens_on_this_machine(host: str, address: str) -> None:
    assert check_host(host) == address


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "", "192.168.1.5", "example.com", "2130706433", "127.1", "::ffff:192.168.1.5", "localhost."],
)
def test_and_nowhere_else(host: str) -> None:
    with pytest.raises(Invalid, match="this machine only"):
        check_host(host)
