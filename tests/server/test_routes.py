"""The routes come from the registry: all of them, in an order that can be told apart, described as they behave."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx
import jsonschema
import pytest

import legate_core
from legate_core.agents.commands import CreateAgent
from legate_core.kernel.messages import Command, LiveQuery, Query
from legate_core.kernel.registry import INTERNAL, Door
from legate_server import routes
from legate_server.app import Application, create_app
from tests.server.small_core import TOKEN, SmallCore, browser, definition

OWN_PATHS = {"/health", "/v1/openapi.json", "/v1/session", "/v1/runs/{run_id}/ticks"}


def served(app: Application) -> set[tuple[str, str]]:
    """Every method and path that the application answers."""
    found = [route for route in app.routes if hasattr(route, "methods")]
    return {(method, route.path) for route in found for method in route.methods}  # type: ignore[attr-defined]


def test_every_public_door_has_a_route_and_every_route_a_door(app: Application) -> None:
    doors = {(door.route.split()[0], "/v1" + door.route.split()[1]) for door in legate_core.registry if door.public}
    assert len(doors) > 20
    assert served(app) == doors | {("GET", path) for path in OWN_PATHS}


def test_an_internal_door_has_no_route(app: Application) -> None:
    internal = {door.name for door in legate_core.registry if door.permission == INTERNAL}
    assert internal
    assert internal & {route.door.name for route in app.routes_of_doors} == set()


@dataclass(frozen=True)
class Make(Command[str]):
    kind: str = ""


@dataclass(frozen=True)
class Find(Query[str]):
    thing_id: str


@dataclass(frozen=True)
class Named(Query[str]):
    pass


@dataclass(frozen=True)
class WithCursor(LiveQuery[str]):
    cursor: str = ""


def door(message: type, route: str, kind: Any) -> Door:
    return Door(message, lambda ctx, message: "", "definitions.view", True, route, kind)


@pytest.mark.parametrize(
    "doors",
    [
        [door(Make, "GET /things", "command")],
        [door(WithCursor, "POST /things", "live")],
        [door(WithCursor, "GET /things", "live")],
        [door(Find, "GET /things/{thing_id}", "query"), door(Make, "GET /things/{kind}", "query")],
        [door(Find, "GET /things/{other}", "query")],
    ],
    ids=["a command by GET", "a stream by POST", "a field that is the stream's", "one route twice", "no such field"],
)
def test_doors_that_cannot_be_served_are_refused_at_the_start(doors: list[Door]) -> None:
    with pytest.raises(TypeError):
        routes.routes(doors)


def test_a_name_is_tried_before_a_parameter() -> None:
    doors = [door(Find, "GET /things/{thing_id}", "query"), door(Named, "GET /things/new", "query")]
    assert [route.door.name for route in routes.routes(doors)] == ["Named", "Find"]
    assert [route.door.name for route in routes.routes(reversed(doors))] == ["Named", "Find"]


async def test_resources_answer_as_their_shape_says(web: httpx.AsyncClient) -> None:
    made = await web.post("/v1/agents", json={"definition": body()})
    assert made.status_code == 200
    agent_id = made.json()
    assert (await web.put(f"/v1/agents/{agent_id}", json={"definition": body(name="Other")})).status_code == 204
    assert (await web.get(f"/v1/agents/{agent_id}")).json()["name"] == "Other"
    published = await web.post(f"/v1/agents/{agent_id}/publish")
    assert len(published.json()) == 64
    listed = await web.get("/v1/agents", params={"ids": [agent_id, "agt_other"]})
    assert list(listed.json()["rows"]) == [agent_id]
    assert listed.json()["cursor"]
    assert (await web.get("/v1/agents?ids=")).json()["rows"] == {}


async def test_what_is_answered_is_kept_by_nobody(web: httpx.AsyncClient) -> None:
    for path in ("/health", "/v1/agents", "/v1/agents/nobody", "/v1/session"):
        assert (await web.get(path)).headers["cache-control"] == "no-store"


async def test_the_description_describes_what_is_answered(web: httpx.AsyncClient, core: SmallCore) -> None:
    await core.client.send(CreateAgent(definition()))
    whole = (await web.get("/v1/openapi.json")).json()
    for path in ("/v1/agents", "/v1/agents/{agent_id}", "/v1/policy", "/v1/rules", "/v1/session", "/health"):
        answer = await web.get(path.replace("{agent_id}", "Reply desk"))
        schema = whole["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        validate(answer.json(), schema, whole)
    refused = await web.get("/v1/agents/nobody")
    problem = whole["components"]["responses"]["Problem404"]["content"]["application/problem+json"]["schema"]
    validate(refused.json(), problem, whole)


async def test_the_description_is_complete(web: httpx.AsyncClient, app: Application) -> None:
    whole = (await web.get("/v1/openapi.json")).json()
    operations = {
        (method.upper(), path): operation
        for path, methods in whole["paths"].items()
        for method, operation in methods.items()
    }
    assert operations.keys() | {("GET", "/v1/openapi.json")} == served(app)
    names = [operation["operationId"] for operation in operations.values()]
    assert len(set(names)) == len(names)
    for (method, path), operation in operations.items():
        assert operation["summary"].strip(), path
        in_path = {part["name"] for part in operation.get("parameters", ()) if part["in"] == "path"}
        assert in_path == {part.strip("{}") for part in path.split("/") if part.startswith("{")}
        assert any(code.startswith("2") for code in operation["responses"])
        assert path == "/health" or "401" in operation["responses"]
        assert method != "GET" or "requestBody" not in operation
    assert whole["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert whole["security"] == [{"token": []}]
    for reference in references(whole):
        target: Any = whole
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]


async def test_a_body_is_described_as_strictly_as_it_is_read(web: httpx.AsyncClient) -> None:
    whole = (await web.get("/v1/openapi.json")).json()
    schema = whole["paths"]["/v1/agents/{agent_id}"]["put"]["requestBody"]["content"]["application/json"]["schema"]
    validate({"definition": body()}, schema, whole)
    for wrong in ({}, {"definition": body(), "more": 1}, {"definition": body(), "agent_id": "x"}, {"definition": 1}):
        with pytest.raises(jsonschema.ValidationError):
            validate(wrong, schema, whole)
        answer = await web.put("/v1/agents/x", json=wrong)
        assert answer.status_code == 422


async def test_only_the_doors_given_are_served(core: SmallCore) -> None:
    only = [found for found in legate_core.registry if found.name == "Agents"]
    async with browser(create_app(core.client, TOKEN, doors=only)) as web:
        assert (await web.get("/v1/agents")).status_code == 200
        assert (await web.get("/v1/runs")).status_code == 404


def validate(value: Any, schema: dict[str, Any], whole: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(schema | {"components": whole["components"]}).validate(value)


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        here = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return here + [found for item in value.values() for found in references(item)]
    return [found for item in value for found in references(item)] if isinstance(value, list) else []


def body(**changes: Any) -> dict[str, Any]:
    """A definition as JSON."""
    given = {"name": "Reply desk", "purpose": "", "instructions": "Answer.", "model": {"provider": "scripted"}}
    return json.loads(json.dumps(given | changes))
