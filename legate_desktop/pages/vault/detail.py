"""The right side of the Vault page: everything about the chosen secret but its value, and who may borrow it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from legate_desktop.pages.vault.view import Named, SecretRow, kind_word, used_words, version_words
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.labels import Caption, Label, OutsideText
from legate_desktop.words import moment, number, one_line, plural, tr

MOST_NAMED = 8
NAME_PX = 120


class SecretDetail(QScrollArea):
    """`opened` carries a page and the object on it that somebody wants to see."""

    opened = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("detail")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.show_nothing("")

    def show_nothing(self, text: str) -> None:
        """Nothing is chosen."""
        column = self._fresh()
        hint = Label(text, "body", tone="quiet")
        hint.setWordWrap(True)
        column.addWidget(hint)
        column.addStretch(1)

    def show_secret(self, row: SecretRow, now: int, name_of: Callable[[str], str]) -> None:
        """A secret."""
        column = self._fresh()
        column.addWidget(OutsideText(one_line(row.name), "title", ink="text", name=tr("Name")))
        value = tr("Its value is never shown again; it is lent to one call for one host.")
        column.addWidget(_wrapped(value, "small", "quiet"))
        if row.is_stale:
            text = tr(
                "It is not lent: an older record was put in its place. Replace its value, and verify the journal."
            )
            column.addWidget(_wrapped(text, "body", "bad"))
        column.addSpacing(8)
        column.addWidget(Caption(tr("Where it may go")))
        for host in row.hosts:
            column.addWidget(OutsideText(host, "mono", ink="text", name=tr("Host")))
        column.addSpacing(8)
        column.addWidget(Caption(tr("Who used it last")))
        column.addWidget(Label(used_words(row, now), "body"))
        if row.last_used_by:
            self._fact(column, tr("run"), row.last_used_by)
        column.addSpacing(8)
        self._uses(column, row)
        column.addSpacing(8)
        column.addWidget(Caption(tr("What it is")))
        self._fact(column, tr("kind"), kind_word(row.kind))
        if row.connector:
            self._fact(column, tr("for"), row.connector)
        self._fact(column, tr("whose"), tr("yours: lent for your own runs only") if row.is_personal else tr("shared"))
        stored = tr("{moment} by {who}").format(moment=moment(row.created_at, now), who=name_of(row.created_by))
        self._fact(column, tr("stored"), stored)
        if row.replaced_at:
            replaced = f"{moment(row.replaced_at, now)} · {version_words(row)}"
            self._fact(column, tr("replaced"), replaced)
        self._fact(column, tr("id"), row.id)
        column.addStretch(1)

    def _uses(self, column: QVBoxLayout, row: SecretRow) -> None:
        column.addWidget(Caption(tr("Who may borrow it")))
        if row.uses.is_none:
            column.addWidget(_wrapped(tr("Nobody: no agent and no knowledge base names it."), "body", ""))
            return
        for title, page, named in (
            (tr("Runs that go on now"), "runs", row.uses.runs),
            (tr("Agents"), "agents", row.uses.agents),
            (tr("Knowledge bases"), "knowledge", row.uses.bases),
        ):
            if named:
                self._named(column, title, page, named)

    def _named(self, column: QVBoxLayout, title: str, page: str, named: tuple[Named, ...]) -> None:
        column.addWidget(Label(f"{title} · {number(len(named))}", "small", tone="quiet"))
        for each in named[:MOST_NAMED]:
            name = one_line(each.name)
            button = Button(name[:60], kind="quiet", icon_name="arrow-right")
            button.setAccessibleName(tr("Open {name}").format(name=name))
            button.fired.connect(lambda object_id=each.id: self.opened.emit(page, object_id))
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        if len(named) > MOST_NAMED:
            column.addWidget(Label(plural("and %n more", len(named) - MOST_NAMED), "small", tone="quiet"))

    def _fact(self, column: QVBoxLayout, name: str, value: str) -> None:
        line = QHBoxLayout()
        label = Label(name, "small", tone="quiet")
        label.setFixedWidth(NAME_PX)
        line.addWidget(label, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(OutsideText(value, "mono", ink="text", name=name, most_lines=4), 1)
        column.addLayout(line)

    def _fresh(self) -> QVBoxLayout:
        body = QWidget()
        body.setObjectName("detailBody")
        column = QVBoxLayout(body)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(6)
        self.setWidget(body)
        return column


def _wrapped(text: str, role: str, tone: str) -> Label:
    label = Label(text, role, tone=tone)
    label.setWordWrap(True)
    return label
