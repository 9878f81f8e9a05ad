"""The card: everything a person sees before answering, in the order the trust rules fix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from legate_desktop.core_words import tr_core
from legate_desktop.pages.approvals.diff import Diff
from legate_desktop.pages.approvals.facts import facts_grid
from legate_desktop.pages.approvals.view import Argument, Card, Origin, outcome_words, versions
from legate_desktop.theme.look import colour, look
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.labels import Caption, Label, OutsideText
from legate_desktop.widgets.long_text import LongText
from legate_desktop.widgets.notices import IconLabel
from legate_desktop.widgets.pill import PillLabel
from legate_desktop.words import number, one_line, short_age, short_hash, time_left, tr, value_text

# Colour, icon and words together: yours, a rule's, the agent's own, or out of something it read.
ORIGIN_MARKS: dict[str, tuple[str, str]] = {
    "yours": ("user", "green"),
    "rule": ("scroll-text", "blue"),
    "agent": ("bot", "violet"),
    "source": ("mail", "violet"),
}
ORIGIN_LINE_PX = 22
STEERED_BY_SOURCE = ("shield-alert", "red")


class OriginLabel(QWidget):
    """Where a value comes from: a coloured sign and the words. A *source* that steers is the one shown in red."""

    def __init__(self, origin: Origin, *, is_authority: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        icon, ink = ORIGIN_MARKS[origin.kind]
        if origin.kind == "source" and is_authority:
            icon, ink = STEERED_BY_SOURCE
        words = OutsideText(tr_core(origin.words), "small", ink=ink, name=tr("Origin"), most_lines=8)
        self.words = words
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(IconLabel(icon, ink, 14, line_px=ORIGIN_LINE_PX), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(words, 1)
        self.setAccessibleName(f"{tr('Origin')}: {one_line(tr_core(origin.words))}")


class Quote(QWidget):
    """The agent's own words, with a violet bar, so that they never look like ours."""

    def __init__(self, text: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = OutsideText(text, name=name, most_lines=14)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 2, 0, 2)
        row.addWidget(self.text)

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(0, 0, 3, self.height(), colour("violet"))


class CardView(QScrollArea):
    """Builds the card anew for each card shown: cards are small, and nothing of the last one can stay behind."""

    run_wanted = Signal()

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        leads_to_run: bool = True,
        by: Callable[[str], str] = lambda person_id: person_id,
    ) -> None:
        super().__init__(parent)
        self._leads_to_run = leads_to_run
        self._by = by
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.card: Card | None = None
        self._now = 0
        self._facts_shown: dict[str, OutsideText] = {}
        look.changed.connect(self._again)

    def show_card(self, card: Card, now: int) -> None:
        """Show this card from its top."""
        is_same = self.card is not None and self.card.id == card.id
        at = self.verticalScrollBar().value() if is_same else 0
        self.card, self._now = card, now
        body = QWidget()
        body.setObjectName("detailBody")
        column = QVBoxLayout(body)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(6)
        for build in (
            _head,
            self._asker,
            _why,
            _arguments,
            _edited,
            _changes,
            self._facts,
            _asked_because,
            _before,
            _audit,
        ):
            build(column, card, now)
        column.addStretch(1)
        self.setWidget(body)
        self.verticalScrollBar().setValue(at)

    def _asker(self, column: QVBoxLayout, card: Card, _now: int) -> None:
        """Who asks and in which run, and the way to that run's log."""
        where = f"{card.run_title} ({card.row.run_id})" if card.run_title else card.row.run_id
        text = tr("{agent} asks, in the run {run}")
        said = text.format(agent=one_line(card.row.agent), run=one_line(where))
        open_run = Button(tr("Open run"), kind="quiet", key="O")
        open_run.fired.connect(self.run_wanted)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(OutsideText(said, name=tr("Who asks, in which run")), 1)
        if self._leads_to_run:
            row.addWidget(open_run)
        column.addLayout(row)

    def _facts(self, column: QVBoxLayout, card: Card, now: int) -> None:
        grid, self._facts_shown = facts_grid(_facts(card, now, self._by))
        column.addSpacing(10)
        column.addLayout(grid)

    def keep_time(self, now: int) -> None:
        """Bring what depends on the time up to date, and touch nothing else: a person may be reading."""
        if self.card is not None:
            self._now = now
            for name, value in _facts(self.card, now, self._by):
                self._facts_shown[name].set_text(value)

    def _again(self) -> None:
        if self.card is not None:
            self.show_card(self.card, self._now)


def _caption(column: QVBoxLayout, text: str) -> None:
    column.addSpacing(10)
    caption = Caption(text)
    caption.setWordWrap(True)
    column.addWidget(caption)


