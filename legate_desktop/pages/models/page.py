"""The Models page: places and their models, limits on money; builds and binds and has no opinion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QSplitter, QVBoxLayout, QWidget

from legate_desktop.delegates.rows import RowDelegate, RowList
from legate_desktop.models import LiveModel
from legate_desktop.pages.models.dialogs import AddressDialog, KeyDialog, LimitDialog, PriceDialog
from legate_desktop.pages.models.limits_state import LimitsState
from legate_desktop.pages.models.place_pane import PlacePane
from legate_desktop.pages.models.rows import PLACE_PX, LimitDelegate, PlaceDelegate
from legate_desktop.pages.models.state import ModelsState
from legate_desktop.pages.models.verbs import VERBS
from legate_desktop.pages.models.view import LimitRow, PlaceRow, limit_sentence, place_sentence
from legate_desktop.pages.vault.proving import ask_who
from legate_desktop.shell.context import PageContext
from legate_desktop.verbs import Verbs
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.filter_field import FilterField
from legate_desktop.widgets.flow import FlowLayout
from legate_desktop.widgets.list_stack import ListStack
from legate_desktop.widgets.notices import EmptyState, Skeleton
from legate_desktop.widgets.page_title import Page, PageTitle
from legate_desktop.widgets.selection import choose_row, unheard
from legate_desktop.widgets.tabs import Tabs
from legate_desktop.words import number, one_line, tr

PLACE_BUTTONS = ("add_key", "add_server", "add_file", "look")
LIMIT_BUTTONS = ("new_limit", "change_limit", "remove")


class ModelsPage(Page):
    """The page of a `ModelsState` and a `LimitsState`."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.state = context.state(ModelsState)
        self.limits = context.state(LimitsState)
        self.shows_places = True
        self.setAcceptDrops(True)
        self.buttons: dict[str, Button] = {}
        self._build()
        self.verbs = Verbs(self, VERBS)
        self._give_verbs()
        self._bind()
        self.turn_to("places")
        context.when_open(self.state.open)
        context.when_open(self.limits.watch_agents)

    def foot(self) -> QWidget | None:
        return self.pane.bottom if self.shows_places and self.pane.isVisible() else None

    # What the verbs do.

    def take_focus(self) -> None:
        (self.stack if self.shows_places else self.limit_stack).take_focus()

    def place(self) -> str:
        return self.state.selected_id if self.shows_places else self.limits.selected_id

    def show_place(self, object_id: str) -> None:
        is_limit = self.limits.find(object_id) is not None
        self.turn_to("limits" if is_limit else "places")
        (self.limits if is_limit else self.state).select(object_id)

    def turn_to(self, tab: str) -> None:
        """Show the places, or the limits."""
        self.shows_places = tab == "places"
        self.tabs.choose(tab)
        self.splitter.setVisible(self.shows_places)
        self.bar.setVisible(self.shows_places)
        self.limit_stack.setVisible(not self.shows_places)
        self.limit_bar.setVisible(not self.shows_places)
        self.filter.setVisible(self.shows_places)
        self.take_focus()
        self.verbs.settle()

    def move_by(self, by: int) -> None:
        """The next place or limit."""
        (self.state if self.shows_places else self.limits).move(by)

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        self.turn_to("places")
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def ask_key(self) -> None:
        """Ask for a key, and try it while the dialog stands."""
        self.turn_to("places")
        dialog = KeyDialog(self.state.whose, self)
        dialog.sent.connect(
            lambda: self.state.add_key(
                dialog.key.text(),
                dialog.name.text().strip(),
                dialog.address.text().strip(),
                _while_open(dialog, self.state.say_problem),
            )
        )
        dialog.open()

    def ask_server(self) -> None:
        """Ask for an address, and look at it while the dialog stands."""
        self.turn_to("places")
        dialog = AddressDialog(self)
        dialog.sent.connect(
            lambda: self.state.add_server(dialog.address.text().strip(), _while_open(dialog, self.state.say_problem))
        )
        dialog.open()

    def ask_file(self) -> None:
        """Choose a file of one's own."""
        self.turn_to("places")
        dialog = QFileDialog(self, tr("Add a model of your own"), "", "GGUF (*.gguf)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.add_file)
        dialog.open()

    def add_file(self, path: str) -> None:
        """Take in the file there."""
        self.state.add_file(path, lambda problem: self.state.say_problem(problem) if problem else None)

    def ask_price(self) -> None:
        """Ask what the chosen model costs."""
        place, model = self.state.selected, self.state.model
        if place is not None and model is not None:
            dialog = PriceDialog(model, self)
            dialog.sent.connect(lambda: self.state.set_price(place.id, model, *dialog.prices))
            dialog.open()

    def ask_limit(self) -> None:
        """Ask for a new limit."""
        self.turn_to("limits")
        self._ask_limit(None)

    def ask_amount(self) -> None:
        """Ask for another amount for the chosen limit."""
        self._ask_limit(self.limits.selected)

    def _ask_limit(self, limit: LimitRow | None) -> None:
        names = {agent_id: one_line(name) for agent_id, name in self.limits.agents.items()}
        dialog = LimitDialog(names, limit, self)
        dialog.sent.connect(lambda: self.limits.set(dialog.limit))
        dialog.open()

    def remove(self) -> None:
        """Take what is chosen away."""
        (self.state if self.shows_places else self.limits).remove()

    def open_vault(self) -> None:
        """Go to the key of the place."""
        if self.state.selected is not None:
            self.context.go("vault", self.state.selected.secret_id)

    # Building.

    def _build(self) -> None:
        self.head = PageTitle(tr("Models"))
        self.filter = FilterField(tr("By place, address or model"))
        self.head.row.addWidget(self.filter, 10)
        self.tabs = Tabs((("places", tr("Places")), ("limits", tr("Limits on money"))), tr("Models"))
        self.bar, self.limit_bar = QWidget(), QWidget()
        self._flow, self._limit_flow = FlowLayout(self.bar), FlowLayout(self.limit_bar)
        self.model: LiveModel[PlaceRow] = LiveModel(lambda row: place_sentence(row, self.state.now()))
        self.list = _list(PlaceDelegate(), tr("Places where models come from"), self.model)
        self.limit_model: LiveModel[LimitRow] = LiveModel(lambda row: limit_sentence(row, self.limits.now()))
        self.limit_list = _list(LimitDelegate(self.limits.now), tr("Limits on money"), self.limit_model)
        self.skeleton = Skeleton(PLACE_PX, engine=self.context)
        self.empty, self.no_limit = EmptyState("cpu", "", ""), EmptyState("coins", "", "")
        self.stack, self.limit_stack = ListStack(self.list), ListStack(self.limit_list)
        self.stack.addWidget(self.skeleton)
        self.stack.addWidget(self.empty)
        self.limit_stack.addWidget(self.no_limit)
        self.stack.setMinimumWidth(260)
        self.pane = PlacePane(self.state)
        self.pane.setMinimumWidth(420)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.stack)
        self.splitter.addWidget(self.pane)
        inset = QVBoxLayout()
        inset.setContentsMargins(16, 0, 16, 8)
        inset.addWidget(self.bar)
        inset.addWidget(self.limit_bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.tabs)
        column.addLayout(inset)
        column.addWidget(self.splitter, 1)
        column.addWidget(self.limit_stack, 1)

    def _give_verbs(self) -> None:
        for names, flow in ((PLACE_BUTTONS, self._flow), (LIMIT_BUTTONS, self._limit_flow)):
            for verb_id in names:
                verb = self.verbs.verb(verb_id)
                button = Button(verb.name, kind=verb.kind)
                button.follow(self.verbs[verb_id])
                self.buttons[verb_id] = button
                flow.addWidget(button)
        self.empty.action.follow(self.verbs["add_key"])
        self.no_limit.action.follow(self.verbs["new_limit"])
        self.pane.give_verbs(self.verbs)

    def _bind(self) -> None:
        self.state.rows_changed.connect(self._show_rows)
        self.state.selection_changed.connect(self._show_selection)
        self.state.proof_wanted.connect(self._ask_proof)
        self.limits.rows_changed.connect(self._show_limits)
        self.limits.selection_changed.connect(self._show_limit)
        self.filter.textChanged.connect(self.state.set_filter)
        self.tabs.chosen.connect(self.turn_to)
        self.list.selectionModel().currentRowChanged.connect(
            lambda current, _previous: _choose(self.model, current, self.state.select)
        )
        self.limit_list.selectionModel().currentRowChanged.connect(
            lambda current, _previous: _choose(self.limit_model, current, self.limits.select)
        )
        self.list.activated.connect(lambda _index: self.pane.table.setFocus(Qt.FocusReason.TabFocusReason))
        self.limit_list.activated.connect(lambda _index: self.verbs.do("change_limit"))
        self._show_rows()
        self._show_limits()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        right = max(420, min(760, round(self.width() * 0.58)))
        self.splitter.setSizes([self.width() - right, right])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for path in _paths(event):
            self.add_file(path)
        event.acceptProposedAction()

    # Showing.

    def _show_rows(self) -> None:
        state = self.state
        with unheard(self.list):
            self.model.set_rows(state.rows)
        if state.is_loading:
            self.skeleton.start()
            self.stack.turn_to(self.skeleton)
        else:
            self.skeleton.stop()
            self.stack.turn_to(self.list if state.rows else self.empty)
        self.empty.say(*_empty_words(state))
        self.empty.action.setVisible(not state.filter_text and not state.problem and not state.is_loading)
        self.pane.setVisible(bool(state.rows))
        self.head.set_count(number(state.count) if state.count else "")
        self._show_selection()

    def _show_selection(self) -> None:
        choose_row(self.list, self.model.position_of(self.state.selected_id))
        self.verbs.settle()

    def _show_limits(self) -> None:
        limits = self.limits
        with unheard(self.limit_list):
            self.limit_model.set_rows(limits.rows)
        self.limit_stack.turn_to(self.limit_list if limits.rows else self.no_limit)
        if limits.problem:
            self.no_limit.say(tr("The limits cannot be shown"), limits.problem)
        else:
            text = tr(
                "Models may spend what each agent's own limit allows. A limit here holds for all of them together."
            )
            self.no_limit.say(tr("No limit on money"), text)
        self.no_limit.action.setVisible(not limits.problem)
        self._show_limit()

    def _show_limit(self) -> None:
        choose_row(self.limit_list, self.limit_model.position_of(self.limits.selected_id))
        self.verbs.settle()

    def _ask_proof(self, then: Any) -> None:
        said = tr("The key is deleted from the vault for good.")
        ask_who(self, self.context.bridge, said, lambda passphrase: self.state.prove(passphrase, then))


