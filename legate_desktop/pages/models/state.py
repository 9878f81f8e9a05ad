"""What the Models page knows and can do with places and their models: look, add, ask again, price, remove. No widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.live import wants_proof
from legate_desktop.notice import Notice, wall_ms
from legate_desktop.pages.models import requests
from legate_desktop.pages.models.view import ModelRow, PlaceRow, cost_words
from legate_desktop.words import one_line, plural, tr

Ended = Callable[[str], None]
"""Told when a request ended: with what is wrong, or with nothing."""


class ModelsState(QObject):
    """One per window. `bridge` is `live.Bridge` or anything with its `watch`, `ask`, `send`."""

    rows_changed = Signal()
    selection_changed = Signal()
    proof_wanted = Signal(object)
    noticed = Signal(object)

    def __init__(self, bridge: Any, *, wall_clock: Callable[[], int] = wall_ms) -> None:
        super().__init__()
        self._bridge = bridge
        self.now = wall_clock
        self.is_loading = True
        self.is_looking = False
        self.problem = ""
        self.asking: set[str] = set()
        self.filter_text = ""
        self.selected_id = ""
        self.model_name = ""
        self.places: list[PlaceRow] = []
        self._shown: list[PlaceRow] = []
        self._is_open = False

    # Reading.

    @property
    def rows(self) -> list[PlaceRow]:
        """The places, filtered."""
        return self._shown

    @property
    def count(self) -> int:
        """How many models there are in all."""
        return sum(len(place.models) for place in self.places)

    @property
    def selected(self) -> PlaceRow | None:
        """The chosen place."""
        return next((place for place in self._shown if place.id == self.selected_id), None)

    @property
    def models(self) -> list[ModelRow]:
        """The models of the chosen place that the filter leaves; all of them where it fits the place itself."""
        place = self.selected
        if place is None:
            return []
        words = self.filter_text.casefold().split()
        found = [model for model in place.models if all(word in model.name.casefold() for word in words)]
        return found or list(place.models)

    @property
    def model(self) -> ModelRow | None:
        """The chosen model."""
        return next((model for model in self.models if model.name == self.model_name), None)

    def why_not_look(self) -> str:
        """Why there is no looking now; nothing if there is."""
        return tr("Legate is looking already") if self.is_looking else ""

    def why_not_use(self) -> str:
        """Why nothing can be done with a place; nothing if it can."""
        return "" if self.selected is not None else tr("Choose a place")

    def why_not_ask(self) -> str:
        """Why a place cannot be asked now."""
        return self.why_not_use() or (tr("It is being asked") if self.selected_id in self.asking else "")

    def why_not_price(self) -> str:
        """Why no price can be set."""
        return "" if self.model is not None else tr("Choose a model")

    def why_not_unprice(self) -> str:
        """Why there is no price to take back."""
        model = self.model
        if model is None:
            return tr("Choose a model")
        return "" if model.priced_by == "you" else tr("No price was set here")

    def why_not_vault(self) -> str:
        """Why there is no key to go to."""
        return "" if self.selected is not None and self.selected.secret_id else tr("This place has no key")

    # Doing.

    def open(self) -> None:
        """The core is there: begin to watch, once."""
        if not self._is_open:
            self._is_open = True
            self._bridge.watch(requests.catalogue_query(), self._take, self._never_opened)

    def set_filter(self, text: str) -> None:
        """Show only places and models in which every word of this stands."""
        if text != self.filter_text:
            self.filter_text = text
            self._rebuild()

    def select(self, place_id: str) -> None:
        """Choose a place; its first model is chosen with it."""
        if place_id != self.selected_id:
            self.selected_id = place_id
            self._choose_model()
            self.selection_changed.emit()

    def select_model(self, name: str) -> None:
        """Choose a model of the place."""
        if name != self.model_name:
            self.model_name = name
            self.selection_changed.emit()

    def move(self, by: int) -> None:
        """The next place, or the one before."""
        if self._shown:
            at = next((at for at, place in enumerate(self._shown) if place.id == self.selected_id), -1)
            self.select(self._shown[max(0, min(len(self._shown) - 1, at + by))].id)

    def look(self) -> None:
        """Look for servers on this computer."""
        if self.why_not_look():
            return
        self.is_looking = True
        self.rows_changed.emit()

        def then(servers: int) -> None:
            self.is_looking = False
            text = plural("%n model server(s) found on this computer.", servers)
            none = tr(
                "No model server answers on this computer. Ollama, LM Studio and llama.cpp are found by themselves."
            )
            self.noticed.emit(Notice(text if servers else none))
            self.rows_changed.emit()

        def failed(message: str, _is_away: bool) -> None:
            self.is_looking = False
            self._failed(message)

        self._bridge.send(requests.look(), then, failed)

    def ask_again(self) -> None:
        """Ask the chosen place what it has, and how it is."""
        place = self.selected
        if place is None or self.why_not_ask():
            return
        self.asking.add(place.id)
        self.selection_changed.emit()

        def ended(problem: str) -> None:
            self.asking.discard(place.id)
            who = one_line(place.who)
            if problem:
                self.noticed.emit(Notice(problem, is_error=True))
            else:
                self.noticed.emit(Notice(tr("{who} answers.").format(who=who)))
            self.selection_changed.emit()

        def failed(message: str, _is_away: bool) -> None:
            self.asking.discard(place.id)
            self._failed(message)
            self.selection_changed.emit()

        self._bridge.send(requests.check(place.id), ended, failed)

    def whose(self, value: str) -> tuple[str, str]:
        """Whose key a pasted text is, and what is wrong with it."""
        return requests.whose(value) if value.strip() else ("", "")

    def add_key(self, value: str, name: str, address: str, ended: Ended) -> None:
        """Have a key tried with the cheapest call, and kept if it works."""

        def then(added: Any) -> None:
            count = plural("%n model(s)", added.models)
            cost = cost_words(added.cost_micros) if added.cost_micros else ""
            said = (
                tr("{who}: {count}. {model} said a word, for {cost}.")
                if cost
                else tr("{who}: {count}. It cost nothing.")
            )
            text = said.format(who=one_line(added.who), count=count, model=one_line(added.asked), cost=cost)
            self.noticed.emit(Notice(text))
            self.select(added.source_id)
            ended("")

        self._bridge.send(requests.add_key(value, name, address), then, lambda message, _is_away: ended(message))

    def add_server(self, address: str, ended: Ended) -> None:
        """Take in a server by its address."""
        self._add(requests.add_server(address), ended)

    def add_file(self, path: str, ended: Ended) -> None:
        """Take in a file of one's own."""
        self._add(requests.add_file(path), ended)

    def remove(self) -> None:
        """Take the chosen place off the list. A key goes from the vault too, so only the others can be undone."""
        place = self.selected
        if place is not None:
            self._remove(place)

    def set_price(self, place_id: str, model: ModelRow, sent: int, received: int, cached: int) -> None:
        """Say what a model costs; that can be undone."""
        was_own = model.priced_by == "you"

        def undo() -> None:
            if was_own:
                back = requests.set_price(
                    place_id, model.name, model.input_price, model.output_price, model.cached_price
                )
            else:
                back = requests.remove_price(place_id, model.name)
            self._bridge.send(back, lambda _result: None, self._failed_to_ask)

        said = Notice(tr("Price set: {model}").format(model=one_line(model.name)), undo=undo)
        command = requests.set_price(place_id, model.name, sent, received, cached)
        self._bridge.send(command, lambda _result: self.noticed.emit(said), self._failed_to_ask)

    def unprice(self) -> None:
        """Leave what the chosen model costs to the list again; that can be undone."""
        place, model = self.selected, self.model
        if place is None or model is None or self.why_not_unprice():
            return
        back = requests.set_price(place.id, model.name, model.input_price, model.output_price, model.cached_price)
        undo: Callable[[], None] = lambda: self._bridge.send(back, lambda _result: None, self._failed_to_ask)  # noqa: E731
        said = Notice(tr("The price of {model} is left to the list").format(model=one_line(model.name)), undo=undo)
        self._bridge.send(
            requests.remove_price(place.id, model.name), lambda _result: self.noticed.emit(said), self._failed_to_ask
        )

    def say_problem(self, problem: str) -> None:
        """Say what was wrong with something that has no dialog of its own."""
        self._failed(problem)

    def prove(self, passphrase: str, then: Callable[[], None]) -> None:
        """Say who is asking, then do what wanted to know."""
        self._bridge.send(requests.prove(passphrase), lambda _result: then(), self._failed_to_ask)

    # What comes back.

    def _add(self, command: Any, ended: Ended) -> None:
        def then(place_id: str) -> None:
            self.noticed.emit(Notice(tr("It is on the list.")))
            self.select(place_id)
            ended("")

        self._bridge.send(command, then, lambda message, _is_away: ended(message))

    def _remove(self, place: PlaceRow) -> None:
        def then(_result: Any) -> None:
            undo: Callable[[], None] | None = None
            if place.kind != "key":
                undo = lambda: self._put_back(place)  # noqa: E731
            self.noticed.emit(Notice(tr("Off the list: {who}").format(who=one_line(place.who)), undo=undo))

        def failed(message: str, _is_away: bool) -> None:
            if wants_proof(message):
                self.proof_wanted.emit(lambda: self._remove(place))
            else:
                self._failed(message)

        self._bridge.send(requests.remove(place.id), then, failed)

    def _put_back(self, place: PlaceRow) -> None:
        add = requests.add_file if place.kind == "file" else requests.add_server
        self._bridge.send(add(place.address), lambda _result: None, self._failed_to_ask)

    def _take(self, rows: Mapping[str, Any]) -> None:
        self.places, self.is_loading, self.problem = requests.places(rows), False, ""
        self._rebuild()

    def _rebuild(self) -> None:
        words = self.filter_text.casefold().split()
        self._shown = [place for place in self.places if all(word in place.haystack for word in words)]
        ids = [place.id for place in self._shown]
        if self.selected_id not in ids:
            self.selected_id = ids[0] if ids else ""
        self._choose_model()
        self.rows_changed.emit()
        self.selection_changed.emit()

    def _choose_model(self) -> None:
        names = [model.name for model in self.models]
        if self.model_name not in names:
            self.model_name = names[0] if names else ""

    def _never_opened(self, message: str) -> None:
        self.is_loading, self.problem = False, message
        self._failed(message)

    def _failed_to_ask(self, message: str, _is_away: bool) -> None:
        self._failed(message)

    def _failed(self, message: str) -> None:
        self.noticed.emit(Notice(message, is_error=True))
        self.rows_changed.emit()
