"""The few errors that leave the core: each names what is wrong and what to do next.

Front ends never invent their own wording: the command line prints `message`, the window shows it, the server
sends it as RFC 9457 problem+json with `code` as the last part of `type` and `status` as the HTTP status.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import ClassVar


class LegateError(Exception):
    """Base of every error a front end may see. `message` is one or two plain sentences, the last says what to do."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class Invalid(LegateError):
    """The request itself is wrong: an unknown field, a bad value, arguments that do not fit a schema."""

    code = "invalid"
    status = 422
    exit_code = 2


class NotFound(LegateError):
    """Nothing with that id is visible to this actor."""

    code = "not-found"
    status = 404
    exit_code = 3


class Conflict(LegateError):
    """The world moved: somebody answered first, the state no longer allows it. `details` names the winner."""

    code = "conflict"
    status = 409
    exit_code = 4


class Forbidden(LegateError):
    """This actor's role does not hold the permission. The message names the permission and who holds it."""

    code = "forbidden"
    status = 403
    exit_code = 5


class NeedsReauthentication(Forbidden):
    """The permission is held, but only with a fresh proof of who is asking."""

    code = "needs-reauthentication"
    status = 401


class Locked(LegateError):
    """The vault or the data folder is locked: by a passphrase, a seal, or a second process."""

    code = "locked"
    status = 423
    exit_code = 6


class Damaged(LegateError):
    """Stored data does not verify or cannot be read. Nothing was changed."""

    code = "damaged"
    status = 500
    exit_code = 7


class Unavailable(LegateError):
    """Something outside (a model endpoint, a database, the disk) is away, slow or full. Trying later may work."""

    code = "unavailable"
    status = 503
    exit_code = 8


class LimitReached(LegateError):
    """A limit on steps, tokens, time or money would be passed. Nothing was spent."""

    code = "limit-reached"
    status = 402
    exit_code = 9


@cache
def kinds() -> Mapping[str, type[LegateError]]:
    """Every error of this module by its code, for those who hear of one from afar."""
    found: dict[str, type[LegateError]] = {}
    waiting: list[type[LegateError]] = [LegateError]
    while waiting:
        kind = waiting.pop()
        if kind.__module__ == LegateError.__module__:
            found[kind.code] = kind
        waiting += kind.__subclasses__()
    return found
