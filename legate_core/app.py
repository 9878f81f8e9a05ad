"""The composition root: one data folder, one database, one kernel, and the parts that make it work.

Whoever opens a core owns its data folder until it is closed. What a process is composed with is decided here and nowhere
else; every part is found by its type with `ctx.port`.
"""

from __future__ import annotations

import asyncio
import getpass
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from legate_core.actions.invoke import RunFolders
from legate_core.agents.folders import DataFolder
from legate_core.agents.model import AgentDefinition
from legate_core.audit.checkpoint import Checkpointer
from legate_core.audit.notary import Notary
from legate_core.audit.walks import Walks
from legate_core.backup.model import Source
from legate_core.client import LocalClient
from legate_core.connectors.base import Surroundings
from legate_core.connectors.registry import built_in_tools
from legate_core.crypto.bodies import BodyKeyRing
from legate_core.crypto.keys import BODIES, KeyPort, get_or_make, key_port
from legate_core.crypto.process import forbid_core_dumps
from legate_core.crypto.secret import Secret
from legate_core.egress.broker import Broker
from legate_core.errors import Forbidden, LegateError
from legate_core.features import features
from legate_core.identity import bootstrap
from legate_core.identity.authorize import MatrixAuthorizer, Sessions
from legate_core.identity.prove import KeyHolder
from legate_core.kernel import reactors
from legate_core.kernel.clock import Clock, SystemClock
from legate_core.kernel.context import Actor, Context
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.ids import new_id
from legate_core.kernel.messages import Tick
from legate_core.kernel.payloads import BodyKeys
from legate_core.knowledge.works import Works
from legate_core.llm import surroundings as llm
from legate_core.llm.base import Model
from legate_core.llm.commands import LookForModels
from legate_core.llm.local_pool import LocalModels
from legate_core.llm.own_prices import priced
from legate_core.llm.pricing import Price
from legate_core.llm.registry import key_of, open_model, price_of
from legate_core.llm.sources import Sources
from legate_core.runs.executor import Executor
from legate_core.runs.model import RunRecord
from legate_core.runs.model_calls import ModelPort
from legate_core.runs.recovery import recover
from legate_core.runs.retention import EraseOldRuns
from legate_core.runs.transport import Transport
from legate_core.settings import Settings
from legate_core.storage.engine import Database
from legate_core.storage.migrate import migrate
from legate_core.storage.ownership import Ownership
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import Tool
from legate_core.vault.keys import Vault
from legate_core.vault.lend import lend
from legate_core.vault.store import has_records as vault_has_records

log = logging.getLogger(__name__)

RETENTION_SECONDS = 3600.0


@dataclass
class Core:
    """A running core. `client` is the person at the desk; `close` lets go of the data folder."""

    settings: Settings
    kernel: Kernel
    client: LocalClient
    executor: Executor
    transport: Transport
    checkpointer: Checkpointer
    workspace_id: str
    owner: Actor
    knowledge: Works
    _ownership: Ownership

    @property
    def closed_to_others(self) -> tuple[Path, ...]:
        """What of the data folder was open to others on this machine until this core was opened."""
        return self._ownership.closed

    async def settled(self) -> None:
        """Wait until every run has gone as far as it can go without a person."""
        await self.transport.settled()

    async def close(self) -> None:
        """Stop advancing, sign the journal as it stands, close the database, release the folder."""
        try:
            await self.transport.close()
            await self.kernel.ports.get(LocalModels).close()
            await self.checkpointer.close()
        finally:
            try:
                await self.kernel.close()
                await self.knowledge.close()
            finally:
                self._ownership.release()


async def open_local(
    settings: Settings,
    *,
    keys: KeyPort | None = None,
    clock: Clock | None = None,
    extra_tools: Sequence[Tool] = (),
    is_worker: bool = True,
) -> Core:
    """Open the data folder and start the engine; the caller closes it.

    `keys` is the key port, where it is not the one that the settings name; `extra_tools` can be called beside the
    built-in ones, by the same rules. A core that is no worker answers and records but advances no run. Raises `Locked`,
    `Damaged` or `Unavailable` with what to do; then nothing was changed.
    """
    forbid_core_dumps()
    ownership = Ownership(settings.home)
    await asyncio.to_thread(ownership.acquire)
    try:
        port = keys or key_port(settings)
        await asyncio.to_thread(port.unlock, Secret(settings.passphrase))
        core = await _open(settings, port, clock or SystemClock(), extra_tools, ownership)
    except BaseException:
        ownership.release()
        raise
    try:
        await _start(core, is_worker=is_worker)
    except BaseException:
        await core.close()
        raise
    return core


