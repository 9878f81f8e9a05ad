"""Finds every connector of this package: one file each, nothing to enter anywhere."""

from __future__ import annotations

import functools
import importlib
import pkgutil

import legate_core.connectors
from legate_core.connectors.base import ConnectedTool, Connector, Surroundings
from legate_core.errors import Invalid


@functools.cache
def connectors() -> tuple[type[Connector], ...]:
    """All connector classes by name. A second one of the same name is refused."""
    found: dict[str, type[Connector]] = {}
    for module_info in pkgutil.iter_modules(legate_core.connectors.__path__, "legate_core.connectors."):
        module = importlib.import_module(module_info.name)
        for value in vars(module).values():
            if not (isinstance(value, type) and issubclass(value, Connector) and value is not Connector):
                continue
            if value.__module__ != module.__name__:
                continue
            if value.name in found:
                raise Invalid(f"There are two connectors named {value.name}. Give one of them another name.")
            found[value.name] = value
    return tuple(found[name] for name in sorted(found))


def built_in_tools(surroundings: Surroundings) -> tuple[ConnectedTool, ...]:
    """The tools of all connectors in these surroundings, ready for a catalogue."""
    return tuple(tool for connector in connectors() for tool in connector(surroundings).tools())
