"""Rows of the list of agents: name and version, purpose, model, tools as icons, how the last run went, cost of the week."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF
from PySide6.QtGui import QPainter

from legate_desktop.delegates.rows import RowDelegate, line, right_text
from legate_desktop.models import ROW_ROLE
from legate_desktop.pages.agents.view import AgentRow, version_words
from legate_desktop.theme.look import font, look
from legate_desktop.theme.resources import pixmap
from legate_desktop.theme.signs import RUN_SIGNS, UNKNOWN, paint_sign
from legate_desktop.theme.tokens import EFFECT_PILLS, ICON_PX
from legate_desktop.words import money, one_line, short_age, tr

AGENT_PX = 72
WIDE_FROM_PX = 640
_ICONS = {"mail": "mail", "files": "folder", "http": "globe", "kb": "book-open", "web": "globe", "db": "database"}
_GRAVEST = ("destroy", "grant", "spend", "send", "write", "read")
MOST_ICONS = 6


def tool_icons(tools: tuple[str, ...], effects: Mapping[str, str]) -> list[tuple[str, str]]:
    """One icon per connector of these tools, in the ink of the gravest thing it may do."""
    found: dict[str, str] = {}
    for tool in tools:
        icon = _ICONS.get(tool.partition(".")[0], "plug")
        effect = effects.get(tool, "send")
        known = found.get(icon)
        if known is None or _rank(effect) < _rank(known):
            found[icon] = effect
    return [(icon, EFFECT_PILLS[effect].ink if effect in EFFECT_PILLS else "red") for icon, effect in found.items()]


def _rank(effect: str) -> int:
    return _GRAVEST.index(effect) if effect in _GRAVEST else 0


class AgentDelegate(RowDelegate):
    """An agent."""

    row_px = AGENT_PX

    def __init__(self, now: Callable[[], int], effects: Callable[[], Mapping[str, str]]) -> None:
        super().__init__()
        self._now = now
        self._effects = effects

    def paint_row(
        self, painter: QPainter, box: QRect, index: QModelIndex | QPersistentModelIndex, ratio: float
    ) -> None:
        row = index.data(ROW_ROLE)
        if not isinstance(row, AgentRow):
            return
        first = QRectF(box.left(), box.top() + look.px(12), box.width(), look.px(22))
        second = QRectF(box.left(), box.top() + look.px(37), box.width(), look.px(20))
        is_wide = box.width() >= look.px(WIDE_FROM_PX)
        side_px = look.px(300) if is_wide else look.px(96)
        self._side(painter, first, second, row, side_px, is_wide=is_wide, ratio=ratio)
        room = box.width() - side_px - 16
        taken = line(painter, first.topLeft(), room * 0.7, first.height(), one_line(row.name), font("name"), "text")
        at = QPointF(first.left() + taken + 10, first.top())
        line(painter, at, room - taken - 10, first.height(), version_words(row), font("mono"), "text3")
        purpose = one_line(row.purpose) or tr("No purpose given yet")
        line(painter, second.topLeft(), room, second.height(), purpose, font("small"), "text2")

    def _side(
        self,
        painter: QPainter,
        first: QRectF,
        second: QRectF,
        row: AgentRow,
        width: float,
        *,
        is_wide: bool,
        ratio: float,
    ) -> None:
        """At the right: how the last run went and the cost; where there is room, the model and the tools before them."""
        age = short_age(self._now() - row.last_at) if row.last_at else ""
        taken = right_text(painter, first, age, "text3")
        if row.last_state:
            side = look.px(12)
            box = QRectF(first.right() - taken - side - 8, first.center().y() - side / 2, side, side)
            paint_sign(painter, box, RUN_SIGNS.get(row.last_state, UNKNOWN))
        if row.cost_micros:
            right_text(painter, second, money(row.cost_micros), "text3")
        if not is_wide:
            return
        left = first.right() - width
        room = width - look.px(110)
        line(painter, QPointF(left, first.top()), room, first.height(), one_line(row.model), font("mono"), "text2")
        icon_px = look.px(ICON_PX)
        at = left
        icons = tool_icons(row.tools, self._effects())
        for icon, ink in icons[:MOST_ICONS]:
            painter.drawPixmap(QPointF(at, second.center().y() - icon_px / 2), pixmap(icon, ink, icon_px, ratio))
            at += icon_px + 8
        if len(icons) > MOST_ICONS:
            more = f"+{len(icons) - MOST_ICONS}"
            line(painter, QPointF(at, second.top()), 40, second.height(), more, font("mono"), "text3")
