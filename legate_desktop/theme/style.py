"""The palette and the one style sheet, made from the tokens."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

from legate_desktop.theme import tokens
from legate_desktop.theme.look import look
from legate_desktop.theme.tokens import Theme

_ROLES = {
    QPalette.ColorRole.Window: "abyss",
    QPalette.ColorRole.WindowText: "text2",
    QPalette.ColorRole.Base: "abyss",
    QPalette.ColorRole.AlternateBase: "panel",
    QPalette.ColorRole.Text: "text",
    QPalette.ColorRole.PlaceholderText: "text3",
    QPalette.ColorRole.Button: "panel",
    QPalette.ColorRole.ButtonText: "text",
    QPalette.ColorRole.BrightText: "red",
    QPalette.ColorRole.ToolTipBase: "raised",
    QPalette.ColorRole.ToolTipText: "text",
    QPalette.ColorRole.Highlight: "amber_wash",
    QPalette.ColorRole.HighlightedText: "text",
    QPalette.ColorRole.Link: "amber_text",
    QPalette.ColorRole.LinkVisited: "amber_text",
}


def palette(theme: Theme) -> QPalette:
    """Qt's palette for what no style sheet reaches."""
    made = QPalette()
    for role, token in _ROLES.items():
        made.setColor(role, QColor(getattr(theme, token)))
    made.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text, QColor(theme.text3))
    made.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText, QColor(theme.text3))
    return made


def style_sheet(theme: Theme) -> str:
    """Kept short: what can be painted is painted by its widget; this dresses Qt's own ones."""
    px = look.px
    inks = "\n".join(f'QPlainTextEdit#plain[ink="{ink}"] {{ color: {getattr(theme, ink)}; }}' for ink in tokens.INKS)
    return f"""
* {{ outline: none; }}
QMainWindow, QWidget#page {{ background: {theme.abyss}; }}
QWidget#sidebar {{ background: {theme.deck}; border-right: 1px solid {theme.line}; }}
QWidget#sidebarPlaces {{ background: {theme.deck}; }}
QWidget#clearBody {{ background: transparent; }}
QWidget#detail, QScrollArea#detail, QWidget#detailBody {{ background: {theme.panel}; }}
QWidget#detail {{ border-left: 1px solid {theme.line}; }}
QWidget#answers {{ background: {theme.panel}; border-top: 1px solid {theme.line}; }}
QLabel {{ background: transparent; color: {theme.text2}; }}
QLabel[role="display"], QLabel[role="title"], QLabel[role="name"], QLabel[role="mark"] {{ color: {theme.text}; }}
QLabel[role="caption"], QLabel[role="hint"] {{ color: {theme.text3}; }}
QLabel[role="mono"], QLabel[role="mono_name"] {{ color: {theme.text}; }}
QLabel[tone="turn"] {{ color: {theme.amber_text}; }}
QLabel[tone="bad"] {{ color: {theme.red}; }}
QLabel[tone="good"] {{ color: {theme.green}; }}
QLabel[tone="quiet"] {{ color: {theme.text3}; }}
QBalloonTip QLabel {{ color: {tokens.LIGHT.text}; }}
QScrollArea {{ border: none; background: transparent; }}
QTableView {{ background: transparent; border: none; gridline-color: transparent; }}
QLineEdit, QPlainTextEdit#field {{
    background: {theme.well}; color: {theme.text}; border: 1px solid {theme.edge};
    border-radius: {tokens.RADIUS_FIELD_PX}px; padding: 6px 10px; selection-background-color: {theme.amber};
    selection-color: {theme.amber_ink};
}}
QLineEdit:focus, QPlainTextEdit#field:focus {{ border: 1px solid {theme.amber_text}; }}
QPlainTextEdit#field[invalid="true"] {{ border: 1px solid {theme.red}; }}
QPlainTextEdit#plain {{ background: transparent; border: 1px solid transparent; color: {theme.text2}; padding: 0; }}
QPlainTextEdit#value {{
    background: {theme.well}; border: 1px solid {theme.line}; border-radius: {tokens.RADIUS_FIELD_PX}px;
    color: {theme.text}; padding: 5px 8px;
}}
QPlainTextEdit#plain:focus, QPlainTextEdit#value:focus {{ border: 1px solid {theme.amber_text}; }}
QPlainTextEdit {{ selection-background-color: {theme.amber}; selection-color: {theme.amber_ink}; }}
{inks}
QFrame#upright {{ background: {theme.line}; border: none; }}
QFrame#card {{
    background: {theme.panel}; border: 1px solid {theme.line}; border-radius: {tokens.RADIUS_CARD_PX}px;
}}
QTableWidget {{ color: {theme.text2}; selection-background-color: {theme.amber_wash}; selection-color: {theme.text}; }}
QFrame#palette {{
    background: {theme.raised}; border: 1px solid {theme.line2}; border-radius: {tokens.RADIUS_DIALOG_PX}px;
}}
QLineEdit#paletteField {{
    background: transparent; border: none; border-bottom: 1px solid {theme.line}; border-radius: 0; padding: 14px 20px;
}}
QDialog {{ background: {theme.raised}; }}
QMenu {{ background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.line2}; padding: 6px; }}
QMenu::item {{ padding: 6px 24px 6px 12px; border-radius: 6px; }}
QMenu::item:selected {{ background: {theme.amber_wash}; color: {theme.text}; }}
QMenu::item:disabled {{ color: {theme.text3}; }}
QMenu::separator {{ height: 1px; background: {theme.line}; margin: 6px 4px; }}
QToolTip {{
    background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.line2}; padding: 5px 8px;
}}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 2px; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 2px; }}
QScrollBar::handle {{ background: {theme.line2}; border-radius: 3px; min-height: 28px; min-width: 28px; }}
QScrollBar::handle:hover {{ background: {theme.edge}; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: transparent; border: none; width: 0; height: 0;
}}
QSplitter::handle {{ background: {theme.line}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QRadioButton, QCheckBox {{ color: {theme.text}; spacing: 8px; min-height: {px(28)}px; }}
QRadioButton::indicator, QCheckBox::indicator {{
    width: 14px; height: 14px; border: 1px solid {theme.edge}; border-radius: 8px; background: {theme.well};
}}
QRadioButton::indicator:hover {{ border: 1px solid {theme.text3}; }}
QRadioButton::indicator:focus {{ border: 1px solid {theme.amber_text}; }}
QRadioButton::indicator:checked {{
    width: 6px; height: 6px; border: 5px solid {theme.amber}; background: {theme.amber_ink};
}}
QWidget#dialogBody {{ background: {theme.raised}; }}
QDateEdit {{
    background: {theme.well}; color: {theme.text}; border: 1px solid {theme.edge};
    border-radius: {tokens.RADIUS_FIELD_PX}px; padding: 6px 10px; selection-background-color: {theme.amber};
    selection-color: {theme.amber_ink};
}}
QDateEdit:focus {{ border: 1px solid {theme.amber_text}; }}
QDateEdit::up-button, QDateEdit::down-button {{ width: 0; border: none; }}
QHeaderView::section {{ background: transparent; color: {theme.text3}; border: none; }}
"""
