"""The one window: sidebar, banner, pages, toasts; goes from page to page and keeps each page as it was left."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QCloseEvent,
    QMouseEvent,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from legate_desktop.notice import Notice
from legate_desktop.outside.pausing import Pausing
from legate_desktop.shell.context import PageContext
from legate_desktop.shell.history import History, Visit
from legate_desktop.shell.offers import Offers, go_keys
from legate_desktop.shell.palette import Palette
from legate_desktop.shell.pause_banner import PauseBanner
from legate_desktop.shell.registry import PageSpec
from legate_desktop.shell.sheet import KeySheet
from legate_desktop.shell.sidebar import Sidebar
from legate_desktop.shell.torn import TornWindow
from legate_desktop.shell.verbs import VERBS
from legate_desktop.shell.workspaces import HERE, TEAM, Workspace, open_beside
from legate_desktop.theme import tokens
from legate_desktop.theme.dressing import dressing
from legate_desktop.theme.look import look
from legate_desktop.verbs import Verbs, letters
from legate_desktop.widgets.notices import Banner
from legate_desktop.widgets.page_title import Page
from legate_desktop.widgets.toast import Toast, Toasts
from legate_desktop.words import tr


class Window(QMainWindow):
    """`painted` comes once, after the first paint: what may wait is started from it. Pages are built when visited.

    `quitting` asks for the end of Legate; who owns the process answers it.
    """

    painted = Signal()
    closing = Signal()
    quitting = Signal()
    turned = Signal(str)

    def __init__(
        self,
        context: PageContext,
        specs: Sequence[PageSpec],
        known: Callable[[], Sequence[Workspace]],
        *,
        first: str = "approvals",
    ) -> None:
        super().__init__()
        self.context = context
        self.specs = {spec.id: spec for spec in specs}
        self.undoable: Callable[[], None] | None = None
        self.history = History()
        self.page_id = ""
        self.torn: list[TornWindow] = []
        self._known = known
        self._is_painted = False
        self._undo_toast: Toast | None = None
        self._pages: dict[str, Page] = {}
        self._counts: dict[str, int] = {}
        self._permissions: Collection[str] | None = None
        self._engine: Callable[[], tuple[str, str]] = lambda: (tr("Engine starts…"), "text3")
        self._away, self._broken = "", ""
        self.pausing = context.keep(Pausing(context.bridge))
        self.setWindowTitle("Legate")
        # A screen of the smallest size has room for the window only with its frame.
        self.setMinimumSize(tokens.WINDOW_MIN[0], tokens.WINDOW_MIN[1] - tokens.FRAME_ROOM_PX)
        for spec in specs:
            spec.start(context)
        self._bind()
        self._build()
        self.go(first)

    # Pages.

    def page(self, page_id: str) -> Page:
        """A page, built now if nobody came here yet."""
        if page_id not in self._pages:
            page = self.specs[page_id].build(self.context)
            self._pages[page_id] = page
            self.pages.addWidget(page)
            dressing.wear(page)
        return self._pages[page_id]

    def go(self, page_id: str, object_id: str = "") -> None:
        """Show a page, and on it an object; where the person was can be gone back to."""
        here = self._here()
        self._show(Visit(page_id, object_id))
        if here is not None and self._here() != here:
            self.history.leave(here)
        self.verbs.settle()

    def go_back(self) -> None:
        """To where the person was before."""
        self._step(self.history.back)

    def go_forward(self) -> None:
        """To where the person went back from."""
        self._step(self.history.forward)

    def tear_off(self, page_id: str, object_id: str) -> None:
        """Show an object in a window of its own; a page that cannot do that shows it here."""
        spec = self.specs[page_id]
        if spec.torn is None:
            self.go(page_id, object_id)
            return
        torn = TornWindow(spec.torn(self.context, object_id), tr(spec.title), self)
        self.torn.append(torn)
        torn.destroyed.connect(lambda: self.torn.remove(torn) if torn in self.torn else None)
        torn.show()

    def let_see(self, permissions: Collection[str]) -> None:
        """Leave out of the list what this person's role may not see, and lead away from it."""
        self._permissions = permissions
        for spec in self.specs.values():
            may_see = not spec.permission or spec.permission in permissions
            self.sidebar.places[spec.id].setVisible(may_see)
            if not may_see and spec.id == self.page_id:
                self.go("settings")

    # Speaking.

    def say(self, notice: Notice) -> None:
        """Show a notice as a toast. The last one that can be undone is what Z takes back."""
        toast = self.toasts.add(
            notice.text,
            action_text=tr("Undo") if notice.undo is not None else "",
            action_key="Z" if notice.undo is not None else "",
            run=self.undo_last if notice.undo is not None else None,
            is_error=notice.is_error,
            lasts_ms=notice.lasts_ms,
        )
        if notice.undo is not None:
            self._withdraw_undo()
            self._undo_toast, self.undoable = toast, notice.undo
            for ended in (toast.expired, toast.closed):
                ended.connect(lambda: self._on_undo_ended(toast))
            self.verbs.settle()

    def undo_last(self) -> None:
        """Take back what was done last, while that is offered."""
        undo = self.undoable
        self._withdraw_undo()
        if undo is not None:
            undo()

    def say_engine(self, words: Callable[[], tuple[str, str]]) -> None:
        """The foot of the sidebar: what it says and its ink, asked for again where the language is another."""
        self._engine = words
        self.sidebar.engine.say(*words())

    def say_journal(self, broken: str) -> None:
        """What a verification found to be wrong with the journal, on every page; nothing once it is found to be sound."""
        self._broken = broken
        self._settle_banner()

    def announce(self, text: str) -> None:
        """Say it to who cannot see the window, in its turn and without moving the focus."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def open_palette(self, text: str = "") -> None:
        """Find or do anything."""
        self.palette_box.open_on(self.offers.everything(self.page_id), text)

    def turn_look(self) -> None:
        """Light to dark or back; a wish like any other, so that it is kept and the settings show it."""
        wanted = "light" if look.theme.is_dark else "dark"
        self.context.prefs.wish("look", wanted)
        # A look given at the start is none of the wishes, and may be another than the one that is kept.
        look.choose(wanted)

    def open_keys(self) -> None:
        """The keys of this page."""
        KeySheet(self.offers.keys(self.page_id), self).open()

    def quit(self) -> None:
        """Ask for the end of Legate."""
        self.quitting.emit()

    def rebuild(self) -> None:
        """Build everything anew, in another language; what pages know is kept by their states."""
        here = self._here()
        self._pages.clear()
        self._undo_toast, self.undoable = None, None
        self._build()
        if here is not None:
            self.page_id = ""
            self._show(here)
        self.verbs.settle()

    # Building.

    def _build(self) -> None:
        for child in self.findChildren(Verbs, options=Qt.FindChildOption.FindDirectChildrenOnly):
            child.remove()
        for shortcut in self.findChildren(QShortcut, options=Qt.FindChildOption.FindDirectChildrenOnly):
            shortcut.setParent(None)
        self.verbs = Verbs(self, VERBS)
        self.sidebar = Sidebar(list(self.specs.values()), self._known(), self.verbs)
        self.banner = Banner()
        self.banner.action.clicked.connect(self._on_banner)
        self.pause_banner = PauseBanner(self.pausing, self.verbs["resume"])
        self.pages = QStackedWidget()
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.banner)
        right.addWidget(self.pause_banner)
        right.addWidget(self.pages, 1)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.sidebar)
        row.addLayout(right, 1)
        self.setCentralWidget(body)
        # Qt would show it a turn of the event loop later, and focus cannot be given to what is hidden.
        body.show()
        self.toasts = Toasts(body)
        self.toasts.said.connect(lambda text: self.announce(text))
        self.palette_box = Palette(body)
        self.palette_box.spoke.connect(lambda text: self.announce(text))
        for part in (self.sidebar, self.banner, self.pause_banner, self.toasts, self.palette_box):
            dressing.wear(part)
        self.offers = Offers(self.context, self.specs, self.verbs, self._page_if)
        self.sidebar.chosen.connect(self.go)
        self.sidebar.look_button.fired.connect(self.turn_look)
        self.sidebar.workspace.chosen.connect(self._on_workspace)
        self.sidebar.engine.say(*self._engine())
        self._settle_banner()
        self.pause_banner.settle(self.context.now())
        for page_id, count in self._counts.items():
            self.sidebar.set_count(page_id, count)
        self.sidebar.set_narrow(self.width() < tokens.SIDEBAR_COLLAPSES_UNDER_PX)
        self._keys()
        if self._permissions is not None:
            self.let_see(self._permissions)

    def _bind(self) -> None:
        context = self.context
        context.said.connect(self.say)
        context.undo_withdrawn.connect(self._withdraw_undo)
        context.wanted.connect(self.go)
        context.torn_off.connect(self.tear_off)
        context.counted.connect(self._on_counted)
        context.announced.connect(lambda text: self.announce(text))
        context.keys_wanted.connect(self.open_keys)
        context.went.connect(self._on_went)
        context.came.connect(self._on_came)
        context.prefs.changed.connect(self._on_wish)
        context.when_open(self.pausing.open)
        self.pausing.noticed.connect(context.say)
        self.pausing.changed.connect(self._on_pause)
        look.changed.connect(self._dress)

    def _keys(self) -> None:
        for at, spec in enumerate(self.specs.values(), start=1):
            for key in letters.keys(go_keys(at, spec)):
                QShortcut(key, self, lambda page_id=spec.id: self.go(page_id))

    # What happens.

    def _here(self) -> Visit | None:
        return Visit(self.page_id, self._pages[self.page_id].place()) if self.page_id in self._pages else None

    def _show(self, visit: Visit) -> None:
        page = self.page(visit.page_id)
        self.palette_box.close_now(gives_focus_back=False)
        self.page_id = visit.page_id
        self.pages.setCurrentWidget(page)
        self.sidebar.choose(visit.page_id)
        self.toasts.set_foot(page.foot())
        if visit.object_id:
            page.show_place(visit.object_id)
        page.take_focus()
        focus = self.focusWidget()
        if focus is None or not page.isAncestorOf(focus):
            # A page that has nothing to give the focus to yet still gets the keys, and Tab goes on from it.
            page.setFocus(Qt.FocusReason.OtherFocusReason)
        self.turned.emit(visit.page_id)

    def _step(self, step: Callable[[Visit], Visit | None]) -> None:
        here = self._here()
        there = step(here) if here is not None else None
        if there is not None:
            self._show(there)
        self.verbs.settle()

    def _page_if(self, page_id: str, is_wanted: bool) -> Page | None:
        return self.page(page_id) if is_wanted else self._pages.get(page_id)

    def _on_counted(self, page_id: str, count: int) -> None:
        self._counts[page_id] = count
        self.sidebar.set_count(page_id, count)

    def _on_workspace(self, workspace_id: str) -> None:
        if workspace_id == TEAM:
            self.go("team")
        elif workspace_id != HERE and not open_beside(workspace_id):
            self.say(Notice(tr("It could not be started. Try “legate desktop” in a terminal."), is_error=True))

    def _on_went(self, words: str) -> None:
        self.say_engine(lambda: (tr("Engine away"), "red"))
        self._away = words
        self._settle_banner()

    def _on_came(self) -> None:
        self._away = ""
        self._settle_banner()

    def _on_pause(self) -> None:
        self.pause_banner.settle(self.context.now())
        self.verbs.settle()

    def _settle_banner(self) -> None:
        """An engine that is away comes first: without it nothing can be done about the journal."""
        if self._away or not self._broken:
            # One that ended does not come back by itself; to try again is to start again.
            self.banner.say(self._away, tr("Restart Legate") if self._away else "")
        else:
            text = tr("The journal does not verify. {why}").format(why=self._broken)
            self.banner.say(text, tr("Open the audit"))

    def _on_banner(self) -> None:
        if self._away:
            self.context.restart()
        else:
            self.go("audit")

    def _on_wish(self, name: str) -> None:
        if name == "language":
            self.rebuild()
        elif name == "letter_keys":
            for shortcut in self.findChildren(QShortcut, options=Qt.FindChildOption.FindDirectChildrenOnly):
                shortcut.setParent(None)
            self._keys()

    def _withdraw_undo(self) -> None:
        """What cannot be undone any more offers it no longer, and only the last answer can be."""
        toast, self._undo_toast, self.undoable = self._undo_toast, None, None
        if toast is not None and toast in self.toasts.toasts():
            toast.close_now()
        self.verbs.settle()

    def _on_undo_ended(self, toast: Toast) -> None:
        if toast is self._undo_toast:
            self._undo_toast, self.undoable = None, None
            self.verbs.settle()

    # Qt's side.

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            self.painted.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = self.width() < tokens.SIDEBAR_COLLAPSES_UNDER_PX
        if is_narrow != self.sidebar.is_narrow:
            self.sidebar.set_narrow(is_narrow)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The side buttons of a mouse go back and forward."""
        if event.button() == Qt.MouseButton.BackButton:
            self.go_back()
        elif event.button() == Qt.MouseButton.ForwardButton:
            self.go_forward()
        else:
            super().mousePressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        super().closeEvent(event)

    def _dress(self) -> None:
        dressing.change()
        self.sidebar.set_narrow(self.sidebar.is_narrow)


def dress(app: QApplication) -> None:
    """Give the application the palette and the style sheet of the look in force."""
    dressing.dress(app)
