"""The arguments as a form: a text is edited as text and a list line by line, so that nobody has to read JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from legate_desktop.json_text import JsonError, escaped, parse_arguments
from legate_desktop.theme.look import font
from legate_desktop.widgets.labels import Label
from legate_desktop.words import is_hidden, one_line, tr

MOST_LINES = 12
HINTS = {"text": "", "lines": "one per line", "json": "as JSON"}


class ArgumentField(QWidget):
    """One argument. `kind` is text, lines (a list of texts), or json for everything else and for what hides something."""

    changed = Signal()

    def __init__(self, name: str, value: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self._given = value
        self.kind = _kind(value)
        self._given_text = _as_text(self.kind, value)
        self.field = QPlainTextEdit(self._given_text)
        self.field.setObjectName("field")
        self.field.setTabChangesFocus(True)
        self.field.setFont(font("mono" if self.kind == "json" else "body"))
        self.field.setAccessibleName(one_line(name))
        self.field.textChanged.connect(self._on_text)
        hint = tr(HINTS[self.kind])
        label = Label(f"{one_line(name)}  ·  {hint}" if hint else one_line(name), "mono", tone="quiet")
        label.setBuddy(self.field)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(label)
        column.addWidget(self.field)
        self._fit()

    @property
    def value(self) -> Any | JsonError:
        """What stands there now: exactly what was given, where nothing was changed."""
        text = self.field.toPlainText()
        if text == self._given_text:
            return self._given
        hidden = next((char for char in text if is_hidden(char) and char not in "\n\t"), "")
        if hidden:
            problem = tr("“{name}” holds a character that hides (U+{code}). Take it out, or edit it as JSON.")
            return JsonError(problem.format(name=self.name, code=f"{ord(hidden):04X}"))
        if self.kind == "text":
            return text
        if self.kind == "lines":
            return [line for line in text.split("\n") if line.strip()]
        parsed = parse_arguments(f'{{"value": {text}\n}}')
        return JsonError(f"“{self.name}”: {parsed.message}") if isinstance(parsed, JsonError) else parsed["value"]

    def _on_text(self) -> None:
        self._fit()
        self.changed.emit()

    def _fit(self) -> None:
        lines = min(MOST_LINES, max(1, round(self.field.document().size().height())))
        self.field.setFixedHeight(round(lines * QFontMetricsF(self.field.font()).lineSpacing()) + 24)


class ArgumentsForm(QScrollArea):
    """All arguments, in the order given. `checked` comes after every change."""

    checked = Signal()

    def __init__(self, value: Mapping[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        body = QWidget()
        body.setObjectName("dialogBody")
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 10, 0)
        column.setSpacing(10)
        self.fields = [ArgumentField(name, given) for name, given in value.items()]
        for field in self.fields:
            field.changed.connect(self.checked)
            column.addWidget(field)
        column.addStretch(1)
        self.setWidget(body)

    @property
    def value(self) -> dict[str, Any] | JsonError:
        """The arguments, or the first thing that is wrong with them."""
        values = {field.name: field.value for field in self.fields}
        wrong = next((value for value in values.values() if isinstance(value, JsonError)), None)
        return wrong or values

    def take_focus(self) -> None:
        """To the first field."""
        if self.fields:
            self.fields[0].field.setFocus()


def _kind(value: Any) -> str:
    if isinstance(value, str) and not _hides(value):
        return "text"
    is_lines = isinstance(value, list) and value and all(isinstance(item, str) for item in value)
    if is_lines and all(item.strip() and "\n" not in item and not _hides(item) for item in value):
        return "lines"
    return "json"


def _hides(text: str) -> bool:
    return any(is_hidden(char) and char not in "\n\t" for char in text)


def _as_text(kind: str, value: Any) -> str:
    if kind == "text":
        return value
    return "\n".join(value) if kind == "lines" else escaped(json.dumps(value, ensure_ascii=False, indent=2))
