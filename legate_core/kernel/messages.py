"""What may be said to the core: commands change, queries read, live queries read and keep reading; events are the facts.

Messages are frozen dataclasses of JSON-able fields, so that the window, the command line and HTTP say the same thing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar, cast

R = TypeVar("R")
Row = TypeVar("Row")


class Command(Generic[R]):
    """A request to change something; its handler runs in one transaction and answers with an `R`."""


class Query(Generic[R]):
    """A request to read something; answers with an `R` from one consistent snapshot."""


@dataclass(frozen=True, slots=True)
class Reread:
    """A live query's answer to an event it cannot apply by itself: read these rows again."""

    ids: frozenset[str]


EVERYTHING: frozenset[str] = frozenset({"*"})
"""What a live query listens to that is about the journal itself: every event there is."""


class LiveQuery(Query[dict[str, Row]]):
    """A query whose answer is rows by id, and which says how one event changes that answer.

    The law every live query keeps: a snapshot with the events since applied to it equals a fresh snapshot.
    A subclass has a field `ids: tuple[str, ...] | None = None`; given ids, the handler answers for those rows only.
    """

    listens: ClassVar[frozenset[str]]

    def concerns(self, event: Recorded) -> bool:
        """Whether an event among `listens` is about these rows at all. Pure; it also filters remote streams."""
        return True

    def apply(self, rows: Mapping[str, Row], event: Recorded) -> Mapping[str, Row] | Reread:
        """Fold one event into the rows, or name the rows to read again. Pure."""
        raise TypeError(f"{type(self).__name__} does not say how an event changes it")


@dataclass(frozen=True, slots=True)
class Tick:
    """A signal that is never stored: a token of streamed text, a step of progress."""

    run_id: str
    kind: str
    text: str = ""
    done: int = 0
    total: int = 0


class TickStream(Query[Tick]):
    """A request to hear what one thing streams right now, until the asker leaves. Its first field is the thing's id.

    A client asks by that id alone: `prefix` is how the ids of such things begin.
    """

    prefix: ClassVar[str]

    @property
    def about(self) -> str:
        """The id whose ticks are meant."""
        return str(getattr(self, dataclasses.fields(cast(Any, self))[0].name))


class Event:
    """A fact: ids, states and short labels; never a secret, never a document. Names are for ever."""

    name: ClassVar[str]
    fields: ClassVar[tuple[str, ...]]

    def body(self) -> dict[str, Any]:
        """The event's fields as JSON."""
        return {field: getattr(self, field) for field in self.fields}


EVENTS: dict[str, type[Event]] = {}

E = TypeVar("E", bound=Event)


def event(name: str) -> Any:
    """Declare a frozen dataclass as the event stored under `name`; a name used twice fails at import."""

    def declare(cls: type[E]) -> type[E]:
        if name in EVENTS:
            raise TypeError(f"event {name} is declared twice")
        cls.name = name
        cls.fields = tuple(field.name for field in dataclasses.fields(cls))  # type: ignore[arg-type] # a dataclass by contract
        EVENTS[name] = cls
        return cls

    return declare


@dataclass(frozen=True, slots=True)
class Recorded:
    """One journal entry as its readers see it."""

    seq: int
    name: str
    body: Mapping[str, Any]
    actor: str
    cause: str
    at: int


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[Row]):
    """A live query's rows, and the cursor from which the events that are not in them follow."""

    rows: Mapping[str, Row]
    cursor: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A batch of events for one live query, and the cursor after them. A `reset` asks for a fresh snapshot."""

    events: tuple[Recorded, ...]
    cursor: str
    reset: bool = False
