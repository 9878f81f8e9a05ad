"""`legate inbox`: what waits for a person, and one question whole."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any

import legate_core as core
from legate_core.cli import card
from legate_core.cli.ids import find
from legate_core.cli.options import Subparsers, add_command
from legate_core.cli.screen import Result, Screen
from legate_core.cli.session import Session, opened
from legate_core.cli.text import span, table

if TYPE_CHECKING:
    from legate_core.approvals.model import ApprovalRow

WHAT, WHERE = "question", "legate inbox"


def add(under: Subparsers) -> None:
    parser = add_command(
        under,
        "inbox",
        "what waits for your answer, or one question whole",
        show,
        more="ID is the id of a question, the beginning or the end of it, or the number of its row.",
    )
    parser.add_argument("id", nargs="?", metavar="ID", help="show the whole card of this question")
    parser.add_argument("--decided", action="store_true", help="what was answered, expired or withdrawn instead")


async def show(options: Namespace, screen: Screen) -> Result:
    async with opened(options, screen) as session:
        if options.id:
            return await _card(session, options.id)
        query: Any = core.DecidedApprovals() if options.decided else core.PendingApprovals()
        rows: list[ApprovalRow] = list((await session.ask(query)).values())
        doubts = [] if options.decided else list((await session.ask(core.InDoubt())).values())
        return Result(listing(rows, doubts), _table(rows, doubts, screen, is_decided=options.decided))


async def _card(session: Session, word: str) -> Result:
    detail = await session.ask(core.ApprovalCard(await question_id(session, word, any_state=True)))
    return Result(card.as_json(detail), card.lines(detail, session.screen, now_ms()))


async def question_id(session: Session, word: str, *, any_state: bool = False) -> str:
    """The question that a person means. Rows are counted among what waits; with `any_state` old ones count as well."""
    ids = list(await session.ask(core.PendingApprovals()))
    if any_state:
        ids += list(await session.ask(core.DecidedApprovals()))
    return find(word, ids, WHAT, WHERE)


def listing(rows: list[ApprovalRow], doubts: list[ApprovalRow]) -> dict[str, Any]:
    """The list for machines."""
    from legate_core import wire

    return {"questions": wire.encode(rows), "in_doubt": wire.encode(doubts)}


def _table(rows: list[ApprovalRow], doubts: list[ApprovalRow], screen: Screen, *, is_decided: bool) -> list[str]:
    if not rows and not doubts:
        return ["Nothing was asked yet." if is_decided else "Nothing waits for you."]
    now = now_ms()
    found: list[str] = []
    if rows and is_decided:
        cells = [(row.id, row.agent, row.state, span(now - row.decided_at) + " ago", row.title) for row in rows]
        found += table(("id", "agent", "answer", "when", "it wanted to"), cells, screen.width)
    elif rows:
        shown = [(str(at), row.id, row.agent, span(row.expires_at - now), row.title) for at, row in enumerate(rows, 1)]
        found += table(("", "id", "agent", "expires in", "wants to"), shown, screen.width)
        found += ["", "'legate inbox ID' shows a question whole; 'legate approve ID' or 'legate reject ID' answers it."]
    if doubts:
        found += ["", screen.style(f"{len(doubts)} in doubt:", "yellow"), *doubt_table(doubts, screen)]
    return found


def doubt_table(doubts: list[ApprovalRow], screen: Screen) -> list[str]:
    """What may or may not have happened, and how to settle it."""
    rows = [(str(at), row.id, row.agent, row.title) for at, row in enumerate(doubts, 1)]
    return [
        *table(("", "id", "agent", "may have happened"), rows, screen.width),
        "",
        "'legate doubt ID' shows one whole; 'legate doubt ID happened|do-it|give-up' settles it.",
    ]


def now_ms() -> int:
    """This machine's time, for ages and spans on the screen."""
    return time.time_ns() // 1_000_000
