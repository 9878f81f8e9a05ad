"""What goes on in a base, as lines above its documents: words, a bar, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from legate_desktop.pages.knowledge.view import SIGNS, Job
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.labels import Label
from legate_desktop.widgets.progress_bar import ProgressBar
from legate_desktop.widgets.sign_label import SignLabel
from legate_desktop.words import tr


def verb_words() -> Mapping[str, str]:
    """The words of what can be done about a job."""
    return {
        "cancel": tr("Stop"),
        "cancel_all": tr("Stop"),
        "retry_all": tr("Read again"),
        "failed": tr("Show"),
        "show": tr("Why"),
        "dismiss": tr("Dismiss"),
    }


class JobLine(QWidget):
    """One job."""

    def __init__(self, job: Job, do: Callable[[str, str], None]) -> None:
        super().__init__()
        self.sign = SignLabel(SIGNS[job.state])
        self.words = Label("", "small")
        self.words.setWordWrap(True)
        self.bar = ProgressBar()
        self.buttons: dict[str, Button] = {}
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.sign)
        row.addWidget(self.words, 1)
        for verb, words in verb_words().items():
            if verb in job.verbs:
                button = Button(words, kind="quiet")
                button.fired.connect(lambda verb=verb: do(verb, job.id))
                self.buttons[verb] = button
                row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 2)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.bar)
        self.show_job(job)

    def show_job(self, job: Job) -> None:
        """How far it is now."""
        self.sign.set_sign(SIGNS[job.state])
        self.words.setText(job.words)
        self.bar.set_progress(job.done, job.total)
        self.bar.setVisible(job.state == "processing")
        for button in self.buttons.values():
            button.setAccessibleName(f"{button.text()}: {job.words}")


class Jobs(QWidget):
    """The lines, each kept for as long as its job is there, so that a button does not go from under the mouse."""

    def __init__(self, do: Callable[[str, str], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._do = do
        self.lines: dict[str, JobLine] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self.hide()

    def show_jobs(self, jobs: Sequence[Job]) -> None:
        """Show these."""
        wanted = {job.id: job for job in jobs}
        for job_id in [job_id for job_id in self.lines if job_id not in wanted]:
            self._drop(job_id)
        for job in jobs:
            line = self.lines.get(job.id)
            if line is not None and tuple(line.buttons) != _in_order(job.verbs):
                self._drop(job.id)
                line = None
            if line is None:
                line = self.lines[job.id] = JobLine(job, self._do)
                self._column.addWidget(line)
            else:
                line.show_job(job)
        self.setVisible(bool(jobs))

    def _drop(self, job_id: str) -> None:
        line = self.lines.pop(job_id)
        line.hide()
        line.deleteLater()


def _in_order(verbs: Sequence[str]) -> tuple[str, ...]:
    return tuple(verb for verb in verb_words() if verb in verbs)
