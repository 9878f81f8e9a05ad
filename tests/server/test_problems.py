"""Every way a request can be wrong ends as a problem that says what to do next, and never as an accident."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

import legate_core
from legate_core import errors
from legate_core.client import LocalClient
from legate_server import problems
from legate_server.app import create_app
from tests.server.small_core import TOKEN, SmallCore, browser

PROBLEM = "application/problem+json"
LIMIT = 2_000


class Failing(LocalClient):
    """A client whose every question fails the same way."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def ask(self, query: Any) -> Any:
        raise self.error

    async def snapshot(self, query: Any) -> Any:
        raise self.error


KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.LegateError)]


def test_there_are_kinds() -> None:
    assert len(KINDS) >= 10


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_every_error_has_its_status_and_keeps_its_words(kind: type[errors.LegateError]) -> None:
    error = kind("It is so. Do that.", winner="per_1", at=3, odd={1, 2}, secret=object)
    async with browser(create_app(Failing(error), TOKEN)) as web:
        for path in ("/v1/agents", "/v1/agents/x"):
            answer = await web.get(path)
            problem = answer.json()
            assert answer.status_code == problem["status"] == kind.status
            assert answer.headers["content-type"] == PROBLEM
            assert problem["type"] == f"urn:legate:problem:{kind.code}"
            assert problem["title"]
            assert problem["detail"] == "It is so. Do that."
            assert problem["details"]["winner"] == "per_1"
            assert problem["details"]["at"] == 3
            assert ("www-authenticate" in answer.headers) == (kind.status == 401)


async def test_what_nobody_expected_tells_nothing_of_the_inside(caplog: pytest.LogCaptureFixture) -> None:
    async with browser(create_app(Failing(ZeroDivisionError("/srv/secret/path")), TOKEN)) as web:
        for path, accept in (("/v1/agents", "*/*"), ("/v1/agents/x", "*/*"), ("/v1/agents", "text/event-stream")):
            with caplog.at_level(logging.ERROR):
                answer = await web.get(path, headers={"accept": accept})
            assert answer.status_code == 500
            assert answer.headers["content-type"] == PROBLEM
            assert "ZeroDivision" not in answer.text
            assert "secret" not in answer.text
    assert "/srv/secret/path" in caplog.text


AGENT = '{"definition": {"name": "n", "purpose": "", "instructions": "", "model": {"provider": "scripted"}}}'
JSON = {"content-type": "application/json"}


REQUESTS = (
    ("GET", "/", "", {}, 404),
    ("GET", "/v1", "", {}, 404),
    ("GET", "/v1/", "", {}, 404),
    ("GET", "/v1/agents/", "", {}, 404),
    ("GET", "/v2/agents", "", {}, 404),
    ("GET", "/docs", "", {}, 404),
    ("GET", "/openapi.json", "", {}, 404),
    ("GET", "/v1/agents/../../etc/passwd", "", {}, 404),
    ("GET", "/v1/agents/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "", {}, 404),
    ("GET", "/v1/agents/%2F%2Fx", "", {}, 404),
    ("GET", "/v1/agents/%00", "", {}, 422),
    ("GET", "/v1/agents/%FF%FE", "", {}, 422),
    ("GET", "/v1/agents/%ED%A0%80", "", {}, 422),
    ("DELETE", "/v1/agents", "", {}, 405),
    ("TRACE", "/v1/agents", "", {}, 405),
    ("GET", "/v1/agents?idz=1", "", {}, 422),
    ("GET", "/v1/agents?ids=%FF", "", {}, 422),
    ("GET", "/v1/agents?ids=%00", "", {}, 422),
    ("GET", "/v1/agents?" + "&".join(["ids=x"] * 6_000), "", {}, 422),
    ("GET", "/v1/agents?cursor=1", "", {}, 422),
    ("GET", "/v1/runs?since=x", "", {}, 422),
    ("GET", "/v1/runs?since=1&since=2", "", {}, 422),
    ("GET", "/v1/runs?since=99999999999999999999", "", {}, 422),
    ("POST", "/v1/agents?x=1", AGENT, JSON, 422),
    ("POST", "/v1/agents", "", JSON, 422),
    ("POST", "/v1/agents", "{", JSON, 422),
    ("POST", "/v1/agents", "[]", JSON, 422),
    ("POST", "/v1/agents", "null", JSON, 422),
    ("POST", "/v1/agents", '"\\ud800"', JSON, 422),
    ("POST", "/v1/agents", '{"definition": NaN}', JSON, 422),
    ("POST", "/v1/agents", "[" * (LIMIT - 1), JSON, 422),
    ("POST", "/v1/agents", AGENT, {}, 415),
    ("POST", "/v1/agents", AGENT, {"content-type": "text/plain"}, 415),
    ("POST", "/v1/agents", AGENT, {"content-type": "application/x-www-form-urlencoded"}, 415),
    ("POST", "/v1/agents", AGENT, {"content-type": "application/json; charset=utf-8"}, 200),
    ("POST", "/v1/agents", AGENT.replace('"n"', '"' + "n" * LIMIT + '"'), JSON, 413),
    ("POST", "/v1/agents", AGENT.replace('"n"', '""'), JSON, 422),
    ("POST", "/v1/agents/nobody/publish", "", {}, 404),
    ("POST", "/v1/runs/run_nobody/erase", "", {}, 401),
)


async def test_what_is_wrong_gets_its_status(core: SmallCore) -> None:
    async with browser(create_app(core.client, TOKEN, body_limit=LIMIT)) as web:
        for method, path, content, headers, status in REQUESTS:
            answer = await web.request(method, path, content=content.encode(), headers=headers)
            assert answer.status_code == status, f"{method} {path[:80]} {content[:80]}: {answer.text}"
            if status != 200:
                assert answer.headers["content-type"] == PROBLEM
                assert answer.json()["status"] == status
                assert answer.json()["detail"].endswith(".")


async def test_another_method_is_named(web: httpx.AsyncClient) -> None:
    assert (await web.delete("/v1/policy")).headers["allow"]


def test_every_problem_of_the_server_is_one_of_the_cores_errors() -> None:
    """So that a front end that knows the core's errors knows these, too."""
    own = [kind for kind in vars(problems).values() if isinstance(kind, type) and issubclass(kind, errors.LegateError)]
    assert len(own) > len(KINDS) / 2
    assert all(issubclass(kind, legate_core.LegateError) for kind in own)
