"""The Settings page: sections at the left, every setting at the right; builds and binds and has no opinion."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QDate, QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from legate_desktop.pages.settings.dialogs import BackupDialog, RestoreDialog
from legate_desktop.pages.settings.row import SettingRow
from legate_desktop.pages.settings.state import SettingsState
from legate_desktop.pages.settings.verbs import VERBS
from legate_desktop.pages.settings.view import SECTIONS, Setting
from legate_desktop.pages.vault.proving import ask_passphrase, ask_proof
from legate_desktop.shell.context import PageContext
from legate_desktop.theme.look import look
from legate_desktop.verbs import Verbs
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.filter_field import FilterField
from legate_desktop.widgets.labels import Caption
from legate_desktop.widgets.notices import EmptyState
from legate_desktop.widgets.page_title import Page, PageTitle
from legate_desktop.words import tr

SECTIONS_PX, MOST_PX, WIDE_PX = 190, 760, 760


class SettingsPage(Page):
    """The page of a `SettingsState`. A change that takes the page itself apart, such as the language, is survived."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.state = context.state(SettingsState)
        self.rows: dict[str, SettingRow] = {}
        self._cards: dict[str, QFrame] = {}
        self._section = SECTIONS[0][0]
        self.verbs = Verbs(self, VERBS)
        self._build()
        self.state.changed.connect(self._on_changed)
        self.state.found_changed.connect(self._show_found)
        sources = self.state.sources
        sources.proof_wanted.connect(lambda wanted: ask_proof(self, sources, wanted))
        sources.passphrase_wanted.connect(lambda: ask_passphrase(self, sources))
        sources.backup_wanted.connect(self._ask_backup)
        sources.restore_wanted.connect(self._ask_restore)
        context.opened.connect(self.state.visit)
        self._show_found()

    # What the verbs do.

    def take_focus(self) -> None:
        """The page was opened: the keys go to the search."""
        self.filter.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_filter(self) -> None:
        """Put the cursor into the search."""
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def turn(self, by: int) -> None:
        """The next section, or the one before."""
        shown = list(self._cards)
        if shown:
            at = shown.index(self._section) if self._section in shown else 0
            self.show_section(shown[max(0, min(len(shown) - 1, at + by))])

    def place(self) -> str:
        return self._section

    def show_place(self, object_id: str) -> None:
        self.show_section(object_id)

    def show_section(self, section: str) -> None:
        """Bring a section to the top, and its first control under the keys."""
        card = self._cards.get(section)
        if card is None:
            return
        self._section = section
        self.area.verticalScrollBar().setValue(card.y())
        first = next((row for row in self.rows.values() if row.setting.section == section), None)
        if first is not None:
            first.control.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # Copies of everything.

    def _ask_backup(self) -> None:
        """Ask where to, then for a passphrase."""
        name = f"legate-{QDate.currentDate().toString(Qt.DateFormat.ISODate)}.legate-backup"
        dialog = QFileDialog(self, tr("Back everything up"), str(Path.home() / name), tr("Backups (*.legate-backup)"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("legate-backup")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.ask_backup_passphrase(Path(path)))
        dialog.open()

    def ask_backup_passphrase(self, path: Path) -> None:
        """The place is chosen: ask for the passphrase, then write."""
        dialog = BackupDialog(path, self)
        dialog.sent.connect(lambda: self.state.sources.back_up(path, _taken(dialog.passphrase)))
        dialog.open()

    def _ask_restore(self) -> None:
        """Ask for the backup, then for the folder."""
        dialog = QFileDialog(self, tr("Restore a backup"), str(Path.home()), tr("Backups (*.legate-backup)"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self._ask_folder(Path(path)))
        dialog.open()

    def _ask_folder(self, path: Path) -> None:
        dialog = QFileDialog(self, tr("An empty folder for it"), str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda folder: self.ask_restore_passphrase(path, Path(folder)))
        dialog.open()

    def ask_restore_passphrase(self, path: Path, folder: Path) -> None:
        """Both places are chosen: ask for the passphrase, then restore."""
        dialog = RestoreDialog(path, folder, self)
        dialog.sent.connect(lambda: self.state.sources.restore(path, folder, _taken(dialog.passphrase)))
        dialog.open()

    # Building.

    def _build(self) -> None:
        self.head = PageTitle(tr("Settings"))
        self.filter = FilterField(tr("Search the settings"))
        self.filter.setText(self.state.filter_text)
        self.filter.textChanged.connect(self.state.set_filter)
        self.filter.installEventFilter(self)
        self.head.row.addWidget(self.filter, 10)
        self.sections = QWidget()
        self.sections.setFixedWidth(look.px(SECTIONS_PX))
        names = QVBoxLayout(self.sections)
        names.setContentsMargins(12, 0, 0, 0)
        names.setSpacing(2)
        for section, title, icon in SECTIONS:
            button = Button(tr(title), kind="quiet", icon_name=icon)
            button.fired.connect(lambda section=section: self.show_section(section))
            names.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        names.addStretch(1)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.viewport().setAutoFillBackground(False)
        self.empty = EmptyState("search", tr("Nothing matches"), tr("No setting holds all of these words."))
        across = QHBoxLayout()
        across.setSpacing(0)
        across.addWidget(self.sections)
        across.addWidget(self.area, 1)
        across.addWidget(self.empty, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.head)
        whole.addLayout(across, 1)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """In the search, Esc empties it; arrow down and Enter go to the first setting that was found."""
        if watched is self.filter and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self.filter.clear()
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.rows:
                next(iter(self.rows.values())).control.setFocus(Qt.FocusReason.TabFocusReason)
                return True
        return super().eventFilter(watched, event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.state.visit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.sections.setVisible(self.width() >= look.px(WIDE_PX))

    # Showing.

    def _show_found(self) -> None:
        found = self.state.found()
        self.rows, self._cards = {}, {}
        body = QWidget()
        body.setObjectName("clearBody")
        body.setMaximumWidth(look.px(MOST_PX))
        column = QVBoxLayout(body)
        column.setContentsMargins(20, 0, 20, 20)
        column.setSpacing(12)
        for section, title, _icon in SECTIONS:
            if section in found:
                self._cards[section] = self._card(tr(title), found[section])
                column.addWidget(self._cards[section])
        column.addStretch(1)
        self.area.setWidget(body)
        self.area.setVisible(bool(found))
        self.empty.setVisible(not found)

    def _card(self, title: str, settings: list[Setting]) -> QFrame:
        card = QFrame()
        card.setObjectName("card")
        column = QVBoxLayout(card)
        column.setContentsMargins(16, 12, 16, 8)
        column.setSpacing(0)
        column.addWidget(Caption(title))
        for setting in settings:
            row = SettingRow(setting, lambda value, setting=setting: self.state.change(setting, value))
            self.rows[setting.id] = row
            column.addWidget(row)
        return card

    def _on_changed(self, setting_id: str) -> None:
        row = self.rows.get(setting_id)
        if row is None:
            return
        if row.setting.kind == "choice" and str(row.setting.get()) not in dict(row.setting.choices):
            # Somebody chose elsewhere what is not offered here: it is shown all the same.
            self._show_found()
        else:
            row.show_value()


def _taken(field: QLineEdit) -> str:
    """What was typed, which stays in the field no longer."""
    text = field.text()
    field.clear()
    return text
