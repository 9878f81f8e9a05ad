"""The trial: what a person said and what the draft answered, with its mission log below; the same gate as for every run."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QPen, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QScrollArea, QSplitter, QVBoxLayout, QWidget

from legate_desktop.delegates.rows import RowList
from legate_desktop.models import LiveModel
from legate_desktop.pages.agents.try_state import TryState, Turn
from legate_desktop.pages.runs.log_rows import LineDelegate, line_sentence
from legate_desktop.pages.runs.timeline import Line
from legate_desktop.pages.runs.view import step_sentence
from legate_desktop.theme import tokens
from legate_desktop.theme.look import colour, font
from legate_desktop.theme.signs import RUN_SIGNS, UNKNOWN
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.labels import Caption, Label, OutsideText
from legate_desktop.widgets.sign_label import SignLabel
from legate_desktop.words import tr

SEND_KEY = "Ctrl+Return"


class Bubble(QWidget):
    """Something that was said: by the person at the right on a wash, by the draft at the left."""

    def __init__(self, text: str, *, is_persons: bool) -> None:
        super().__init__()
        self._is_persons = is_persons
        who = tr("You said") if is_persons else tr("It answered")
        self.text = OutsideText(text, "body", ink="text" if is_persons else "text2", most_lines=30, name=who)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.addWidget(self.text)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour("line"), 1))
        painter.setBrush(colour("raised" if self._is_persons else "well"))
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, tokens.RADIUS_CARD_PX, tokens.RADIUS_CARD_PX)


class TryPane(QWidget):
    """`wants_to_say` carries the words: whoever owns the draft keeps it first. The rest goes through the state."""

    wants_to_say = Signal(str)
    approval_wanted = Signal(str)
    run_wanted = Signal(str)

    def __init__(self, state: TryState) -> None:
        super().__init__()
        self.setObjectName("detail")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.state = state
        self._build()
        state.turns_changed.connect(self._show_turns)
        state.viewer.log_changed.connect(self._show_log)
        state.viewer.streamed.connect(self._show_stream)
        self._show_turns()
        self._show_log()

    def take_focus(self) -> None:
        """The keys go to the field."""
        self.field.setFocus()

    def give_actions(self, *buttons: Button) -> None:
        """Buttons beside the title."""
        for button in buttons:
            self._head.addWidget(button)

    # Building.

    def _build(self) -> None:
        self._head = QHBoxLayout()
        self._head.setSpacing(4)
        self._head.addWidget(Label(tr("Try it"), "title"), 1)
        text = tr("This runs the draft for real: it asks before it acts, and what you approve happens.")
        hint = Label(text, "small", tone="quiet")
        hint.setWordWrap(True)
        self.body = QScrollArea()
        self.body.setWidgetResizable(True)
        self.body.setFrameShape(QFrame.Shape.NoFrame)
        self.body.setObjectName("detail")
        self.body.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.sign = SignLabel(UNKNOWN)
        self.words = Label("", "small")
        self.words.setWordWrap(True)
        self.question = Button(tr("Open its question"), kind="secondary")
        self.question.fired.connect(lambda: self.approval_wanted.emit(self.state.turns[-1].approval_id))
        self.whole = Button(tr("Whole run"), kind="quiet")
        self.whole.fired.connect(lambda: self.run_wanted.emit(self.state.turns[-1].run_id))
        status = QHBoxLayout()
        status.setSpacing(8)
        status.addWidget(self.sign)
        status.addWidget(self.words, 1)
        status.addWidget(self.question)
        status.addWidget(self.whole)
        self.model: LiveModel[Line] = LiveModel(line_sentence(step_sentence))
        self.log = RowList(LineDelegate(lambda: self.state.viewer.timeline), tr("Mission log of the trial"))
        self.log.setModel(self.model)
        self.field = QPlainTextEdit()
        self.field.setObjectName("field")
        self.field.setFont(font("body"))
        self.field.setTabChangesFocus(True)
        self.field.setAccessibleName(tr("Say something to it"))
        self.field.setPlaceholderText(tr("Say something to it"))
        self.field.setFixedHeight(72)
        self.send = Button(tr("Send"), kind="primary", key="Ctrl+Enter")
        self.send.fired.connect(self.say)
        for key in (SEND_KEY, "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self, self.say, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        lower = QWidget()
        below = QVBoxLayout(lower)
        below.setContentsMargins(0, 6, 0, 0)
        below.setSpacing(4)
        caption = Caption(tr("Mission log"))
        caption.setContentsMargins(20, 0, 0, 0)
        below.addWidget(caption)
        below.addWidget(self.log, 1)
        upper = QWidget()
        above = QVBoxLayout(upper)
        above.setContentsMargins(0, 0, 0, 0)
        above.addWidget(self.body)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setHandleWidth(1)
        split.setChildrenCollapsible(False)
        split.addWidget(upper)
        split.addWidget(lower)
        split.setSizes([320, 200])
        send_row = QHBoxLayout()
        send_row.addWidget(self.field, 1)
        send_row.addWidget(self.send, 0, Qt.AlignmentFlag.AlignBottom)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 14, 0, 12)
        column.setSpacing(6)
        for layout in (self._head, hint):
            inset = QHBoxLayout()
            inset.setContentsMargins(20, 0, 12, 0)
            if isinstance(layout, QHBoxLayout):
                inset.addLayout(layout)
            else:
                inset.addWidget(layout)
            column.addLayout(inset)
        column.addWidget(split, 1)
        self.bottom = QWidget()
        foot = QVBoxLayout(self.bottom)
        foot.setContentsMargins(20, 0, 12, 0)
        foot.setSpacing(6)
        for row in (status, send_row):
            foot.addLayout(row)
        column.addWidget(self.bottom)

    def say(self) -> None:
        """Send what stands in the field."""
        text = self.field.toPlainText().strip()
        if text and not self.state.why_not_say():
            self.field.clear()
            self.wants_to_say.emit(text)

    # Showing.

    def _show_turns(self) -> None:
        state = self.state
        inside = QWidget()
        inside.setObjectName("detailBody")
        column = QVBoxLayout(inside)
        column.setContentsMargins(20, 4, 16, 8)
        column.setSpacing(8)
        for turn in state.turns:
            self._add(column, turn)
        self.stream = Bubble("", is_persons=False)
        self.stream.hide()
        column.addWidget(self.stream)
        column.addStretch(1)
        self.body.setWidget(inside)
        last = state.turns[-1] if state.turns else None
        self.sign.setVisible(last is not None)
        self.sign.set_sign(RUN_SIGNS.get(last.state, UNKNOWN) if last else UNKNOWN)
        self.words.setText(last.words if last else "")
        self.question.setVisible(last is not None and bool(last.approval_id) and last.state == "waiting")
        self.whole.setVisible(last is not None)
        reason = state.why_not_say()
        self.send.setEnabled(not reason)
        self.send.setToolTip(reason)
        self._show_stream(state.viewer.stream_text)
        bar = self.body.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _add(self, column: QVBoxLayout, turn: Turn) -> None:
        row = QHBoxLayout()
        row.addSpacing(40)
        row.addWidget(Bubble(turn.said, is_persons=True), 1)
        column.addLayout(row)
        if turn.answer:
            answer = QHBoxLayout()
            answer.addWidget(Bubble(turn.answer, is_persons=False), 1)
            answer.addSpacing(40)
            column.addLayout(answer)

    def _show_stream(self, text: str) -> None:
        aside = self.state.viewer.aside
        shown = text or (aside.text if aside is not None and aside.is_loading else "")
        self.stream.text.set_text(shown)
        self.stream.setVisible(bool(shown))

    def _show_log(self) -> None:
        self.model.set_rows(self.state.viewer.lines)
        self.log.viewport().update()
        # A turn later, when the list knows its new height.
        QTimer.singleShot(0, self, self.log.scrollToBottom)
