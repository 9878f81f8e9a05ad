"""The first run on the screen: its steps at the left, one of them at the right, and a way out at every moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from legate_desktop.first_run.parts import (
    DeputyPart,
    ModelPart,
    OutsidePart,
    Part,
    PlacePart,
    QuestionPart,
    RulePart,
    VerifyPart,
)
from legate_desktop.first_run.state import FirstRunState
from legate_desktop.outside.choices import Choices
from legate_desktop.outside.login import StartAtLogin
from legate_desktop.theme.dressing import dressing
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.dialog import Scrolling, room
from legate_desktop.widgets.labels import Caption, Label
from legate_desktop.words import tr

SIZE = (980, 660)
STEPS_PX = 200


class Tour(QDialog):
    """`ended` carries the page that comes next. Esc and closing end it as Skip all does. It is no larger than the screen."""

    ended = Signal(str)

    def __init__(
        self,
        state: FirstRunState,
        *,
        home: Callable[[], Path | None],
        choices: Choices | None,
        login: StartAtLogin,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.state = state
        self._goes_to = "deck"
        self._has_ended = False
        self.setWindowTitle(tr("First steps"))
        self.setAccessibleName(tr("First steps"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(True)
        dressing.wear(self)
        self.parts: dict[str, Part] = {
            "place": PlacePart(state, home),
            "deputy": DeputyPart(state),
            "card": QuestionPart(state),
            "rule": RulePart(state),
            "verify": VerifyPart(state),
            "model": ModelPart(state, self._to_models),
            "outside": OutsidePart(state, choices, login),
        }
        self._build()
        state.changed.connect(self._show)
        state.finished.connect(self.accept)
        self.resize(QSize(*SIZE).boundedTo(room(parent or self).size()))
        self._show()
        self.next.setFocus(Qt.FocusReason.OtherFocusReason)

    def _build(self) -> None:
        self.names: list[Button] = []
        steps = QWidget()
        steps.setFixedWidth(STEPS_PX)
        left = QVBoxLayout(steps)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(2)
        left.addWidget(Caption(tr("First steps")))
        left.addSpacing(6)
        for at, lesson in enumerate(self.state.lessons):
            button = Button(f"{at + 1}  {lesson.name}", kind="quiet")
            button.fired.connect(lambda at=at: self.state.go(at))
            self.names.append(button)
            left.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        left.addStretch(1)
        self.title = Label("", "title")
        self.title.setWordWrap(True)
        self.text = Label("", "body")
        self.text.setWordWrap(True)
        self.stack = QStackedWidget()
        for part in self.parts.values():
            self.stack.addWidget(part if part.scrolls_inside else Scrolling(part))
        self.problem = Label("", "small", tone="bad")
        self.problem.setWordWrap(True)
        right = QVBoxLayout()
        right.setSpacing(10)
        for widget in (self.title, self.text):
            right.addWidget(widget)
        right.addWidget(self.stack, 1)
        right.addWidget(self.problem)
        line = QFrame()
        line.setObjectName("upright")
        line.setFixedWidth(1)
        across = QHBoxLayout()
        across.setSpacing(20)
        across.addWidget(steps)
        across.addWidget(line)
        across.addLayout(right, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(24, 20, 24, 16)
        whole.setSpacing(10)
        whole.addLayout(across, 1)
        # Below the steps as well: in long words and large text its buttons need the width of a small screen.
        whole.addLayout(self._foot())

    def _foot(self) -> QHBoxLayout:
        self.skip_all = Button(tr("Skip all"), kind="quiet", key="Esc")
        self.skip_all.fired.connect(self.reject)
        self.back = Button(tr("Back"), kind="quiet")
        self.back.fired.connect(lambda: self.state.go(self.state.at - 1))
        self.next = Button(tr("Next"), kind="secondary")
        self.next.fired.connect(self.state.next)
        foot = QHBoxLayout()
        foot.addWidget(self.skip_all)
        foot.addStretch(1)
        foot.addWidget(self.back)
        foot.addWidget(self.next)
        return foot

    def _show(self) -> None:
        state, lesson = self.state, self.state.lesson
        self.title.setText(lesson.title)
        self.text.setText(lesson.text)
        part = self.parts[lesson.id]
        had_keys = part.isAncestorOf(self.focusWidget() or self)
        part.show_now()
        self.stack.setCurrentIndex(list(self.parts).index(lesson.id))
        self.problem.setText(state.problem)
        self.problem.setVisible(bool(state.problem))
        self.back.setEnabled(state.at > 0)
        done = lesson.id in state.done
        self.next.setText(tr("Finish") if state.is_last else tr("Next") if done else tr("Skip this step"))
        self.next.setAccessibleName(self.next.text())
        self.next.updateGeometry()
        for at, (button, step) in enumerate(zip(self.names, state.lessons, strict=True)):
            is_done = step.id in state.done and at != state.at
            mark = "✓" if is_done else str(at + 1)
            button.setText(f"{mark}  {step.name}")
            here = tr("you are here") if at == state.at else tr("done") if is_done else tr("not done yet")
            button.setAccessibleName(f"{at + 1}, {step.name}, {here}")
            button.kind = "secondary" if at == state.at else "quiet"
            button.updateGeometry()
            button.update()
        if had_keys and not part.isAncestorOf(self.focusWidget() or self):
            # What was pressed is off now; Qt's next stop would be "Skip all", where Enter ends it.
            self.next.setFocus()
        if state.approvals is not None:
            self._watch_card()

    def _watch_card(self) -> None:
        approvals = self.state.approvals
        if approvals is not None and not self._is_watching:
            self._is_watching = True
            approvals.card_changed.connect(self._show)
            approvals.answering_changed.connect(self._show)

    _is_watching = False

    def _to_models(self) -> None:
        self._goes_to = "models"
        self.accept()

    def done(self, result: int) -> None:
        super().done(result)
        self._end()

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self._end()

    def _end(self) -> None:
        if not self._has_ended:
            self._has_ended = True
            self.ended.emit(self._goes_to)
