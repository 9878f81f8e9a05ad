"""The right side of the Models page: the chosen place, its models as a table, and what is known of the chosen one."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from legate_desktop.core_words import tr_core
from legate_desktop.delegates.cells import CellTable
from legate_desktop.pages.models.rows import ModelTable, sign_of
from legate_desktop.pages.models.state import ModelsState
from legate_desktop.pages.models.view import (
    ModelRow,
    PlaceRow,
    cost_words,
    images_words,
    kind_words,
    price_words,
    size_words,
    source_words,
    speed_words,
    state_words,
)
from legate_desktop.theme.signs import RUN_SIGNS, UNKNOWN
from legate_desktop.verbs import Verbs
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.flow import FlowLayout
from legate_desktop.widgets.labels import Label, OutsideText
from legate_desktop.widgets.selection import choose_row
from legate_desktop.widgets.sign_label import SignLabel
from legate_desktop.words import money, number, one_line, plural, tr

FACES = (("mono", "text"), ("mono", "text2"), ("small", "text2"), ("mono", "text2"), ("mono", "text3"))
WIDTHS = (0, 88, 96, 168, 96)
TABLE_MIN_PX = 106
LEAVE = {4: 0, 1: 1, 2: 2}
PLACE_VERBS = ("ask_again", "vault", "remove")
MODEL_VERBS = ("price", "unprice")


class PlacePane(QScrollArea):
    """Shows what `ModelsState` has chosen. Where the window is low it scrolls, so that the table keeps a few rows."""

    def __init__(self, state: ModelsState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("detail")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.state = state
        self.buttons: dict[str, Button] = {}
        self.model = ModelTable()
        self._build()
        self.table.selectionModel().currentRowChanged.connect(self._on_current)
        state.selection_changed.connect(self.show_selection)

    def give_verbs(self, verbs: Verbs) -> None:
        """Make the buttons of the page's verbs."""
        for names, flow in ((PLACE_VERBS, self._place_flow), (MODEL_VERBS, self._model_flow)):
            for verb_id in names:
                verb = verbs.verb(verb_id)
                button = Button(verb.name, kind=verb.kind)
                button.follow(verbs[verb_id])
                self.buttons[verb_id] = button
                flow.addWidget(button)
        self.show_selection()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_room()

    def _keep_room(self) -> None:
        """Scroll rather than cut: what wraps needs more height the narrower it is, which Qt does not ask by itself."""
        self._column.activate()
        self.body.setMinimumHeight(self._column.minimumHeightForWidth(self.viewport().width()))

    # Building.

    def _build(self) -> None:
        self.title = OutsideText("", "title", ink="text", name=tr("Place"), most_lines=2)
        self.kind = Label("", "small", tone="quiet")
        self.kind.setWordWrap(True)
        self.sign = SignLabel(UNKNOWN)
        self.words = Label("", "small")
        self.words.setWordWrap(True)
        state_line = QHBoxLayout()
        state_line.setSpacing(8)
        state_line.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        state_line.addWidget(self.words, 1)
        self.problem = Label("", "body", tone="bad")
        self.problem.setWordWrap(True)
        self.address = OutsideText("", "mono", ink="text2", name=tr("Address"), most_lines=3)
        place_buttons, model_buttons = QWidget(), QWidget()
        self._place_flow, self._model_flow = FlowLayout(place_buttons), FlowLayout(model_buttons)
        self.table = CellTable(FACES, WIDTHS, LEAVE, tr("Models of this place"))
        self.table.setModel(self.model)
        self.nothing = Label(
            tr("It lists no model. Load or download one there, then ask it again."), "body", tone="quiet"
        )
        self.nothing.setWordWrap(True)
        self.facts = Facts()
        top = QVBoxLayout()
        top.setContentsMargins(20, 18, 20, 10)
        top.setSpacing(6)
        top.addWidget(self.title)
        top.addWidget(self.kind)
        top.addLayout(state_line)
        for widget in (self.problem, self.address, place_buttons):
            top.addWidget(widget)
        self.bottom = QWidget()
        bottom = QVBoxLayout(self.bottom)
        bottom.setContentsMargins(20, 10, 20, 14)
        bottom.setSpacing(8)
        bottom.addWidget(self.nothing)
        bottom.addWidget(self.facts)
        bottom.addWidget(model_buttons)
        self.table.setMinimumHeight(TABLE_MIN_PX)
        self.table.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.body = QWidget()
        self.body.setObjectName("detailBody")
        self._column = column = QVBoxLayout(self.body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.table, 1000)
        column.addWidget(self.bottom)
        # Takes the room of a table that is not shown.
        column.addStretch(1)
        self.setWidget(self.body)

    # Showing.

    def show_selection(self) -> None:
        """What is chosen now."""
        place = self.state.selected
        self.body.setVisible(place is not None)
        if place is None:
            return
        self._show_place(place)
        models = self.state.models
        self.model.set_rows(models)
        self.table.setVisible(bool(models))
        self.nothing.setVisible(not models and place.is_there)
        self._choose_row()
        model = self.state.model
        self.facts.setVisible(model is not None)
        if model is not None:
            self.facts.show_model(model)
        for verb_id in MODEL_VERBS:
            if verb_id in self.buttons:
                self.buttons[verb_id].setVisible(model is not None)
        if "unprice" in self.buttons:
            self.buttons["unprice"].setVisible(model is not None and model.priced_by == "you")
        if "vault" in self.buttons:
            self.buttons["vault"].setVisible(bool(place.secret_id))
        self._keep_room()

    def _show_place(self, place: PlaceRow) -> None:
        is_asked = place.id in self.state.asking
        self.title.set_text(place.who)
        kind = kind_words(place.kind)
        if place.cost_micros:
            kind += " · " + tr("trying it has cost {cost}").format(cost=cost_words(place.cost_micros))
        self.kind.setText(kind)
        self.sign.set_sign(RUN_SIGNS["running"] if is_asked else sign_of(place))
        self.words.setText(tr("It is being asked…") if is_asked else state_words(place, self.state.now()))
        self.problem.setText("" if is_asked else tr_core(place.problem))
        self.problem.setVisible(bool(self.problem.text()))
        self.address.set_text(place.address)

    def _choose_row(self) -> None:
        choose_row(self.table, self.model.position_of(self.state.model_name))

    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        row = self.model.at(current.row())
        if row is not None:
            self.state.select_model(row.name)


