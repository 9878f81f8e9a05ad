"""An agent as a file: out without what belongs to this machine, in as a draft with a list of what is missing."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from legate_core.agents.commands import check, create
from legate_core.agents.events import AgentImported
from legate_core.agents.model import AgentDefinition, from_json, to_json
from legate_core.agents.store import load_agent, load_definition
from legate_core.agents.versions import literals
from legate_core.errors import Invalid
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.messages import Command, Query
from legate_core.kernel.registry import command, query
from legate_core.tools.catalog import Catalog

FORMAT = "legate/agent/1"
MAX_FILE = 400_000
TRAVELS = frozenset({"provider", "model", "max_tokens", "temperature", "turns"})
"""The settings of a model that mean the same on every machine. Others name a key, an address or a file of one of them."""


@dataclass(frozen=True, slots=True)
class ExportAgent(Query[str]):
    """An agent's draft, or the version with this hash, as the text of a file.

    Folders are there by name without their place, and keys and addresses of the model are left out.
    """

    agent_id: str
    definition_hash: str = ""


@query(ExportAgent, permission="definitions.export", route="GET /agents/{agent_id}/file")
def export_agent(ctx: ReadContext, message: ExportAgent) -> str:
    agent = load_agent(ctx, message.agent_id)
    chosen = message.definition_hash
    definition = load_definition(ctx, chosen) if chosen else from_json(agent["draft"])
    data = to_json(definition)
    data["folders"] = dict.fromkeys(definition.folders, "")
    data["model"] = _travelling(definition.model)
    data.pop("knowledge", None)
    return json.dumps({"format": FORMAT, "agent": data}, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file: the draft's id, what it names that is not here, and the literals its publisher would vouch for."""

    agent_id: str
    missing_tools: tuple[str, ...]
    missing_folders: tuple[str, ...]
    literals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportAgent(Command[Imported]):
    """Make an agent from the text of a file. It arrives as a draft: nothing runs it by itself, and its words are nobody's
    own before a person has published it. Tools that are not here are left out and named."""

    text: str


@command(ImportAgent, permission="definitions.import", route="POST /agents/import")
def import_agent(ctx: Context, message: ImportAgent) -> Imported:
    definition = read(message.text)
    catalog = ctx.port(Catalog)
    missing = tuple(name for name in definition.tools if name not in catalog)
    kept = dataclasses.replace(
        definition,
        model=_travelling(definition.model),
        tools=tuple(name for name in definition.tools if name not in missing),
        folders={},
    )
    check(ctx, kept)
    agent_id = create(ctx, kept)
    ctx.emit(AgentImported(agent_id, hashlib.sha256(message.text.encode("utf-8", "replace")).hexdigest()))
    return Imported(agent_id, missing, tuple(sorted(definition.folders)), literals(kept))


def read(text: str) -> AgentDefinition:
    """The definition in a file. Raises `Invalid` that says what is wrong with it."""
    if len(text) > MAX_FILE:
        raise Invalid(f"The file has more than {MAX_FILE:,} characters, so it is no agent. Choose another file.")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"This file is not JSON ({error}). Choose a file that was exported from Legate.") from error
    if not isinstance(data, dict) or cast("dict[str, Any]", data).get("format") != FORMAT:
        raise Invalid(f"This file is no agent of Legate: it does not say {FORMAT!r}. Choose an exported agent.")
    agent = cast("dict[str, Any]", data).get("agent")
    if not isinstance(agent, dict):
        raise Invalid("The file holds no agent. Export it again.")
    given = cast("Mapping[str, Any]", agent)
    known = {field.name for field in dataclasses.fields(AgentDefinition)}
    return from_json({name: value for name, value in given.items() if name in known and name != "knowledge"})


def _travelling(model: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in model.items() if name in TRAVELS}
