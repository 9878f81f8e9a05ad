"""Whoever sends a command may go away while it commits; what was committed is heard all the same."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from legate_core.approvals.commands import ApproveAction
from legate_core.kernel.context import Context
from tests.flows.story import ASK_THEN_END, Story


def held(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """The next transaction to append to the journal says that it is there, and goes on when it may."""
    reached, may_go_on = threading.Event(), threading.Event()
    settle = Context.settle

    def wait(self: Context) -> Any:
        if not reached.is_set():
            reached.set()
            assert may_go_on.wait(10)
        return settle(self)

    monkeypatch.setattr(Context, "settle", wait)
    return reached, may_go_on


async def test_an_answer_whose_sender_left_during_its_commit_lets_the_run_go_on(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = await story.run(*ASK_THEN_END)
    question, kernel = await story.question(), story.core.kernel
    known = kernel.wake.known(story.core.workspace_id)
    reached, may_go_on = held(monkeypatch)
    sending = asyncio.ensure_future(kernel.send(story.core.owner, ApproveAction(question.id)))
    await asyncio.to_thread(reached.wait, 10)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    may_go_on.set()
    async with asyncio.timeout(10):
        await kernel.wake.wait(story.core.workspace_id, known)
    await story.settled()
    assert (await story.row(run_id)).status == "succeeded"
    assert len(story.effects()) == 1


async def test_what_lies_outside_is_taken_back_also_where_the_sender_of_a_failed_command_left(story: Story) -> None:
    kernel, taken_back = story.core.kernel, threading.Event()
    reached, may_go_on = threading.Event(), threading.Event()

    def work(ctx: Context) -> None:
        ctx.undo(taken_back.set)
        reached.set()
        assert may_go_on.wait(10)
        raise KeyError("fails")

    changing = asyncio.ensure_future(kernel.change(story.core.owner, work, "test"))
    await asyncio.to_thread(reached.wait, 10)
    changing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await changing
    may_go_on.set()
    assert await asyncio.to_thread(taken_back.wait, 10)
