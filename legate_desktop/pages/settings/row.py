"""One setting on the page: its title and hint, and the control that its kind wants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from legate_desktop.pages.settings.view import Setting
from legate_desktop.theme.look import font, look
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.choice_button import ChoiceButton
from legate_desktop.widgets.labels import Label, OutsideText
from legate_desktop.widgets.switch import Switch
from legate_desktop.words import tr

FIELD_PX, LINES_PX = 220, 96
LONG_FACT = 60


class SettingRow(QWidget):
    """`change` puts a value into force and returns what is wrong with it; the row then shows that."""

    def __init__(self, setting: Setting, change: Callable[[Any], str]) -> None:
        super().__init__()
        self.setting = setting
        self._change = change
        self.problem = Label("", "small", tone="bad")
        self.problem.setWordWrap(True)
        self.problem.hide()
        title = Label(setting.title, "name")
        title.setWordWrap(True)
        hint = Label(setting.hint, "small", tone="quiet")
        hint.setWordWrap(True)
        words = QVBoxLayout()
        words.setSpacing(1)
        for label in (title, hint, self.problem):
            words.addWidget(label)
        self.control: QWidget = self._build()
        title.setBuddy(self.control)
        across = QHBoxLayout()
        across.setSpacing(16)
        across.addLayout(words, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(8)
        column.addLayout(across)
        if setting.kind == "lines" or self._is_long():
            column.addWidget(self.control)
        else:
            across.addWidget(self.control, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if isinstance(self.control, QPlainTextEdit) and setting.kind == "lines":
            self.keep = Button(tr("Keep these"), kind="secondary")
            self.keep.setAccessibleName(f"{tr('Keep these')}: {setting.title}")
            self.keep.fired.connect(self._keep_lines)
            column.addWidget(self.keep, 0, Qt.AlignmentFlag.AlignRight)
        self.show_value()

    def show_value(self) -> None:
        """Show what is in force, and whether it can be changed now."""
        value, control = self.setting.get(), self.control
        reason = self.setting.why_not()
        control.setEnabled(not reason)
        control.setToolTip(reason)
        if self.setting.kind == "action" and isinstance(control, Button):
            control.setText(str(value))
            control.setAccessibleName(f"{self.setting.title}: {value}")
            control.updateGeometry()
            # What stood in the way of the last press may be over.
            self.problem.setText("")
            self.problem.hide()
        elif isinstance(control, Switch):
            control.setChecked(bool(value))
        elif isinstance(control, ChoiceButton):
            control.choose(str(value))
        elif isinstance(control, QLineEdit):
            control.setText(str(value))
        elif isinstance(control, OutsideText):
            control.set_text(str(value))
        elif isinstance(control, QPlainTextEdit):
            control.setPlainText("\n".join(value))
            self.keep.setEnabled(not reason)

    def _build(self) -> QWidget:
        setting = self.setting
        if setting.kind == "switch":
            switch = Switch(setting.title)
            switch.clicked.connect(self._put)
            return switch
        if setting.kind == "choice":
            button = ChoiceButton(setting.title, setting.choices)
            button.chosen.connect(self._put)
            return button
        if setting.kind == "action":
            act = Button(str(setting.get()), kind="secondary")
            act.fired.connect(lambda: self._put(True))
            return act
        if setting.kind == "text":
            field = QLineEdit()
            field.setFixedWidth(look.px(FIELD_PX // 2))
            field.setAccessibleName(setting.title)
            field.editingFinished.connect(lambda: self._put(field.text().strip()))
            return field
        if setting.kind == "lines":
            lines = QPlainTextEdit()
            lines.setObjectName("field")
            lines.setFont(font("mono"))
            lines.setTabChangesFocus(True)
            lines.setFixedHeight(look.px(LINES_PX))
            lines.setAccessibleName(setting.title)
            return lines
        fact = OutsideText("", "mono", ink="text2", framed=self._is_long(), most_lines=12, name=setting.title)
        if not self._is_long():
            fact.setFixedWidth(look.px(FIELD_PX))
        return fact

    def _is_long(self) -> bool:
        value = str(self.setting.get()) if self.setting.kind == "fact" else ""
        return len(value) > LONG_FACT // 2 or "\n" in value

    def _put(self, value: Any) -> None:
        problem = self._change(value)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        if not problem or self.setting.kind == "switch":
            self.show_value()

    def _keep_lines(self) -> None:
        if isinstance(self.control, QPlainTextEdit):
            lines = [line.strip() for line in self.control.toPlainText().splitlines()]
            self._put(tuple(line for line in lines if line))
