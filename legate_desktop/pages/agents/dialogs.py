"""What is asked before something is made, run, published or allowed."""

from __future__ import annotations

from PySide6.QtCore import QDate, QDateTime, QTime
from PySide6.QtWidgets import (
    QButtonGroup,
    QDateEdit,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from legate_desktop.core_words import tr_core
from legate_desktop.pages.agents.difference import show_difference
from legate_desktop.pages.agents.view import CLASSES, Difference, Preview, ToolRow
from legate_desktop.theme.look import font
from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.labels import Label, OutsideText, hint_label
from legate_desktop.widgets.pill import PillLabel
from legate_desktop.words import number, one_line, tr

NAME_MOST, TASK_MOST, NOTE_MOST = 80, 64_000, 400
DEFAULT_DAYS = 30
USES = 10


class NameDialog(Dialog):
    """The name of a new agent."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("New agent"), tr("Make it"), parent=parent)
        label = Label(tr("What is it called?"), "name")
        self.name = QLineEdit()
        self.name.setAccessibleName(label.text())
        self.name.setPlaceholderText(tr("such as Reply desk"))
        self.name.setMaxLength(NAME_MOST)
        label.setBuddy(self.name)
        for widget in (label, self.name, hint_label(tr("It is a draft: nothing runs it before you publish it."))):
            self.body.addWidget(widget)
        self.setMinimumWidth(440)
        self.name.setFocus()

    def what_is_wrong(self) -> str:
        return "" if self.name.text().strip() else tr("Give it a name.")


class RunDialog(Dialog):
    """The task of a run, in the person's own words."""

    def __init__(self, agent: str, version: int, parent: QWidget | None = None) -> None:
        super().__init__(tr("Run {agent}").format(agent=one_line(agent)), tr("Run"), parent=parent)
        label = Label(tr("What should it do?"), "name")
        self.task = _field(label.text(), 120)
        label.setBuddy(self.task)
        said = tr("Version {n} runs. What you write here counts as your own words; it asks before it acts.")
        for widget in (label, self.task, hint_label(said.format(n=version))):
            self.body.addWidget(widget)
        self.setMinimumWidth(520)
        self.task.setFocus()

    @property
    def text(self) -> str:
        """The task as given."""
        return self.task.toPlainText().strip()

    def what_is_wrong(self) -> str:
        if not self.text:
            return tr("Say what it should do.")
        return tr("At most {n} characters.").format(n=number(TASK_MOST)) if len(self.text) > TASK_MOST else ""


class PublishDialog(Dialog):
    """What changed since the last version, what the words of the new one name, and a note."""

    def __init__(self, difference: Difference, next_number: int, parent: QWidget | None = None) -> None:
        title = tr("Publish version {n}").format(n=next_number)
        super().__init__(title, tr("Publish"), parent=parent)
        area = QScrollArea()
        area.setWidgetResizable(True)
        inside = QWidget()
        inside.setObjectName("dialogBody")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(6)
        show_difference(column, difference)
        if difference.literals:
            text = tr("By publishing you make its words your own. They name these, which it may then use as yours:")
            column.addWidget(hint_label(text))
            column.addWidget(OutsideText("\n".join(difference.literals), "mono", framed=True, name=tr("Named")))
        column.addStretch(1)
        area.setWidget(inside)
        area.setMinimumHeight(220)
        label = Label(tr("Note (may be left empty)"), "name")
        self.note = QLineEdit()
        self.note.setMaxLength(NOTE_MOST)
        self.note.setAccessibleName(label.text())
        label.setBuddy(self.note)
        self.body.addWidget(area, 1)
        self.body.addWidget(label)
        self.body.addWidget(self.note)
        self.resize(620, 560)
        self.note.setFocus()


class AllowDialog(Dialog):
    """A rule that lets an agent use a tool without asking: its class, a call that it would change, and when it ends."""

    def __init__(self, tool: ToolRow, preview: Preview, agent: str, parent: QWidget | None = None) -> None:
        super().__init__(tr("Allow without asking"), tr("Make the rule"), parent=parent)
        self.tool = tool
        pill = PillLabel(tool.effect)
        said = tr("{agent} may use {tool} without asking.").format(agent=one_line(agent), tool=one_line(tool.name))
        self.said = OutsideText(said, "name", ink="text", name=tr("The rule in words"))
        self.conditions = OutsideText("", "small", ink="text2", name=tr("The rule"))
        self.change = Label("", "small", tone="turn")
        self.change.setWordWrap(True)
        self.words = OutsideText("", "small", ink="text2", most_lines=8, name=tr("What it would change"))
        self._group = QButtonGroup(self)
        self.until = QRadioButton(tr("Until the end of"))
        self.times = QRadioButton(tr("For the next {n} times").format(n=number(USES)))
        self.always = QRadioButton(tr("Until I delete the rule"))
        self.day = QDateEdit(QDate.currentDate().addDays(DEFAULT_DAYS))
        self.day.setMinimumDate(QDate.currentDate())
        self.day.setDisplayFormat("d MMMM yyyy")
        self.day.setAccessibleName(tr("The last day"))
        for widget in (pill, self.said, self.conditions, self.change, self.words):
            self.body.addWidget(widget)
        for radio in (self.until, self.times, self.always):
            self._group.addButton(radio)
        self.until.setChecked(True)
        for widget in (self.until, self.day, self.times, self.always):
            self.body.addWidget(widget)
        self.body.addWidget(
            hint_label(tr("The rule stands under Approvals, Rules, and can be deleted there at any time."))
        )
        self.setMinimumWidth(560)
        self._group.buttonToggled.connect(lambda _button, _is_on: self.day.setEnabled(self.until.isChecked()))
        self.show_preview(preview)
        self.until.setFocus()

    @property
    def ends_at(self) -> int:
        """The last moment of the chosen day here, 0 for none."""
        if not self.until.isChecked():
            return 0
        return QDateTime(self.day.date().addDays(1), QTime(0, 0)).toMSecsSinceEpoch() - 1

    @property
    def uses(self) -> int:
        """How many times, 0 for any."""
        return USES if self.times.isChecked() else 0

    def show_preview(self, preview: Preview) -> None:
        """What the core says about it."""
        self.conditions.set_text(tr_core(preview.conditions) or self.tool.name)
        self.change.setText(tr(CLASSES.get(preview.change, "")))
        self.words.set_text(tr_core(preview.words))
        self.words.setVisible(bool(preview.words))
        problem = " ".join(tr_core(problem) for problem in preview.problems)
        self.say_problem(problem)
        self.send_button.setEnabled(not problem)


def _field(name: str, height: int) -> QPlainTextEdit:
    field = QPlainTextEdit()
    field.setObjectName("field")
    field.setFont(font("body"))
    field.setTabChangesFocus(True)
    field.setAccessibleName(name)
    field.setFixedHeight(height)
    return field
