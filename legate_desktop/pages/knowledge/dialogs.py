"""What is asked before something is made, added, built anew or taken out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QButtonGroup, QFileDialog, QLineEdit, QRadioButton, QWidget

from legate_desktop.pages.knowledge.view import Base, base_words, model_words
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.choice_button import ChoiceButton
from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.labels import Label, OutsideText, hint_label
from legate_desktop.words import one_line, plural, tr

NAME_MOST = 120
NEW = "new"


class NameDialog(Dialog):
    """The name of a base, new or given again."""

    def __init__(
        self, title: str, send: str, why_not: Callable[[str], str], name: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(title, send, parent=parent)
        self._why_not = why_not
        label = Label(tr("What is it called?"), "name")
        self.name = _field(label.text(), tr("such as Handbook"))
        self.name.setMaxLength(NAME_MOST)
        self.name.setText(name)
        self.name.selectAll()
        label.setBuddy(self.name)
        for widget in (label, self.name):
            self.body.addWidget(widget)
        self.setMinimumWidth(440)
        self.name.setFocus()

    @property
    def text(self) -> str:
        """The name as given."""
        return " ".join(self.name.text().split())

    def what_is_wrong(self) -> str:
        return self._why_not(self.name.text())


class AddDialog(Dialog):
    """Where dropped files and folders go: into which base, and whether it follows the folders from now on."""

    def __init__(
        self,
        paths: Sequence[Path],
        offer: str,
        bases: Sequence[Base],
        chosen: str,
        why_not_name: Callable[[str], str],
        *,
        may_follow: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(tr("Add documents"), tr("Add"), parent=parent)
        self._why_not_name = why_not_name
        what = paths[0].name if len(paths) == 1 else offer
        self.what = OutsideText(what, "name", ink="text", most_lines=2, name=tr("What is added"))
        self.found = Label(offer if len(paths) == 1 else "", "small", tone="quiet")
        self.found.setVisible(len(paths) == 1)
        label = Label(tr("Into which knowledge base?"), "name")
        self.base = ChoiceButton(
            tr("Knowledge base"), [*((base.id, base.name) for base in bases), (NEW, tr("A new one"))]
        )
        self.base.choose(chosen or (bases[0].id if bases else NEW))
        self.name = _field(tr("Name of the new one"), tr("such as Handbook"))
        self.name.setMaxLength(NAME_MOST)
        folders = [path for path in paths if path.is_dir()]
        self.name.setText(one_line(folders[0].name)[:NAME_MOST] if folders else "")
        self._group = QButtonGroup(self)
        self.once = QRadioButton(tr("Add what is in it now"))
        self.follow = QRadioButton(tr("Follow it from now on"))
        hint = hint_label(tr("New, changed and deleted files in it then change the base as well."))
        for radio in (self.once, self.follow):
            self._group.addButton(radio)
        for widget in (self.once, self.follow, hint):
            widget.setVisible(may_follow and bool(folders))
        self.once.setChecked(True)
        for widget in (self.what, self.found, label, self.base, self.name, self.once, self.follow, hint):
            self.body.addWidget(widget)
        self.setMinimumWidth(520)
        self.base.chosen.connect(lambda _id: self._show_name())
        self._show_name()
        self.base.setFocus()

    @property
    def base_id(self) -> str:
        """The chosen base; empty for a new one."""
        return "" if self.base.current == NEW else self.base.current

    @property
    def new_name(self) -> str:
        """What the new one is called."""
        return " ".join(self.name.text().split())

    def show_found(self, words: str) -> None:
        """What there is in it, once it was counted."""
        self.found.setText(words)
        self.found.setVisible(bool(words))

    def what_is_wrong(self) -> str:
        return "" if self.base_id else self._why_not_name(self.name.text())

    def _show_name(self) -> None:
        self.name.setVisible(not self.base_id)


class ReindexDialog(Dialog):
    """Which model makes the second index."""

    def __init__(self, base: Base, parent: QWidget | None = None) -> None:
        super().__init__(tr("Build the index anew"), tr("Build it"), parent=parent)
        said = tr("{base} answers with its index until the second one is whole; then they change places.")
        self._group = QButtonGroup(self)
        self.same = QRadioButton(tr("With the same model ({model})").format(model=model_words(base.embedder)))
        self.shipped = QRadioButton(tr("With the model that ships with Legate"))
        self.local = QRadioButton(tr("With a model in a folder of this computer"))
        self.server = QRadioButton(tr("With a model on a server, such as Ollama"))
        self.folder = _field(tr("Folder with model.onnx and tokenizer.json"), tr("Folder"))
        self.browse = Button(tr("Choose…"), kind="quiet")
        self.provider = ChoiceButton(
            tr("Kind of server"), [("ollama", "Ollama"), ("openai_compatible", tr("OpenAI-compatible"))]
        )
        self.address = _field(tr("Address of the server"), "http://127.0.0.1:11434")
        self.model = _field(tr("Name of the model"), "nomic-embed-text")
        self.secret = _field(tr("Name of the key in the vault, if it needs one"), tr("no key"))
        self.body.addWidget(hint_label(said.format(base=one_line(base.name))))
        for radio in (self.same, self.shipped, self.local, self.server):
            self._group.addButton(radio)
        self.same.setChecked(True)
        self._of_folder = (*_labelled(self.folder), self.browse)
        self._of_server = (
            self.provider,
            *(part for field in (self.address, self.model, self.secret) for part in _labelled(field)),
        )
        for widget in (self.same, self.shipped, self.local, *self._of_folder, self.server, *self._of_server):
            self.body.addWidget(widget)
        self.setMinimumWidth(560)
        self.browse.fired.connect(self._browse)
        self._group.buttonToggled.connect(lambda _button, _is_on: self._show_fields())
        self._show_fields()
        self.same.setFocus()

    @property
    def embedder(self) -> Mapping[str, Any]:
        """The settings as the core takes them; nothing for the same as before."""
        if self.shipped.isChecked():
            return {"provider": "local"}
        if self.local.isChecked():
            return {"provider": "local", "folder": self.folder.text().strip()}
        if self.server.isChecked():
            fields = {"base_url": self.address, "model": self.model, "secret": self.secret}
            given = {name: field.text().strip() for name, field in fields.items()}
            return {"provider": self.provider.current, **{name: text for name, text in given.items() if text}}
        return {}

    def what_is_wrong(self) -> str:
        if self.local.isChecked() and not self.folder.text().strip():
            return tr("Choose the folder of the model.")
        if self.server.isChecked() and not (self.address.text().strip() and self.model.text().strip()):
            return tr("Give the address and the name of the model.")
        return ""

    def _show_fields(self) -> None:
        for widget in self._of_folder:
            widget.setVisible(self.local.isChecked())
        for widget in self._of_server:
            widget.setVisible(self.server.isChecked())
        self.fit()

    def _browse(self) -> None:
        dialog = QFileDialog(self, tr("Folder of the model"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.open()


class RemoveBaseDialog(Dialog):
    """What goes with a base, and which agents lose it."""

    def __init__(self, base: Base, parent: QWidget | None = None) -> None:
        super().__init__(tr("Remove this knowledge base"), tr("Remove"), kind="danger", parent=parent)
        self.name = OutsideText(base.name, "name", ink="text", most_lines=2, name=tr("Knowledge base"))
        self.loses = Label(_loses(base), "body", tone="bad" if base.agents else "")
        self.loses.setWordWrap(True)
        self.body.addWidget(self.name)
        self.body.addWidget(Label(base_words(base), "small", tone="quiet"))
        self.body.addWidget(self.loses)
        self.body.addWidget(hint_label(tr("Your own files stay where they are. For six seconds it can be undone.")))
        self.setMinimumWidth(480)


class ReasonsDialog(Dialog):
    """Files that were not taken, each with the reason."""

    def __init__(self, refused: Sequence[tuple[str, str]], copy: Callable[[str], None], parent: QWidget | None) -> None:
        super().__init__(plural("%n file(s) not taken", len(refused)), tr("Copy the list"), parent=parent)
        self.text = "\n\n".join(f"{name}\n{reason}" for name, reason in refused)
        self.body.addWidget(OutsideText(self.text, "small", framed=True, most_lines=14, name=tr("Files and reasons")))
        self.setMinimumWidth(600)
        self.sent.connect(lambda: copy(self.text))
        self.send_button.setFocus()


def _loses(base: Base) -> str:
    if not base.agents:
        return tr("No agent may read it.")
    names = ", ".join(one_line(name) for _id, name in base.agents)
    return f"{plural('%n agent(s) lose it:', len(base.agents))} {names}."


def _field(name: str, placeholder: str) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setToolTip(name)
    field.setPlaceholderText(placeholder)
    return field


def _labelled(field: QLineEdit) -> tuple[QWidget, QWidget]:
    """A field under what it is for."""
    label = Label(field.accessibleName(), "small", tone="quiet")
    label.setBuddy(field)
    return label, field
