"""Where the bundled faces and icons lie, and how they become fonts and tinted pixmaps."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QFontDatabase, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from legate_desktop.theme import tokens
from legate_desktop.theme.look import look

ROOT = Path(__file__).resolve().parents[2] / "resources"
FONT_FILES = (
    "BricolageGrotesque-Bold.ttf",
    "HankenGrotesk-Regular.ttf",
    "HankenGrotesk-SemiBold.ttf",
    "HankenGrotesk-Bold.ttf",
    "JetBrainsMono-Regular.ttf",
    "JetBrainsMono-Medium.ttf",
)


def load_fonts() -> list[str]:
    """Register the bundled faces; returns the files that could not be loaded (the system's faces then stand in)."""
    return [name for name in FONT_FILES if QFontDatabase.addApplicationFont(str(ROOT / "fonts" / name)) < 0]


@lru_cache(maxsize=256)
def _source(name: str) -> str:
    return (ROOT / "icons" / f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=512)
def _pixmap(name: str, value: str, size_px: int, ratio: float) -> QPixmap:
    source = _source(name).replace("currentColor", value)
    source = source.replace('stroke-width="2"', f'stroke-width="{tokens.ICON_STROKE}"')
    renderer = QSvgRenderer(QByteArray(source.encode()))
    pixmap = QPixmap(round(size_px * ratio), round(size_px * ratio))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, pixmap.width(), pixmap.height()))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def pixmap(name: str, token: str, size_px: int = tokens.ICON_PX, ratio: float = 1.0) -> QPixmap:
    """A lucide icon in the colour a token has now, sharp at this device pixel ratio."""
    return _pixmap(name, getattr(look.theme, token), size_px, ratio)


def icon(name: str, token: str, size_px: int = tokens.ICON_PX) -> QIcon:
    """The same as a QIcon, for menus and actions, at one and two device pixels."""
    made = QIcon(pixmap(name, token, size_px, 1.0))
    made.addPixmap(pixmap(name, token, size_px, 2.0))
    return made
