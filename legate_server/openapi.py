"""The OpenAPI description, made from the same routes: what every door takes, answers and may refuse."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any

from legate_core import wire
from legate_server import problems, stream
from legate_server.routes import PREFIX, Route

Schema = dict[str, Any]

PROBLEMS = {
    "401": "The token is missing or wrong, or this needs a fresh proof of who asks.",
    "402": "A limit on steps, tokens, time or money would be passed.",
    "403": "The role of whoever asks does not hold the permission.",
    "404": "Nothing with that id is visible to whoever asks.",
    "409": "The world moved: the state no longer allows it.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "421": "The request names a host this server does not answer for.",
    "422": "The request itself is wrong; the problem names the field.",
    "423": "The vault is locked or sealed.",
    "500": "Something went wrong inside, or stored data is damaged.",
    "503": "Something outside is away, slow or full; later may work.",
}
COMMANDS_ONLY = ("413", "415")
STREAMS_ONLY = {"410": "The cursor was refused; start from a fresh snapshot."}

_PROBLEM: Schema = {
    "type": "object",
    "title": "Problem",
    "description": "An error in words (RFC 9457); the last sentence of `detail` says what to do next.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": f"{problems.TYPE}<code>"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "details": {"type": "object", "additionalProperties": True},
    },
}
_CURSOR: Schema = {"type": "string", "description": "Where the events that are not in these rows begin. Sealed."}


def describe(routes: Sequence[Route], version: str) -> Schema:
    """The whole description, OpenAPI 3.1."""
    messages, parts = wire.schemas([route.door.message for route in routes])
    answers, more = wire.schemas([wire.answer_type(route.door.message) for route in routes])
    parts |= more
    paths: dict[str, Schema] = {}
    for route, message, answer in zip(routes, messages, answers, strict=True):
        whole = _resolve(message, parts)
        paths.setdefault(route.path, {})[route.form.method.lower()] = _operation(route, whole, answer)
    paths[f"{PREFIX}/session"] = {"get": _session()}
    paths["/health"] = {"get": _health()}
    names = {route.door.message.__name__ for route in routes}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Legate", "version": version, "description": "Agents that ask before they act."},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": {name: part for name, part in parts.items() if name not in names} | {"Problem": _PROBLEM},
            "responses": dict(_problem_responses(PROBLEMS | STREAMS_ONLY)),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "LEGATE_TOKEN"}},
        },
    }


def _operation(route: Route, message: Schema, answer: Schema) -> Schema:
    words = inspect.cleandoc(route.door.message.__doc__ or "")
    operation: Schema = {
        "operationId": route.door.name,
        "summary": words.split("\n")[0],
        "description": f"{words}\n\nNeeds the permission `{route.door.permission}`.",
        "tags": [route.form.path.strip("/").split("/")[0]],
        "responses": _responses(route, answer),
    }
    parameters = [_parameter(route, name, "path", message) for name in route.form.in_path]
    if route.form.has_body:
        body = _body(route, message)
        if body["properties"]:
            content = {"application/json": {"schema": body}}
            operation["requestBody"] = {"required": bool(body.get("required")), "content": content}
    else:
        parameters += [_parameter(route, name, "query", message) for name in route.form.elsewhere]
    if route.door.kind == "live":
        parameters += _stream_parameters()
    if parameters:
        operation["parameters"] = parameters
    return operation


def _parameter(route: Route, name: str, place: str, message: Schema) -> Schema:
    field = route.form.fields[name]
    schema = deepcopy(message["properties"][name])
    parameter: Schema = {"name": name, "in": place, "required": place == "path" or field.is_required}
    if field.is_text or field.is_list:
        return parameter | {"schema": schema}
    return parameter | {"content": {"application/json": {"schema": schema}}}


def _body(route: Route, message: Schema) -> Schema:
    """The fields outside the path, and nothing else."""
    required = [name for name in message.get("required", ()) if name not in route.form.in_path]
    body: Schema = {
        "type": "object",
        "title": message.get("title", route.door.name),
        "properties": {name: message["properties"][name] for name in route.form.elsewhere},
        "additionalProperties": False,
    }
    return body | ({"required": required} if required else {})


def _responses(route: Route, answer: Schema) -> Schema:
    if route.door.kind == "live":
        whole: Schema = {
            "type": "object",
            "required": ["rows", "cursor"],
            "properties": {"rows": answer, "cursor": _CURSOR},
        }
        events = {"schema": {"type": "string"}, "example": "event: events\ndata: {…}\n\n"}
        content = {"application/json": {"schema": whole}, stream.MEDIA_TYPE: events}
        found: Schema = {"200": {"description": "The rows now, or a stream of what follows.", "content": content}}
    elif route.door.kind == "ticks":
        content = {stream.MEDIA_TYPE: {"schema": {"type": "string"}, "example": "event: tick\ndata: {…}\n\n"}}
        found = {"200": {"description": "A stream of ticks.", "content": content}}
    elif wire.answer_type(route.door.message) is type(None):
        found = {"204": {"description": "Done."}}
    else:
        found = {"200": {"description": "The answer.", "content": {"application/json": {"schema": answer}}}}
    codes = [code for code in PROBLEMS if route.form.has_body or code not in COMMANDS_ONLY]
    codes += STREAMS_ONLY if route.door.kind in ("live", "ticks") else ()
    return found | _refusals(*codes)


def _problem_responses(codes: dict[str, str]) -> Iterable[tuple[str, Schema]]:
    content = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for code, words in codes.items():
        yield f"Problem{code}", {"description": words, "content": content}


def _stream_parameters() -> list[Schema]:
    text: Schema = {"type": "string"}
    cursor = "For a stream: go on from here instead of beginning with a snapshot."
    return [
        {"name": "cursor", "in": "query", "required": False, "schema": text, "description": cursor},
        {"name": "Last-Event-ID", "in": "header", "required": False, "schema": text, "description": cursor},
    ]


def _session() -> Schema:
    schema = {"type": "object", "required": ["version"], "properties": {"version": {"type": "string"}}}
    content = {"application/json": {"schema": schema}}
    return {
        "operationId": "Session",
        "summary": "Whether the token is good, and of which version the server is.",
        "responses": {"200": {"description": "It is.", "content": content}} | _refusals("401"),
    }


def _refusals(*codes: str) -> Schema:
    return {code: {"$ref": f"#/components/responses/Problem{code}"} for code in codes}


def _health() -> Schema:
    schema = {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}}
    content = {"application/json": {"schema": schema}}
    return {
        "operationId": "Health",
        "summary": "Whether the server answers.",
        "security": [],
        "responses": {"200": {"description": "It does.", "content": content}},
    }


def _resolve(schema: Schema, parts: dict[str, Schema]) -> Schema:
    """The schema itself where there only is a reference to it."""
    reference = schema.get("$ref")
    return parts[reference.rsplit("/", 1)[1]] if reference else schema
