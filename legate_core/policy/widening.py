"""Who may let an answer become a rule that allows more than the one call it was given for."""

from __future__ import annotations

from legate_core.errors import Forbidden
from legate_core.identity.authorize import MatrixAuthorizer
from legate_core.kernel.context import ReadContext
from legate_core.policy.change import Change

LOOSEN = "policy.loosen"


def may_widen_by_answer(ctx: ReadContext, asker: str) -> bool:
    """Whether this person's answer to a question of `asker`'s run may become a rule."""
    try:
        _require(ctx, asker)
    except Forbidden:
        return False
    return True


def check_answer(ctx: ReadContext, change: Change, asker: str) -> bool:
    """Raise `Forbidden` unless the answer may make this change. Answers as a `Permit` does; that somebody agreed with
    themselves, being alone, is said by the answer's own event.

    The question was shown with what the rule would allow, and its answer is the agreement of a second person. So no
    other agreement and no further proof is asked for, but where somebody else could agree, nobody agrees with themselves.
    """
    if not change.needs_approval or ctx.actor.kind == "system":
        return False
    try:
        _require(ctx, asker)
    except Forbidden as error:
        raise type(error)(
            f"{change.words} {error.message} Or answer this once, without a rule.", **error.details
        ) from error
    return False


def _require(ctx: ReadContext, asker: str) -> None:
    authorizer = ctx.port(MatrixAuthorizer)
    cell = authorizer.cell(ctx, LOOSEN)
    if ctx.actor.kind == "system" or cell.everything:
        return
    if not cell.proposes or (asker == ctx.actor.id and not authorizer.is_alone(ctx, LOOSEN)):
        raise authorizer.refusal(ctx, LOOSEN)
