"""One run in a window of its own, beside other work."""

from __future__ import annotations

from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QVBoxLayout

from legate_desktop.pages.runs.state import RunsState
from legate_desktop.pages.runs.verbs import TORN
from legate_desktop.pages.runs.viewer import RunViewer
from legate_desktop.shell.context import PageContext
from legate_desktop.verbs import Verbs
from legate_desktop.widgets.page_title import Page
from legate_desktop.words import one_line, tr


class TornRun(Page):
    """The viewer with the keys that belong to one run; what it begins is shown in the window it was torn from."""

    def __init__(self, context: PageContext, run_id: str) -> None:
        super().__init__()
        self.state = context.state(RunsState)
        self.viewer = RunViewer(context)
        self.setAccessibleName(tr("Run"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.viewer)
        self.verbs = Verbs(self, TORN)
        self.viewer.give_verbs(self.verbs)
        self.viewer.state.run_changed.connect(self._name)
        self.viewer.state.show(run_id)
        self.destroyed.connect(self.viewer.state.close)

    def _name(self) -> None:
        """The window says whose run it is, so that several are told apart."""
        run = self.viewer.state.run
        self.setWindowTitle(f"{one_line(run.name)} · {tr('Run')}" if run is not None else "")

    def closeEvent(self, event: QCloseEvent) -> None:
        self.viewer.state.close()
        super().closeEvent(event)
