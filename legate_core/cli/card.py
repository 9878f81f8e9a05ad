"""A question as a person reads it in a terminal, in the order in which everything that matters was put."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from legate_core.cli.text import moment, one_line, span, value_text, wrap

if TYPE_CHECKING:
    from legate_core.approvals.model import ApprovalDetail, ArgumentOnCard
    from legate_core.cli.screen import Screen

INDENT = "    "


def lines(detail: ApprovalDetail, screen: Screen, now: int, *, is_doubt: bool = False) -> list[str]:
    """The whole card. Nothing in it that came from outside can steer the terminal or hide."""
    return list(_lines(detail, screen, now, is_doubt))


def _lines(detail: ApprovalDetail, screen: Screen, now: int, is_doubt: bool) -> Iterator[str]:
    card, row, width = detail.card, detail.row, screen.width
    for line in wrap(f"{card.sentence}.", width):
        yield screen.style(line, "bold")
    yield f"{_label('asks')}{one_line(card.agent)}, in run {card.run_id}"
    yield from _labelled("why", f"“{card.why}” (the agent's words)" if card.why else "the agent gave no reason", width)
    yield ""
    for argument in card.arguments:
        yield from _argument(argument, screen)
    yield ""
    for change in card.changes:
        yield from _labelled("changes", change, width)
    yield from _labelled("reach", card.reach or "not stated", width)
    yield from _labelled("undo", card.undo or "cannot be undone", width)
    if row.expires_at:
        left = f", in {span(row.expires_at - now)}" if row.expires_at > now else ", it has passed"
        yield f"{_label('expires')}{moment(row.expires_at)}{left}; then nothing runs"
    if card.cost:
        yield from _labelled("cost", card.cost, width)
    yield from _labelled("asked" if not is_doubt else "in doubt", card.asked_because, width)
    if card.rule_name:
        yield from _labelled("rule", f"{card.rule_name} ({card.rule_id})", width)
    for step in card.before:
        yield from _labelled("before", step, width)
    yield f"{_label('id')}{row.id}"
    if detail.entry_hash:
        yield f"{_label('journal')}entry {detail.seq}, {detail.entry_hash[:16]}…"
    if detail.edited_arguments is not None:
        yield from _labelled("edited to", value_text(detail.edited_arguments), width)
    yield ""
    yield from _answers(detail, screen, is_doubt)


def _argument(argument: ArgumentOnCard, screen: Screen) -> Iterator[str]:
    is_of_others = argument.origin_kind == "derived" and argument.role == "authority"
    origin = screen.style(one_line(argument.origin), "yellow" if is_of_others else "dim")
    yield f"{screen.style(one_line(argument.path), 'bold')}  {origin}"
    yield from wrap(value_text(argument.value).rstrip("\n"), screen.width, indent=INDENT)


def _answers(detail: ApprovalDetail, screen: Screen, is_doubt: bool) -> Iterator[str]:
    """How to answer, or why this person cannot."""
    row = detail.row
    if not detail.permitted:
        yield from wrap(f"You cannot answer this: {detail.refusal}", screen.width)
        return
    if is_doubt:
        yield f"legate doubt {row.id} happened   it did happen: note it as done"
        yield f"legate doubt {row.id} do-it      it did not happen: do it now"
        yield f"legate doubt {row.id} give-up    leave it, and do not repeat it"
        return
    if row.state != "waiting":
        yield f"This question is {row.state}{f' since {moment(row.decided_at)}' if row.decided_at else ''}."
        return
    yield f"legate approve {row.id}"
    for scope in detail.card.scopes:
        amount = " --amount N" if scope.needs_amount else ""
        yield f"legate approve {row.id} --scope {scope.id}{amount}"
        yield from wrap(f"and from now on: {scope.words}", screen.width, indent="    ")
    yield f"legate edit {row.id} --set NAME=VALUE"
    yield f"legate reject {row.id} --reason TEXT [--stop]"
    if detail.needs_proof:
        yield "An answer to this needs your passphrase."


def as_json(detail: ApprovalDetail) -> dict[str, Any]:
    """The card for machines: everything of the detail, by its fields' names."""
    from legate_core import wire

    return wire.encode(detail)


def _label(word: str) -> str:
    return f"{word:<10}"


def _labelled(word: str, text: str, width: int) -> Iterator[str]:
    first, *others = wrap(text, width - 10)
    yield _label(word) + first
    for line in others:
        yield " " * 10 + line