async def _open(
    settings: Settings, keys: KeyPort, clock: Clock, extra_tools: Sequence[Tool], ownership: Ownership
) -> Core:
    features()
    await asyncio.to_thread(migrate, settings.url)
    database = Database(settings.url)
    try:
        known = await database.read(bootstrap.personal_workspace)
        body_key = await asyncio.to_thread(get_or_make, keys, BODIES, may_make=known is None)
        body_keys = BodyKeys(BodyKeyRing(body_key))
        authorizer = MatrixAuthorizer(Sessions())
        kernel = Kernel(database, body_keys, authorizer, clock)
        may_make = known is None or not await database.read(vault_has_records, workspace_id=known[0])
        kernel.ports.add(Vault, await asyncio.to_thread(Vault.open, keys, may_make=may_make))
        kernel.ports.add(Notary, await asyncio.to_thread(Notary.open, keys, may_make=known is None))
        kernel.ports.add(Walks, Walks(kernel.ticks))
        broker = Broker()
        workspace_id, person_id = known or await _first_start(kernel)
        knowledge = Works(
            kernel,
            workspace_id,
            settings.home,
            settings.vectors,
            broker.transport,
            _lender(kernel, workspace_id, person_id),
            vectors_key=settings.qdrant_key,
            originals=settings.originals,
            originals_key=settings.originals_key,
            originals_region=settings.originals_region,
        )
        toolbox = Toolbox(broker, DataFolder(settings.home), knowledge, extra_tools)
        executor = _compose(kernel, authorizer, keys, settings, broker, toolbox)
        await database.write(lambda c: reactors.start_cursors(c, workspace_id), workspace_id=workspace_id)
    except BaseException:
        await asyncio.to_thread(database.close)
        raise
    transport = Transport(kernel, executor, [workspace_id])
    owner = bootstrap.owner_of(workspace_id, person_id)
    return Core(
        settings=settings,
        kernel=kernel,
        client=LocalClient(kernel, owner),
        executor=executor,
        transport=transport,
        checkpointer=Checkpointer(kernel, [workspace_id]),
        workspace_id=workspace_id,
        owner=owner,
        knowledge=knowledge,
        _ownership=ownership,
    )


def _compose(
    kernel: Kernel,
    authorizer: MatrixAuthorizer,
    keys: KeyPort,
    settings: Settings,
    broker: Broker,
    toolbox: Toolbox,
) -> Executor:
    """Every port of this process, each found by its type."""
    kernel.ports.add(Broker, broker)
    kernel.ports.add(LocalModels, LocalModels())
    kernel.ports.add(Sources, Sources(kernel))
    kernel.ports.add(MatrixAuthorizer, authorizer)
    kernel.ports.add(KeyHolder, keys)
    kernel.ports.add(Source, Source(settings.home, settings.url, keys, kernel.clock))
    kernel.ports.add(DataFolder, toolbox.data_folder)
    kernel.ports.add(Catalog, toolbox.everything)
    kernel.ports.add(RunFolders, RunFolders(str(settings.home / "runs")))
    return Executor(kernel, toolbox.of, Models(kernel, broker).port)


def _lender(kernel: Kernel, workspace_id: str, person_id: str) -> Callable[[str, str], Awaitable[str]]:
    """Lends a secret to an embedder for one call, on behalf of whose workspace this is."""

    async def lend_for(secret_id: str, host: str) -> str:
        def borrow(ctx: Context) -> Secret:
            return lend(ctx, secret_id, host, on_behalf_of=person_id)

        return (await kernel.change(kernel.system(workspace_id), borrow, "knowledge")).reveal()

    return lend_for


async def _start(core: Core, *, is_worker: bool) -> None:
    """Recover what the last process left behind, then let everything run."""
    core.kernel.start(core.kernel.pump.pump(), "reactors")
    core.kernel.pump.hear(core.workspace_id, None)
    core.kernel.start(core.checkpointer.run(), "checkpoints")
    if not is_worker:
        return
    core.knowledge.start()
    core.kernel.on_hint = core.transport.hint
    await recover(core.kernel, core.transport)
    core.kernel.start(core.transport.run(), "transport")
    core.kernel.start(_look_for_models(core), "models")
    core.kernel.start(_erase_old_runs(core), "retention")


