"""The Knowledge page by key, mouse and drop: bases, documents, a question, the passage in its document, what is removed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from legate_desktop.pages.knowledge.dialogs import (
    NEW,
    AddDialog,
    NameDialog,
    ReasonsDialog,
    ReindexDialog,
    RemoveBaseDialog,
)
from legate_desktop.pages.knowledge.page import KnowledgePage
from legate_desktop.shell.dropping import Dropping
from legate_desktop.theme.look import look
from legate_desktop.verbs import rights
from tests.desktop.fake_core import NOW, SURFACE, changed, practice_bridge
from tests.desktop.fakes_knowledge import document
from tests.desktop.stage import CONTROL, SHIFT, Stage, page_of
from tests.desktop.test_access import unnamed, walk

Key = Qt.Key
FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


@pytest.fixture
def knowledge(stage: Stage, tmp_path: Path) -> KnowledgePage:
    stage.context.home = tmp_path
    stage.window.go("knowledge")
    return page_of(stage.window, "knowledge", KnowledgePage)


def names(page: KnowledgePage) -> list[str]:
    return [row.name for row in page.pane.model.rows]


def drop(stage: Stage, paths: Sequence[Path]) -> tuple[bool, str]:
    """Drag these over the window and let them go; whether they were taken, and what was said before."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    dropping = stage.window.findChild(Dropping) or Dropping(
        stage.window, lambda: stage.window.page(stage.window.page_id), lambda _link: None
    )
    enter = QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(stage.window, enter)
    words = dropping.zone.accessibleName()
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(stage.window, event)
    return event.isAccepted(), words


def folder_of(place: Path, *files: str) -> Path:
    folder = place / "papers"
    folder.mkdir()
    for name in files:
        (folder / name).write_text(name)
    return folder


def test_the_models_are_without_fault(knowledge: KnowledgePage, stage: Stage) -> None:
    models = (knowledge.model, knowledge.pane.model, knowledge.pane.ask.model, knowledge.document.model)
    testers = [QAbstractItemModelTester(model, FATAL) for model in models]
    for text in ("pdf", "nothing", ""):
        knowledge.pane.filter.setText(text)
    rows = stage.bridge.tables["Documents"]
    rows["doc_7"] = document(7, "late.md", NOW)
    del rows["doc_2"]
    stage.bridge.publish("Documents")
    knowledge.asking.ask("What of a lamp?")
    knowledge.opened.show("doc_1", 1)
    knowledge.opened.show("doc_3")
    knowledge.state.move(1)
    assert [model.rowCount() for model in models] == [2, 0, 0, 2]
    assert len(testers) == 4


def test_j_and_k_move_in_the_list_that_is_meant_and_o_opens_beside_its_passages(
    knowledge: KnowledgePage, stage: Stage
) -> None:
    stage.press(Key.Key_J)
    assert [row.name for row in knowledge.pane.chosen()] == ["letter.docx"]
    stage.press(Key.Key_O)
    assert knowledge.is_open
    assert knowledge.document.name.toPlainText() == "letter.docx"
    stage.press(Key.Key_J)
    assert knowledge.document.text.marked_text()[0].startswith("Returns.")
    stage.press(Key.Key_Escape)
    assert not knowledge.is_open
    assert [row.name for row in knowledge.pane.chosen()] == ["letter.docx"]
    knowledge.list.setFocus()
    stage.press(Key.Key_J)
    assert knowledge.state.selected_id == "kb_2"


