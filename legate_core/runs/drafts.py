"""Trying an agent before it is published: its draft runs for real, asked for by a person, as a conversation."""

from __future__ import annotations

from dataclasses import dataclass

from legate_core.agents.commands import check
from legate_core.agents.events import AgentTried
from legate_core.agents.model import from_json
from legate_core.agents.store import keep_version, living
from legate_core.errors import Conflict, Forbidden, Invalid
from legate_core.kernel.context import Context, ReadContext
from legate_core.kernel.messages import Command
from legate_core.kernel.registry import command
from legate_core.runs import store
from legate_core.runs.branch import branch, check_words
from legate_core.runs.commands import begin, new_row
from legate_core.runs.model import DRAFT, FINAL


@dataclass(frozen=True, slots=True)
class StartDraft(Command[str]):
    """Try an agent's draft on a task, for real and through the same gate; answers with the run's id.

    `after` goes on talking where an earlier try of this agent ended, with the draft as it is now. Only a person starts a
    draft: no schedule and no trigger does. Its words are nobody's own, so whatever it wants to do is judged without them.
    """

    agent_id: str
    task: str
    after: str = ""


def _creator(ctx: ReadContext, message: StartDraft) -> str:
    return str(living(ctx, message.agent_id)["created_by"])


@command(StartDraft, permission="runs.start.draft", route="POST /agents/{agent_id}/try", owner=_creator)
def start_draft(ctx: Context, message: StartDraft) -> str:
    if ctx.actor.kind != "person":
        raise Forbidden("A draft is only tried by a person. Publish it, so that it can be started otherwise.")
    check_words(message.task)
    agent = living(ctx, message.agent_id)
    definition = from_json(agent["draft"])
    check(ctx, definition)
    keep_version(ctx, agent["id"], definition)
    ctx.emit(AgentTried(agent["id"], definition.hash))
    if not message.after:
        return begin(ctx, new_row(ctx, agent["id"], definition, DRAFT), message.task)
    earlier = store.load_run(ctx, message.after)
    if earlier.agent_id != agent["id"] or earlier.trigger != DRAFT:
        raise Invalid("That run did not try this draft, so it cannot go on here. Begin a new conversation.")
    if earlier.status not in FINAL:
        raise Conflict("The draft is still at work. Wait until it has answered, or cancel it.")
    return branch(ctx, earlier, earlier.steps, definition.hash, how="talk", say=message.task)
