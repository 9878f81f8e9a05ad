"""Saving a text as a file where a person chooses: asked without blocking, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from legate_desktop.words import tr


def ask_where(parent: QWidget, name: str, then: Callable[[str], None]) -> QFileDialog:
    """Ask where to save a file of this name; `then` gets the path, and nothing is called where nobody chooses."""
    dialog = QFileDialog(parent, tr("Save as"), name, "JSON (*.json)")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("json")
    dialog.fileSelected.connect(then)
    dialog.open()
    return dialog


def write(path: str, text: str) -> str:
    """Write the text there, readable by its owner alone; why it could not be done, or nothing."""
    target = Path(path)
    try:
        handle, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="surrogatepass") as file:
                file.write(text)
            Path(beside).replace(target)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
    except OSError as error:
        return tr("{path} cannot be written ({why}). Choose another place.").format(
            path=path, why=error.strerror or error
        )
    return ""