def test_a_question_leads_to_the_page_where_the_passage_stands(knowledge: KnowledgePage, stage: Stage) -> None:
    stage.press(Key.Key_Q)
    stage.type("Is a cracked lamp paid back?")
    stage.press(Key.Key_Return)
    assert [row.document for row in knowledge.pane.ask.model.rows] == ["lamps.pdf", "letter.docx"]
    stage.press(Key.Key_Return)
    assert knowledge.is_open
    assert knowledge.document.shows_page
    assert knowledge.document.picture_words.toPlainText() == "Page 1 of 2"
    assert len(knowledge.document.picture.paper.marks) == 2
    stage.press(Key.Key_L)
    assert knowledge.document.picture_words.toPlainText() == "Page 2 of 2"
    assert knowledge.document.picture.paper.marks == ()
    stage.press(Key.Key_T)
    assert knowledge.document.text.marked_text() == [
        "Returns. A cracked lamp is paid back in full within five working days of its return.",
        *("cracked", "lamp", "paid"),
    ]
    stage.press(Key.Key_Y)
    assert QGuiApplication.clipboard().text() == "[doc_1#1]"
    stage.press(Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    assert not knowledge.is_open
    stage.press(Key.Key_J)
    assert (knowledge.pane.tab, knowledge.asking.selected_id) == ("ask", "[doc_2#3]")
    stage.press(Key.Key_Right, Qt.KeyboardModifier.AltModifier)
    assert (knowledge.is_open, knowledge.opened.position) == (True, 1)


def test_a_question_is_narrowed_by_a_second_field(knowledge: KnowledgePage, stage: Stage) -> None:
    stage.press(Key.Key_Q)
    stage.type("Is a cracked lamp paid back?")
    stage.press(Key.Key_Tab)
    stage.type("spoon")
    stage.press(Key.Key_Return)
    assert knowledge.pane.ask.empty.isVisible()
    knowledge.pane.ask.only.setText("letter")
    knowledge.pane.ask.ask()
    assert [row.document for row in knowledge.pane.ask.model.rows] == ["letter.docx"]
    knowledge.state.select("kb_2")
    assert (knowledge.pane.ask.question.text(), knowledge.pane.ask.only.text()) == ("", "")


def test_escape_leaves_the_question_and_letters_are_keys_again(knowledge: KnowledgePage, stage: Stage) -> None:
    stage.press(Key.Key_Q)
    stage.press(Key.Key_Escape)
    stage.press(Key.Key_D)
    assert (knowledge.pane.tab, knowledge.pane.ask.question.text()) == ("documents", "")


def test_a_click_into_the_text_chooses_its_passage(knowledge: KnowledgePage, stage: Stage) -> None:
    knowledge.opened.show("doc_2")
    text = knowledge.document.text
    start, _end = knowledge.opened.sheet.places[2]
    cursor = text.textCursor()
    cursor.setPosition(start + 3)
    stage.bot.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=text.cursorRect(cursor).center())
    assert knowledge.opened.position == 2
    assert knowledge.document.list.currentIndex().row() == 2


def test_a_text_document_has_no_page(knowledge: KnowledgePage, stage: Stage) -> None:
    knowledge.opened.show("doc_2")
    stage.press(Key.Key_P)
    assert not knowledge.document.shows_page
    assert knowledge.verbs.why_not("page") == "Only PDF documents have pages"
    assert not knowledge.document.tabs.isVisible()


def choose(knowledge: KnowledgePage, row: int) -> None:
    """Choose one row. `selectRow` would look at the keys that the application takes to be held."""
    rows = knowledge.pane.list
    flags = QItemSelectionModel.SelectionFlag
    rows.selectionModel().setCurrentIndex(rows.model().index(row, 0), flags.ClearAndSelect | flags.Rows)


def test_documents_are_read_again_stopped_and_removed_by_key(knowledge: KnowledgePage, stage: Stage) -> None:
    choose(knowledge, 3)
    stage.press(Key.Key_R)
    choose(knowledge, 4)
    stage.press(Key.Key_R)
    assert knowledge.verbs.why_not("retry") == "It is being read"
    stage.press(Key.Key_C)
    assert stage.sent == [
        SURFACE.RetryDocuments("kb_1", ("doc_4",)),
        SURFACE.CancelDocuments("kb_1", ("doc_5",)),
    ]
    choose(knowledge, 0)
    stage.press(Key.Key_Down, SHIFT)
    stage.press(Key.Key_Delete)
    assert names(knowledge)[0] == "order.eml"
    assert stage.toasts() == ["Removed 2 documents"]
    stage.press(Key.Key_Z)
    assert names(knowledge)[0] == "lamps.pdf"
    assert len(stage.sent) == 2


