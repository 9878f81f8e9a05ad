"""The routes, made from the registry: every public door is one, and there is no other way in.

The fields of a GET are query parameters, those of any other method a JSON body; fields that the door's route names stand
in the path. What is answered is the JSON of the handler's answer; a command that answers nothing gets
204. A live query is answered with `{rows, cursor}`, or with a stream of what follows (see `stream.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, unquote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from legate_core import Invalid, wire
from legate_server import problems, stream

if TYPE_CHECKING:
    from legate_core import Client, Door

PREFIX = "/v1"
BODY_LIMIT = 2 * 1024 * 1024
"""Bytes of a body. The longest text a person may send is a fraction of it; files do not travel this way."""

RESERVED = frozenset({"cursor"})
"""Query parameters that belong to the stream, so that no live query may have a field of that name."""

FITTING = {"command": (False,), "query": (True, False), "live": (True,), "ticks": (True,)}
"""Whether each kind of door may be a GET. A question too long for a query string is asked by POST."""

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """One door with its HTTP form."""

    door: Door
    form: wire.Form[Any]

    @property
    def path(self) -> str:
        return PREFIX + self.form.path


@dataclass(frozen=True, slots=True)
class Serving:
    """What every endpoint works with."""

    client: Client
    cursors: stream.Cursors
    streams: stream.Streams
    body_limit: int = BODY_LIMIT


def routes(doors: Iterable[Door]) -> list[Route]:
    """The public doors as routes, in the order they are tried: a name before a parameter in the same place.

    Fails for two doors that no request could tell apart, and for a method that does not fit the kind of the door.
    """
    found = [Route(door, wire.Form(door.message, door.route)) for door in doors if door.public]
    taken: dict[tuple[str, ...], str] = {}
    for route in found:
        shape = (route.form.method, *("{}" if part.startswith("{") else part for part in _parts(route.form.path)))
        if shape in taken:
            raise TypeError(f"{route.door.name} and {taken[shape]} have the same route: {route.door.route}")
        taken[shape] = route.door.name
        if (route.form.method == "GET") not in FITTING[route.door.kind]:
            raise TypeError(f"{route.door.name} is a {route.door.kind}; {route.form.method} does not fit")
        if route.door.kind == "live" and RESERVED & set(route.form.fields):
            raise TypeError(f"{route.door.name} has a field that is a parameter of every stream: {sorted(RESERVED)}")
    return sorted(found, key=lambda route: [(part.startswith("{"), part) for part in _parts(route.form.path)])


def endpoint(route: Route, serving: Serving) -> Endpoint:
    """What answers requests for a route."""
    answer = {"command": _command, "query": _query, "live": _live, "ticks": _ticks}[route.door.kind]

    async def serve(request: Request) -> Response:
        try:
            return await answer(route, serving, request)
        except ClientDisconnect:
            # Nobody is there to read this; nothing was sent to the core.
            return Response(status_code=400)
        except Exception as error:
            return problems.answer_for(error, request)

    serve.__name__ = route.door.name
    return serve


async def _command(route: Route, serving: Serving, request: Request) -> Response:
    body = await _body(request, serving.body_limit)
    message = route.form.put_together(_path(request), _pairs(request), body)
    answer = await serving.client.send(message)
    if answer is None:
        return Response(status_code=204, headers={"cache-control": "no-store"})
    return _json(answer)


async def _query(route: Route, serving: Serving, request: Request) -> Response:
    body = await _body(request, serving.body_limit) if route.form.has_body else None
    message = route.form.put_together(_path(request), _pairs(request), body)
    return _json(await serving.client.ask(message))


async def _live(route: Route, serving: Serving, request: Request) -> Response:
    pairs = _pairs(request)
    message = route.form.put_together(_path(request), [pair for pair in pairs if pair[0] not in RESERVED], None)
    if stream.MEDIA_TYPE in request.headers.get("accept", ""):
        cursor = request.headers.get("last-event-id") or dict(pairs).get("cursor")
        frames = await stream.follow(serving.client, message, serving.cursors, cursor)
        return stream.EventStream(serving.streams, frames)
    if any(name in RESERVED for name, _ in pairs):
        raise Invalid(
            "A cursor is for a stream. Ask with 'Accept: text/event-stream', or leave it out.", field="cursor"
        )
    snapshot = await serving.client.snapshot(message)
    return _json({"rows": snapshot.rows, "cursor": serving.cursors.seal(message, snapshot.cursor)})


async def _ticks(route: Route, serving: Serving, request: Request) -> Response:
    message = route.form.put_together(_path(request), _pairs(request), None)
    # For the permission: what is refused is refused here, not in the stream.
    await serving.client.ask(message)
    return stream.EventStream(serving.streams, stream.ticks(serving.client, message.about))


def _json(answer: object) -> Response:
    return Response(wire.to_bytes(answer), 200, {"cache-control": "no-store"}, "application/json")


def _path(request: Request) -> dict[str, str]:
    """The path parameters. They were matched as they were sent, so that an encoded slash stays part of a name."""
    try:
        return {
            name: unquote(text, errors="strict") for name, text in cast("dict[str, str]", request.path_params).items()
        }
    except UnicodeDecodeError as error:
        raise Invalid("The path is not UTF-8. Percent-encode names in it as UTF-8.") from error


def _pairs(request: Request) -> Sequence[tuple[str, str]]:
    try:
        text = cast("bytes", request.scope["query_string"]).decode("ascii")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=5_000)
    except UnicodeDecodeError as error:
        raise Invalid("The query is not UTF-8. Percent-encode its values as UTF-8.") from error
    except ValueError as error:
        raise Invalid("The query has too many parameters. Ask for fewer things at once.") from error


async def _body(request: Request, limit: int) -> Any | None:
    """The JSON of the body, None where it is empty. Never reads more than the limit, and nothing that says it is more."""
    too_large = problems.TooLarge(f"The body has more than {limit:,} bytes. Send less at once.")
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said[:20]) > limit:
        raise too_large
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > limit:
            raise too_large
    if not data:
        return None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise problems.NotJson("The body must be JSON. Send it with 'Content-Type: application/json'.")
    return wire.from_bytes(bytes(data))


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/")
