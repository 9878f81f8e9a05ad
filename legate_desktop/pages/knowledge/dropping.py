"""Files from outside on their way into a base: what they are, which base they go to, and whether a folder is followed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QWidget

from legate_desktop.pages.knowledge import requests
from legate_desktop.pages.knowledge.aside import Aside
from legate_desktop.pages.knowledge.dialogs import AddDialog
from legate_desktop.pages.knowledge.state import KnowledgeState
from legate_desktop.pages.knowledge.view import offer_words
from legate_desktop.shell.context import PageContext
from legate_desktop.verbs import rights
from legate_desktop.words import one_line, tr


def words_for(context: PageContext, paths: Sequence[Path], base: str = "") -> str:
    """What would become of these if they were let go; nothing where none of them can be read."""
    if not context.is_open or rights.why_not("documents.add"):
        return ""
    offer = offer_of(paths)
    if not offer:
        return ""
    if base:
        return tr("Add to {base}: {what}").format(base=one_line(base), what=offer)
    return tr("Add to a knowledge base: {what}").format(what=offer)


def offer_of(paths: Sequence[Path]) -> str:
    """How many of which kinds they are; folders are not looked into yet."""
    return offer_words((requests.kind_of(path.name), path.is_dir()) for path in paths)


class Intake:
    """Asks where files go, and begins. One per page that takes files; `done` is called with the base they went to."""

    def __init__(self, context: PageContext, parent: QWidget, done: Callable[[str], None]) -> None:
        self._state = context.state(KnowledgeState)
        self._parent = parent
        self._done = done
        self._aside = Aside()

    def take(self, paths: Sequence[Path], base_id: str = "", *, asks: bool = True) -> None:
        """Take these into the base, or ask into which; of a folder it is always asked whether it is followed."""
        base = self._state.find(base_id)
        if base is not None and not asks and not any(path.is_dir() for path in paths):
            self._state.imports.begin(base.id, base.name, paths)
            self._done(base.id)
            return
        self._ask(paths, base_id)

    def _ask(self, paths: Sequence[Path], base_id: str) -> None:
        state = self._state
        dialog = AddDialog(
            paths,
            offer_of(paths) or tr("These files cannot be read"),
            state.bases,
            base_id,
            state.why_not_name,
            may_follow=not state.is_far(),
            parent=self._parent,
        )
        dialog.sent.connect(lambda: self._send(dialog, paths))
        dialog.open()
        if any(path.is_dir() for path in paths):
            is_there = [True]
            dialog.finished.connect(lambda _result: is_there.clear())
            self._aside.do(lambda: _kinds_below(paths), lambda words: dialog.show_found(words) if is_there else None)

    def _send(self, dialog: AddDialog, paths: Sequence[Path]) -> None:
        follows, base_id = dialog.follow.isChecked(), dialog.base_id
        if base_id:
            self._begin(base_id, paths, follows=follows)
        else:
            self._state.create(dialog.new_name, lambda made: self._begin(made, paths, follows=follows))

    def _begin(self, base_id: str, paths: Sequence[Path], *, follows: bool) -> None:
        state = self._state
        base = state.find(base_id)
        name = base.name if base is not None else ""
        folders = [path for path in paths if follows and path.is_dir()]
        rest = [path for path in paths if path not in folders]
        for folder in folders:
            state.watch_folder(base_id, name, str(folder))
        if rest:
            state.imports.begin(base_id, name, rest)
        self._done(base_id)


def _kinds_below(paths: Sequence[Path]) -> str:
    """What there is in folders, in words; looks at the disk."""
    found = [file for path in paths for file in requests.files_below(str(path))]
    return offer_words((requests.kind_of(file), False) for file in found) or tr("Nothing in it can be read")
