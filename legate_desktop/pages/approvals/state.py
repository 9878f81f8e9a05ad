"""What the Approvals page knows and can do: rows, the card under the cursor, answers, undo. Imports no widget.

It learns from the core only, also of its own acts: an answer marks its row as *on its way* and the row leaves when the
event comes. Words for the core are made in `requests.py`, so that this file speaks of answers alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.live import wants_proof
from legate_desktop.notice import Notice, monotonic_ms, wall_ms
from legate_desktop.pages.approvals import requests
from legate_desktop.pages.approvals.handing import Handing
from legate_desktop.pages.approvals.learning import Learning
from legate_desktop.pages.approvals.many import Answers, Many
from legate_desktop.pages.approvals.view import (
    FOLDS_FROM,
    LIKE,
    TABS,
    ApprovalRow,
    Card,
    DoubtChoice,
    GroupRow,
    Preview,
    RuleRow,
    Tab,
    folded,
    in_order,
)
from legate_desktop.theme.tokens import INERT_MS, TOAST_MS
from legate_desktop.words import SECOND, one_line, plural, tr


@dataclass(frozen=True, slots=True)
class Unsent:
    """An answer on its way; given while the engine is away, it is kept and sent when the engine is back.

    `said` names what it is about; where only the core can, `opens` is said before what the core names.
    """

    row_id: str
    command: Any
    said: str
    opens: str = ""


class ApprovalsState(QObject):
    """One per page. `bridge` is `live.Bridge` or anything with its `watch`, `ask`, `send`."""

    rows_changed = Signal()
    counts_changed = Signal()
    tab_changed = Signal()
    filter_cleared = Signal()
    selection_changed = Signal()
    card_changed = Signal()
    answering_changed = Signal()
    engine_changed = Signal()
    noticed = Signal(object)
    undo_changed = Signal()
    proof_wanted = Signal(object)

    def __init__(
        self,
        bridge: Any,
        *,
        clock: Callable[[], int] = monotonic_ms,
        wall_clock: Callable[[], int] = wall_ms,
        undo_ms: int = TOAST_MS,
    ) -> None:
        super().__init__()
        self._bridge = bridge
        self._clock = clock
        self._undo_ms = undo_ms
        self.now = wall_clock
        self.tab: Tab = "waiting"
        self.filter_text = ""
        self.is_loading = True
        self.is_engine_away = False
        self.engine_words = ""
        self.card: Card | None = None
        self.card_error = ""
        self.selected_id = ""
        self._all: dict[Tab, list[Any]] = {"waiting": [], "decided": [], "rules": []}
        self._sources: dict[Tab, dict[int, Mapping[str, Any]]] = {"waiting": {}, "decided": {}, "rules": {}}
        self._shown: list[Any] = []
        self._left_at: dict[Tab, str] = {}
        self._answering: set[str] = set()
        self._unsent: list[Unsent] = []
        self._undoable: tuple[str, int] | None = None
        self._card_shown_at = 0
        self._asked_for = ""
        self._wanted_id = ""
        self._watched: set[Tab] = set()
        self._is_open = False
        self.many = Many(bridge)
        self.many.changed.connect(self._rest)
        self.marked: set[str] = set()
        self._unfolded: set[str] = set()
        self.handing = Handing(bridge, wall_clock)
        self.handing.noticed.connect(self.noticed)
        self.handing.changed.connect(self._on_handing)
        self.handing.due.connect(self._on_due)
        self.learning = Learning(bridge)
        self.learning.changed.connect(self._on_proposals)

    @property
    def _hold_seconds(self) -> int:
        return self._undo_ms // SECOND

    # Reading.

    @property
    def rows(self) -> list[Any]:
        """The rows of the tab in order, filtered."""
        return self._shown

    @property
    def waiting(self) -> list[ApprovalRow]:
        """Everything that waits, in order, whatever tab and filter show."""
        return self._all["waiting"]

    @property
    def waiting_count(self) -> int:
        """How many things wait for the person: not what is for later, nor what a colleague was asked."""
        return sum(self.handing.is_for_me(row) for row in self._all["waiting"])

    @property
    def selected_row(self) -> ApprovalRow | None:
        """The approval under the cursor."""
        row = next((row for row in self._shown if row.id == self.selected_id), None)
        return row if isinstance(row, ApprovalRow) else None

    @property
    def selected_group(self) -> GroupRow | None:
        """The like questions under the cursor."""
        row = next((row for row in self._shown if row.id == self.selected_id), None)
        return row if isinstance(row, GroupRow) else None

    @property
    def selected_rule(self) -> RuleRow | None:
        """The rule under the cursor, on their tab."""
        row = next((row for row in self._shown if row.id == self.selected_id), None)
        return row if isinstance(row, RuleRow) else None

    def why_not_delete(self) -> str:
        """Why there is no rule to delete; nothing if there is."""
        rule = self.selected_rule
        if rule is None:
            return tr("Choose a rule under Rules")
        if rule.is_proposed:
            return tr("It is only proposed: nothing is in force")
        return tr("It ships with Legate and cannot be deleted here") if rule.is_built_in else ""

    def why_not_adopt(self) -> str:
        """Why there is no proposed rule to put in force; nothing if there is."""
        rule = self.selected_rule
        if rule is None or not rule.is_proposed:
            return tr("Choose a proposed rule under Rules")
        return tr("Your answer is on its way") if self.is_answering(rule.id) else ""

    @property
    def undoable_id(self) -> str:
        """The answer that can still be taken back, or nothing."""
        return self._undoable[0] if self._undoable and self._clock() < self._undoable[1] else ""

    @property
    def undo_left_ms(self) -> int:
        """For how long it can still be taken back."""
        return max(0, self._undoable[1] - self._clock()) if self._undoable else 0

    @property
    def has_never_loaded(self) -> bool:
        """Whether the engine went away before it ever showed what waits."""
        return self.is_engine_away and not self._sources["waiting"]

    @property
    def unsent_count(self) -> int:
        """Answers kept until the engine is back."""
        return len(self._unsent)

    def is_answering(self, row_id: str) -> bool:
        """Whether an answer to it is on its way."""
        return row_id in self._answering

    def why_not(self, *, for_doubt: bool = False) -> str:
        """Why the card cannot be answered now, in words; nothing if it can."""
        if self.many.is_shown:
            return tr("Several are chosen: decide them together, or unfold them")
        if self.tab == "rules" or self.card is None or self.card.id != self.selected_id:
            return tr("Choose something that waits")
        if self.card.row.is_in_doubt != for_doubt:
            is_doubt = self.card.row.is_in_doubt
            return tr("It is in doubt: say what happened") if is_doubt else tr("Nothing is in doubt here")
        if not self.card.row.is_open:
            return tr("It was decided already")
        if self.is_answering(self.card.id):
            return tr("Your answer is on its way")
        return self.card.refusal

    def why_not_later(self) -> str:
        """Why the card cannot be put off; nothing if it can."""
        card = self.card
        return self.why_not() or (self.handing.why_not_later(card) if card is not None else "")

    def why_not_delegate(self) -> str:
        """Why nobody else can be asked; nothing if somebody can."""
        card = self.card
        return self.why_not() or (self.handing.why_not_delegate(card) if card is not None else "")

    def is_inert(self) -> bool:
        """Whether what the keys act on changed so recently that a key may have been meant for what stood there before."""
        return self._clock() - self._card_shown_at < INERT_MS

    # Moving.

    def open(self) -> None:
        """The core is there: begin to watch."""
        self._is_open = True
        self._watch("waiting")
        self.handing.open()
        if self.tab != "waiting":
            self._watch(self.tab)

    def set_tab(self, tab: Tab) -> None:
        """Waiting, Decided or Rules; each keeps its own place."""
        if tab == self.tab:
            return
        self._left_at[self.tab] = self.selected_id
        self.tab, self.selected_id, self._shown = tab, self._left_at.get(tab, ""), []
        self._watch(tab)
        if tab == "rules" and self._sources["rules"]:
            self.learning.read()
        self.tab_changed.emit()
        self._rebuild()

    def set_filter(self, text: str) -> None:
        """Show only rows in which every word of this stands."""
        if text != self.filter_text:
            self.filter_text = text
            self._rebuild()

    def select(self, row_id: str) -> None:
        """Put the cursor on a row; its card is read whole."""
        if row_id == self.selected_id:
            return
        self.selected_id = row_id
        self.selection_changed.emit()
        self._read_card()
        self._show_many()

    def mark(self) -> None:
        """Mark the question under the cursor, or take its mark away. Only what waits can be marked."""
        row = self.selected_row
        if row is not None and row.state == "waiting":
            self.marked ^= {row.id}
            self._show_many()
            self.rows_changed.emit()

    def extend(self, by: int) -> None:
        """Mark the question under the cursor and go on to the next."""
        row = self.selected_row
        if row is not None and row.state == "waiting":
            self.marked.add(row.id)
        self.move(by)
        row = self.selected_row
        if row is not None and row.state == "waiting":
            self.marked.add(row.id)
        self._show_many()
        self.rows_changed.emit()

    def fold(self, *, is_unfolded: bool) -> None:
        """Show the like questions under the cursor one by one, or as one line again."""
        row = self.selected_row
        like = self.selected_id.removeprefix(LIKE) if self.selected_group is not None else row.like if row else ""
        if not like:
            return
        if is_unfolded:
            self._unfolded.add(like)
        else:
            self._unfolded.discard(like)
            self.selected_id = f"{LIKE}{like}" if self.is_folded(like) else self.selected_id
        self._rebuild()
        self.selection_changed.emit()

    def reveal(self, row_id: str) -> None:
        """Choose a row wherever it stands: on another tab, or hidden by the filter. One that is nowhere is said."""
        tab: Tab | None = next((tab for tab in TABS if any(row.id == row_id for row in self._all[tab])), None)
        if tab is None:
            self._reveal_later(row_id)
            return
        self._wanted_id = ""
        self.set_tab(tab)
        self._unfolded |= {row.like for row in self._all[tab] if row.id == row_id and isinstance(row, ApprovalRow)}
        self._rebuild()
        if all(row.id != row_id for row in self._shown):
            self.set_filter("")
            self.filter_cleared.emit()
        self.select(row_id)

    def _reveal_later(self, row_id: str) -> None:
        """Answered questions are read only when somebody asks for one; so what is not here may yet come."""
        is_read = {"waiting", "decided"} <= {tab for tab in TABS if self._sources[tab]}
        self._wanted_id = "" if is_read else row_id
        if is_read and row_id:
            self.noticed.emit(Notice(tr("There is no approval {id} here. This is the list.").format(id=row_id)))
        elif row_id:
            self._watch("decided")

    def move(self, by: int) -> None:
        """The next row, or the one before."""
        if not self._shown:
            return
        at = next((at for at, row in enumerate(self._shown) if row.id == self.selected_id), -1)
        self.select(self._shown[max(0, min(len(self._shown) - 1, at + by))].id)

    # Answering.

    def approve_once(self) -> None:
        """Yes to exactly this, once."""
        self._answer(lambda card: requests.approve(card, hold_seconds=self._hold_seconds), tr("Approved"))

    def approve_scope(self, of: Card, scope_id: str, *, amount: int | None = None, ends_at: int | None = None) -> None:
        """Yes to the card that was shown, and a rule from it, perhaps up to an amount or until a time."""
        self._answer(
            lambda card: requests.approve(
                card, scope_id, amount=amount, ends_at=ends_at, hold_seconds=self._hold_seconds
            ),
            tr("Approved, with a rule"),
            of=of,
        )

    def edit(self, of: Card, arguments: Mapping[str, Any]) -> None:
        """Yes to these arguments instead; the audit keeps both."""
        self._answer(
            lambda card: requests.edit(card, arguments, hold_seconds=self._hold_seconds),
            tr("Edited and approved"),
            of=of,
            is_edited=True,
        )

    def reject(self, of: Card, reason: str, *, and_stop: bool = False) -> None:
        """No; the reason goes to the agent, or the run ends."""
        said = tr("Rejected, the run stops") if and_stop else tr("Rejected")
        self._answer(
            lambda card: requests.reject(card, reason, and_stop=and_stop, hold_seconds=self._hold_seconds),
            said,
            of=of,
        )

    def why_not_this(self, card: Card) -> str:
        """Why a card that is shown elsewhere, whole, cannot be answered there; nothing if it can."""
        if card.row.is_grave or card.row.is_in_doubt or card.needs_proof:
            return tr("This is decided on its own page")
        return tr("Your answer is on its way") if self.is_answering(card.id) else card.refusal

    def approve_this(self, card: Card) -> None:
        """Yes to a card that is shown elsewhere, such as on the Deck."""
        if not self.why_not_this(card):
            self._deliver(card, requests.approve(card, hold_seconds=self._hold_seconds), tr("Approved"))

    def reject_this(self, card: Card, reason: str) -> None:
        """No to a card that is shown elsewhere."""
        if not self.why_not_this(card):
            no = requests.reject(card, reason, and_stop=False, hold_seconds=self._hold_seconds)
            self._deliver(card, no, tr("Rejected"))

    def approve_many(self) -> None:
        """Yes to each of the questions shown together, with a record for each."""
        self._answer_many(
            lambda card: requests.approve(card, hold_seconds=self._hold_seconds),
            plural("Approved %n question(s)", len(self.many.rows)),
        )

    def reject_many(self, reason: str, *, of: Sequence[Card] | None = None) -> None:
        """No to each of them, with the same reason; `of` are those that a dialog asked about."""
        self._answer_many(
            lambda card: requests.reject(card, reason, and_stop=False, hold_seconds=self._hold_seconds),
            plural("Rejected %n question(s)", len(self.many.rows)),
            of=of,
        )

    def preview(self, of: Card, scope_id: str, amount: int | None, then: Callable[[Preview | str], None]) -> None:
        """What a scope would have answered by itself, or why that cannot be said."""
        self._bridge.ask(
            requests.preview_query(of, scope_id, amount),
            lambda answer: then(requests.preview(answer)),
            lambda message, _is_away: then(message),
        )

    def settle_doubt(self, choice: DoubtChoice) -> None:
        """Say what became of an action nobody saw the end of."""
        said = {
            "happened": tr("Noted: it happened"),
            "do_it": tr("Noted: it did not happen, doing it"),
            "give_up": tr("Given up"),
        }
        self._answer(lambda card: requests.settle(card, choice), said[choice], for_doubt=True)

    def prove(self, unsent: Unsent, passphrase: str) -> None:
        """Say who is asking, then send the answer that wanted to know."""
        self._bridge.send(
            requests.prove(passphrase),
            lambda _result: self._send(unsent),
            lambda message, _is_away: self.noticed.emit(Notice(message, is_error=True)),
        )

    def undo(self) -> None:
        """Take the last answer back, while it is held."""
        row_id = self.undoable_id
        if not row_id:
            self.noticed.emit(Notice(tr("There is nothing to undo any more.")))
            return
        self._undoable = None
        self.undo_changed.emit()
        self._bridge.send(
            requests.undo(row_id),
            lambda _result: self._taken_back(row_id),
            lambda message, _is_away: self.noticed.emit(Notice(message, is_error=True)),
        )

    def adopt_rule(self) -> None:
        """Put the proposed rule under the cursor in force; the core asks for a proof, for it widens what may happen."""
        rule = self.selected_rule
        if rule is not None and not self.why_not_adopt():
            said = tr("In force from now on: {rule}").format(rule=one_line(rule.words))
            self._send(Unsent(rule.id, requests.adopt(rule), said))

    def delete_rule(self, rule_id: str) -> None:
        """Remove a rule; what it allowed is asked again."""
        self._bridge.send(
            requests.delete_rule(rule_id),
            lambda _result: self.noticed.emit(Notice(tr("Rule deleted. What it allowed is asked again."))),
            lambda message, _is_away: self.noticed.emit(Notice(message, is_error=True)),
        )

    # The engine.

    def engine_went(self, words: str) -> None:
        """The engine is away; answers are kept from now on."""
        self.is_engine_away, self.engine_words = True, words
        self.is_loading = False
        self.engine_changed.emit()
        self.rows_changed.emit()

    def engine_came(self) -> None:
        """It is back: send what was kept, oldest first."""
        self.is_engine_away, self.engine_words = False, ""
        kept, self._unsent = self._unsent, []
        self.engine_changed.emit()
        self.rows_changed.emit()
        for unsent in kept:
            self._send(unsent)

    # What comes back.

    def _watch(self, tab: Tab) -> None:
        if tab in self._watched or not self._is_open:
            return
        self._watched.add(tab)
        for source, query in enumerate(requests.queries(tab)):
            self._bridge.watch(query, self._taker(tab, source), self._watch_failed)

    def _taker(self, tab: Tab, source: int) -> Callable[[Mapping[str, Any]], None]:
        return lambda rows: self._take_rows(tab, source, rows)

    def _watch_failed(self, message: str) -> None:
        self.is_loading = False
        self.noticed.emit(Notice(message, is_error=True))
        self.rows_changed.emit()

    def _take_rows(self, tab: Tab, source: int, rows: Mapping[str, Any]) -> None:
        self._sources[tab][source] = rows
        given = [row for rows in self._sources[tab].values() for row in rows.values()]
        if tab == "rules":
            self._all[tab] = [*self.learning.rows, *(requests.rule_row(row) for row in given)]
            self.learning.read()
        else:
            self._all[tab] = in_order((requests.approval_row(row) for row in given), tab, self.now())
        if tab == "waiting":
            self.is_loading = False
            self.handing.sleep(self._all["waiting"])
            open_ids = {row.id for row in self._all[tab]}
            if not self._answering <= open_ids:
                self._answering &= open_ids
                self.answering_changed.emit()
            self.counts_changed.emit()
        if tab == self.tab:
            self._rebuild()
        if self._wanted_id:
            self.reveal(self._wanted_id)

    def _rebuild(self) -> None:
        words = self.filter_text.casefold().split()
        rows = self._all[self.tab]
        before = [row.id for row in self._shown]
        was = self.selected_row
        found = [row for row in rows if all(word in _haystack(row) for word in words)] if words else list(rows)
        if self.tab == "waiting":
            self._shown = folded(found, self._unfolded, self.now())
            read = next((row for row in found if row.id == self.selected_id), None)
            if read is not None and read not in self._shown:
                # One more like it came. A card that somebody reads stays, and its keys mean what they meant.
                self._unfolded.add(read.like)
                self._shown = folded(found, self._unfolded, self.now())
        else:
            self._shown = found
        self.marked &= {row.id for row in self._all["waiting"]}
        self.rows_changed.emit()
        ids = [row.id for row in self._shown]
        if self.selected_id not in ids:
            # The row that took its place, so that answering one leads to the next.
            at = before.index(self.selected_id) if self.selected_id in before else 0
            self.select(ids[min(at, len(ids) - 1)] if ids else "")
        elif was != self.selected_row:
            self._read_card()
        self._show_many()

    def _read_card(self) -> None:
        wanted = self.selected_id
        self._asked_for = wanted
        if self.card is not None and self.card.id != wanted:
            self._show_card(None)
        if not wanted or self.tab == "rules":
            self._show_card(None)
            return
        row = self.selected_row
        if row is None:
            return
        self._bridge.ask(
            requests.card_query(row),
            lambda answer: self._take_card(wanted, answer),
            lambda message, _is_away: self._card_failed(wanted, message),
        )

    def _take_card(self, wanted: str, answer: Any) -> None:
        # A slow answer must not put an old card under the cursor.
        if wanted == self._asked_for == self.selected_id:
            self._show_card(requests.card(answer))

    def _card_failed(self, wanted: str, message: str) -> None:
        if wanted == self.selected_id:
            self.card_error = message
            self.card = None
            self.card_changed.emit()

    def _show_card(self, card: Card | None) -> None:
        if card == self.card and not self.card_error:
            return
        is_new = card is not None and (self.card is None or (self.card.id, self.card.digest) != (card.id, card.digest))
        self.card, self.card_error = card, ""
        if is_new:
            self._rest()
        self.card_changed.emit()

    def _answer(
        self,
        make: Callable[[Card], Any],
        said: str,
        *,
        of: Card | None = None,
        for_doubt: bool = False,
        is_edited: bool = False,
    ) -> None:
        card = self.card
        if of is not None and (card is None or (card.id, card.digest) != (of.id, of.digest)):
            self._say_changed()
            return
        if card is None or self.why_not(for_doubt=for_doubt) or (of is None and self.is_inert()):
            return
        self._deliver(card, make(card), said, is_edited=is_edited)

    def _say_changed(self) -> None:
        """A dialog was open while the world moved on: its answer is to what nobody sees any more."""
        text = tr("This changed while you were deciding. Nothing was sent: read it again.")
        self.noticed.emit(Notice(text, is_error=True))

    def _deliver(self, card: Card, command: Any, said: str, *, is_edited: bool = False) -> None:
        # The card's sentence names what was proposed, and that is not what is approved.
        what, opens = (card.row.tool, said) if is_edited else (card.sentence, "")
        unsent = Unsent(card.id, command, f"{said}: {one_line(what)}", opens)
        if card.needs_proof:
            self.proof_wanted.emit(unsent)
        else:
            self._send(unsent)

    def _send(self, unsent: Unsent) -> None:
        self._answering.add(unsent.row_id)
        self.answering_changed.emit()
        if self.is_engine_away:
            self._keep(unsent)
            return
        self._bridge.send(
            unsent.command,
            lambda result: self._answered(unsent, result),
            lambda message, is_away: self._keep(unsent) if is_away else self._refused(unsent, message),
        )

    def _keep(self, unsent: Unsent) -> None:
        self._unsent.append(unsent)
        self.engine_changed.emit()
        self.noticed.emit(
            Notice(plural("The engine is away. %n answer(s) kept and sent when it is back.", self.unsent_count))
        )

    def _answered(self, unsent: Unsent, result: Any) -> None:
        held_ms = requests.held_ms(result, self.now(), self._undo_ms)
        may_undo = held_ms > 0
        if may_undo:
            self._undoable = (unsent.row_id, self._clock() + held_ms)
            self.undo_changed.emit()
        title = requests.agreed_to(result) if unsent.opens else ""
        said = f"{unsent.opens}: {one_line(title)}" if title else unsent.said
        self.noticed.emit(Notice(said, undo=self.undo if may_undo else None, lasts_ms=held_ms or TOAST_MS))

    def _refused(self, unsent: Unsent, message: str) -> None:
        self._answering.discard(unsent.row_id)
        self.answering_changed.emit()
        if wants_proof(message):
            self.proof_wanted.emit(unsent)
            return
        self.noticed.emit(Notice(message, is_error=True))
        self._read_card()

    def _show_many(self) -> None:
        """Those that are marked, or else the like ones under the cursor."""
        if self.tab != "waiting":
            self.many.show(())
            return
        marked = [row for row in self._all["waiting"] if row.id in self.marked]
        group = self.selected_group
        self.many.show(marked if len(marked) > 1 else group.rows if group is not None else ())

    def _rest(self) -> None:
        """What the keys act on changed: they do nothing for a moment."""
        self._card_shown_at = self._clock()

    def _answer_many(self, make: Callable[[Card], Any], said: str, *, of: Sequence[Card] | None = None) -> None:
        if of is not None and not self.many.is_still(of):
            self._say_changed()
            return
        if self.many.why_not() or (of is None and self.is_inert()):
            return
        cards = self.many.answerable()
        self.marked.clear()
        unsent = [Unsent(card.id, make(card), f"{said}: {one_line(card.sentence)}") for card in cards]
        self._answering |= {card.id for card in cards}
        self.answering_changed.emit()
        if self.is_engine_away:
            for each in unsent:
                self._keep(each)
            return
        answers = Answers(len(unsent), lambda held: self._answered_many(said, held))
        for each in unsent:
            self._send_one(each, answers)

    def _send_one(self, unsent: Unsent, answers: Answers) -> None:
        def on_answer(result: Any) -> None:
            answers.came(unsent.row_id if requests.held_ms(result, self.now(), self._undo_ms) > 0 else "")

        def on_failure(message: str, is_away: bool) -> None:
            answers.came("")
            if is_away:
                self._keep(unsent)
            else:
                self.many.forget(unsent.row_id)
                self._refused(unsent, message)

        self._bridge.send(unsent.command, on_answer, on_failure)

    def _answered_many(self, said: str, held: list[str]) -> None:
        self.noticed.emit(Notice(said, undo=(lambda: self._undo_many(held)) if held else None))

    def _undo_many(self, row_ids: list[str]) -> None:
        for row_id in row_ids:
            self._bridge.send(
                requests.undo(row_id),
                lambda _result, row_id=row_id: self._taken_back(row_id),
                lambda message, _is_away: self.noticed.emit(Notice(message, is_error=True)),
            )

    def is_folded(self, like: str) -> bool:
        """Whether so many like questions wait that they stand in one line."""
        return sum(row.like == like for row in self._all["waiting"]) >= FOLDS_FROM

    def _on_proposals(self) -> None:
        self._all["rules"] = [*self.learning.rows, *(row for row in self._all["rules"] if not row.is_proposed)]
        self._answering &= {row.id for tab in ("waiting", "rules") for row in self._all[tab]}
        if self.tab == "rules":
            self._rebuild()

    def _on_handing(self) -> None:
        self.counts_changed.emit()
        self.rows_changed.emit()

    def _on_due(self) -> None:
        self._all["waiting"] = in_order(self._all["waiting"], "waiting", self.now())
        self.handing.sleep(self._all["waiting"])
        self.counts_changed.emit()
        if self.tab == "waiting":
            self._rebuild()

    def _taken_back(self, row_id: str) -> None:
        self._answering.discard(row_id)
        self.answering_changed.emit()
        self.noticed.emit(Notice(tr("Taken back. It waits for you again.")))
        if self.tab == "waiting":
            self.select(row_id)


def _haystack(row: Any) -> str:
    return row.haystack if isinstance(row, ApprovalRow) else row.words.casefold() if isinstance(row, RuleRow) else ""
