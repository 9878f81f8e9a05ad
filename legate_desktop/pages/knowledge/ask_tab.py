"""The Ask tab: a question, and the hits with the words it asked for marked, so that a person sees what an agent would see."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from legate_desktop.delegates.rows import RowList
from legate_desktop.models import LiveModel
from legate_desktop.pages.knowledge.asking import MAX_ONLY_CHARS, MAX_QUESTION_CHARS, AskState
from legate_desktop.pages.knowledge.rows import HIT_PX, HitDelegate
from legate_desktop.pages.knowledge.view import Hit, hit_sentence
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.labels import Label, OutsideText
from legate_desktop.widgets.list_stack import ListStack
from legate_desktop.widgets.notices import EmptyState, Skeleton
from legate_desktop.widgets.selection import choose_row, unheard
from legate_desktop.words import plural, tr


class QuestionField(QLineEdit):
    """Esc leaves it, so that one-letter keys act again."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)


class AskTab(QWidget):
    """`wanted` carries a hit that is to be opened; `left` says that the keys are to go elsewhere."""

    wanted = Signal(object)
    left = Signal()

    def __init__(self, state: AskState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = state
        self._build()
        state.changed.connect(self._show)
        state.selection_changed.connect(self._show_selection)
        for field in (self.question, self.only):
            field.returnPressed.connect(self.ask)
            field.left.connect(self.left)
        self.button.fired.connect(self.ask)
        self.list.selectionModel().currentRowChanged.connect(self._on_current)
        self.list.activated.connect(lambda _index: self.open_chosen())
        self._show()

    def take_focus(self) -> None:
        """To the question; its words are chosen, so that another can be typed at once."""
        self.question.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.question.selectAll()

    def ask(self) -> None:
        """Ask what stands in the fields; the keys go to the hits."""
        self.state.ask(self.question.text(), self.only.text())
        if not self.state.problem:
            self.stack.take_focus()

    def open_chosen(self) -> None:
        """Open the chosen hit where it stands."""
        if self.state.selected is not None:
            self.wanted.emit(self.state.selected)

    def _build(self) -> None:
        self.question = QuestionField()
        self.question.setAccessibleName(tr("Question"))
        self.question.setPlaceholderText(tr("Ask as you would ask a colleague"))
        self.question.setMaxLength(MAX_QUESTION_CHARS + 1)
        self.button = Button(tr("Ask"), kind="secondary", key="⏎")
        what = tr("Only documents whose name, kind, author or title hold these words")
        self.only = QuestionField()
        self.only.setAccessibleName(tr("Only in"))
        self.only.setAccessibleDescription(what)
        self.only.setToolTip(what)
        self.only.setPlaceholderText(tr("Only in documents with these words in name, kind, author …"))
        self.only.setMaxLength(MAX_ONLY_CHARS)
        self.only.setClearButtonEnabled(True)
        field = QGridLayout()
        field.setContentsMargins(20, 4, 16, 4)
        field.setVerticalSpacing(6)
        field.addWidget(self.question, 0, 0)
        field.addWidget(self.only, 1, 0)
        field.addWidget(self.button, 0, 1)
        self.problem = Label("", "small", tone="bad")
        self.problem.setWordWrap(True)
        self.found = OutsideText("", "small", ink="text3", most_lines=3, name=tr("What was found"))
        self.model: LiveModel[Hit] = LiveModel(hit_sentence)
        self.list = RowList(HitDelegate(lambda: 0), tr("Passages found"))
        self.list.setModel(self.model)
        self.skeleton = Skeleton(HIT_PX)
        self.empty = EmptyState("search", "", "")
        self.stack = ListStack(self.list)
        for widget in (self.skeleton, self.empty):
            self.stack.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(field)
        for label in (self.problem, self.found):
            inset = QVBoxLayout()
            inset.setContentsMargins(20, 0, 16, 0)
            inset.addWidget(label)
            column.addLayout(inset)
        column.addWidget(self.stack, 1)
        self.setTabOrder(self.question, self.only)
        self.setTabOrder(self.only, self.button)

    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        hit = self.model.at(current.row())
        if hit is not None:
            self.state.select(hit.id)

    def _show(self) -> None:
        state = self.state
        if not state.question and not state.problem:
            # Another base was chosen: the question was for the one before.
            self.question.clear()
            self.only.clear()
        with unheard(self.list):
            self.model.set_rows(state.hits)
        # Before it gets the keys: a list without a cursor would put it on its first row.
        self._show_selection()
        self.problem.setText(state.problem)
        self.problem.setVisible(bool(state.problem))
        said = [plural("%n passage(s), the best first", len(state.hits))] if state.hits else []
        self.found.set_text(" · ".join([*said, *state.notices]))
        self.found.setVisible(bool(said or state.notices))
        if state.is_asking:
            self.skeleton.start()
            self.stack.turn_to(self.skeleton)
        else:
            self.skeleton.stop()
            self.stack.turn_to(self.list if state.hits else self.empty)
        if state.problem:
            self.empty.say("", "")
        elif state.has_answer:
            inner = tr("No passage answers this. Ask with other words, or add documents.")
            narrow = tr("No passage of such documents answers this. Ask with other words, or in all documents.")
            self.empty.say(tr("Nothing fits"), narrow if state.only else inner)
        else:
            self.empty.say(
                tr("See what an agent would see"),
                tr("Ask a question: the passages that answer it come with their document, page and score."),
            )

    def _show_selection(self) -> None:
        choose_row(self.list, self.model.position_of(self.state.selected_id))
