"""`legate agents`: what the agents are; making, editing and publishing them from a file."""

from __future__ import annotations

import tomllib
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import legate_core as core
from legate_core.cli.options import Subparsers, add_command, add_words, object_of, read_text
from legate_core.cli.runs import agent_id
from legate_core.cli.screen import Result, Screen
from legate_core.cli.session import Session, opened
from legate_core.cli.text import one_line, table, wrap
from legate_core.errors import Invalid

if TYPE_CHECKING:
    from legate_core.agents.commands import AgentRow
    from legate_core.agents.model import AgentDefinition

FILE_HELP = (
    "FILE holds the definition as TOML or JSON: name, purpose, instructions, model (provider and what it needs), tools,\n"
    "limits, folders (relative ones are taken from the file's place), sender. 'legate agents show NAME --json' writes one."
)


def add(under: Subparsers) -> None:
    parser = add_command(under, "agents", "the agents, and making, editing and publishing them", list_all)
    words = add_words(parser)
    add_command(words, "list", "every agent", list_all)
    show = add_command(words, "show", "an agent's draft", show_one)
    create = add_command(words, "create", "make an agent as a draft", create_one, more=FILE_HELP)
    edit = add_command(words, "edit", "replace an agent's draft", edit_one, more=FILE_HELP)
    publish = add_command(words, "publish", "make the draft a version that can run", publish_one)
    for word in (show, edit, publish):
        word.add_argument("agent", metavar="AGENT", help="the agent's name or id")
    for word in (create, edit):
        word.add_argument("file", metavar="FILE", help="a TOML or JSON file, or - for JSON on stdin")
        word.add_argument("--publish", action="store_true", help="publish it at once")
    for word in (create, edit, publish):
        word.add_argument("--note", default="", help="what is new in the published version")


async def list_all(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire

    async with opened(options, screen) as session:
        rows = list((await session.ask(core.Agents())).values())
    if not rows:
        return Result({"agents": []}, ["There are no agents yet. 'legate agents create FILE' makes one."])
    cells = [(row.id, row.name, row.model, _state(row), row.purpose) for row in rows]
    return Result(
        {"agents": wire.encode(rows)}, table(("id", "name", "model", "state", "purpose"), cells, screen.width)
    )


def _state(row: AgentRow) -> str:
    if not row.published_hash:
        return "draft"
    return "published, draft differs" if row.has_unpublished_changes else "published"


async def show_one(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire

    async with opened(options, screen) as session:
        definition = await session.ask(core.AgentDraft(await agent_id(session, options.agent)))
    return Result(wire.encode(definition), list(_told(definition, screen)))


def _told(definition: AgentDefinition, screen: Screen) -> Iterator[str]:
    yield screen.style(one_line(definition.name), "bold")
    yield from wrap(definition.purpose, screen.width)
    model = {name: value for name, value in definition.model.items() if isinstance(value, str | int | float)}
    yield f"model    {one_line(', '.join(f'{name} {value}' for name, value in model.items()))}"
    yield f"tools    {one_line(', '.join(definition.tools)) or 'none'}"
    for name, path in definition.folders.items():
        yield f"folder   {one_line(name)}: {one_line(path)}"
    if definition.sender:
        yield f"sender   {one_line(definition.sender)}"
    limits = definition.limits
    yield f"limits   {limits.steps} steps, {limits.tokens:,} tokens, {limits.wall_clock_seconds:,} s"
    yield f"version  {definition.hash[:16]}…"
    yield ""
    yield from wrap(definition.instructions.strip(), screen.width)


async def create_one(options: Namespace, screen: Screen) -> Result:
    definition = definition_in(options.file, screen)
    async with opened(options, screen) as session:
        found = await session.send(core.CreateAgent(definition))
        return await _kept(options, session, found, definition.name, "made")


async def edit_one(options: Namespace, screen: Screen) -> Result:
    definition = definition_in(options.file, screen)
    async with opened(options, screen) as session:
        found = await agent_id(session, options.agent)
        await session.send(core.EditAgent(found, definition))
        return await _kept(options, session, found, definition.name, "changed")


async def _kept(options: Namespace, session: Session, found: str, name: str, how: str) -> Result:
    if options.publish:
        return await _publish(session, found, name, options.note)
    data = {"agent": {"id": found, "name": name}}
    return Result(
        data, [f"{one_line(name)} ({found}) is {how}, as a draft. 'legate agents publish {found}' lets it run."]
    )


async def publish_one(options: Namespace, screen: Screen) -> Result:
    async with opened(options, screen) as session:
        found = await agent_id(session, options.agent)
        name = (await session.ask(core.AgentDraft(found))).name
        return await _publish(session, found, name, options.note)


async def _publish(session: Session, found: str, name: str, note: str) -> Result:
    version = await session.send(core.PublishAgent(found, note=note))
    data = {"agent": {"id": found, "name": name}, "version": version}
    return Result(data, [f"{one_line(name)} ({found}) is published as {version[:16]}…"])


def definition_in(name: str, screen: Screen) -> AgentDefinition:
    """The definition in a file that a person named. Raises `Invalid` that says what is wrong with it."""
    from legate_core import wire
    from legate_core.agents.model import AgentDefinition

    if name == "-":
        data, base = object_of(screen.read(), "What came on stdin"), Path.cwd()
    else:
        path = Path(name).expanduser()
        data, base = _parsed(path), path.absolute().parent
    folders = data.get("folders")
    if isinstance(folders, dict):
        given = cast("Mapping[str, Any]", folders)
        data["folders"] = {
            key: str(base / Path(value).expanduser()) if isinstance(value, str) else value
            for key, value in given.items()
        }
    return wire.decode(AgentDefinition, data)


def _parsed(path: Path) -> dict[str, Any]:
    text = read_text(path)
    if path.suffix.lower() == ".json":
        return object_of(text, f"The file {path}")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"The file {path} is not TOML: {error}. Correct it, or name a .json file.") from error
