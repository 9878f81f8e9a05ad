"""Content is kept for so many days: then it is erased, not at once and not what somebody still has to look at."""

from __future__ import annotations

import pytest

from legate_core.approvals.commands import ApproveAction
from legate_core.audit.queries import VerifyJournal
from legate_core.errors import Invalid, NeedsReauthentication
from legate_core.runs.retention import DAY_MS, EraseOldRuns, Retention, SetRetention
from tests.flows.story import ASK_THEN_END, Story, turn

DAY = DAY_MS / 1000


async def erase(story: Story) -> int:
    return await story.core.kernel.send(story.core.kernel.system(story.core.workspace_id), EraseOldRuns())


async def test_what_was_kept_long_enough_is_erased_and_the_journal_still_verifies(story: Story) -> None:
    old = await story.run(turn(0, "Done long ago."))
    await story.later(30 * DAY)
    waiting = await story.run(*ASK_THEN_END)
    young = await story.run(turn(0, "Done just now."))
    await story.later(10)
    assert (await story.ask(Retention(days=30))).due == 1
    assert await erase(story) == 0
    with pytest.raises(NeedsReauthentication):
        await story.send(SetRetention(30))
    story.prove()
    await story.send(SetRetention(30))
    assert await erase(story) == 0, "whoever set it may still take it back"
    await story.later(11 * 60)
    assert await erase(story) == 1
    assert [(await story.detail(run)).is_erased for run in (old, young, waiting)] == [True, False, False]
    assert (await story.ask(Retention())).due == 0
    report = await story.ask(VerifyJournal())
    assert (report.intact.state, report.erased_rows > 0) == ("holds", True)
    await story.answer(ApproveAction((await story.question()).id))
    assert (await story.detail(waiting)).row.status == "succeeded"


async def test_keeping_it_longer_again_needs_no_proof_and_no_days_keep_it_for_good(story: Story) -> None:
    story.prove()
    await story.send(SetRetention(1))
    run = await story.run(turn(0, "Done."))
    await story.later(2 * DAY)
    await story.send(SetRetention(365))
    assert await erase(story) == 0
    await story.send(SetRetention(0))
    await story.later(400 * DAY)
    assert await erase(story) == 0
    assert not (await story.detail(run)).is_erased
    with pytest.raises(NeedsReauthentication):
        await story.send(SetRetention(1))
    for days in (-1, 3651):
        with pytest.raises(Invalid, match="3,650 days"):
            await story.send(SetRetention(days))
