"""Whatever is sent, the server answers in good order: never 500, and it goes on answering."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import legate_core
from legate_core import Settings, open_local, wire
from legate_server import routes
from legate_server.app import Application, create_app
from tests.server.small_core import TOKEN, SmallCore, browser, running

ROUTES = routes.routes(legate_core.registry)
TEXT = st.text(max_size=12) | st.sampled_from(["", ".", "..", "\0", "\ud800", "a/b", "%", "' OR 1=1 --", "x" * 300])
NUMBERS = st.integers() | st.sampled_from([0, -1, 2**31, 2**53, 2**63, 2**64, 10**400]) | st.floats()
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(TEXT, inside, max_size=3),
    max_leaves=6,
)


def of_schema(schema: dict[str, Any], parts: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that mostly fit a schema, and now and then do not."""
    if "$ref" in schema and depth < 6:
        return of_schema(parts[schema["$ref"].rsplit("/", 1)[1]], parts, depth + 1)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of([of_schema(one, parts, depth + 1) for one in schema["anyOf"]])
    kind = schema.get("type")
    if kind == "string":
        return TEXT
    if kind in ("integer", "number"):
        return NUMBERS
    if kind == "boolean":
        return st.booleans()
    if kind == "null":
        return st.none()
    if kind == "array" and isinstance(schema.get("items"), dict) and depth < 6:
        return st.lists(of_schema(schema["items"], parts, depth + 1), max_size=3)
    if kind == "object" and "properties" in schema and depth < 6:
        members = {name: of_schema(inner, parts, depth + 1) for name, inner in schema["properties"].items()}
        required = {name: members.pop(name) for name in schema.get("required", ())}
        return st.fixed_dictionaries(required, optional=members)
    return JSON


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    """A request for some door: its path filled in, its fields roughly right or anything at all."""
    route = draw(st.sampled_from(ROUTES))
    (schema,), parts = wire.schemas([route.door.message])
    fields = draw(of_schema(schema, parts) | st.dictionaries(TEXT, JSON, max_size=3))
    path = route.path
    for name in route.form.in_path:
        path = path.replace(f"{{{name}}}", quote(draw(TEXT).encode("utf-8", "surrogatepass"), safe=""))
    left = {name: value for name, value in fields.items() if name not in route.form.in_path}
    if route.form.has_body:
        body = draw(st.just(json.dumps(left)) | st.builds(json.dumps, JSON) | st.text(max_size=10))
        content = body.encode("utf-8", "surrogatepass")
        return route.form.method, path, {"content": content, "headers": {"content-type": "application/json"}}
    pairs = [
        f"{quote(name.encode('utf-8', 'surrogatepass'))}={quote(text_of(value).encode('utf-8', 'surrogatepass'))}"
        for name, value in left.items()
        if value is not None
    ]
    return route.form.method, path + ("?" + "&".join(pairs) if pairs else ""), {}


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


async def test_no_request_is_an_accident(database_url: str, tmp_path: Path) -> None:
    """On the core as it is composed for a person, engine and all."""
    whole = await open_local(Settings(tmp_path / "home", database_url, keys="memory", is_throw_away=True))
    try:
        await fuzz_all(create_app(whole.client, TOKEN))
    finally:
        await whole.close()


async def fuzz_all(app: Application) -> None:
    seen: dict[int, int] = {}
    loop = asyncio.get_running_loop()

    @settings(max_examples=250, suppress_health_check=list(HealthCheck))
    @given(request=requests())
    def fuzz(request: tuple[str, str, dict[str, Any]]) -> None:
        method, path, options = request
        answer = asyncio.run_coroutine_threadsafe(ask(app, method, path, options), loop).result()
        seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
        assert answer.status_code != 500, f"{method} {path} {options}: {answer.text}"
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"

    await asyncio.to_thread(fuzz)
    # It got past the door as well as being turned back at it.
    assert seen.keys() & {200, 204}
    assert seen.keys() & {422}


async def ask(app: Application, method: str, path: str, options: dict[str, Any]) -> Any:
    async with browser(app) as web:
        return await web.request(method, path, **options)


HEAD = f"Host: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\n".encode()
JSON_HEAD = HEAD + b"Content-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET /v1/../../etc/passwd HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
        (b"GET //v1/agents HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
        (b"GET /v1//agents HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
        (b"GET http://evil.example/v1/agents HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
        (b"GET /v1/agents/%zz HTTP/1.1\r\n" + HEAD + b"\r\n", 404),
        (b"GET /v1/agents HTTP/1.0\r\n" + HEAD + b"\r\n", 200),
        (b"GET /v1/agents HTTP/1.0\r\n\r\n", 421),
        (b"GET /v1/agents\xff HTTP/1.1\r\n" + HEAD + b"\r\n", 400),
        (b"GARBAGE\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"POST /v1/runs/stop HTTP/1.1\r\n" + JSON_HEAD + b"Content-Length: -5\r\n\r\n", 400),
        (b"POST /v1/runs/stop HTTP/1.1\r\n" + JSON_HEAD + b"Content-Length: 3\r\n\r\n{}}", 422),
        (b"POST /v1/runs/stop HTTP/1.1\r\n" + JSON_HEAD + b"Content-Length: 99999999999\r\n\r\n" + b"x" * 9_000, 413),
        (
            b"POST /v1/runs/stop HTTP/1.1\r\n" + JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            200,
        ),
        (b"POST /v1/runs/stop HTTP/1.1\r\n" + JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    ],
    ids=range(15),
)
async def test_bytes_that_no_client_sends(core: SmallCore, data: bytes, status: int) -> None:
    async with running(create_app(core.client, TOKEN, body_limit=4_096)) as server:
        host, port = server.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(data)
        line = await asyncio.wait_for(reader.readline(), 30)
        assert line.split()[1] == str(status).encode()
        writer.close()
        async with browser(server.app) as web:
            assert (await web.get("/v1/agents")).status_code == 200


@pytest.mark.parametrize("said", [None, 10_000_000])
async def test_a_huge_body_is_not_read_to_its_end(core: SmallCore, said: int | None) -> None:
    """Neither one that says its length nor one that does not."""
    sent = 0

    async def receive() -> dict[str, Any]:
        nonlocal sent
        sent += 1_000
        return {"type": "http.request", "body": b"x" * 1_000, "more_body": True}

    answers: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        answers.append(message)

    headers = [(b"host", b"localhost"), (b"authorization", f"Bearer {TOKEN}".encode())]
    headers += [(b"content-type", b"application/json")]
    headers += [(b"content-length", str(said).encode())] if said else []
    scope = {
        "type": "http", "method": "POST", "path": "/v1/runs/stop", "raw_path": b"/v1/runs/stop", "query_string": b"",
        "headers": headers, "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 1), "client": None,
        "asgi": {"version": "3.0"}, "root_path": "",
    }  # fmt: skip
    await create_app(core.client, TOKEN, body_limit=5_000)(scope, receive, send)  # type: ignore[arg-type]
    assert answers[0]["status"] == 413
    assert sent <= (0 if said else 6_000)
