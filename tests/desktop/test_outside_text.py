"""Text that others wrote, while it grows: what a person selected and where they read stays."""

from __future__ import annotations

from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QApplication, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from legate_desktop.widgets.labels import MOST_CHARACTERS, OutsideText

LINES = "\n".join(f"line {n}" for n in range(30))


def shown(app: QApplication, text: str) -> OutsideText:
    found = OutsideText(text, framed=True, most_lines=4)
    found.resize(300, 90)
    found.show()
    app.processEvents()
    return found


def select_the_second_word(text: OutsideText) -> None:
    cursor = QTextCursor(text.document())
    cursor.setPosition(5)
    cursor.setPosition(11, QTextCursor.MoveMode.KeepAnchor)
    text.setTextCursor(cursor)


def test_text_that_grows_keeps_what_is_selected_and_where_it_is_read(app: QApplication) -> None:
    text = shown(app, LINES)
    select_the_second_word(text)
    chosen = text.textCursor().selectedText()
    bar = text.verticalScrollBar()
    bar.setValue(7)
    text.set_text(LINES + "\nmore pay\u202egpj")
    app.processEvents()
    assert text.toPlainText() == LINES + "\nmore pay⟨U+202E⟩gpj"
    assert (text.textCursor().selectedText(), bar.value()) == (chosen, 7)


def test_text_that_is_another_one_is_shown_from_its_beginning(app: QApplication) -> None:
    text = shown(app, LINES)
    select_the_second_word(text)
    text.set_text("another text")
    assert (text.toPlainText(), text.textCursor().selectedText()) == ("another text", "")


def test_text_that_grows_beyond_a_page_says_by_how_much(app: QApplication) -> None:
    text = shown(app, "x" * MOST_CHARACTERS)
    for more in (1, 5):
        text.set_text("x" * (MOST_CHARACTERS + more))
        assert text.toPlainText() == "x" * MOST_CHARACTERS + f"\n… and {more} more characters"


def test_marks_that_come_one_by_one_are_counted_as_if_they_came_together(app: QApplication) -> None:
    text = shown(app, "z\u0301\u0301")
    text.set_text("z" + "\u0301" * 5)
    assert text.toPlainText() == "z" + "\u0301" * 3 + "⟨U+0301⟩" * 2


def test_text_that_changes_on_a_hidden_page_is_whole_when_the_page_is_shown(app: QApplication) -> None:
    pages, area, other = QStackedWidget(), QScrollArea(), QWidget()
    area.setWidgetResizable(True)
    for page in (area, other):
        pages.addWidget(page)
    pages.resize(300, 600)
    pages.show()
    pages.setCurrentWidget(other)
    app.processEvents()
    card, text = QWidget(), OutsideText("a word and more " * 20)
    column = QVBoxLayout(card)
    column.addWidget(text)
    column.addStretch(1)
    area.setWidget(card)
    app.processEvents()
    # What draws into a picture, as the fade of a toast does, has Qt tell hidden widgets their size as well.
    pages.grab()
    pages.setCurrentWidget(area)
    app.processEvents()
    lines = text.document().size().height()
    assert lines > 5
    assert text.height() >= lines * text.fontMetrics().lineSpacing()