def _head(column: QVBoxLayout, card: Card, _now: int) -> None:
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addWidget(PillLabel(card.row.effect), 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(OutsideText(one_line(card.row.tool), "mono", ink="text", name=tr("Tool")), 1)
    column.addLayout(row)
    column.addWidget(OutsideText(tr_core(card.sentence), "title", ink="text", name=tr("What it does")))
    if card.row.is_in_doubt:
        text = tr("In doubt: sent, no answer read; it may have happened.")
        text = f"{text} {tr('Look on the other side, then say what is true.')}"
        doubt = Label(text, "body", tone="bad")
        doubt.setWordWrap(True)
        column.addWidget(doubt)


def _why(column: QVBoxLayout, card: Card, _now: int) -> None:
    _caption(column, tr("Why, in the agent's words"))
    column.addWidget(Quote(card.why or tr("The agent gave no reason."), tr("Why, in the agent's words")))


def _arguments(column: QVBoxLayout, card: Card, _now: int) -> None:
    is_edited = card.edited is not None
    caption = tr("Arguments as proposed, and where each comes from")
    _caption(column, caption if is_edited else tr("Arguments, and where each comes from"))
    if not card.arguments:
        column.addWidget(Label(tr("It takes no arguments."), "body"))
    for argument in card.arguments:
        column.addWidget(_argument(argument))


def _argument(argument: Argument) -> QWidget:
    block = QWidget()
    grid = QGridLayout(block)
    grid.setContentsMargins(0, 2, 0, 4)
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(3)
    path = Label(one_line(argument.name), "mono", tone="quiet")
    path.setFixedHeight(look.px(ORIGIN_LINE_PX))
    grid.addWidget(path, 0, 0, Qt.AlignmentFlag.AlignTop)
    origin = OriginLabel(argument.origin, is_authority=argument.is_authority)
    grid.addWidget(origin, 0, 1)
    grid.setColumnStretch(1, 1)
    name = f"{one_line(argument.name)}, {one_line(tr_core(argument.origin.words))}"
    grid.addWidget(LongText(value_text(argument.value), name), 1, 0, 1, 2)
    return block


def _changes(column: QVBoxLayout, card: Card, _now: int) -> None:
    if card.changes:
        _caption(column, tr("What changes"))
        # The core says each change as a sign and the title of the call.
        changes = tuple(replace(change, text=tr_core(change.text)) for change in card.changes)
        column.addWidget(Diff(changes, tr("What changes")))


def _edited(column: QVBoxLayout, card: Card, _now: int) -> None:
    """Both versions of what a person edited: what the agent proposed, and what was approved instead."""
    if card.edited is not None:
        _caption(column, tr("What you changed before approving"))
        column.addWidget(Diff(versions(card.proposed, card.edited), tr("What was changed")))


def _facts(card: Card, now: int, said_by: Callable[[str], str]) -> list[tuple[str, str]]:
    row = card.row
    facts = [
        (tr("Reach"), tr_core(card.reach) or tr("not declared by the tool")),
        (tr("Undo"), tr_core(card.undo) or tr("cannot be undone")),
        (tr("Asked"), tr("{age} ago").format(age=short_age(now - row.asked_at))),
    ]
    if row.is_open:
        facts.append((tr("Expires"), _expires(row.expires_at, now)))
    else:
        words = outcome_words(row.state)
        by = one_line(said_by(row.decided_by))
        who = f"{words} {by}".rstrip()
        facts.append((tr("Decided"), f"{who}, {tr('{age} ago').format(age=short_age(now - row.decided_at))}"))
    if row.outcome:
        # A person's reason is theirs; where nobody decided, the core says why.
        facts.append((tr("Reason"), row.outcome if row.decided_by else tr_core(row.outcome)))
    return [*facts, (tr("Cost"), tr_core(card.cost) or tr("none declared"))]


def _expires(at: int, now: int) -> str:
    if not at:
        return tr("never")
    soon = tr("in {time}, then nothing runs").format(time=time_left(at - now))
    return soon if at > now else tr("now: nothing will run")


def _asked_because(column: QVBoxLayout, card: Card, _now: int) -> None:
    _caption(column, tr("Why you are asked"))
    because = tr_core(card.asked_because) or tr("Nothing allowed it, so it asks.")
    column.addWidget(OutsideText(because, name=tr("Why you are asked")))
    if card.rule_name:
        rule = f"{tr('Rule')} {one_line(tr_core(card.rule_name))}"
        column.addWidget(OutsideText(rule, "mono", ink="text3", name=tr("Rule")))


def _before(column: QVBoxLayout, card: Card, _now: int) -> None:
    if card.before:
        _caption(column, tr("What came before"))
    for step in card.before:
        column.addWidget(OutsideText(tr_core(step), "small", name=tr("Step"), most_lines=3))


def _audit(column: QVBoxLayout, card: Card, _now: int) -> None:
    """Where this stands in the journal: its id, and the entry and hash that prove when it was asked."""
    parts = [card.id]
    parts += [f"seq {number(card.seq)}"] if card.seq else []
    parts += [short_hash(card.entry_hash)] if card.entry_hash else []
    column.addSpacing(10)
    row = QHBoxLayout()
    row.setSpacing(16)
    row.addWidget(Label(tr("Audit"), "body", tone="quiet"), 0, Qt.AlignmentFlag.AlignTop)
    line = OutsideText(" · ".join(parts), "mono", ink="text3", name=tr("Audit"))
    line.setToolTip(card.entry_hash)
    line.setAccessibleDescription(card.entry_hash)
    row.addWidget(line, 1)
    column.addLayout(row)
