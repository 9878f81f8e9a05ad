"""The tools of an agent, each with what it does and a switch Never · Ask · Allow; its folders and its sender."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from legate_desktop.pages.agents.builder_state import BuilderState
from legate_desktop.pages.agents.parts import Form
from legate_desktop.pages.agents.view import MODES, Draft, Mode, ToolRow
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.icon_button import IconButton
from legate_desktop.widgets.labels import Caption, Label, OutsideText
from legate_desktop.widgets.pill import PillLabel
from legate_desktop.widgets.segments import Segments
from legate_desktop.words import one_line, tr


class ToolLine(QWidget):
    """One tool: name and effect, what it does, the switch, and the rule that stands behind it."""

    def __init__(self, state: BuilderState, tool: ToolRow) -> None:
        super().__init__()
        self._state = state
        self.tool = tool
        self.name = Label(one_line(tool.name), "mono_name")
        self.pill = PillLabel(tool.effect)
        self.what = Label(one_line(tool.description), "small")
        self.what.setWordWrap(True)
        self.rule = Label("", "small", tone="quiet")
        self.rule.setWordWrap(True)
        self.switch = Segments([(mode, tr(words)) for mode, words in MODES], one_line(tool.name))
        self.switch.chosen.connect(self._on_chosen)
        first = QHBoxLayout()
        first.setSpacing(10)
        first.addWidget(self.name)
        first.addWidget(self.pill)
        first.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addLayout(first)
        words.addWidget(self.what)
        words.addWidget(self.rule)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 6, 0, 6)
        row.setSpacing(16)
        row.addLayout(words, 1)
        row.addWidget(self.switch, 0, Qt.AlignmentFlag.AlignTop)
        self.show_tool(tool)

    def show_tool(self, tool: ToolRow) -> None:
        """As the rules say."""
        self.tool = tool
        self.switch.choose(tool.mode)
        reason = (
            "" if tool.may_allow else tr("Only a mandate, or a rule with an amount, a count and an end, allows this")
        )
        self.switch.bar({"allow": reason})
        self.rule.setText(_rule_words(tool))
        self.rule.setVisible(bool(self.rule.text()))

    def _on_chosen(self, mode: str) -> None:
        chosen: Mode = "allow" if mode == "allow" else "ask" if mode == "ask" else "never"
        self._state.set_mode(self.tool, chosen)


class FolderLine(QWidget):
    """One folder: its name, its place, and the way to take it away."""

    def __init__(self, state: BuilderState, name: str, path: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(10)
        row.addWidget(Label(one_line(name), "mono_name"))
        row.addWidget(OutsideText(path, "mono", name=tr("Place of {name}").format(name=one_line(name))), 1)
        remove = IconButton("x", tr("Take {name} away").format(name=one_line(name)))
        remove.fired.connect(lambda: state.set_folder(name, ""))
        row.addWidget(remove)


class ToolsPart(Form):
    """Everything it may call, and where."""

    def __init__(self, state: BuilderState) -> None:
        text = tr(
            "Never: it cannot call it. Ask: it asks you each time. Allow: a rule lets it through; what is money, destroys "
            "or gives access has no Allow."
        )
        super().__init__(state, tr("Tools"), text)
        self.lines: dict[str, ToolLine] = {}
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        self.column.addLayout(self._rows)
        self.column.addSpacing(10)
        self.column.addWidget(Caption(tr("Folders")))
        self._folders = QVBoxLayout()
        self.column.addLayout(self._folders)
        self.add_folder = Button(tr("Give it a folder…"), kind="secondary", icon_name="folder")
        self.add_folder.fired.connect(self.ask_folder)
        add_row = QHBoxLayout()
        add_row.addWidget(self.add_folder)
        add_row.addStretch(1)
        self.column.addLayout(add_row)
        self.sender_field = QLineEdit()
        self.sender_field.textEdited.connect(lambda text: self.edit(sender=text.strip()))
        hint = tr("The address its mail is sent from. Left empty, it is the connector's own.")
        self.add_field(tr("Sender"), hint, self.sender_field)
        self.column.addStretch(1)
        state.tools_changed.connect(self.show_tools)

    def show_draft(self, draft: Draft) -> None:
        if self.sender_field.text() != draft.sender:
            self.sender_field.setText(draft.sender)
        _clear(self._folders)
        for name, path in sorted(draft.folders.items()):
            self._folders.addWidget(FolderLine(self.state, name, path))
        if not draft.folders:
            self._folders.addWidget(Label(tr("It has no folder, so it sees no file."), "small", tone="quiet"))

    def take_focus(self) -> None:
        first = next(iter(self.lines.values()), None)
        if first is not None:
            first.switch.segments[first.tool.mode].setFocus()

    def show_tools(self) -> None:
        """The tools as they are; a line stays the same widget, so that the focus stays in it."""
        tools = self.state.tools
        if [tool.name for tool in tools] != list(self.lines):
            _clear(self._rows)
            self.lines = {}
            group = ""
            for tool in tools:
                if tool.connector != group:
                    group = tool.connector
                    self._rows.addSpacing(8)
                    self._rows.addWidget(Caption(one_line(group)))
                line = ToolLine(self.state, tool)
                self.lines[tool.name] = line
                self._rows.addWidget(line)
        for tool in tools:
            self.lines[tool.name].show_tool(tool)

    def ask_folder(self) -> None:
        """Choose a folder; its own name is the name it gets."""
        dialog = QFileDialog(self, tr("A folder for the agent"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.give_folder)
        dialog.open()

    def give_folder(self, path: str) -> None:
        """Give it this folder, under a name that is free."""
        draft = self.state.draft
        if draft is None or not path:
            return
        base = "".join(char if char.isalnum() else "_" for char in Path(path).name.casefold()).strip("_") or "folder"
        name, at = base, 2
        while name in draft.folders:
            name, at = f"{base}_{at}", at + 1
        self.state.set_folder(name, path)


def _rule_words(tool: ToolRow) -> str:
    if tool.mode == "allow" and tool.rule_id:
        ends = tr("ends {when}").format(when=tool.rule_ends) if tool.rule_ends else ""
        return " · ".join(part for part in (tr("A rule allows it"), ends) if part)
    if tool.mode == "allow":
        return tr("Reading leaves no mark, so it is let through")
    if tool.mode == "ask" and tool.rule_verdict == "ask":
        return tr("A rule asks for it")
    return ""


def _clear(layout: QVBoxLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