async def _look_for_models(core: Core) -> None:
    """See which model servers run on this computer; nobody waits for it."""
    try:
        await core.kernel.send(core.kernel.system(core.workspace_id), LookForModels())
    except LegateError as error:
        log.info("model servers were not looked for: %s", error.message)


async def _erase_old_runs(core: Core) -> None:
    """Erase every hour what was kept long enough. What the disk refuses is tried again an hour later."""
    while True:
        try:
            while await core.kernel.send(core.kernel.system(core.workspace_id), EraseOldRuns()):
                pass
        except LegateError as error:
            log.warning("old runs were not erased: %s", error.message)
        await asyncio.sleep(RETENTION_SECONDS)


async def _first_start(kernel: Kernel) -> tuple[str, str]:
    workspace_id, person_id = new_id("ws"), new_id("per")

    def create(ctx: Context) -> None:
        bootstrap.create_personal_workspace(ctx, person_id, _user_name(), name="Personal")

    await kernel.change(kernel.system(workspace_id), create, "first start")
    return workspace_id, person_id


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # No name for this user id, as in a bare container.
        return "Owner"


class Toolbox:
    """The tools of every agent, each in the folders and with the knowledge bases that its definition names."""

    def __init__(
        self, broker: Broker, data_folder: DataFolder, knowledge: Works, extra_tools: Sequence[Tool] = ()
    ) -> None:
        self._broker = broker
        self.data_folder = data_folder
        self._knowledge = knowledge
        self._extra_tools = tuple(extra_tools)
        self._by_hash: dict[str, Catalog] = {}
        self.everything = self._catalog(Surroundings())

    def of(self, definition: AgentDefinition) -> Catalog:
        """The catalogue of one definition; made once."""
        known = self._by_hash.get(definition.hash)
        if known is None:
            self.data_folder.check(definition.folders)
            folders = {name: Path(path) for name, path in definition.folders.items()}
            sender = {"sender": definition.sender} if definition.sender else {}
            search = self._knowledge.for_agent(definition.knowledge)
            known = self._catalog(Surroundings(folders=folders, fetch=self._broker.fetch, knowledge=search, **sender))
            self._by_hash[definition.hash] = known
        return known

    def _catalog(self, surroundings: Surroundings) -> Catalog:
        return Catalog([*built_in_tools(surroundings), *self._extra_tools])


class Models:
    """Models for runs: reached through the broker, with a key that the vault lends to one call."""

    def __init__(self, kernel: Kernel, broker: Broker) -> None:
        self._kernel = kernel
        self._broker = broker
        self._faults: dict[str, int] = {}

    @property
    def port(self) -> ModelPort:
        return ModelPort(open=self.open, price=self.price)

    async def price(self, run: RunRecord, model: Mapping[str, Any]) -> Price | None:
        """What a model of a definition costs in the run's workspace, or None where nobody has said."""
        return price_of(await self._priced(run, model))

    async def _priced(self, run: RunRecord, model: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._kernel.look(self._kernel.system(run.workspace_id), lambda ctx: priced(ctx, model))

    async def open(self, run: RunRecord, model: Mapping[str, Any]) -> Model:
        """The model of a definition, its key lent for this one call. Raises `Locked` where the vault is sealed."""
        needed = key_of(model)
        lent = await self._lend(run, needed) if needed is not None else None

        def secret(secret_id: str, host: str) -> str:
            if lent is None or needed is None or (secret_id, host) != (needed.secret_id, needed.host):
                raise Forbidden(f"The key {secret_id} was not lent for {host}. Check the model's settings.")
            return lent.reveal()

        surroundings = llm.Surroundings(
            transport=self._broker.transport,
            secret=secret,
            faults=self._faults,
            local=self._kernel.ports.get(LocalModels),
            progress=lambda text, done, total: self._kernel.ticks.publish(Tick(run.id, "loading", text, done, total)),
        )
        # With its price: what may be charged at most is sent along where a service takes that.
        return open_model(await self._priced(run, model), surroundings)

    async def _lend(self, run: RunRecord, needed: llm.Key) -> Secret:
        actor = self._kernel.system(run.workspace_id)

        def borrow(ctx: Context) -> Secret:
            return lend(ctx, needed.secret_id, needed.host, on_behalf_of=run.started_by, run_id=run.id)

        return await self._kernel.change(actor, borrow, f"run {run.id}")
