"""The published versions of an agent: each with its note, what it changed, and the way back to it."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from legate_desktop.pages.agents.builder_state import BuilderState
from legate_desktop.pages.agents.difference import show_difference
from legate_desktop.pages.agents.view import Difference, Version
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.choice_button import ChoiceButton
from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.labels import Label
from legate_desktop.words import moment, tr

DRAFT = ""


class VersionsDialog(Dialog):
    """Choose two, read what differs; an old one can become the draft again."""

    def __init__(self, state: BuilderState, now: int, parent: QWidget | None = None) -> None:
        super().__init__(tr("Versions"), tr("Make the left one the draft"), kind="secondary", parent=parent)
        self._state = state
        self._versions = {version.hash: version for version in state.versions}
        choices = [(version.hash, _words(version, now)) for version in state.versions]
        current = state.current.hash if state.current is not None else ""
        self.before = ChoiceButton(tr("Before"), choices)
        self.before.choose(current)
        self.after = ChoiceButton(tr("After"), [(DRAFT, tr("The draft")), *choices])
        for button in (self.before, self.after):
            button.chosen.connect(lambda _id: self._compare())
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self.before)
        row.addWidget(Label("→", "mono"))
        row.addWidget(self.after)
        row.addStretch(1)
        self.note = Label("", "small", tone="quiet")
        self.note.setWordWrap(True)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setMinimumHeight(280)
        self.body.addLayout(row)
        self.body.addWidget(self.note)
        self.body.addWidget(self.area, 1)
        self.resize(680, 560)
        self._compare()

    @property
    def chosen(self) -> Version | None:
        """The version on the left."""
        return self._versions.get(self.before.current)

    def what_is_wrong(self) -> str:
        return "" if self.chosen is not None else tr("There is no published version yet.")

    def _compare(self) -> None:
        version = self.chosen
        self.note.setText(version.note if version is not None and version.note else tr("No note was left."))
        self.send_button.setEnabled(version is not None)
        if version is not None:
            self._state.compare(self.before.current, self.after.current, self._show)

    def _show(self, difference: Difference) -> None:
        inside = QWidget()
        inside.setObjectName("dialogBody")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(6)
        show_difference(column, difference)
        column.addStretch(1)
        self.area.setWidget(inside)


class VersionButton(Button):
    """Which version is published, and whether the draft differs; opens the versions."""

    def show_state(self, state: BuilderState, *, is_short: bool = False) -> None:
        """As it stands; shortly where there is little room, and in full for those who hover or listen."""
        current = state.current
        if current is None:
            whole = short = tr("Never published")
        elif state.is_changed:
            whole = tr("v{n} is published, the draft differs").format(n=current.number)
            short = tr("v{n}, changed").format(n=current.number)
        else:
            whole = tr("v{n} is published").format(n=current.number)
            short = tr("v{n}").format(n=current.number)
        self.setText(short if is_short else whole)
        self.setAccessibleName(whole)
        self.setToolTip(whole)
        self.updateGeometry()


def _words(version: Version, now: int) -> str:
    at = moment(version.published_at, now)
    said = tr("v{n}, {at}").format(n=version.number, at=at)
    return tr("{version}, published").format(version=said) if version.is_current else said