def test_what_goes_wrong_is_shown_and_tried_again_from_its_line(knowledge: KnowledgePage, stage: Stage) -> None:
    lines = knowledge.pane.jobs.lines
    stage.click(lines["failed"].buttons["failed"])
    assert names(knowledge) == ["locked.pdf"]
    stage.click(lines["failed"].buttons["retry_all"])
    stage.click(lines["reading"].buttons["cancel_all"])
    assert stage.sent == [SURFACE.RetryDocuments("kb_1"), SURFACE.CancelDocuments("kb_1")]
    assert lines["failed"].buttons["retry_all"].accessibleName() == "Read again: 1 document not read"


def test_a_base_is_made_and_renamed_with_a_name_of_its_own(knowledge: KnowledgePage, stage: Stage) -> None:
    stage.press(Key.Key_N)
    dialog = stage.dialog(NameDialog)
    stage.type("Handbook")
    stage.press(Key.Key_Return, CONTROL)
    assert dialog.problem.text() == "There is one of this name already."
    stage.type(" two")
    stage.press(Key.Key_Return, CONTROL)
    assert stage.sent == [SURFACE.CreateBase("Handbook two")]
    assert knowledge.state.selected_id == "kb_new"
    stage.come_back()
    stage.press(Key.Key_E)
    stage.dialog(NameDialog)
    stage.type("Third")
    stage.press(Key.Key_Return, CONTROL)
    assert stage.sent[-1] == SURFACE.RenameBase("kb_new", "Third")


def test_the_index_is_built_anew_with_the_model_that_is_chosen(knowledge: KnowledgePage, stage: Stage) -> None:
    knowledge.ask_reindex()
    dialog = stage.dialog(ReindexDialog)
    dialog.server.setChecked(True)
    assert dialog.what_is_wrong() == "Give the address and the name of the model."
    dialog.address.setText("http://127.0.0.1:11434")
    dialog.model.setText("nomic-embed-text")
    stage.click(dialog.send_button)
    dialog = ReindexDialog(knowledge.state.bases[0])
    assert dialog.embedder == {}
    dialog.local.setChecked(True)
    assert dialog.what_is_wrong() == "Choose the folder of the model."
    dialog.folder.setText("/srv/model")
    assert dialog.embedder == {"provider": "local", "folder": "/srv/model"}
    dialog.shipped.setChecked(True)
    assert dialog.embedder == {"provider": "local"}
    dialog.close()
    given = {"provider": "ollama", "base_url": "http://127.0.0.1:11434", "model": "nomic-embed-text"}
    assert stage.sent == [SURFACE.ReindexBase("kb_1", given)]


def test_removing_a_base_names_the_agents_that_lose_it_and_can_be_undone(
    knowledge: KnowledgePage, stage: Stage
) -> None:
    stage.press(Key.Key_Delete, SHIFT)
    dialog = stage.dialog(RemoveBaseDialog)
    assert dialog.loses.text() == "1 agent loses it: Practice deputy.".replace("loses", "lose")
    stage.click(dialog.send_button)
    stage.come_back()
    assert [base.name for base in knowledge.model.rows] == ["Letters"]
    knowledge.take_focus()
    stage.press(Key.Key_Z)
    assert [base.name for base in knowledge.model.rows] == ["Handbook", "Letters"]
    assert stage.sent == []


def test_the_about_tab_shows_both_indexes_the_folders_and_who_may_read_it(
    knowledge: KnowledgePage, stage: Stage
) -> None:
    stage.press(Key.Key_I)
    about = knowledge.pane.about
    assert about.index.toPlainText() == "the model that ships with Legate answers · read 4 minutes ago"
    assert not about.second.isVisible()
    bases = stage.bridge.tables["KnowledgeBases"]
    bases["kb_1"] = changed(bases["kb_1"], is_rebuilding=True, next_embedder="nomic")
    stage.bridge.publish("KnowledgeBases")
    assert about.second.toPlainText() == "A second one is built with nomic: soon"
    stage.click(about.switches["/srv/letters"])
    assert stage.sent == [SURFACE.UnwatchFolder("kb_1", "/srv/letters")]
    stage.click(about.agents["agt_1"])
    assert stage.window.page_id == "agents"


