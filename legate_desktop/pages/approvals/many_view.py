"""Several questions on one sheet: what each wants and with which arguments, so that nobody answers what they did not see."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from legate_desktop.core_words import tr_core
from legate_desktop.pages.approvals.many import Many
from legate_desktop.pages.approvals.view import ApprovalRow, Card
from legate_desktop.theme.look import look
from legate_desktop.widgets.labels import Caption, Label, OutsideText
from legate_desktop.widgets.pill import PillLabel
from legate_desktop.words import one_line, plural, tr, value_text


class ManyView(QScrollArea):
    """Built anew when what is shown changes, as the card is."""

    def __init__(self, many: Many, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._many = many
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(tr("Several questions"))
        look.changed.connect(self.show_them)

    def show_them(self) -> None:
        """Show what is chosen now, where it was scrolled to."""
        if not self._many.is_shown:
            return
        at = self.verticalScrollBar().value()
        body = QWidget()
        body.setObjectName("detailBody")
        column = QVBoxLayout(body)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(6)
        first = self._many.rows[0]
        effects = {row.effect for row in self._many.rows}
        if len(effects) == 1:
            column.addWidget(PillLabel(first.effect))
        title = Label(plural("%n question(s) together", len(self._many.rows)), "title")
        title.setWordWrap(True)
        column.addWidget(title)
        reason = self._many.why_not()
        words = reason or tr(
            "Each is answered by itself, with a record of its own. Unfold with L to decide one by one."
        )
        hint = Label(words, "small", tone="bad" if reason and self._many.errors else "quiet")
        hint.setWordWrap(True)
        column.addWidget(hint)
        for at_row, row in enumerate(self._many.rows, start=1):
            self._one(column, at_row, row, self._many.cards.get(row.id))
        column.addStretch(1)
        self.setWidget(body)
        self.verticalScrollBar().setValue(at)

    @staticmethod
    def _one(column: QVBoxLayout, number: int, row: ApprovalRow, card: Card | None) -> None:
        column.addSpacing(10)
        column.addWidget(Caption(f"{number} · {one_line(row.agent)}"))
        column.addWidget(OutsideText(row.id, "mono", ink="text3", name=tr("Question")))
        column.addWidget(OutsideText(one_line(tr_core(row.title)), "name", ink="text", name=tr("What it does")))
        if card is None:
            column.addWidget(Label(tr("Reading…"), "small", tone="quiet"))
            return
        lines = [f"{argument.name}: {value_text(argument.value)}" for argument in card.arguments]
        origins = [
            f"{one_line(argument.name)}: {one_line(tr_core(argument.origin.words))}" for argument in card.arguments
        ]
        name = tr("Arguments of question {n}").format(n=number)
        column.addWidget(OutsideText("\n".join(lines), "mono", framed=True, most_lines=8, name=name))
        column.addWidget(OutsideText("\n".join(origins), "small", ink="text3", most_lines=4, name=tr("Origin")))
