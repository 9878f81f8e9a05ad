"""What closing the window means: going on behind the tray, or ending; asked once where there is no tray."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QWidget

from legate_desktop.outside.choices import Choices
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.labels import Label
from legate_desktop.words import plural, tr


class Background(QObject):
    """Stands between the window's close and the end of the process.

    Without `may_stay`, as in the practice workspace, closing ends at once. `stayed` says that the window was closed and
    Legate goes on; the process ends with `QApplication.quit`.
    """

    stayed = Signal()
    ending = Signal()

    def __init__(
        self,
        window: QWidget,
        choices: Choices,
        *,
        may_stay: bool,
        has_tray: Callable[[], bool],
        open_runs: Callable[[], int],
    ) -> None:
        super().__init__(window)
        self._window, self._choices = window, choices
        self._may_stay, self._has_tray, self._open_runs = may_stay, has_tray, open_runs
        self.is_ending = False
        self.dialog: Dialog | None = None
        window.installEventFilter(self)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            # The last window going away is not the end; this decides.
            app.setQuitOnLastWindowClosed(False)
            app.commitDataRequest.connect(self.session_ends)

    def end(self) -> None:
        """End the process now, without asking."""
        self._mark_the_end()
        QApplication.quit()

    def session_ends(self) -> None:
        """The person logs out: asking now would hold up everybody, so closing means the end from here on."""
        self._mark_the_end()

    def ask_to_end(self) -> None:
        """Quit, as a person means it: asks first if runs are going."""
        going = self._open_runs() if self._may_stay else 0
        if going == 0 or self.is_ending:
            self.end()
            return
        if self.dialog is not None:
            self.dialog.raise_()
            return
        dialog = _GoingDialog(going, self._window if self._window.isVisible() else None)
        self._open(dialog, self.end)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._window and event.type() == QEvent.Type.Close and not self.is_ending:
            event.ignore()
            self._on_close()
            return True
        return super().eventFilter(watched, event)

    def _on_close(self) -> None:
        if not self._may_stay:
            self.end()
            return
        closing = self._choices.now.closing
        if closing == "quit":
            self.ask_to_end()
        elif closing == "stay" or self._has_tray():
            self._stay()
        elif self.dialog is None:
            dialog = _ClosingDialog(self._window)
            dialog.quit_chosen.connect(lambda: self._choose("quit"))
            self._open(dialog, lambda: self._choose("stay"))

    def _choose(self, closing: str) -> None:
        self._choices.choose("closing", closing)
        if closing == "stay":
            self._stay()
        else:
            self.ask_to_end()

    def _stay(self) -> None:
        self._window.hide()
        self.stayed.emit()

    def _open(self, dialog: Dialog, sent: Callable[[], None]) -> None:
        self.dialog = dialog
        dialog.finished.connect(lambda _result: setattr(self, "dialog", None))
        # After the dialog has gone, or what follows would open over it.
        dialog.sent.connect(sent, Qt.ConnectionType.QueuedConnection)
        dialog.open()

    def _mark_the_end(self) -> None:
        if not self.is_ending:
            self.is_ending = True
            self.ending.emit()


class _GoingDialog(Dialog):
    """Runs are going; ending is safe, and they wait until Legate is opened again."""

    def __init__(self, going: int, parent: QWidget | None) -> None:
        super().__init__(tr("Quit Legate?"), tr("Quit"), kind="secondary", parent=parent)
        said = plural(
            "%n run(s) have not ended. They stop where they are and go on when Legate is opened again.", going
        )
        self.body.addWidget(_words(said))


class _ClosingDialog(Dialog):
    """Closing the window for the first time, without a tray that would show that Legate goes on."""

    quit_chosen = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(tr("Go on in the background?"), tr("Go on in the background"), parent=parent)
        self.body.addWidget(
            _words(
                tr(
                    "This desktop has no tray. In the background Legate goes on with its runs and tells you when it must "
                    "ask; start it again to bring this window back. You are asked this once; Settings can change it."
                )
            )
        )
        quit_button = Button(tr("Quit"), kind="secondary")
        quit_button.fired.connect(self._quit)
        self.body.addWidget(quit_button, 0, Qt.AlignmentFlag.AlignRight)

    def _quit(self) -> None:
        self.reject()
        self.quit_chosen.emit()


def _words(text: str) -> Label:
    label = Label(text, "body")
    label.setWordWrap(True)
    label.setMinimumWidth(360)
    return label
