"""The look in force: theme, text size and motion, followed from the system or chosen, announced when it changes."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication

from legate_desktop.theme import tokens
from legate_desktop.theme.tokens import Theme

CHOICES = ("system", "dark", "light")
SMALLEST_SCALE, LARGEST_SCALE = 0.85, 1.5


class Look(QObject):
    """One per process (`look`). Widgets read it while painting and listen to `changed`; nobody keeps a colour."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choice = "system"
        self.theme: Theme = tokens.DARK
        self.scale = 1.0
        self.is_motion_reduced = False
        self.is_compact = False
        self._is_contrast_wanted = False

    def follow_system(self) -> None:
        """Take the system's light or dark and keep following it while the choice is *system*."""
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(lambda _scheme: self._settle())
        accessibility = getattr(hints, "accessibility", None)
        if accessibility is not None:
            accessibility().contrastPreferenceChanged.connect(lambda _preference: self._settle())
        self._settle()

    def choose(self, choice: str) -> None:
        """*system*, *dark* or *light*."""
        if choice not in CHOICES:
            raise ValueError(f"A look is one of {', '.join(CHOICES)}, not {choice!r}.")
        self.choice = choice
        self._settle()

    def choose_contrast(self, *, is_high: bool) -> None:
        """Our own switch for high contrast, beside the system's."""
        self._is_contrast_wanted = is_high
        self._settle()

    def choose_scale(self, scale: float) -> None:
        """Text size from 0.85 to 1.5; row heights follow."""
        wanted = min(LARGEST_SCALE, max(SMALLEST_SCALE, scale))
        if wanted != self.scale:
            self.scale = wanted
            font.cache_clear()
            self.changed.emit()

    def choose_motion(self, *, is_reduced: bool) -> None:
        """Without motion everything appears where it ends."""
        if is_reduced != self.is_motion_reduced:
            self.is_motion_reduced = is_reduced
            self.changed.emit()

    def choose_density(self, *, is_compact: bool) -> None:
        """Compact rows are lower; nothing in them is left out."""
        if is_compact != self.is_compact:
            self.is_compact = is_compact
            self.changed.emit()

    def px(self, size: int) -> int:
        """A measure that grows with the text."""
        return round(size * self.scale)

    def row_px(self, size: int) -> int:
        """The height of a row in a list: it grows with the text, and compact rows lose a seventh."""
        return self.px(size) * 6 // 7 if self.is_compact else self.px(size)

    def _settle(self) -> None:
        is_dark = self._is_system_dark() if self.choice == "system" else self.choice == "dark"
        theme = tokens.theme_for(is_dark=is_dark, is_high_contrast=self._is_contrast_wanted or _system_wants_contrast())
        if theme is not self.theme:
            self.theme = theme
            self.changed.emit()

    @staticmethod
    def _is_system_dark() -> bool:
        # A system that does not say gets the dark theme, the one the product is drawn for first.
        return QGuiApplication.styleHints().colorScheme() != Qt.ColorScheme.Light


def _system_wants_contrast() -> bool:
    accessibility = getattr(QGuiApplication.styleHints(), "accessibility", None)  # since Qt 6.10
    if accessibility is None:
        return False
    return accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast


look = Look()


@lru_cache(maxsize=256)
def _qcolour(value: str) -> QColor:
    return QColor(value)


def colour(token: str) -> QColor:
    """The colour a token has now."""
    return _qcolour(getattr(look.theme, token))


@lru_cache(maxsize=64)
def font(role: str) -> QFont:
    """The font of a role of type. Mono is the second family everywhere: it has the signs the text faces lack."""
    face = tokens.FACES[role]
    made = QFont()
    made.setFamilies([face.family, tokens.MONO_FAMILY] if face.family != tokens.MONO_FAMILY else [face.family])
    made.setPixelSize(look.px(face.size_px))
    made.setWeight(QFont.Weight(face.weight))
    if face.tracking_percent:
        made.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 100 + face.tracking_percent)
    if face.is_capitals:
        made.setCapitalization(QFont.Capitalization.AllUppercase)
    if face.family == tokens.MONO_FAMILY:
        made.setStyleHint(QFont.StyleHint.Monospace)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return made
