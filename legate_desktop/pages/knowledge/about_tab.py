"""What is known of a base: its index and the one that is built beside it, the folders it follows, the agents that may read it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from legate_desktop.pages.knowledge.view import Base, base_words, model_words
from legate_desktop.verbs import Verbs
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.flow import FlowLayout
from legate_desktop.widgets.labels import Caption, Label, OutsideText
from legate_desktop.widgets.progress_bar import ProgressBar
from legate_desktop.widgets.switch import Switch
from legate_desktop.words import counted, long_age, one_line, tr

BUTTONS = ("reindex", "rename", "remove_base")


class AboutTab(QWidget):
    """`unfollowed` carries a folder that is to be followed no longer, `agent_wanted` the id of an agent."""

    unfollowed = Signal(str)
    agent_wanted = Signal(str)

    def __init__(self, now: Callable[[], int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._now = now
        self._shown: tuple[object, ...] = ()
        self.switches: dict[str, Switch] = {}
        self.agents: dict[str, Button] = {}
        self._build()

    def give_verbs(self, verbs: Verbs) -> None:
        """The controls of the page's verbs that stand here."""
        for verb_id in BUTTONS:
            verb = verbs.verb(verb_id)
            button = Button(verb.name, kind=verb.kind)
            button.follow(verbs[verb_id])
            self._flow.addWidget(button)

    def take_focus(self) -> None:
        """To the first thing that can be done here."""
        first = next((button for button in self.findChildren(Button) if button.isEnabled()), None)
        if first is not None:
            first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_base(self, base: Base | None, progress: tuple[int, int]) -> None:
        """What is known of this one."""
        if base is None:
            return
        self.figures.setText(base_words(base))
        age = tr("read {age} ago").format(age=long_age(self._now() - base.indexed_at)) if base.indexed_at else ""
        answers = tr("{model} answers").format(model=model_words(base.embedder))
        self.index.set_text(" · ".join(part for part in (answers, age) if part))
        for widget in (self.second, self.bar):
            widget.setVisible(base.is_rebuilding)
        done, total = progress
        self.bar.set_progress(done, total)
        model = model_words(base.next_embedder or base.embedder)
        far = tr("{done} of {total} passages").format(done=counted(done), total=counted(total)) if total else tr("soon")
        self.second.set_text(tr("A second one is built with {model}: {far}").format(model=model, far=far))
        if (base.id, base.folders, base.agents) != self._shown:
            self._shown = (base.id, base.folders, base.agents)
            self._show_folders(base)
            self._show_agents(base)

    def _build(self) -> None:
        body = QWidget()
        body.setObjectName("clearBody")
        column = QVBoxLayout(body)
        column.setContentsMargins(20, 8, 20, 20)
        column.setSpacing(6)
        self.figures = Label("", "small")
        self.index = OutsideText("", "small", name=tr("Index"))
        self.second = OutsideText("", "small", ink="blue", name=tr("Second index"))
        self.bar = ProgressBar()
        controls = QWidget()
        self._flow = FlowLayout(controls)
        self.folders = QVBoxLayout()
        self.folders.setSpacing(4)
        self.readers = QWidget()
        self._readers = FlowLayout(self.readers)
        self.no_folder = Label(
            tr("None. Add a folder and choose to follow it: what changes there changes here."), "small", tone="quiet"
        )
        self.no_folder.setWordWrap(True)
        self.no_agent = Label(
            tr("No agent may read it. Give it to one in the builder, under Knowledge."), "small", tone="quiet"
        )
        self.no_agent.setWordWrap(True)
        for caption, widgets in (
            (tr("Index"), (self.figures, self.index, self.second, self.bar)),
            (tr("Folders it follows"), (self.no_folder,)),
            (tr("Agents that may read it"), (self.no_agent, self.readers)),
        ):
            column.addSpacing(8)
            column.addWidget(Caption(caption))
            for widget in widgets:
                column.addWidget(widget)
            if widgets == (self.no_folder,):
                column.addLayout(self.folders)
        column.addSpacing(12)
        column.addWidget(controls)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(body)
        area.viewport().setAutoFillBackground(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)

    def _show_folders(self, base: Base) -> None:
        while (item := self.folders.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.switches = {}
        for folder in base.folders:
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            switch = Switch(tr("Follow {folder}").format(folder=one_line(folder)))
            switch.setChecked(True)
            switch.clicked.connect(lambda _on=False, folder=folder: self.unfollowed.emit(folder))
            self.switches[folder] = switch
            row.addWidget(switch)
            row.addWidget(OutsideText(folder, "mono", name=tr("Folder")), 1)
            self.folders.addWidget(line)
        self.no_folder.setVisible(not base.folders)

    def _show_agents(self, base: Base) -> None:
        for button in self.agents.values():
            self._readers.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.agents = {}
        for agent_id, name in base.agents:
            button = Button(one_line(name)[:60], kind="secondary")
            button.setAccessibleName(tr("Open {agent} in the builder").format(agent=one_line(name)))
            button.fired.connect(lambda agent_id=agent_id: self.agent_wanted.emit(agent_id))
            self.agents[agent_id] = button
            self._readers.addWidget(button)
        self.readers.setVisible(bool(base.agents))
        self.no_agent.setVisible(not base.agents)
