"""Rows of the Knowledge page: bases, documents, hits with their words marked, passages of an open document."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF
from PySide6.QtGui import QFont, QPainter, QTextCharFormat, QTextLayout, QTextOption

from legate_desktop.delegates.rows import RowDelegate, line, right_text
from legate_desktop.models import ROW_ROLE
from legate_desktop.pages.knowledge.view import (
    Base,
    Document,
    Hit,
    Passage,
    age_of,
    base_words,
    by_words,
    document_words,
    score_words,
    shown,
    snippet,
)
from legate_desktop.theme.look import colour, font, look
from legate_desktop.theme.signs import Sign, paint_sign
from legate_desktop.words import number, one_line, plural, tr

BASE_PX, DOCUMENT_PX, HIT_PX, PASSAGE_PX = 64, 56, 104, 52
SNIPPET_LINES = 3


class _Delegate(RowDelegate):
    def __init__(self, now: Callable[[], int]) -> None:
        super().__init__()
        self._now = now

    def _lines(self, box: QRect) -> tuple[QRectF, QRectF]:
        """The room of the first line and of the second."""
        top = box.top() + (box.height() - look.px(42)) / 2
        return (
            QRectF(box.left(), top, box.width() - 4, look.px(22)),
            QRectF(box.left(), top + look.px(23), box.width() - 4, look.px(18)),
        )

    @staticmethod
    def _sign(painter: QPainter, first: QRectF, sign: Sign) -> float:
        """A sign before the first line; how much room it took."""
        side = look.px(12)
        paint_sign(painter, QRectF(first.left(), first.center().y() - side / 2, side, side), sign)
        return float(side + 8)


class BaseDelegate(_Delegate):
    """A knowledge base."""

    row_px = BASE_PX

    def paint_row(
        self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, ratio: float
    ) -> None:
        base = index.data(ROW_ROLE)
        if not isinstance(base, Base):
            return
        first, second = self._lines(box)
        taken = right_text(painter, first, age_of(base.indexed_at, self._now()), "text3")
        shift = self._sign(painter, first, base.sign) if base.sign is not None else 0.0
        at = QPointF(first.left() + shift, first.top())
        line(painter, at, first.width() - taken - shift - 8, first.height(), one_line(base.name), font("name"), "text")
        words, ink = base_words(base), "text2"
        if base.unread:
            words, ink = plural("%n not read yet", base.unread), "blue"
        elif base.failed:
            words = f"{plural('%n failed', base.failed)} · {words}"
        line(painter, second.topLeft(), second.width(), second.height(), words, font("small"), ink)


class DocumentDelegate(_Delegate):
    """A document, with its state as a sign and what became of it below."""

    row_px = DOCUMENT_PX

    def paint_row(
        self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, ratio: float
    ) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, Document):
            return
        first, second = self._lines(box)
        taken = right_text(painter, first, age_of(row.changed_at, self._now()), "text3")
        shift = self._sign(painter, first, row.sign)
        at = QPointF(first.left() + shift, first.top())
        line(painter, at, first.width() - taken - shift - 8, first.height(), one_line(row.name), font("name"), "text")
        ink = {"failed": "red", "processing": "blue"}.get(row.state, "text2")
        at = QPointF(second.left() + shift, second.top())
        line(painter, at, second.width() - shift, second.height(), document_words(row, self._now()), font("small"), ink)


class PassageDelegate(_Delegate):
    """A passage of an open document: where it stands, and how it begins."""

    row_px = PASSAGE_PX

    def paint_row(
        self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, ratio: float
    ) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, Passage):
            return
        first, second = self._lines(box)
        taken = right_text(painter, first, f"#{number(row.position)}", "text3")
        place = one_line(row.place) or tr("Passage {n}").format(n=number(row.position))
        room = first.width() - taken - 8
        line(painter, first.topLeft(), room, first.height(), place, font("small"), "text3")
        line(painter, second.topLeft(), second.width(), second.height(), one_line(row.text), font("small"), "text")


class HitDelegate(_Delegate):
    """A hit: its document and place, its score, and the part of the passage that holds the words, marked."""

    row_px = HIT_PX

    def paint_row(
        self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, ratio: float
    ) -> None:
        hit = index.data(ROW_ROLE)
        if not isinstance(hit, Hit):
            return
        first = QRectF(box.left(), box.top() + look.px(9), box.width() - 4, look.px(22))
        taken = right_text(painter, first, score_words(hit.score), "text3")
        side = QRectF(first).adjusted(0, 0, -taken - 10, 0)
        by = right_text(painter, side, by_words(hit.by), "text3", "small") if box.width() > look.px(460) else 0.0
        room = first.width() - taken - by - 24
        name = line(painter, first.topLeft(), room, first.height(), one_line(hit.document), font("name"), "text")
        at = QPointF(first.left() + name + 10, first.top())
        line(painter, at, room - name - 10, first.height(), one_line(hit.place), font("small"), "text3")
        rest = QRectF(box.left(), box.top() + look.px(33), box.width() - 4, look.px(18) * SNIPPET_LINES + 4)
        self._snippet(painter, rest, hit)

    @staticmethod
    def _snippet(painter: QPainter, box: QRectF, hit: Hit) -> None:
        text, marks = shown(*snippet(hit.text, hit.marks), keep_lines=False)
        layout = QTextLayout(text, font("small"))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.setFormats([_mark(start, end) for start, end in marks])
        layout.beginLayout()
        height = 0.0
        for _ in range(SNIPPET_LINES):
            row = layout.createLine()
            if not row.isValid():
                break
            row.setLineWidth(box.width())
            row.setPosition(QPointF(0, height))
            height += row.height()
        layout.endLayout()
        painter.setPen(colour("text2"))
        layout.draw(painter, box.topLeft())


def mark_format() -> QTextCharFormat:
    """How a word that was asked for looks: bold, on a ground of its own."""
    made = QTextCharFormat()
    made.setFontWeight(QFont.Weight.Bold)
    made.setForeground(colour("text"))
    made.setBackground(colour("blue_wash"))
    return made


def _mark(start: int, end: int) -> QTextLayout.FormatRange:
    made = QTextLayout.FormatRange()
    made.start, made.length = start, end - start  # type: ignore[attr-defined]  # missing in PySide's stubs
    made.format = mark_format()  # type: ignore[attr-defined]  # as above
    return made
