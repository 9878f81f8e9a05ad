"""What a story is told with: a core of its own, a clock that a test moves, a scripted agent, and a world that counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from legate_core.agents.commands import CreateAgent, PublishAgent
from legate_core.agents.model import AgentDefinition, Limits
from legate_core.app import Core, open_local
from legate_core.approvals.model import ApprovalDetail, ApprovalRow
from legate_core.approvals.queries import ApprovalCard, PendingApprovals
from legate_core.client import Client
from legate_core.identity.authorize import MatrixAuthorizer
from legate_core.kernel import journal
from legate_core.kernel.clock import ManualClock
from legate_core.kernel.context import ReadContext
from legate_core.kernel.messages import Command, LiveQuery, Query, Recorded
from legate_core.remote import open_remote
from legate_core.runs import store
from legate_core.runs.commands import StartRun
from legate_core.runs.doubt import InDoubt
from legate_core.runs.model import RunDetail, RunRow, StepRow
from legate_core.runs.queries import Run, RunLog
from legate_core.settings import Settings, throw_away
from legate_server.app import create_app
from tests.fakes.world import ALL, World
from tests.server.small_core import TOKEN, running

R = TypeVar("R")

SEND = {"tool": "world.send", "arguments": {"to": "kim@example.com", "text": "The parcel is on its way."}}


def turn(at: int, say: str = "", *calls: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """One turn of the script: what the model says after `at` replies, and what it calls."""
    found: dict[str, Any] = {"at": at, **more}
    if say:
        found["say"] = say
    if calls:
        found["call"] = [dict(call) for call in calls]
    return found


def call(tool: str, to: str = "kim@example.com", text: str = "hello", **more: Any) -> dict[str, Any]:
    """One scripted call of a world's tool."""
    return {"tool": tool, "arguments": more or {"to": to, "text": text}}


ASK_THEN_END = (turn(0, "Kim asked where the parcel is.", SEND), turn(1, "I told Kim."))
"""The smallest job: one question, one effect, one final answer."""