def _list(delegate: RowDelegate, name: str, model: LiveModel[Any]) -> RowList:
    shown = RowList(delegate, name)
    shown.setModel(model)
    return shown


def _choose(model: LiveModel[Any], current: QModelIndex, select: Callable[[str], None]) -> None:
    row = model.at(current.row())
    if row is not None:
        select(row.id)


def _while_open(dialog: KeyDialog | AddressDialog, otherwise: Callable[[str], None]) -> Callable[[str], None]:
    """How a dialog is told the end; where it was closed meanwhile, what was wrong is said `otherwise`."""
    is_gone: list[bool] = []
    dialog.finished.connect(lambda _result: is_gone.append(True))

    def ended(problem: str) -> None:
        if not is_gone:
            dialog.end(problem)
        elif problem:
            otherwise(problem)

    return ended


def _paths(event: QDropEvent) -> list[str]:
    urls = event.mimeData().urls()
    return [url.toLocalFile() for url in urls if url.isLocalFile() and url.toLocalFile().endswith(".gguf")]


def _empty_words(state: ModelsState) -> tuple[str, str]:
    if state.is_loading:
        return "", ""
    if state.problem:
        return tr("The models cannot be shown"), state.problem
    if state.filter_text:
        return tr("Nothing matches"), tr("No place and no model holds all of these words.")
    return tr("No model yet"), tr(
        "Start Ollama, LM Studio or llama.cpp and look again, paste a key of a service, or drop a GGUF file here."
    )
