"""Lays out the practice workspace: a throw-away data folder, the sample files, and the practice deputy, published."""

from __future__ import annotations

import asyncio
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from legate_core.agents.commands import Agents, CreateAgent, PublishAgent
from legate_core.agents.model import AgentDefinition, Limits
from legate_core.app import Core, open_local
from legate_core.errors import Damaged, Unavailable
from legate_core.knowledge.commands import AddFiles, CreateBase
from legate_core.knowledge.queries import KnowledgeBases
from legate_core.settings import RESOURCES, Settings, from_environment, practice_home, throw_away

SAMPLE = RESOURCES / "sample" / "practice"
FILES = "practice"


async def open_practice(home: Path | None = None, *, is_worker: bool = True) -> Core:
    """Open the practice workspace below a data folder, laid out at the first time; the caller closes it."""
    return await open_throw_away(practice_home(home), is_worker=is_worker)


async def open_throw_away(folder: Path, *, is_worker: bool = True) -> Core:
    """Open the practice workspace in exactly this folder, which must be new, empty or one of its kind."""
    settings = await asyncio.to_thread(_lay_out, folder)
    core = await open_local(settings, is_worker=is_worker)
    try:
        if not await core.client.ask(Agents()):
            base_id = await _lay_out_knowledge(core, settings.home / FILES)
            agent_id = await core.client.send(CreateAgent(deputy(settings.home / FILES, (base_id,))))
            await core.client.send(PublishAgent(agent_id, note="The practice deputy, as it ships."))
    except BaseException:
        await core.close()
        raise
    return core


def practice_task() -> tuple[str, str]:
    """The practice deputy's name, and the words that start its first run."""
    data = _read(SAMPLE)
    return str(data["name"]), str(data["task"])


async def _lay_out_knowledge(core: Core, folder: Path) -> str:
    """The practice knowledge base with its documents; it is read while everything else goes on."""
    data = _read(folder)["knowledge"]
    known = [row.id for row in (await core.client.ask(KnowledgeBases())).values() if row.name == data["name"]]
    base_id = known[0] if known else await core.client.send(CreateBase(data["name"]))
    paths = await asyncio.to_thread(lambda: sorted(str(path) for path in (folder / data["folder"]).iterdir()))
    await core.client.send(AddFiles(base_id, tuple(paths)))
    return base_id


def deputy(folder: Path, knowledge: tuple[str, ...] = ()) -> AgentDefinition:
    """The practice deputy's definition, with its folders where they lie now and the knowledge bases it is given."""
    data = _read(folder)
    model = dict(data["model"])
    if "script" in model:
        model["script"] = str(folder / model["script"])
    return AgentDefinition(
        name=data["name"],
        purpose=data["purpose"],
        instructions=data["instructions"],
        model=model,
        tools=tuple(data["tools"]),
        limits=Limits(**data["limits"]),
        folders={name: str(folder / path) for name, path in data["folders"].items()},
        sender=data["mail"]["sender"],
        knowledge=knowledge,
    )


def _lay_out(folder: Path) -> Settings:
    settings = throw_away(from_environment({}, folder))
    files = settings.home / FILES
    if not files.exists():
        # Copied beside and renamed, so that a start cut off in the middle leaves no half of it.
        fresh = settings.home / f"{FILES}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            shutil.copytree(SAMPLE, fresh)
            fresh.rename(files)
        except OSError as error:
            # What was copied is given back: on a full disk it is in the way of everything else.
            shutil.rmtree(fresh, ignore_errors=True)
            raise Unavailable(
                "The disk is full or cannot be written. Nothing was changed; free some space and try again.",
                reason=str(error),
            ) from error
    return settings


def _read(folder: Path) -> Mapping[str, Any]:
    path = folder / "practice.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Damaged(f"The practice workspace cannot be read ({error}). Delete {folder} and start again.") from error
