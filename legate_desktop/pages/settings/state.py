"""What the Settings page knows: every setting, search, changes that act at once and can be taken back. No widget."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.notice import Notice
from legate_desktop.pages.settings.knobs import everything
from legate_desktop.pages.settings.sources import Sources
from legate_desktop.pages.settings.view import SECTIONS, Setting
from legate_desktop.shell.context import PageContext
from legate_desktop.words import tr


class SettingsState(QObject):
    """`changed` carries the id of a setting whose value is another now, `found_changed` says that the search did."""

    changed = Signal(str)
    found_changed = Signal()

    def __init__(self, context: PageContext) -> None:
        super().__init__()
        self.context = context
        self.sources = Sources(context)
        self.filter_text = ""
        self.sources.changed.connect(self.changed)

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Every setting, in the language of this moment."""
        return everything(self.sources)

    def setting(self, setting_id: str) -> Setting:
        """One setting."""
        return next(setting for setting in self.settings if setting.id == setting_id)

    def visit(self) -> None:
        """Somebody looks."""
        self.sources.visit()

    def set_filter(self, text: str) -> None:
        """Show only settings in which every word of this stands."""
        if text != self.filter_text:
            self.filter_text = text
            self.found_changed.emit()

    def found(self) -> dict[str, list[Setting]]:
        """The settings that are shown, by section; a section without any is not there."""
        words = self.filter_text.casefold().split()
        titles = {section: tr(title) for section, title, _icon in SECTIONS}
        shown: dict[str, list[Setting]] = {}
        for setting in self.settings:
            if setting.matches(words, titles[setting.section]):
                shown.setdefault(setting.section, []).append(setting)
        return shown

    def change(self, setting: Setting, value: Any) -> str:
        """Put a value into force, and offer to take that back. Returns what is wrong with it, if anything is."""
        reason = setting.why_not() or setting.problem(value)
        if reason:
            return reason
        before = setting.get()
        if value == before:
            return ""
        try:
            setting.put(value)
        except OSError as error:
            return tr("The system refused: {reason}").format(reason=error.strerror or str(error))
        if setting.can_undo:
            # Asked for again: what was changed may be the language.
            text = tr("{setting}: changed").format(setting=self.setting(setting.id).title)
            self.context.say(Notice(text, undo=lambda: self._take_back(setting, before)))
        self.changed.emit(setting.id)
        return ""

    def _take_back(self, setting: Setting, before: Any) -> None:
        setting.put(before)
        self.changed.emit(setting.id)
