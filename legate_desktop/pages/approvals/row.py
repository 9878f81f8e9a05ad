"""A row of the Approvals list: mono name, pill and age; below them who asks and why."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF
from PySide6.QtGui import QFontMetrics, QPainter

from legate_desktop.core_words import tr_core
from legate_desktop.delegates.rows import RowDelegate, line, right_text
from legate_desktop.models import ROW_ROLE
from legate_desktop.pages.approvals.view import ApprovalRow, GroupRow, RuleRow, outcome_words
from legate_desktop.theme.look import font, look
from legate_desktop.theme.resources import pixmap
from legate_desktop.theme.signs import RUN_SIGNS, Sign, paint_sign
from legate_desktop.theme.tokens import ROW_APPROVAL_PX
from legate_desktop.widgets.pill import IN_DOUBT, paint_pill, pill_for, pill_size
from legate_desktop.words import MINUTE, number, one_line, plural, short_age, time_left, tr

SOON_MS = 10 * MINUTE
NARROW_PX = 280
MARK_PX = 14
OUTCOME_SIGNS: dict[str, Sign] = {
    "approved": RUN_SIGNS["succeeded"],
    "edited": RUN_SIGNS["succeeded"],
    "rejected": RUN_SIGNS["failed"],
    "expired": RUN_SIGNS["expired"],
}


class ApprovalDelegate(RowDelegate):
    """Paints approvals and, on their tab, rules."""

    row_px = ROW_APPROVAL_PX

    def __init__(
        self,
        now: Callable[[], int],
        is_answering: Callable[[str], bool],
        is_marked: Callable[[str], bool] = lambda _row_id: False,
        name_of: Callable[[str], str] = lambda person_id: person_id,
    ) -> None:
        super().__init__()
        self._now = now
        self._is_answering = is_answering
        self._is_marked = is_marked
        self._name_of = name_of

    def paint_row(
        self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, ratio: float
    ) -> None:
        row = index.data(ROW_ROLE)
        if isinstance(row, RuleRow):
            self._paint_rule(painter, box, row, ratio)
        elif isinstance(row, GroupRow):
            self._paint_group(painter, box, row, ratio)
        elif isinstance(row, ApprovalRow):
            if self._is_marked(row.id):
                side = look.px(MARK_PX)
                at = QPointF(box.left(), box.top() + look.px(15))
                painter.drawPixmap(at, pixmap("circle-check", "amber_text", side, ratio))
                box = box.adjusted(side + 8, 0, 0, 0)
            self._paint_approval(painter, box, row, ratio)

    def _paint_approval(self, painter: QPainter, box: QRect, row: ApprovalRow, ratio: float) -> None:
        if self._is_answering(row.id) or row.snoozed_until > self._now():
            painter.setOpacity(0.55)
        first = QRectF(box.left(), box.top() + look.px(12), box.width(), look.px(22))
        taken = self._paint_right(painter, first, row)
        pill = IN_DOUBT if row.is_in_doubt else pill_for(row.effect)
        pill_width = pill_size(pill).width()
        room = first.width() - taken - pill_width - 28
        width = line(painter, first.topLeft(), room, first.height(), one_line(row.tool), font("mono_name"), "text")
        paint_pill(painter, QPointF(first.left() + width + 10, first.top() + look.px(2)), pill, ratio)
        self._paint_second(painter, box, one_line(row.agent), one_line(row.why) or one_line(tr_core(row.title)))

    def _paint_right(self, painter: QPainter, first: QRectF, row: ApprovalRow) -> float:
        """The age, the nearing end, or what was decided; returns the width taken."""
        now = self._now()
        if self._is_answering(row.id):
            return right_text(painter, first, tr("sending…"), "text3")
        if row.snoozed_until > now:
            return right_text(
                painter, first, tr("later · {time}").format(time=time_left(row.snoozed_until - now)), "text3"
            )
        if row.assigned_to:
            return right_text(painter, first, tr("asked: {name}").format(name=self._name_of(row.assigned_to)), "text3")
        if not row.is_open:
            sign = OUTCOME_SIGNS.get(row.state, RUN_SIGNS["cancelled"])
            text = f"{outcome_words(row.state)} · {short_age(now - row.decided_at)}"
            width = right_text(painter, first, text, "text3")
            paint_sign(painter, QRectF(first.right() - width - 18, first.center().y() - 6, 12, 12), sign)
            return width + 20
        left = row.expires_at - now
        if row.expires_at and left < SOON_MS:
            # In a narrow list the name is worth more than the words around the time.
            is_narrow = first.width() < look.px(NARROW_PX)
            words = "{time}" if is_narrow else tr("expires in {time}")
            return right_text(painter, first, words.format(time=time_left(left)), "red")
        return right_text(painter, first, short_age(now - row.asked_at), "text3")

    def _paint_group(self, painter: QPainter, box: QRect, row: GroupRow, ratio: float) -> None:
        """What is true of all the like questions; how many, where an age would be."""
        first = QRectF(box.left(), box.top() + look.px(12), box.width(), look.px(22))
        side = look.px(MARK_PX)
        icon = "chevron-down" if row.is_unfolded else "chevron-right"
        painter.drawPixmap(QPointF(first.left(), first.top() + look.px(3)), pixmap(icon, "text3", side, ratio))
        taken = right_text(painter, first, f"\N{MULTIPLICATION SIGN}{number(len(row.rows))}", "amber_text") + 12
        left = first.left() + side + 6
        pill = pill_for(row.first.effect)
        room = first.width() - taken - pill_size(pill).width() - side - 34
        tool = one_line(row.first.tool)
        width = line(painter, QPointF(left, first.top()), room, first.height(), tool, font("mono_name"), "text")
        paint_pill(painter, QPointF(left + width + 10, first.top() + look.px(2)), pill, ratio)
        self._paint_second(painter, box, one_line(row.first.agent), one_line(row.title))

    def _paint_second(self, painter: QPainter, box: QRect, who: str, why: str) -> None:
        second = QRectF(box.left(), box.top() + look.px(36), box.width(), look.px(20))
        face = font("small")
        who_width = min(second.width() * 0.5, QFontMetrics(face).horizontalAdvance(who) + 1)
        taken = line(painter, second.topLeft(), who_width, second.height(), who, face, "text2")
        taken += line(painter, second.topLeft() + QPointF(taken, 0), 30, second.height(), "  ·  ", face, "text3")
        at = second.topLeft() + QPointF(taken, 0)
        line(painter, at, second.width() - taken, second.height(), why, face, "text3")

    def _paint_rule(self, painter: QPainter, box: QRect, row: RuleRow, ratio: float) -> None:
        first = QRectF(box.left(), box.top() + look.px(12), box.width(), look.px(22))
        verdict = {"allow": tr("allows"), "ask": tr("asks"), "deny": tr("denies")}.get(row.verdict, row.verdict)
        words_of_rule = one_line(tr_core(row.words))
        words, ink = (tr("proposed"), "amber_text") if row.is_proposed else (verdict, "text2")
        taken = right_text(painter, first, words, ink) + 16
        line(painter, first.topLeft(), first.width() - taken, first.height(), words_of_rule, font("name"), "text")
        parts = [tr("built in")] if row.is_built_in else [plural("%n use(s)", row.uses)]
        if row.is_proposed:
            parts = [plural("approved %n time(s) alike", row.approved)]
        if row.last_used_at:
            parts.append(tr("last {age} ago").format(age=short_age(self._now() - row.last_used_at)))
        if row.ends and not row.is_built_in:
            parts.append(one_line(tr_core(row.ends)))
        second = QRectF(box.left(), box.top() + look.px(36), box.width(), look.px(20))
        line(painter, second.topLeft(), second.width(), second.height(), "  ·  ".join(parts), font("small"), "text3")
