"""The sheet of keys: what every key of this page and of the window does, made from the verbs themselves."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QBoxLayout, QDialog, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from legate_desktop.theme.dressing import dressing
from legate_desktop.theme.look import look
from legate_desktop.verbs import letters
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.labels import Caption, Label
from legate_desktop.words import tr

WIDE_PX, LARGE = 760, 1.2

# A group of the sheet: its caption, and pairs of a name and its keys.
Group = tuple[str, Sequence[tuple[str, Sequence[str]]]]


def written(key: str) -> str:
    """A key as this system writes it; a sequence is written with blanks: G A."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText).replace(", ", " ")


class KeySheet(QDialog):
    """Read and closed by Esc; nothing is decided here."""

    def __init__(self, groups: Sequence[Group], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keys"))
        self.setAccessibleName(tr("Keys"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dressing.wear(self)
        self.texts: list[str] = []
        body = QWidget()
        body.setObjectName("dialogBody")
        # With large text there is room for one column of names and keys, not for two.
        is_large = look.px(WIDE_PX) > WIDE_PX * LARGE
        columns = QBoxLayout(QBoxLayout.Direction.TopToBottom if is_large else QBoxLayout.Direction.LeftToRight, body)
        columns.setContentsMargins(0, 0, 12, 0)
        columns.setSpacing(0 if is_large else 40)
        for part in _halves(groups):
            column = QVBoxLayout()
            column.setSpacing(4)
            for caption, rows in part:
                column.addWidget(Caption(caption))
                column.addLayout(self._rows(rows))
                column.addSpacing(12)
            column.addStretch(1)
            columns.addLayout(column, 1)
        area = QScrollArea()
        area.setAccessibleName(tr("Keys"))
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(body)
        close = Button(tr("Close"), kind="secondary", key="Esc")
        close.fired.connect(self.reject)
        foot = QHBoxLayout()
        off = tr("One-letter keys are switched off in Settings.")
        foot.addWidget(Label("" if letters.is_on else off, "small", tone="quiet"), 1)
        foot.addWidget(close)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(24, 20, 24, 16)
        whole.setSpacing(14)
        whole.addWidget(Label(tr("Keys"), "title"))
        whole.addWidget(area, 1)
        whole.addLayout(foot)
        self.resize(WIDE_PX, 560)

    def _rows(self, rows: Sequence[tuple[str, Sequence[str]]]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        for at, (name, keys) in enumerate(rows):
            shown = " · ".join(written(key) for key in keys)
            label = Label(name, "body")
            label.setWordWrap(True)
            grid.addWidget(label, at, 0)
            grid.addWidget(Label(shown, "mono"), at, 1, Qt.AlignmentFlag.AlignRight)
            self.texts.append(f"{name}: {shown}")
        return grid


def _halves(groups: Sequence[Group]) -> tuple[Sequence[Group], Sequence[Group]]:
    """Two columns of about the same length, in order."""
    total = sum(len(rows) + 2 for _caption, rows in groups)
    length = 0
    for at, (_caption, rows) in enumerate(groups):
        length += len(rows) + 2
        if length * 2 >= total:
            return groups[: at + 1], groups[at + 1 :]
    return groups, ()
