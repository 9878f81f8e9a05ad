"""What the Deck knows: what waits, what runs, what failed, what was used, and whether the journal is sound. No widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QDateTime, QObject, Signal

from legate_desktop.notice import Notice
from legate_desktop.pages.approvals import requests as approval_requests
from legate_desktop.pages.approvals.state import ApprovalsState
from legate_desktop.pages.approvals.view import ApprovalRow, Card
from legate_desktop.pages.audit.state import AuditState
from legate_desktop.pages.deck import requests
from legate_desktop.pages.deck.requests import DAY_MS, WEEK_MS
from legate_desktop.pages.deck.view import Chain, Day, DeckRun, Step, Use
from legate_desktop.shell.context import PageContext
from legate_desktop.theme.tokens import INERT_MS
from legate_desktop.words import MINUTE, long_day, one_line, short_day, tr

MOST_WAITING = 3
DAYS, WEEKS = 14, 8
VERIFIED_BY_ITSELF_UP_TO = 20_000


class DeckState(QObject):
    """One per window. Watches begin with the first visit, for a page nobody looks at needs no figures."""

    waiting_changed = Signal()
    runs_changed = Signal()
    failures_changed = Signal()
    use_changed = Signal()
    days_changed = Signal()
    chain_changed = Signal()
    steps_changed = Signal()
    figures_refused = Signal()

    def __init__(self, context: PageContext) -> None:
        super().__init__()
        self._context = context
        self._bridge = context.bridge
        self.now = context.now
        self.approvals = context.state(ApprovalsState)
        self.waiting: list[ApprovalRow] = []
        self.cards: dict[str, Card] = {}
        self.running: list[DeckRun] = []
        self.failures: list[DeckRun] = []
        self.uses: list[Use] = []
        self.weeks: list[tuple[str, str, Mapping[str, int]]] = []
        self.days: list[Day] = []
        self.chain = Chain()
        self.names: dict[str, str] = {}
        self.has_rule = False
        self.has_run = False
        self.has_model = False
        self._shown_at: dict[str, int] = {}
        self._used: Mapping[str, Any] = {}
        self._is_watching = False
        self._told: set[str] = set()
        self._refused: dict[str, str] = {}
        self._known_running: set[str] = set()
        self.approvals.counts_changed.connect(self._on_waiting)
        self.approvals.answering_changed.connect(self.waiting_changed)
        context.prefs.changed.connect(lambda _name: self.steps_changed.emit())

    # Reading.

    @property
    def waiting_count(self) -> int:
        """How many things wait in all."""
        return self.approvals.waiting_count

    @property
    def steps(self) -> list[Step]:
        """The list for a beginner."""
        has_answered = any(day.answered for day in self.days)
        return [
            Step("run", tr("Let a deputy do some work"), self.has_run, "agents"),
            Step("answer", tr("Decide the first thing it asks"), has_answered, "approvals"),
            Step("rule", tr("Make a rule from an answer"), self.has_rule, "approvals"),
            Step("verify", tr("Verify the journal"), self._context.prefs.now.has_verified, "audit"),
            Step("model", tr("Choose a model to think with"), self.has_model, "models"),
        ]

    @property
    def is_beginning(self) -> bool:
        """Whether the list for a beginner has steps left."""
        return not all(step.is_done for step in self.steps[:4])

    def why_not_told(self, *figures: str) -> str:
        """Why a figure is not known, so that nobody takes it for none; nothing once the core has said it."""
        for figure in figures:
            if figure in self._refused:
                return self._refused[figure]
            if figure not in self._told:
                return tr("The engine is not running") if self.approvals.is_engine_away else tr("Reading…")
        return ""

    def is_inert(self, card_id: str) -> bool:
        """Whether a card appeared so recently that a press may have been meant for the last one."""
        return self._context.clock() - self._shown_at.get(card_id, 0) < INERT_MS

    # Doing.

    def visit(self) -> None:
        """Somebody looks: watch what is live, and read the rest anew."""
        if not self._context.is_open:
            return
        if not self._is_watching:
            self._is_watching = True
            self._watch("agents", requests.agents_query(), self._take_agents)
            self._watch("running", requests.running_query(), self._take_running)
            self._watch("use", requests.use_query(self.now() - WEEK_MS), self._take_use)
            self._watch("end", requests.end_query(), self._take_end)
            self._watch("models", requests.models_query(), self._take_models)
            self._watch("rules", requests.rules_query(), self._take_rules)
        self.read()
        self._on_waiting()

    def read(self) -> None:
        """Read what is not live: failures, days, weeks."""
        now = self.now()
        self._ask("failures", requests.failures_query(now - DAY_MS), self._take_failures)
        offset = QDateTime.fromMSecsSinceEpoch(now).offsetFromUtc() // 60
        self._ask("days", requests.days_query(now - (DAYS - 1) * DAY_MS, offset), self._take_days)
        weeks: dict[int, Mapping[str, int]] = {}
        for back in range(WEEKS):
            until = now - back * WEEK_MS
            self._ask("weeks", requests.week_query(until - WEEK_MS, until), self._week_taker(weeks, until))

    def verify(self) -> None:
        """Walk the whole journal now, because a person wants to know."""
        self._context.prefs.wish("has_verified", True)
        self._walk()

    def _walk(self) -> None:
        if self.chain.state == "checking":
            return
        before = self.chain
        self.chain = Chain("checking", before.entries)
        self.chain_changed.emit()
        self._bridge.ask(
            requests.verify_query(),
            self._take_verdict,
            lambda message, _is_away: self._not_verified(before, message),
        )

    def stop(self, run: DeckRun) -> None:
        """Cancel one run."""
        self._bridge.send(
            requests.cancel(run.id),
            lambda _result: self._context.say(Notice(tr("Cancelled: {run}").format(run=one_line(run.name)))),
            lambda message, _is_away: self._context.say(Notice(message, is_error=True)),
        )

    # What comes back.

    def _watch(self, figure: str, query: Any, take: Callable[[Mapping[str, Any]], None]) -> None:
        self._bridge.watch(query, self._teller(figure, take), lambda message: self._refuse(figure, message))

    def _ask(self, figure: str, query: Any, take: Callable[[Any], None]) -> None:
        def failed(message: str, is_away: bool) -> None:
            if not is_away:
                self._refuse(figure, message)

        self._bridge.ask(query, self._teller(figure, take), failed)

    def _teller(self, figure: str, take: Callable[[Any], None]) -> Callable[[Any], None]:
        def told(given: Any) -> None:
            is_first = figure not in self._told
            self._told.add(figure)
            take(given)
            if is_first:
                # Other cards may have waited for it.
                self.steps_changed.emit()

        return told

    def _refuse(self, figure: str, message: str) -> None:
        """A role may lack the right to one of the figures; its card then says so, and the others stand."""
        if figure not in self._told:
            self._refused[figure] = message
            self.figures_refused.emit()

    def _on_waiting(self) -> None:
        rows = [row for row in self.approvals.waiting if self.approvals.handing.is_for_me(row)]
        self.waiting = sorted(rows, key=lambda row: (row.asked_at, row.id))[:MOST_WAITING]
        ids = {row.id for row in self.waiting}
        self.cards = {row_id: card for row_id, card in self.cards.items() if row_id in ids}
        for row in self.waiting if self._is_watching else ():
            if row.id not in self.cards:
                self._ask("card", approval_requests.card_query(row), self._card_taker(row.id))
        self.waiting_changed.emit()

    def _card_taker(self, row_id: str) -> Callable[[Any], None]:
        def take(given: Any) -> None:
            if any(row.id == row_id for row in self.waiting):
                self.cards[row_id] = approval_requests.card(given)
                self._shown_at[row_id] = self._context.clock()
                self.waiting_changed.emit()

        return take

    def _take_agents(self, rows: Mapping[str, Any]) -> None:
        self.names = {row.id: row.name for row in rows.values()}
        self._settle_use()

    def _take_running(self, rows: Mapping[str, Any]) -> None:
        self.running = sorted((requests.run(row) for row in rows.values()), key=lambda run: (-run.at, run.id))
        ids = {run.id for run in self.running}
        if self._known_running - ids:
            # One ended, perhaps badly.
            self._ask("failures", requests.failures_query(self.now() - DAY_MS), self._take_failures)
        self._known_running = ids
        self.runs_changed.emit()

    def _take_failures(self, page: Any) -> None:
        self.failures = [requests.run(row) for row in page.rows]
        self.failures_changed.emit()

    def _take_use(self, rows: Mapping[str, Any]) -> None:
        self._used = rows
        self.has_run = self.has_run or bool(rows)
        self._settle_use()
        self.steps_changed.emit()

    def _settle_use(self) -> None:
        found = (requests.use(row, self.names) for row in self._used.values())
        self.uses = [use for use in found if use.tokens or use.cost_micros]
        self.use_changed.emit()

    def _take_days(self, days: Any) -> None:
        self.days = [requests.day(day) for day in days]
        self.days_changed.emit()
        self.steps_changed.emit()

    def _week_taker(self, weeks: dict[int, Mapping[str, int]], until: int) -> Callable[[Any], None]:
        def take(spent: Any) -> None:
            weeks[until] = requests.costs(spent)
            self.weeks = [
                (short_day(at - WEEK_MS + MINUTE), _week_name(at), costs) for at, costs in sorted(weeks.items())
            ]
            self.use_changed.emit()

        return take

    def _take_end(self, rows: Mapping[str, Any]) -> None:
        count = max((row.seq for row in rows.values()), default=0)
        self.chain = replace(self.chain, entries=count)
        self.chain_changed.emit()
        if self.chain.state == "unknown" and 0 < count <= VERIFIED_BY_ITSELF_UP_TO:
            self._walk()

    def _take_verdict(self, report: Any) -> None:
        self.chain = requests.chain(report, self.now())
        self.chain_changed.emit()
        self.steps_changed.emit()
        if self._context.has(AuditState):
            self._context.state(AuditState).take_verdict(report)

    def _not_verified(self, before: Chain, message: str) -> None:
        self.chain = before
        self.chain_changed.emit()
        self._context.say(Notice(message, is_error=True))

    def _take_models(self, rows: Mapping[str, Any]) -> None:
        self.has_model = any(row.models for row in rows.values())
        self.steps_changed.emit()

    def _take_rules(self, rows: Mapping[str, Any]) -> None:
        self.has_rule = any(not row.is_built_in for row in rows.values())
        self.steps_changed.emit()


def _week_name(until: int) -> str:
    return tr("The week to {day}").format(day=long_day(until - MINUTE))
