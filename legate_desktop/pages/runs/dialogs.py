"""What is asked before a run goes on elsewhere or leaves this machine."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QPlainTextEdit, QRadioButton

from legate_desktop.pages.runs.view import MASKED_AT_FIRST, MASKS, StepRow, step_name
from legate_desktop.theme.look import font
from legate_desktop.widgets.check_box import CheckBox
from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.labels import Label, OutsideText, hint_label
from legate_desktop.words import number, one_line, tr

LONGEST = 64_000


class ForkDialog(Dialog):
    """Begin another run with the steps before one, perhaps with words, by the same version or the published one."""

    def __init__(self, step: StepRow, parent: object = None) -> None:
        super().__init__(tr("Fork from here"), tr("Fork"), parent=parent)  # type: ignore[arg-type]  # a widget by contract
        self.step = step
        what = tr("A new run begins with what was done before step {n}, {name}. It does the rest anew, and asks again.")
        self.body.addWidget(hint_label(what.format(n=step.index + 1, name=one_line(step_name(step)))))
        label = Label(tr("Tell it something at this point (may be left empty)"), "name")
        self.words = QPlainTextEdit()
        self.words.setObjectName("field")
        self.words.setFont(font("body"))
        self.words.setTabChangesFocus(True)
        self.words.setAccessibleName(label.text())
        self.words.setFixedHeight(96)
        label.setBuddy(self.words)
        self.same = QRadioButton(tr("The version this run had"))
        self.published = QRadioButton(tr("The version that is published now"))
        self.same.setChecked(True)
        self._group = QButtonGroup(self)
        for widget in (label, self.words, self.same, self.published):
            self.body.addWidget(widget)
        for radio in (self.same, self.published):
            self._group.addButton(radio)
        self.setMinimumWidth(500)
        self.words.setFocus()

    @property
    def text(self) -> str:
        """The words as given."""
        return self.words.toPlainText().strip()

    def what_is_wrong(self) -> str:
        return tr("At most {n} characters.").format(n=number(LONGEST)) if len(self.text) > LONGEST else ""


class ShareDialog(Dialog):
    """What of a run is masked in a file. Secrets are not asked about: they always are."""

    def __init__(self, name: str, parent: object = None) -> None:
        super().__init__(tr("Share as a file"), tr("Make the file…"), parent=parent)  # type: ignore[arg-type]  # as above
        self.body.addWidget(OutsideText(name, "name", ink="text", name=tr("Run")))
        text = tr("One file holds the whole run. Keys and passwords are always masked in it. Mask as well:")
        self.body.addWidget(hint_label(text))
        self.boxes: dict[str, CheckBox] = {}
        for label, words in MASKS:
            box = CheckBox(tr(words))
            box.setChecked(label in MASKED_AT_FIRST)
            self.boxes[label] = box
            self.body.addWidget(box)
        self.body.addWidget(
            hint_label(tr("One value has one name in the whole file, so that who wrote to whom still shows."))
        )
        self.setMinimumWidth(480)
        self.boxes["address"].setFocus()

    @property
    def masks(self) -> tuple[str, ...]:
        """The labels that were chosen."""
        return tuple(label for label, box in self.boxes.items() if box.isChecked())
