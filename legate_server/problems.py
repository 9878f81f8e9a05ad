"""Errors as RFC 9457 problem+json: the same sentence the window shows, never what is inside."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response

from legate_core import Conflict, Forbidden, Invalid, LegateError, NotFound, Unavailable, wire

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:legate:problem:"
"""What every `type` begins with; the error's code is the rest."""


class Unauthenticated(Forbidden):
    """No token, or a wrong one."""

    code: ClassVar[str] = "unauthenticated"
    status: ClassVar[int] = 401


class Misdirected(Forbidden):
    """The request was meant for another host: a name somebody else pointed at this machine."""

    code: ClassVar[str] = "misdirected"
    status: ClassVar[int] = 421


class NoSuchMethod(NotFound):
    """The resource is there and does not do this."""

    code: ClassVar[str] = "no-such-method"
    status: ClassVar[int] = 405


class TooLarge(Invalid):
    """The body is larger than this server takes."""

    code: ClassVar[str] = "too-large"
    status: ClassVar[int] = 413


class NotJson(Invalid):
    """The body says that it is something else than JSON."""

    code: ClassVar[str] = "not-json"
    status: ClassVar[int] = 415


class CursorRefused(Conflict):
    """This server did not hand out that cursor, or not for this query; the reader starts from a fresh snapshot."""

    code: ClassVar[str] = "cursor-refused"
    status: ClassVar[int] = 410


class TooManyStreams(Unavailable):
    """As many streams as this server holds are open."""

    code: ClassVar[str] = "too-many-streams"
    status: ClassVar[int] = 503


def body(error: LegateError) -> dict[str, Any]:
    """An error as the members of a problem."""
    problem: dict[str, Any] = {
        "type": TYPE + error.code,
        "title": error.code.replace("-", " ").capitalize(),
        "status": error.status,
        "detail": error.message,
    }
    if error.details:
        problem["details"] = {name: _detail(value) for name, value in error.details.items()}
    return problem


def response(error: LegateError, headers: Mapping[str, str] | None = None) -> Response:
    """An error as an answer."""
    given = {"cache-control": "no-store"} | dict(headers or {})
    if error.status == 401:
        given["www-authenticate"] = 'Bearer realm="Legate"'
    return Response(wire.to_bytes(body(error)), error.status, given, MEDIA_TYPE)


def unexpected(error: BaseException, where: str) -> LegateError:
    """What the outside learns of an error nobody expected: that it happened. The log has the rest."""
    log.error("%s failed", where, exc_info=error)
    return LegateError("Something went wrong inside Legate. Nothing more is known here; the server's log says what.")


def answer_for(error: Exception, request: Request) -> Response:
    """The answer to a request that ended in this error."""
    if not isinstance(error, LegateError):
        error = unexpected(error, f"{request.method} {request.scope['path']}")
    return response(error)


def _detail(value: object) -> Any:
    try:
        return wire.encode(value)
    except TypeError:
        # A detail is there to help a person; one without a JSON form is better said in words than left out.
        return str(value)
