"""How a connector declares its tools: one class in one file, one decorated method per tool.

A method's signature is the tool's schema, its docstring is what the model reads, and the decorator says what policy and
the card need. For example:

    class Notes(Connector):
        name = "notes"

        @tool("notes.add", effect=Effect.WRITE, title="add a note {text}", undo="delete the note by hand")
        async def add(self, call: Invocation, text: Annotated[str, Meta(max_length=500), CONTENT]) -> Observation:
            "Add one note."

Every connector is built from the same `Surroundings`, so that the registry can build one without knowing it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol, get_args, get_origin, get_type_hints

import msgspec

from legate_core import typed
from legate_core.errors import Invalid
from legate_core.tools.bounds import bounded
from legate_core.tools.spec import Argument, Effect, Invocation, Json, Observation, ProbeResult, ToolFailed, ToolSpec

CONTENT = Argument("content")
"""Marks an argument as body, note or subject; what is not marked says who, where, which or how much."""

MAILBOX = "mailbox"
OUTBOX = "outbox"
RUN = "run"


def safe(*values: Json) -> Argument:
    """Marks an authority argument whose listed values are harmless wherever they came from."""
    return Argument("authority", values)


class Response(Protocol):
    """What came back over HTTP, already cut to size by whoever fetched it."""

    @property
    def status(self) -> int: ...
    @property
    def url(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...
    @property
    def is_cut(self) -> bool: ...


class Fetch(Protocol):
    """One checked HTTP request to an address that came from a model (the egress broker's *chosen* profile)."""

    async def __call__(self, method: str, url: str) -> Response: ...


class Passages(Protocol):
    """What a search of knowledge bases found: as text for a model, where it came from in words, and as data."""

    @property
    def text(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def data(self) -> Json: ...


class SearchKnowledge(Protocol):
    """A search of exactly the knowledge bases that an agent was given; `only` narrows to documents of which all these
    words are known, empty to none."""

    async def __call__(self, question: str, limit: int, only: str) -> Passages: ...


@dataclass(frozen=True)
class Surroundings:
    """All that a connector may know of the world it works in.

    `folders` are the agent's folders by name; *mailbox* and *outbox* belong to mail, *run* is the run's own and cannot
    be given away. `fetch` is the road to the network, if there is one; `knowledge` searches the agent's knowledge bases, if
    it has any; `sender` is whom practice mail comes from.
    """

    folders: Mapping[str, Path] = field(default_factory=dict[str, Path])
    fetch: Fetch | None = None
    knowledge: SearchKnowledge | None = None
    sender: str = "you@practice.example"

    def __post_init__(self) -> None:
        if RUN in self.folders:
            raise Invalid(f"A folder cannot be named {RUN!r}: that is the run's own. Choose another name.")
        for name, path in self.folders.items():
            if not path.is_absolute():
                raise Invalid(f"The folder {name!r} must be an absolute path, not {str(path)!r}.")
        self._keep_mail_apart()

    def _keep_mail_apart(self) -> None:
        """A file tool that reaches the outbox would send mail as if it were writing a file."""
        real = {name: path.resolve() for name, path in self.folders.items()}
        for mail in {MAILBOX, OUTBOX} & real.keys():
            for name in self.documents:
                if real[name].is_relative_to(real[mail]) or real[mail].is_relative_to(real[name]):
                    raise Invalid(
                        f"The folder {name!r} and the {mail} lie one in the other. Choose a folder beside it."
                    )

    @property
    def documents(self) -> Mapping[str, Path]:
        """The folders that file tools may enter: all but mail's own."""
        return {name: path for name, path in self.folders.items() if name not in {MAILBOX, OUTBOX}}


Act = Callable[..., Awaitable[Observation]]
Ask = Callable[[Any, Invocation], Awaitable[ProbeResult]]


class Connector:
    """Base of all connectors. A subclass names itself; its tools are its decorated methods."""

    name: ClassVar[str]
    version: ClassVar[str] = "1"

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings

    @classmethod
    def declared(cls) -> tuple[Declared, ...]:
        """The tools, in the order they stand in the file."""
        return tuple(value for value in vars(cls).values() if isinstance(value, Declared))

    def tools(self) -> tuple[ConnectedTool, ...]:
        """The tools of this instance, ready for a catalogue."""
        return tuple(ConnectedTool(self, declared) for declared in self.declared())


class Declared:
    """A tool as its connector's class holds it: the manifest and the methods, not yet an instance."""

    def __init__(self, act: Act, ask: Ask | None, manifest: Mapping[str, Any]) -> None:
        self.act = act
        self.ask = ask
        self._manifest = manifest
        self.shape, self.parameters, self.roles = _from_signature(act)

    @functools.cache  # noqa: B019  declared once per class, for the life of the program
    def spec(self, connector: type[Connector]) -> ToolSpec:
        """The manifest of this tool in that connector; one object, so that its hash is computed once."""
        return ToolSpec(
            description=inspect.cleandoc(self.act.__doc__ or ""),
            parameters=self.parameters,
            arguments=self.roles,
            can_probe=self.ask is not None,
            connector=connector.name,
            connector_version=connector.version,
            **self._manifest,
        )


def tool(
    name: str,
    *,
    effect: Effect,
    title: str,
    undo: str = "",
    reach: str = "",
    cost: str = "",
    local: bool = False,
    amount_argument: str = "",
    timeout_seconds: float = 60.0,
    probe: Ask | None = None,
) -> Callable[[Act], Declared]:
    """Declare the method below as a tool; the words are those of `ToolSpec`. `probe` is a method defined above it."""
    manifest = {
        "name": name,
        "effect": effect,
        "title": title,
        "undo": undo,
        "reach": reach,
        "cost": cost,
        "local": local,
        "amount_argument": amount_argument,
        "timeout_seconds": timeout_seconds,
    }
    return lambda act: Declared(act, probe, manifest)


class ConnectedTool:
    """A declared tool of one connector instance; what a catalogue holds."""

    def __init__(self, connector: Connector, declared: Declared) -> None:
        self._connector = connector
        self._declared = declared
        self._spec = declared.spec(type(connector))

    @property
    def spec(self) -> ToolSpec:
        return self._spec

    async def invoke(self, call: Invocation) -> Observation:
        """Run the method with typed arguments. What does not fit, and any failed *read*, is `ToolFailed`."""
        arguments = self._typed(call)
        try:
            observation = await self._declared.act(self._connector, call, **arguments)
        except OSError as error:
            if self._spec.effect is not Effect.READ:
                raise
            raise ToolFailed(f"{self._spec.name} could not read: {error.strerror or type(error).__name__}.") from error
        return bounded(observation)

    async def probe(self, call: Invocation) -> ProbeResult:
        """Ask whether this very call happened; a tool that cannot be asked says *unknown*."""
        if self._declared.ask is None:
            return ProbeResult.UNKNOWN
        return await self._declared.ask(self._connector, call)

    def _typed(self, call: Invocation) -> dict[str, Any]:
        try:
            shape = typed.convert(dict(call.arguments), self._declared.shape)
        except msgspec.ValidationError as error:
            raise ToolFailed(f"The arguments of {self._spec.name} do not fit: {error}.") from error
        return {name: getattr(shape, name) for name in self._declared.shape.__struct_fields__}


def _from_signature(act: Act) -> tuple[type[msgspec.Struct], dict[str, Json], dict[str, Argument]]:
    """The arguments as a type, as JSON Schema, and as roles. The first two parameters are `self` and the call."""
    hints = get_type_hints(act, include_extras=True)
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    roles: dict[str, Argument] = {}
    for parameter in list(inspect.signature(act).parameters.values())[2:]:
        hint: Any = hints[parameter.name]
        if get_origin(hint) is Annotated:
            roles.update((parameter.name, mark) for mark in get_args(hint)[1:] if isinstance(mark, Argument))
        if parameter.default is inspect.Parameter.empty:
            fields.append((parameter.name, hint))
        else:
            fields.append((parameter.name, hint, parameter.default))
    shape = msgspec.defstruct("Arguments", fields, forbid_unknown_fields=True, kw_only=True, frozen=True)
    typed.gather(shape)
    schema: dict[str, Json] = msgspec.json.schema(shape)
    definitions = schema["$defs"]
    parameters: dict[str, Json] = {key: value for key, value in definitions.pop("Arguments").items() if key != "title"}
    parameters.setdefault("required", [])
    if definitions:
        parameters["$defs"] = definitions
    return shape, parameters, roles
