"""`legate approve`, `edit`, `reject` and `doubt`: an answer, and what the run does with it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import legate_core as core
from legate_core.cli import card, resting
from legate_core.cli.ids import find, is_row
from legate_core.cli.inbox import doubt_table, now_ms, question_id
from legate_core.cli.options import Parser, Subparsers, add_command, given, json_of, object_of, until
from legate_core.cli.screen import Result, Screen
from legate_core.cli.session import Session, opened
from legate_core.cli.text import one_line
from legate_core.errors import Conflict, Invalid

if TYPE_CHECKING:
    from legate_core.approvals.model import Answer, ApprovalDetail
    from legate_core.kernel.messages import Command

DOUBT_ANSWERS = {"happened": "happened", "do-it": "do_it", "give-up": "give_up"}
ID_HELP = "the question's id, the beginning or the end of it, or its row in 'legate inbox' (then you are asked first)"


def add(under: Subparsers) -> None:
    approve_parser = _answer(under, "approve", "say yes to exactly what the card shows", approve)
    approve_parser.add_argument(
        "--scope", default="", help="make the yes a rule: one of the scopes that the card offers"
    )
    approve_parser.add_argument("--amount", type=int, help="up to how much, with a scope that takes an amount")
    approve_parser.add_argument("--until", metavar="WHEN", help="until when the rule holds: 2026-12-31, or 12h, 7d, 2w")
    edit_parser = _answer(under, "edit", "say yes to other arguments than the proposed ones", edit)
    edit_parser.add_argument("--arguments", metavar="JSON", help="all arguments: JSON, @file, or - for stdin")
    edit_parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", dest="sets",
        help="change one argument; may be repeated. What is no text is written as JSON",
    )  # fmt: skip
    reject_parser = _answer(under, "reject", "say no; the agent thinks again", reject)
    reject_parser.add_argument("--reason", default="", help="why, in words that the agent is told")
    reject_parser.add_argument("--stop", action="store_true", help="end the run instead of letting it think again")
    doubt_parser = add_command(under, "doubt", "what may or may not have happened, and settling it", doubt)
    doubt_parser.add_argument("id", nargs="?", metavar="ID", help="the action's id, or its row")
    doubt_parser.add_argument("answer", nargs="?", choices=list(DOUBT_ANSWERS), help="what you found out")
    _going_on(doubt_parser)


def _answer(under: Subparsers, name: str, summary: str, run: Callable[..., Any]) -> Parser:
    parser = add_command(
        under, name, summary, run,
        more="The process ends with 0 once the answer counts, whatever the run then does; the result says what that is.",
    )  # fmt: skip
    parser.add_argument("id", metavar="ID", help=ID_HELP)
    parser.add_argument("--digest", default="", help="refuse unless the card still shows what this digest stands for")
    _going_on(parser)
    return parser


def _going_on(parser: Parser) -> None:
    parser.add_argument("--no-wait", action="store_true", help="do not let the run go on now")
    parser.add_argument("--yes", action="store_true", help="do not ask again where ID is the number of a row")


async def approve(options: Namespace, screen: Screen) -> Result:
    ends_at = until(options.until) if options.until else None
    if (options.amount is not None or ends_at is not None) and not options.scope:
        raise Invalid("--amount and --until belong to a rule. Name its --scope; the card lists them.")

    def answer(detail: ApprovalDetail) -> Command[Answer]:
        return core.ApproveAction(
            detail.row.id,
            digest=options.digest or detail.digest,
            scope=options.scope,
            amount=options.amount,
            ends_at=ends_at,
        )

    return await _give(options, screen, answer, "Approved")


async def edit(options: Namespace, screen: Screen) -> Result:
    if bool(options.arguments) == bool(options.sets):
        raise Invalid("Say what to change: --set NAME=VALUE, or all arguments with --arguments JSON.")
    whole = object_of(given(options.arguments, screen.read), "--arguments") if options.arguments else None

    def answer(detail: ApprovalDetail) -> Command[Answer]:
        arguments = whole if whole is not None else changed(detail.card.raw_arguments, detail.card.schema, options.sets)
        return core.EditAction(detail.row.id, arguments, digest=options.digest or detail.digest)

    return await _give(options, screen, answer, "Edited and approved")


async def reject(options: Namespace, screen: Screen) -> Result:
    def answer(detail: ApprovalDetail) -> Command[Answer]:
        digest = options.digest or detail.digest
        return core.RejectAction(detail.row.id, reason=options.reason, stop=options.stop, digest=digest)

    return await _give(options, screen, answer, "Rejected, and its run stopped" if options.stop else "Rejected")


async def _give(
    options: Namespace, screen: Screen, answer: Callable[[ApprovalDetail], Command[Answer]], done: str
) -> Result:
    async with opened(options, screen, works=not options.no_wait) as session:
        detail = await session.ask(core.ApprovalCard(await question_id(session, options.id, any_state=True)))
        _be_sure(options, screen, detail)
        answered = await session.send(answer(detail))
        from legate_core import wire

        title = answered.title or detail.card.title
        data = {"answer": wire.encode(answered), "title": title}
        said = [f"{done}: {one_line(title)}"]
        if answered.rule_id:
            said.append(f"From now on a rule allows it: {answered.rule_id}. 'legate rules' lists it.")
        return await _go_on(options, session, detail.row.run_id, data, said)


def _be_sure(options: Namespace, screen: Screen, detail: ApprovalDetail) -> None:
    """A number means the row of the list as it is now, which may not be the one that was read."""
    if not is_row(options.id) or options.yes:
        return
    question = f"{detail.card.sentence}. This one?"
    if not screen.has_person:
        raise Invalid(
            f"Row {options.id} may be another question by now. Name it by its id, {detail.row.id}, or add --yes."
        )
    if not screen.confirm(question):
        raise Conflict("Nothing was answered. 'legate inbox' lists what waits.")


async def _go_on(options: Namespace, session: Session, run_id: str, data: dict[str, Any], said: list[str]) -> Result:
    if options.no_wait:
        return Result(data, [*said, f"Its run goes on {session.goes_on(run_id)}."])
    rest = await resting.follow(session, run_id)
    return Result(data | resting.as_json(rest), [*said, "", *resting.lines(rest, session.screen)])


def changed(arguments: Mapping[str, Any], schema: Mapping[str, Any], sets: Sequence[str]) -> dict[str, Any]:
    """The arguments with some of them set. A value is taken as text where the schema wants text, else as JSON."""
    found = dict(arguments)
    properties: Mapping[str, Any] = schema.get("properties", {})
    for item in sets:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise Invalid(f"--set {item[:60]!r} has no name or no value. Write it as --set NAME=VALUE.")
        if name not in properties:
            raise Invalid(f"The tool has no argument {name[:60]!r}. It has: {', '.join(properties)}.")
        is_text = properties[name].get("type") == "string"
        found[name] = value if is_text else json_of(value, f"The value of {name}")
    return found


async def doubt(options: Namespace, screen: Screen) -> Result:
    async with opened(options, screen, works=bool(options.answer) and not options.no_wait) as session:
        rows = await session.ask(core.InDoubt())
        if not options.id:
            from legate_core import wire

            shown = doubt_table(list(rows.values()), screen) if rows else ["Nothing is in doubt."]
            return Result({"in_doubt": wire.encode(list(rows.values()))}, shown)
        detail = await session.ask(core.DoubtCard(find(options.id, list(rows), "action in doubt", "legate doubt")))
        if not options.answer:
            return Result(card.as_json(detail), card.lines(detail, screen, now_ms(), is_doubt=True))
        _be_sure(options, screen, detail)
        state = await session.send(core.SettleDoubt(detail.row.id, _doubt_answer(options.answer)))
        data = {"action_id": detail.row.id, "state": state, "title": detail.card.title}
        return await _go_on(options, session, detail.row.run_id, data, [f"Settled: {one_line(detail.card.title)}"])


def _doubt_answer(word: str) -> Any:
    return DOUBT_ANSWERS[word]
