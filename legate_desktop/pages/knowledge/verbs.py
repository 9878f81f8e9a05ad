"""What a person can do on the Knowledge page."""

from __future__ import annotations

from typing import Any

from legate_desktop.verbs import Verb, always
from legate_desktop.words import tr


def _base(page: Any) -> str:
    return page.state.why_not_use(page.state.selected)


def _remove(page: Any) -> str:
    return page.state.why_not_remove(page.chosen_documents())


def _read_again(page: Any) -> str:
    rows = page.chosen_documents()
    if not rows:
        return tr("Choose a document")
    return "" if any(not row.is_unread for row in rows) else tr("It is being read")


def _cancel(page: Any) -> str:
    rows = page.chosen_documents()
    if not rows:
        return tr("Choose a document")
    return "" if any(row.is_unread for row in rows) else tr("It is not being read")


def _open(page: Any) -> str:
    return "" if page.may_open() else tr("Choose a document")


def _opened(page: Any) -> str:
    return "" if page.is_open else tr("Open a document")


def _original(page: Any) -> str:
    return page.why_not_original()


def _passage(page: Any) -> str:
    return "" if page.chosen_citation() else tr("Choose a passage")


def _pages(page: Any) -> str:
    if not page.is_open:
        return tr("Open a document")
    return "" if page.opened.has_pages else tr("Only PDF documents have pages")


VERBS: tuple[Verb, ...] = (
    Verb("new", "New knowledge base", "N", "plus", "secondary", lambda p: p.ask_new(), always, permission="kb.create"),
    Verb("add_files", "Add files…", "A", "plus", "primary", lambda p: p.choose_files(), _base,
         permission="documents.add"),
    Verb("add_folder", "Add a folder…", "Shift+A", "folder", "secondary", lambda p: p.choose_folder(), _base,
         permission="documents.add"),
    Verb("ask", "Ask", "Q", "search", "quiet", lambda p: p.turn_to("ask"), _base, permission="kb.search"),
    Verb("documents", "Documents", "D", "file-text", "quiet", lambda p: p.turn_to("documents"), _base),
    Verb("about", "Details of this base", "I", "info", "quiet", lambda p: p.turn_to("about"), _base),
    Verb("open", "Open", "O", "file-text", "secondary", lambda p: p.open_chosen(), _open),
    Verb("retry", "Read again", "R", "rotate-ccw", "quiet", lambda p: p.retry(), _read_again,
         permission="documents.add"),
    Verb("cancel", "Stop reading", "C", "x", "quiet", lambda p: p.cancel(), _cancel, permission="documents.add"),
    Verb("remove", "Remove", "Del", "trash-2", "danger", lambda p: p.remove(), _remove,
         permission="documents.delete"),
    Verb("rename", "Rename…", "E", "pencil", "quiet", lambda p: p.ask_rename(), _base, permission="kb.edit"),
    Verb("reindex", "Build the index anew…", "", "refresh-cw", "quiet", lambda p: p.ask_reindex(), _base,
         permission="kb.edit"),
    Verb("remove_base", "Remove the base…", "Shift+Del", "trash-2", "danger", lambda p: p.ask_remove_base(), _base,
         permission="documents.delete"),
    Verb("back_to_list", "All documents", "Esc", "arrow-left", "quiet", lambda p: p.close_document(), _opened),
    Verb("text", "Text", "T", "file-text", "quiet", lambda p: p.document.turn_to(is_page=False), _opened),
    Verb("page", "Page", "P", "image", "quiet", lambda p: p.document.turn_to(is_page=True), _pages),
    Verb("previous_page", "Previous page", "H", "chevron-left", "quiet", lambda p: p.document.turn_page(-1),
         lambda p: p.document.why_not_turn_page(-1)),
    Verb("next_page", "Next page", "L", "chevron-right", "quiet", lambda p: p.document.turn_page(1),
         lambda p: p.document.why_not_turn_page(1)),
    Verb("copy_citation", "Copy the citation", "Y", "copy", "quiet", lambda p: p.copy_citation(), _passage),
    Verb("open_original", "Open the file itself", "V", "external-link", "quiet", lambda p: p.open_original(),
         _original),
    Verb("next", "Next", "J", "", "quiet", lambda p: p.move_by(1), always),
    Verb("previous", "Previous", "K", "", "quiet", lambda p: p.move_by(-1), always),
    Verb("filter", "Filter", "/", "search", "quiet", lambda p: p.focus_filter(), always),
)  # fmt: skip
