"""One rule, whole: its words, what exactly it is about, how often it spoke, when it ends, and what deleting it means."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from legate_desktop.core_words import tr_core
from legate_desktop.pages.approvals.facts import facts_grid
from legate_desktop.pages.approvals.view import RuleRow
from legate_desktop.theme.look import look
from legate_desktop.widgets.labels import Caption, Label, OutsideText
from legate_desktop.words import one_line, plural, short_age, tr

VERDICTS = {"allow": "Allows without asking", "ask": "Asks", "deny": "Denies"}


class RuleView(QScrollArea):
    """Built anew for each rule shown, as the card is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.rule: RuleRow | None = None
        self._now = 0
        look.changed.connect(self._again)

    def show_rule(self, rule: RuleRow, now: int) -> None:
        """Show this rule."""
        if (rule, now) == (self.rule, self._now):
            return
        self.rule, self._now = rule, now
        body = QWidget()
        body.setObjectName("detailBody")
        column = QVBoxLayout(body)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(6)
        verdict = tr("Proposed from your answers") if rule.is_proposed else tr(VERDICTS.get(rule.verdict, rule.verdict))
        column.addWidget(Label(verdict, "mono", tone="turn" if rule.is_proposed else "quiet"))
        column.addWidget(OutsideText(tr_core(rule.words), "title", ink="text", name=tr("The rule")))
        column.addSpacing(10)
        column.addWidget(Caption(tr("What exactly it is about")))
        column.addWidget(
            OutsideText(tr_core(rule.conditions) or tr("Everything."), "mono", framed=True, name=tr("Conditions"))
        )
        column.addSpacing(10)
        grid, _values = facts_grid(_facts(rule, now))
        column.addLayout(grid)
        column.addSpacing(10)
        column.addWidget(OutsideText(_what_deleting_means(rule), "small", ink="text3", name=tr("What deleting means")))
        column.addStretch(1)
        self.setWidget(body)

    def _again(self) -> None:
        if self.rule is not None:
            rule, self.rule = self.rule, None
            self.show_rule(rule, self._now)


def _facts(rule: RuleRow, now: int) -> list[tuple[str, str]]:
    if rule.is_proposed:
        alike = plural("%n time(s) alike", rule.approved)
        last = tr("last {age} ago").format(age=short_age(now - rule.last_used_at))
        return [(tr("Approved"), f"{alike}, {last}"), (tr("Ends"), one_line(tr_core(rule.ends)))]
    used = tr("last {age} ago").format(age=short_age(now - rule.last_used_at)) if rule.last_used_at else tr("never yet")
    never = tr("never: it ships with Legate") if rule.is_built_in else tr("when it is deleted")
    ends = never if rule.is_built_in else one_line(tr_core(rule.ends))
    ends = tr("used up: it is silent now") if rule.is_used_up else ends
    # The core counts what rules of the workspace answered; what a built-in one did is not kept.
    uses = [] if rule.is_built_in else [(tr("Uses"), f"{plural('%n use(s)', rule.uses)}, {used}")]
    facts = [*uses, (tr("Ends"), ends or never)]
    if rule.made_at:
        facts.append((tr("Made"), tr("{age} ago").format(age=short_age(now - rule.made_at))))
    return facts


def _what_deleting_means(rule: RuleRow) -> str:
    if rule.is_proposed:
        return tr("It is not in force. Until you put it there, each of these is asked as before.")
    if rule.is_built_in:
        return tr("It ships with Legate and cannot be deleted here.")
    if rule.verdict == "allow":
        return tr("Deleting it means: what it allowed is asked again.")
    return tr("Deleting it means: what it asked or denied follows the other rules again.")
