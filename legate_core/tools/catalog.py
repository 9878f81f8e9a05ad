"""All tools by name: what can be called, how it is offered to a model, and whether arguments fit."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from legate_core.errors import Invalid, NotFound
from legate_core.tools import validate
from legate_core.tools.spec import Json, Tool, ToolSpec


@dataclass(frozen=True, slots=True)
class Offer:
    """What a model is told about a tool. Providers that allow no dots in names translate both ways."""

    name: str
    description: str
    parameters: Mapping[str, Json]


class Catalog:
    """Tools by name. Nothing gets in whose manifest policy could not judge."""

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
        self._tools: dict[str, Tool] = {}
        for tool in tools:
            self.register(tool)

    def register(self, tool: Tool) -> None:
        """Add a tool. Raises `Invalid` for a second one of the same name and a manifest that policy cannot judge."""
        spec = tool.spec
        validate.check_manifest(spec)
        if spec.name in self._tools:
            raise Invalid(f"There are two tools named {spec.name}. Give one of them another name.")
        self._tools[spec.name] = tool

    def get(self, name: str) -> Tool:
        """The tool, or `NotFound` that names the nearest ones."""
        tool = self._tools.get(name)
        if tool is None:
            near = difflib.get_close_matches(name[:80], self._tools, n=3, cutoff=0.5)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(self) or 'none'}."
            raise NotFound(f"There is no tool named {name[:80]!r}. {hint}", near=near)
        return tool

    def spec(self, name: str) -> ToolSpec:
        """The manifest of the tool, or `NotFound`."""
        return self.get(name).spec

    def offers(self, names: Iterable[str] | None = None) -> tuple[Offer, ...]:
        """What a model is told, for these tools in this order or for all. An unknown name is `NotFound`."""
        specs = [self.spec(name) for name in (self if names is None else names)]
        return tuple(Offer(spec.name, spec.description, spec.parameters) for spec in specs)

    def problems(self, name: str, arguments: Json) -> tuple[str, ...]:
        """What is wrong with a call's arguments, as sentences for whoever wrote them; empty when they fit."""
        return validate.problems(self.spec(name), arguments)

    def check(self, name: str, arguments: Json) -> None:
        """Raise `Invalid`, with all problems in its message, unless the arguments fit."""
        if found := self.problems(name, arguments):
            raise Invalid(f"The arguments of {name} do not fit. {' '.join(found)}", problems=list(found))

    def __contains__(self, name: object) -> bool:
        return name in self._tools

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._tools))

    def __len__(self) -> int:
        return len(self._tools)
