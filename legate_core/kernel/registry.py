"""Every door of the core: which message, which handler, which permission, which HTTP route, public or not."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from legate_core.errors import NotFound
from legate_core.kernel.context import Actor, Ports, ReadContext
from legate_core.kernel.messages import Command, LiveQuery, Query, TickStream

R = TypeVar("R")
Row = TypeVar("Row")

INTERNAL = "engine.internal"
"""The permission of doors that only the engine itself may use; no role holds it."""


Before = Callable[[Ports, Actor, Any], Any]
"""What is done outside of the transaction: plain or awaitable, of the ports, the actor and the message."""


@dataclass(frozen=True, slots=True)
class Door:
    """One message and everything that is declared about it.

    `route` is an HTTP method and path under `/v1` ("POST /approvals/{approval_id}/approve"); a public door has one.
    `before` does what no transaction may wait for (large files, another process), once the permission is checked and before
    the handler's transaction; what it found is the handler's third argument. A plain function runs in a thread.
    `owner` finds the person a message's object belongs to, for permissions that hold for one's own only.
    """

    message: type[Any]
    handler: Callable[..., Any]
    permission: str
    public: bool
    route: str
    kind: Literal["command", "query", "live", "ticks"]
    owner: Callable[[ReadContext, Any], str | None] | None = None
    before: Before | None = None

    @property
    def name(self) -> str:
        return self.message.__name__


class Registry:
    """The doors by message type. There is one per process, filled while the feature packages are imported."""

    def __init__(self) -> None:
        self._doors: dict[type[Any], Door] = {}

    def add(self, door: Door) -> None:
        """Register a door; a second handler, a missing permission or an async handler fails here, at import."""
        if door.message in self._doors:
            raise TypeError(f"{door.name} has two handlers")
        if not door.permission:
            raise TypeError(f"{door.name} declares no permission")
        if door.public != bool(door.route):
            raise TypeError(f"{door.name}: a public door has a route, an internal one has none")
        if door.public and door.permission == INTERNAL:
            raise TypeError(f"{door.name} is public but asks for an internal permission")
        if inspect.iscoroutinefunction(door.handler):
            raise TypeError(f"{door.name}: a handler is a plain function, so that nothing awaits inside a transaction")
        self._doors[door.message] = door

    def of(self, message: object) -> Door:
        """The door for a message; a message nobody handles is a programming error."""
        return self._doors[type(message)]

    def stream_of(self, about: str) -> TickStream:
        """The request for what the thing of this id streams. Raises `NotFound` for ids of things that stream nothing."""
        for door in self:
            if door.kind == "ticks" and about.startswith(door.message.prefix):
                return cast("TickStream", door.message(about))
        raise NotFound(
            f"Nothing streams under the id {about[:80]!r}. Ask with the id of a run or of what is under way."
        )

    def __iter__(self) -> Iterator[Door]:
        return iter(sorted(self._doors.values(), key=lambda door: door.name))


registry = Registry()


def command(
    message: type[Command[R]],
    *,
    permission: str,
    route: str = "",
    owner: Callable[[ReadContext, Any], str | None] | None = None,
    before: Before | None = None,
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Declare the function below as a command's handler. With a `route` the door is public."""

    def declare(handler: Callable[..., R]) -> Callable[..., R]:
        registry.add(Door(message, handler, permission, bool(route), route, "command", owner, before))
        return handler

    return declare


def query(
    message: type[Query[R]],
    *,
    permission: str,
    route: str = "",
    owner: Callable[[ReadContext, Any], str | None] | None = None,
    before: Before | None = None,
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Declare the function below as a query's handler."""

    def declare(handler: Callable[..., R]) -> Callable[..., R]:
        kind: Literal["query", "live"] = "live" if issubclass(message, LiveQuery) else "query"
        registry.add(Door(cast("type[Any]", message), handler, permission, bool(route), route, kind, owner, before))
        return handler

    return declare


def ticks(
    message: type[TickStream],
    *,
    permission: str,
    route: str = "",
    owner: Callable[[ReadContext, Any], str | None] | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare who may hear such a stream. The function below raises `NotFound` where the workspace has no such thing."""

    def declare(handler: Callable[..., None]) -> Callable[..., None]:
        registry.add(Door(message, handler, permission, bool(route), route, "ticks", owner))
        return handler

    return declare