def test_files_dropped_on_the_base_go_into_it(knowledge: KnowledgePage, stage: Stage, tmp_path: Path) -> None:
    paths = [tmp_path / "a.md", tmp_path / "b.pdf", tmp_path / "c.png"]
    for path in paths:
        path.write_text("x")
    taken, words = drop(stage, paths)
    assert (taken, words) == (
        True,
        "Add to Handbook: 2 files (1 Markdown, 1 PDF), 1 that cannot be read",
    )
    stage.bot.waitUntil(lambda: bool(stage.sent))
    assert stage.sent == [SURFACE.AddFiles("kb_1", tuple(str(path) for path in paths))]
    (line,) = [line for job_id, line in knowledge.pane.jobs.lines.items() if job_id.startswith("import")]
    stage.click(line.buttons["show"])
    dialog = stage.dialog(ReasonsDialog)
    stage.click(dialog.send_button)
    assert QGuiApplication.clipboard().text().startswith(str(paths[2]))
    stage.click(line.buttons["dismiss"])
    assert "import-1" not in knowledge.pane.jobs.lines
    assert drop(stage, paths[2:])[0] is False


def test_a_folder_asks_which_base_and_whether_it_is_followed(
    knowledge: KnowledgePage, stage: Stage, tmp_path: Path
) -> None:
    folder = folder_of(tmp_path, "a.md", "b.md", "c.txt")
    assert drop(stage, [folder]) == (True, "Add to Handbook: 1 folder")
    dialog = stage.dialog(AddDialog)
    stage.bot.waitUntil(lambda: dialog.found.text() == "3 files (2 Markdown, 1 TXT)")
    assert dialog.base_id == "kb_1"
    dialog.follow.setChecked(True)
    stage.press(Key.Key_Return, CONTROL)
    assert stage.sent == [SURFACE.WatchFolder("kb_1", str(folder))]


def test_a_folder_dropped_on_the_deck_may_make_a_base_of_its_own(stage: Stage, tmp_path: Path) -> None:
    stage.context.home = tmp_path
    folder = folder_of(tmp_path, "a.md")
    stage.window.go("deck")
    assert drop(stage, [folder]) == (True, "Add to a knowledge base: 1 folder")
    dialog = stage.dialog(AddDialog)
    dialog.base.choose(NEW)
    dialog.base.chosen.emit(NEW)
    assert dialog.name.isVisible()
    assert dialog.name.text() == "papers"
    stage.press(Key.Key_Return, CONTROL)
    stage.bot.waitUntil(lambda: len(stage.sent) == 2)
    assert stage.sent == [SURFACE.CreateBase("papers"), SURFACE.AddFiles("kb_new", (str(folder / "a.md"),))]
    assert stage.window.page_id == "knowledge"


def test_files_and_folders_can_be_chosen_without_a_mouse(
    knowledge: KnowledgePage, stage: Stage, tmp_path: Path
) -> None:
    path = tmp_path / "a.md"
    path.write_text("x")
    stage.press(Key.Key_A)
    (dialog,) = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QFileDialog)]
    dialog.filesSelected.emit([str(path)])
    dialog.close()
    stage.bot.waitUntil(lambda: bool(stage.sent))
    assert stage.sent == [SURFACE.AddFiles("kb_1", (str(path),))]


def test_the_file_itself_opens_in_the_program_of_the_system(
    knowledge: KnowledgePage, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: asked.append(url.toLocalFile()) or False)
    stage.press(Key.Key_V)
    assert asked == ["/srv/papers/lamps.pdf"]
    assert "cannot be opened" in stage.toasts()[0]
    stage.context.home = None
    assert knowledge.verbs.why_not("open_original") == "The file is not on this computer"


