"""Later, and to a colleague: questions that are not answered now; and what past questions say about a scope."""

from __future__ import annotations

import pytest

from legate_core.approvals.commands import ApproveAction, RejectAction
from legate_core.approvals.events import ApprovalDelegated, ApprovalSnoozed
from legate_core.approvals.handing import DelegateApproval, SnoozeApproval
from legate_core.approvals.looking_back import DAY_MS, ApprovalDays, PreviewScope
from legate_core.client import LocalClient
from legate_core.errors import Conflict, Invalid, NotFound
from legate_core.identity.events import MemberAdded
from legate_core.identity.me import Members, WhoAmI
from legate_core.identity.tables import members
from legate_core.kernel.context import Actor, Context
from tests.flows.story import ASK_THEN_END, Story, call, turn

HOUR_MS = 3_600_000


async def test_a_question_for_later_still_waits_and_expires_as_before(story: Story) -> None:
    await story.run(*ASK_THEN_END)
    asked = await story.question()
    until = story.clock.now() + HOUR_MS
    await story.send(SnoozeApproval(asked.id, until))
    later = await story.question()
    assert (later.snoozed_until, later.expires_at, later.state) == (until, asked.expires_at, "waiting")
    await story.send(SnoozeApproval(asked.id))
    assert (await story.question()).snoozed_until == 0
    await story.answer(ApproveAction(asked.id, asked_digest := (await story.card()).digest))
    assert asked_digest
    assert story.effects() == [("world.send", {"to": "kim@example.com", "text": "The parcel is on its way."})]
    facts = await story.facts(ApprovalSnoozed.name)
    assert [fact.body["until"] for fact in facts] == [until, 0]


@pytest.mark.parametrize(("hours", "says"), [(-1, "next 30 days"), (24 * 31, "next 30 days"), (24 * 3, "expired")])
async def test_later_is_a_time_at_which_it_still_waits(story: Story, hours: int, says: str) -> None:
    await story.run(*ASK_THEN_END)
    asked = await story.question()
    with pytest.raises(Invalid, match=says):
        await story.send(SnoozeApproval(asked.id, story.clock.now() + hours * HOUR_MS))
    assert (await story.question()).snoozed_until == 0


async def test_a_colleague_who_may_answer_can_be_asked_and_asked_no_more(story: Story) -> None:
    await story.run(*ASK_THEN_END)
    asked = await story.question()
    colleague = await _member(story, "usr_colleague", "owner")
    await story.send(DelegateApproval(asked.id, "usr_colleague"))
    assert (await story.question()).assigned_to == "usr_colleague"
    assert [fact.body["to"] for fact in await story.facts(ApprovalDelegated.name)] == ["usr_colleague"]
    # It changes who is asked, never who may answer.
    await colleague.send(RejectAction(asked.id, "Not today."))
    with pytest.raises(Conflict, match="does not wait any more"):
        await story.send(DelegateApproval(asked.id))
    with pytest.raises(Conflict, match="does not wait any more"):
        await story.send(SnoozeApproval(asked.id, story.clock.now() + HOUR_MS))


async def test_who_may_not_decide_cannot_be_asked(story: Story) -> None:
    await story.run(*ASK_THEN_END)
    asked = await story.question()
    await _member(story, "usr_viewer", "viewer")
    with pytest.raises(Invalid, match="may not decide this"):
        await story.send(DelegateApproval(asked.id, "usr_viewer"))
    with pytest.raises(NotFound, match="not a member"):
        await story.send(DelegateApproval(asked.id, "usr_nobody"))
    with pytest.raises(Invalid, match="asked already"):
        await story.send(DelegateApproval(asked.id, (await story.ask(WhoAmI())).person_id))
    with pytest.raises(NotFound):
        await story.send(DelegateApproval("apr_none", "usr_viewer"))
    assert (await story.question()).assigned_to == ""


async def test_a_scope_says_which_past_questions_it_would_have_answered(story: Story) -> None:
    for to, is_yes in (("kim@example.com", True), ("kim@example.com", False), ("lee@elsewhere.example", True)):
        await story.run(turn(0, "One letter.", call("world.send", to)), turn(1, "Done."))
        asked = await story.question()
        await story.answer(ApproveAction(asked.id) if is_yes else RejectAction(asked.id))
        await story.settled()
        await story.later(60)
    await story.run(turn(0, "One more.", call("world.send", "kim@example.com")), turn(1, "Done."))
    card = await story.card()
    by_scope = {
        chip.id: await story.ask(PreviewScope(card.row.id, chip.id)) for chip in card.card.scopes if chip.id != "once"
    }
    same = by_scope["same_recipient"]
    assert (same.looked_at, same.matched, same.rejected) == (3, 2, 1)
    assert [match.state for match in same.newest] == ["rejected", "approved"]
    assert by_scope["this_run"].matched == 0
    with pytest.raises(Invalid, match="offers no scope"):
        await story.ask(PreviewScope(card.row.id, "everything"))
    with pytest.raises(Invalid, match="makes no rule"):
        await story.ask(PreviewScope(card.row.id, "once"))


async def test_days_count_questions_and_how_fast_they_were_answered(story: Story) -> None:
    start = story.clock.now()
    for seconds in (10, 30):
        await story.run(*ASK_THEN_END)
        asked = await story.question()
        await story.later(seconds)
        await story.answer(ApproveAction(asked.id))
    await story.later(2 * 24 * 3600)
    await story.run(*ASK_THEN_END)
    days = await story.ask(ApprovalDays(start))
    assert [day.day % DAY_MS for day in days] == [0, 0, 0]
    assert [(day.asked, day.approved) for day in days] == [(2, 2), (0, 0), (1, 0)]
    assert days[0].median_ms == 20_000
    assert days[1].median_ms == 0
    shifted = await story.ask(ApprovalDays(start, offset_minutes=120))
    assert {day.day % DAY_MS for day in shifted} == {DAY_MS - 2 * HOUR_MS}
    with pytest.raises(Invalid, match="at most"):
        await story.ask(ApprovalDays(start - 400 * DAY_MS))


async def test_who_asks_is_told_what_they_may_do_and_what_it_would_need(story: Story) -> None:
    me = await story.ask(WhoAmI())
    assert me.role == "owner"
    assert "approvals.decide.grave" in me.permissions
    viewer = await (await _member(story, "usr_viewer", "viewer")).ask(WhoAmI())
    assert (viewer.name, viewer.role, viewer.workspace) == ("Somebody", "viewer", me.workspace)
    assert "approvals.view" not in viewer.permissions
    assert viewer.refusals["approvals.view"] == "Needs Operator"
    assert viewer.refusals["billing.manage"] == "Needs Owner"
    assert not set(viewer.permissions) & set(viewer.refusals)
    found = {member.id: member for member in await story.ask(Members())}
    assert found["usr_viewer"].may_decide == ()
    assert "approvals.decide.high" in found[me.person_id].may_decide


async def _member(story: Story, person_id: str, role: str) -> LocalClient:
    actor = Actor("person", person_id, story.core.workspace_id, role=role)

    def join(ctx: Context) -> None:
        ctx.insert(members, {"person_id": person_id, "name": "Somebody", "role": role, "created_at": ctx.now})
        ctx.emit(MemberAdded(person_id, role))

    await story.core.kernel.change(story.core.kernel.system(actor.workspace_id), join, "test")
    return LocalClient(story.core.kernel, actor)