class Facts(QWidget):
    """What is known of one model, each with its name before it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self.values: dict[str, Label] = {}
        names = (
            ("name", tr("Model")),
            ("price", tr("Price")),
            ("source", tr("By whom")),
            ("able", tr("Can do")),
            ("used", tr("Used here")),
        )
        for at, (key, text) in enumerate(names):
            label, value = Label(text, "small", tone="quiet"), Label("", "small")
            value.setWordWrap(True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(label, at, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, at, 1)
            self.values[key] = value

    def show_model(self, model: ModelRow) -> None:
        """This one."""
        self.values["name"].setText(one_line(model.name))
        self.values["price"].setText(_price(model))
        self.values["source"].setText(source_words(model))
        self.values["able"].setText(_able(model))
        self.values["used"].setText(_used(model))


def _price(model: ModelRow) -> str:
    if model.input_price < 0 or model.is_free:
        return price_words(model)
    text = tr("{sent} $ in, {received} $ out, {cached} $ cached, a million tokens")
    return text.format(
        sent=money(model.input_price), received=money(model.output_price), cached=money(model.cached_price)
    )


def _able(model: ModelRow) -> str:
    parts = [
        {True: tr("calls tools"), False: tr("calls no tools"), None: tr("does not say whether it calls tools")}[
            model.has_tools
        ],
        tr("sees pictures: {answer}").format(answer=images_words(model)),
    ]
    if model.context_tokens:
        parts.append(tr("holds {n} tokens").format(n=number(model.context_tokens)))
    if model.size_bytes:
        parts.append(size_words(model.size_bytes))
    return " · ".join(parts)


def _used(model: ModelRow) -> str:
    if not model.calls:
        return tr("Not yet")
    return " · ".join(part for part in (plural("%n call(s)", model.calls), speed_words(model)) if part)
