"""The one law of live queries: a snapshot and the events after it fold into exactly the fresh snapshot.

Every live query of the registry is followed through random stories; a new one is found here by itself and fails until
somebody says how it is asked.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from legate_core.agents.commands import AgentDraft, Agents, DeleteAgent, EditAgent, RestoreAgent
from legate_core.approvals.commands import ApproveAction, EditAction, RejectAction, UndoAnswer
from legate_core.approvals.handing import DelegateApproval, SnoozeApproval
from legate_core.approvals.queries import DecidedApprovals, PendingApprovals
from legate_core.audit.queries import JournalEnd
from legate_core.client import fold
from legate_core.crypto.secret import Secret
from legate_core.errors import LegateError
from legate_core.features import features
from legate_core.kernel.messages import LiveQuery
from legate_core.knowledge.queries import Documents, KnowledgeBases
from legate_core.policy.commands import AddRule, DeleteRule
from legate_core.policy.model import Rule
from legate_core.policy.queries import Rules
from legate_core.runs.activity import AgentActivities
from legate_core.runs.branch import ForkRun
from legate_core.runs.catalogue import ModelCatalogue
from legate_core.runs.commands import CancelRun, EraseRun, StopEverything
from legate_core.runs.doubt import InDoubt, SettleDoubt
from legate_core.runs.drafts import StartDraft
from legate_core.runs.money import Budgets
from legate_core.runs.pausing import PauseRuns, ResumeRuns, RunsPause
from legate_core.runs.queries import RunLog, Runs
from legate_core.runs.secret_uses import SecretUses
from legate_core.vault.commands import DeleteSecret, SealVault, StoreSecret, UnsealVault
from legate_core.vault.queries import Secrets, VaultStanding
from tests.flows.story import SEND, Story, call, turn

STEPS = 14
ANSWERS = ["start", "approve", "approve_held", "edit", "reject", "stop", "undo", "cancel", "erase", "doubt", "later"]
HANDINGS = ["snooze", "delegate"]
DEFINITIONS = [
    "add_rule",
    "drop_rule",
    "edit_agent",
    "drop_agent",
    "bring_back_agent",
    "fork",
    "try_draft",
    "keep_secret",
    "drop_secret",
    "seal_or_unseal",
    "pause_or_resume",
]

# How each live query is asked; `RunLog` about a run of the story.
ASKED: Mapping[str, Callable[[list[str]], LiveQuery[Any]]] = {
    "AgentActivities": lambda _: AgentActivities(),
    "Agents": lambda _: Agents(),
    "Budgets": lambda _: Budgets(),
    "DecidedApprovals": lambda _: DecidedApprovals(),
    # With documents in them these two are followed in tests/core/knowledge/test_queries.py.
    "Documents": lambda _: Documents("kb_none"),
    "InDoubt": lambda _: InDoubt(),
    "JournalEnd": lambda _: JournalEnd(),
    "KnowledgeBases": lambda _: KnowledgeBases(),
    "ModelCatalogue": lambda _: ModelCatalogue(),
    "PendingApprovals": lambda _: PendingApprovals(),
    "Rules": lambda _: Rules(),
    "RunLog": lambda runs: RunLog(runs[0]),
    "Runs": lambda _: Runs(),
    "RunsPause": lambda _: RunsPause(),
    "SecretUses": lambda _: SecretUses(),
    "Secrets": lambda _: Secrets(),
    "VaultStanding": lambda _: VaultStanding(),
}

# And the ways to ask that change which rows there are.
NARROWED: Mapping[str, Callable[[list[str]], LiveQuery[Any]]] = {
    "deleted agents": lambda _: Agents(deleted=True),
    "runs that have not ended": lambda _: Runs(unended=True),
    "an outline": lambda runs: RunLog(runs[0], outline=True),
}


def test_every_live_query_is_followed_here() -> None:
    assert {door.name for door in features() if door.kind == "live"} == set(ASKED)


class Life:
    """One random thing after the other, as people, agents and the clock would do them."""

    def __init__(self, story: Story, seed: int) -> None:
        self.story = story
        self.random = random.Random(seed)
        self.runs: list[str] = []
        self.agents: list[str] = []
        self.decided: list[str] = []

    async def step(self) -> str:
        """Do one thing; its name. What the core refuses is part of life."""
        name = self.random.choice(ANSWERS + HANDINGS + DEFINITIONS)
        try:
            await getattr(self, name)()
        except LegateError:
            name += " (refused)"
        await self.story.settled()
        return name

    async def start(self) -> None:
        self.story.world.behave["world.send"] = self.random.choice(["act", "act", "fail", "raise_after"])
        both = [turn(0, "I do both.", SEND, call("world.note")), turn(1, "", SEND), turn(2, "Done.")]
        nothing = [turn(0, "There is nothing to do.")]
        self.runs.append(await self.story.begin_run(*self.random.choice([both, both, nothing])))

    async def _waiting(self) -> str:
        rows = await self.story.inbox()
        if not rows:
            return "apr_none"
        chosen = self.random.choice(rows).id
        self.decided.append(chosen)
        return chosen

    async def approve(self) -> None:
        await self.story.send(ApproveAction(await self._waiting()))

    async def approve_held(self) -> None:
        self.story.prove()
        scope = self.random.choice(["", "this_run"])
        await self.story.send(ApproveAction(await self._waiting(), scope=scope, hold_seconds=6))

    async def edit(self) -> None:
        await self.story.send(EditAction(await self._waiting(), {"to": "lee@example.com", "text": "edited"}))

    async def reject(self) -> None:
        await self.story.send(
            RejectAction(await self._waiting(), reason="No.", hold_seconds=self.random.choice([0, 6]))
        )

    async def stop(self) -> None:
        if self.random.random() < 0.5:
            await self.story.send(RejectAction(await self._waiting(), stop=True))
        else:
            await self.story.send(StopEverything())

    async def snooze(self) -> None:
        until = self.story.clock.now() + 3_600_000 if self.random.random() < 0.7 else 0
        await self.story.send(SnoozeApproval(await self._waiting(), until))

    async def delegate(self) -> None:
        await self.story.send(DelegateApproval(await self._waiting()))

    async def undo(self) -> None:
        await self.story.send(UndoAnswer(self.random.choice([*self.decided, "apr_none"])))

    async def cancel(self) -> None:
        await self.story.send(CancelRun(self.random.choice(self.runs)))

    async def erase(self) -> None:
        self.story.prove()
        await self.story.send(EraseRun(self.random.choice(self.runs)))

    async def add_rule(self) -> None:
        rule = Rule(id="", name="No notes", verdict="deny", tools=("world.note",), words="Nothing is noted.")
        await self.story.send(AddRule(rule))

    async def drop_rule(self) -> None:
        self.story.prove()
        rows = [row for row in (await self.story.rows(Rules())).values() if not row.is_built_in]
        await self.story.send(DeleteRule(self.random.choice(rows).id if rows else "rul_none"))

    async def later(self) -> None:
        await self.story.later(self.random.choice([3, 6, 30, 24 * 3600]))

    async def doubt(self) -> None:
        rows = await self.story.doubts()
        answer = self.random.choice(["happened", "do_it", "give_up"])
        await self.story.send(SettleDoubt(self.random.choice(rows).id if rows else "act_none", answer))

    async def keep_secret(self) -> None:
        name = f"Key {self.random.randrange(3)}"
        self.story.prove()
        await self.story.send(StoreSecret(name, Secret("s3cret"), ("api.example.com",)))

    async def drop_secret(self) -> None:
        self.story.prove()
        await self.story.send(DeleteSecret(self.random.choice([*await self.story.rows(Secrets()), "sec_none"])))

    async def seal_or_unseal(self) -> None:
        await self.story.send(self.random.choice([SealVault(), UnsealVault()]))

    async def pause_or_resume(self) -> None:
        await self.story.send(self.random.choice([PauseRuns(), ResumeRuns()]))

    async def drop_agent(self) -> None:
        agents = await self.story.rows(Agents())
        await self.story.send(DeleteAgent(self.random.choice(list(agents) or ["agt_none"])))

    async def bring_back_agent(self) -> None:
        agents = await self.story.rows(Agents(deleted=True))
        await self.story.send(RestoreAgent(self.random.choice(list(agents) or ["agt_none"])))

    async def fork(self) -> None:
        self.runs.append(await self.story.send(ForkRun(self.random.choice(self.runs), self.random.randrange(3))))

    async def try_draft(self) -> None:
        agents = await self.story.rows(Agents())
        self.runs.append(await self.story.send(StartDraft(self.random.choice(list(agents) or ["agt_none"]), "Try it.")))

    async def edit_agent(self) -> None:
        agents = await self.story.rows(Agents())
        agent_id = self.random.choice(list(agents) or ["agt_none"])
        draft = await self.story.ask(AgentDraft(agent_id))
        await self.story.send(EditAgent(agent_id, draft))


@pytest.mark.parametrize("seed", range(6))
async def test_snapshot_and_events_are_the_fresh_snapshot(database_url: str, tmp_path: Path, seed: int) -> None:
    story = Story.at(tmp_path, database_url)
    await story.begin()
    try:
        life = Life(story, seed)
        await life.start()
        await story.settled()
        client = story.core.client
        queries = {name: make(life.runs) for name, make in {**ASKED, **NARROWED}.items()}
        followed = {name: await client.snapshot(query) for name, query in queries.items()}
        rows = {name: snapshot.rows for name, snapshot in followed.items()}
        cursors = {name: snapshot.cursor for name, snapshot in followed.items()}
        done: list[str] = []
        for _ in range(STEPS):
            done.append(await life.step())
            # Sometimes one batch carries the facts of several acts.
            if life.random.random() < 0.4:
                continue
            for name, query in queries.items():
                rows[name], cursors[name] = await _catch_up(story, query, rows[name], cursors[name])
                fresh = (await client.snapshot(query)).rows
                assert dict(rows[name]) == dict(fresh), (name, done)
        assert sum("refused" not in act for act in done) > 2, done
    finally:
        await story.end()


async def _catch_up(
    story: Story, query: LiveQuery[Any], rows: Mapping[str, Any], cursor: str
) -> tuple[Mapping[str, Any], str]:
    """Fold every event there is, batch by batch, as a page does."""
    kernel, actor = story.core.kernel, story.core.owner
    while (batch := await kernel.ask_events(actor, query, int(cursor))) is not None:
        rows = await fold(story.core.client, query, rows, batch.events)
        cursor = batch.cursor
    return rows, cursor


async def test_a_cursor_beyond_the_end_is_answered_by_a_reset(tmp_path: Path, database_url: str) -> None:
    story = Story.at(tmp_path, database_url)
    await story.begin()
    try:
        events = story.core.client.events(Runs(), "999999")
        delivery = await asyncio.wait_for(anext(events), 20)
        assert delivery.reset
    finally:
        await story.end()