@dataclass
class Story:
    """One person, one machine, one agent at a time."""

    settings: Settings
    world: World
    clock: ManualClock = field(default_factory=ManualClock)
    is_remote: bool = False
    _core: Core | None = None
    _remote: AsyncExitStack = field(default_factory=AsyncExitStack)
    _client: Client | None = None
    _names: int = 0

    @classmethod
    def at(cls, folder: Path, database_url: str = "", *, is_remote: bool = False) -> Story:
        """A story in this folder; a remote one is told through `legate serve` and the remote client."""
        settings = throw_away(Settings(home=folder / "home", database_url=database_url))
        return cls(settings, World(folder / "world"), is_remote=is_remote)

    @property
    def core(self) -> Core:
        assert self._core is not None, "the story has not begun"
        return self._core

    @property
    def client(self) -> Client:
        """What the person speaks through."""
        assert self._client is not None, "the story has not begun"
        return self._client

    @property
    def is_running(self) -> bool:
        return self._core is not None

    async def begin(self) -> None:
        """Start Legate."""
        self._core = await open_local(self.settings, clock=self.clock, extra_tools=self.world.tools())
        self._client = await self._connect() if self.is_remote else self._core.client
        await self.core.transport.sweep()
        await self.settled()

    async def end(self) -> None:
        """Close Legate. What is on its way is cut off, exactly as by a power cut: no outcome is written."""
        await self._remote.aclose()
        if self._core is not None:
            await self._core.close()
            self._core = None

    async def _connect(self) -> Client:
        """A server before the core, and a client that reaches it over HTTP."""
        served = await self._remote.enter_async_context(running(create_app(self.core.client, TOKEN)))
        client = await open_remote(served.url, TOKEN)
        self._remote.push_async_callback(client.close)
        return client

    async def restart(self) -> None:
        """Close Legate and start it again."""
        await self.end()
        self.world.let_go.clear()
        await self.begin()

    async def publish(self, *turns: Mapping[str, Any], **more: Any) -> str:
        """A published agent with this script; its id."""
        self._names += 1
        definition = AgentDefinition(
            **{
                "name": f"Deputy {self._names}",
                "purpose": "Answer customers.",
                "instructions": "Answer what customers ask, and ask before you act.",
                "model": {"provider": "scripted", "turns": [dict(item) for item in turns]},
                "tools": ALL,
                "limits": Limits(),
            }
            | more
        )
        agent_id = await self.send(CreateAgent(definition))
        await self.send(PublishAgent(agent_id))
        return agent_id

    async def run(self, *turns: Mapping[str, Any], task: str = "See what is new.", **more: Any) -> str:
        """A run of such an agent, gone as far as it goes without a person; its id."""
        run_id = await self.begin_run(*turns, task=task, **more)
        await self.settled()
        return run_id

    async def begin_run(self, *turns: Mapping[str, Any], task: str = "See what is new.", **more: Any) -> str:
        """The same, without waiting for anything."""
        return await self.send(StartRun(await self.publish(*(turns or ASK_THEN_END), **more), task))

    async def send(self, command: Command[R]) -> R:
        return await self.client.send(command)

    async def ask(self, query: Query[R]) -> R:
        return await self.client.ask(query)

    async def answer(self, command: Command[R]) -> R:
        """Send an answer, and let everything happen that follows from it."""
        result = await self.send(command)
        await self.settled()
        return result

    async def settled(self) -> None:
        await self.core.settled()

    async def later(self, seconds: float) -> None:
        """Time passes, and the engine looks at the clock."""
        self.clock.advance(seconds)
        await self.core.transport.sweep()
        await self.settled()

    def prove(self) -> None:
        """The person has just proved who they are."""
        sessions = self.core.kernel.ports.get(MatrixAuthorizer).sessions
        sessions.prove(self.core.owner, self.clock.now())

    async def inbox(self) -> list[ApprovalRow]:
        return list((await self.ask(PendingApprovals())).values())

    async def question(self) -> ApprovalRow:
        """The one thing that waits."""
        (row,) = await self.inbox()
        return row

    async def card(self) -> ApprovalDetail:
        return await self.ask(ApprovalCard((await self.question()).id))

    async def doubts(self) -> list[ApprovalRow]:
        return list((await self.ask(InDoubt())).values())

    async def detail(self, run_id: str) -> RunDetail:
        return await self.ask(Run(run_id))

    async def row(self, run_id: str) -> RunRow:
        return (await self.detail(run_id)).row

    async def log(self, run_id: str) -> list[StepRow]:
        return list((await self.ask(RunLog(run_id))).values())

    async def tool_states(self, run_id: str) -> list[str]:
        """What became of each call of the run."""
        return [step.state for step in await self.log(run_id) if step.kind == "tool"]

    async def observed(self, run_id: str) -> list[str]:
        """What each call of the run told the agent, whole."""

        def look(ctx: ReadContext) -> list[str]:
            steps = store.step_records(ctx, run_id)
            return [str(step.body["action"]["outcome"]["content"]) for step in steps if step.action_id]

        core = self.core
        return await core.kernel.look(core.kernel.system(core.workspace_id), look)

    async def facts(self, *names: str) -> list[Recorded]:
        """The journal, all of it or the entries of these names."""
        found = await self.core.kernel.look(
            self.core.kernel.system(self.core.workspace_id),
            lambda ctx: journal.read(ctx.connection, ctx.workspace_id, 0, limit=100_000),
        )
        return [fact for fact in found if not names or fact.name in names]

    async def rows(self, query: LiveQuery[Any]) -> Mapping[str, Any]:
        return (await self.core.client.snapshot(query)).rows

    def effects(self) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """What happened in the world, in order."""
        return [(effect.tool, effect.arguments) for effect in self.world.happened]
