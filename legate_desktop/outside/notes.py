"""What a notification says: who and what, never content; its title and text, and the buttons it may have. Pure.

Texts here are plain. Whoever shows one escapes it, where what shows it would read it as markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from legate_desktop.core_words import tr_core
from legate_desktop.outside.view import Outline, Question, RunState, may_approve_outside
from legate_desktop.theme.tokens import EFFECT_PILLS
from legate_desktop.words import duration, long_age, one_line, plural, tr

OPEN, REVIEW, APPROVE, REJECT, UNDO, RESTART, LOG = "default", "review", "approve", "reject", "undo", "restart", "log"
"""What a press can mean. A click on the text itself is `OPEN`, which opens and never decides."""

QUESTIONS, ENGINE, CHAIN = "questions", "engine", "chain"
"""Keys of the notifications of which there is one; the others have the id of what they are about."""

LONGEST = 160
SAFE = "·"


@dataclass(frozen=True, slots=True)
class Note:
    """One notification. `key` names it: another one with the same key takes its place."""

    key: str
    title: str
    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    is_urgent: bool = False


Clock = Callable[[int], str]
"""A moment as a person says it: 09:30, or tomorrow 09:30."""


def of_question(question: Question, outline: Outline, when: Clock, *, may_approve: bool) -> Note:
    """One question. Approve is offered only where it was switched on and can be taken back."""
    if question.is_in_doubt:
        return Note(
            question.id,
            _cut(tr("{agent} is in doubt: {title}").format(agent=question.agent, title=tr_core(outline.title))),
            tr("It may have happened or not, and is not repeated. Only you can say."),
            ((REVIEW, tr("Review")),),
            is_urgent=True,
        )
    title = tr("{agent} wants to {title}").format(agent=question.agent, title=tr_core(outline.title))
    buttons = [(REVIEW, tr("Review"))]
    if outline.may_answer and not outline.needs_proof:
        buttons.append((REJECT, tr("Reject")))
    if may_approve and may_approve_outside(question, outline):
        buttons.append((APPROVE, tr("Approve")))
    expires = tr("expires {when}").format(when=when(question.expires_at)) if question.expires_at else ""
    return Note(
        question.id,
        _cut(title),
        _joined(question.tool, tr_core(outline.reach), expires),
        tuple(buttons),
        is_urgent=question.effect not in ("read", "write", "send"),
    )


def of_several(questions: Sequence[Question], now: int) -> Note:
    """Several questions at once."""
    oldest = min(question.asked_at for question in questions)
    counts = Counter(_word(question) for question in questions)
    kinds = ", ".join(f"{count} {word}" for word, count in sorted(counts.items(), key=_order))
    return Note(
        QUESTIONS,
        plural("%n approval(s) wait", len(questions)),
        _joined(tr("oldest {age}").format(age=long_age(max(0, now - oldest))), kinds),
        ((REVIEW, tr("Review")),),
        is_urgent=any(_word(question) in ("MONEY", "DESTROYS", "GRANTS") for question in questions),
    )


def of_expiry(question: Question, outline: Outline, minutes: int) -> Note:
    """A question that nobody answered and that ends soon."""
    title = tr("Expires in {minutes} min: {title}").format(minutes=minutes, title=tr_core(outline.title))
    return Note(question.id, _cut(title), tr("nothing will run"), ((REVIEW, tr("Review")),), is_urgent=True)


def of_end(run: RunState) -> Note:
    """A run that ended: badly, or after a long time."""
    opens = ((OPEN, tr("Open")),)
    if run.state == "succeeded":
        text = _joined(plural("%n step(s)", run.steps), duration(run.finished_at - run.started_at))
        return Note(run.id, _cut(tr("{name} is done").format(name=run.name)), text, opens)
    said = tr("{name} ended early") if run.state == "ended_early" else tr("{name} failed")
    at = tr("at step {step}").format(step=run.steps) if run.steps else ""
    return Note(run.id, _cut(said.format(name=run.name)), _joined(tr_core(run.reason), at), opens)


def of_answer(question: Question, outline: Outline, said: str, *, may_undo: bool) -> Note:
    """What a press on a notification led to."""
    buttons = ((UNDO, tr("Undo")),) if may_undo else ()
    return Note(question.id, _cut(said), _joined(question.agent, tr_core(outline.title)), buttons)


def of_refusal(question: Question, words: str) -> Note:
    """An answer that was not taken."""
    return Note(question.id, tr("Nothing was answered"), _cut(words), ((REVIEW, tr("Review")),))


def of_engine(words: str, open_count: int, *, has_log: bool = False) -> Note:
    """The engine has stopped. The log is offered where there is one to open."""
    buttons = [(RESTART, tr("Restart Legate"))]
    if has_log:
        buttons.append((LOG, tr("Open log")))
    # None may also mean that it went before it said how many there are.
    paused = plural("%n run(s) paused; nothing is lost", open_count) if open_count else ""
    text = _joined(paused, words)
    return Note(ENGINE, tr("Legate's engine stopped"), text, tuple(buttons), is_urgent=True)


def of_background() -> Note:
    """The window was closed for the first time, and Legate goes on."""
    return Note("background", tr("Legate goes on in the background"), tr("Find it in the tray, or start it again."))


def of_chain(words: str) -> Note:
    """The journal does not verify."""
    opens = ((OPEN, tr("Open")),)
    return Note(CHAIN, tr("Audit chain does not verify"), _cut(words), opens, is_urgent=True)


def escaped(text: str) -> str:
    """The same text for those who read notifications as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _word(question: Question) -> str:
    pill = EFFECT_PILLS.get(question.effect)
    return tr("IN DOUBT") if question.is_in_doubt else pill.word if pill else question.effect.upper()


def _order(item: tuple[str, int]) -> tuple[bool, int, str]:
    word, count = item
    return word not in ("MONEY", "DESTROYS", "GRANTS"), -count, word


def _joined(*parts: str) -> str:
    # What is a sentence on the card is one part of a line here.
    return _cut(f" {SAFE} ".join(one_line(part).removesuffix(".") for part in parts if part))


def _cut(text: str) -> str:
    """One line, nothing hidden in it, and no longer than anybody reads."""
    line = one_line(text)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