@pytest.mark.parametrize(("place", "position"), [("doc_1#3", 3), ("doc_1", 0), ("[lamps.pdf#1]", 1)])
def test_a_link_leads_to_a_document_or_a_passage(stage: Stage, place: str, position: int) -> None:
    stage.window.go("knowledge", place)
    page = page_of(stage.window, "knowledge", KnowledgePage)
    assert page.is_open
    assert (page.opened.document_id, page.opened.position) == ("doc_1", position)


def test_the_palette_finds_a_base(stage: Stage) -> None:
    offers = [found for found in stage.window.offers.everything("deck") if found.id == "kb_2"]
    assert [found.title for found in offers] == ["Letters"]


def test_without_a_base_the_page_says_what_lives_here(qtbot: QtBot) -> None:
    bridge = practice_bridge()
    bridge.tables["KnowledgeBases"] = {}
    stage = Stage(qtbot, bridge)
    stage.show()
    stage.window.go("knowledge")
    page = page_of(stage.window, "knowledge", KnowledgePage)
    assert page.empty.title.text() == "No knowledge base yet"
    assert not page.pane.isVisible()
    stage.click(page.empty.action)
    assert stage.dialogs(NameDialog)


def test_what_lies_in_a_followed_folder_is_not_removed_here(knowledge: KnowledgePage, stage: Stage) -> None:
    bases = stage.bridge.tables["KnowledgeBases"]
    bases["kb_1"] = changed(bases["kb_1"], folders=("/srv/papers",))
    stage.bridge.publish("KnowledgeBases")
    stage.press(Key.Key_Delete)
    assert names(knowledge)[0] == "lamps.pdf"
    assert knowledge.verbs.why_not("remove").startswith("The base follows its folder")


def test_who_may_not_add_may_not_drop(knowledge: KnowledgePage, stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("x")
    rights.take({"documents.add": "Needs Builder"})
    try:
        assert drop(stage, [path])[0] is False
        assert knowledge.verbs.why_not("add_files") == "Needs Builder"
    finally:
        rights.take({})


@pytest.mark.parametrize("tab", ["ask", "about", "open"])
def test_every_part_is_reached_by_tab_has_names_and_fits(knowledge: KnowledgePage, stage: Stage, tab: str) -> None:
    if tab == "open":
        knowledge.opened.show("doc_1", 1)
        knowledge.document.turn_to(is_page=True)
    else:
        knowledge.turn_to(tab)
        knowledge.asking.ask("What of a lamp?")
    look.choose_scale(1.5)
    stage.window.resize(900, 600)
    QApplication.processEvents()
    assert stage.window.size().toTuple() == (900, 600)
    assert unnamed(walk(stage, stage.window)) == []
    outside = [
        button.accessibleName()
        for button in knowledge.findChildren(QAbstractButton)
        if button.isVisible() and button.mapTo(stage.window, button.rect().topRight()).x() >= 900
    ]
    assert outside == []


def test_another_language_leaves_what_is_known(knowledge: KnowledgePage, stage: Stage) -> None:
    knowledge.opened.show("doc_1", 1)
    stage.window.rebuild()
    again = page_of(stage.window, "knowledge", KnowledgePage)
    assert again is not knowledge
    QApplication.processEvents()
    stage.bridge.publish("Documents")
    stage.bridge.publish("KnowledgeBases")
    assert names(again)[0] == "lamps.pdf"
    assert (again.is_open, again.opened.position) == (True, 1)


def test_rows_are_sentences(knowledge: KnowledgePage) -> None:
    role = Qt.ItemDataRole.AccessibleTextRole
    assert knowledge.model.index(0, 0).data(role) == (
        "Handbook, 6 documents · 1,204 passages · 3.4 MB, 2 not read yet, 1 failed, index 4 minutes old, "
        "Read by Practice deputy"
    )
    assert knowledge.pane.model.index(3, 0).data(role) == (
        "locked.pdf, failed, The PDF is protected by a password. Save it without one, then add it again., "
        "changed 4 minutes ago"
    )
