"""A core of plain data for the window's tests: the surface the pages use, and a bridge that answers at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, make_dataclass
from types import SimpleNamespace
from typing import Any

from legate_desktop import practice
from legate_desktop.pages.agents import requests as agent_requests
from legate_desktop.pages.approvals import requests as approval_requests
from legate_desktop.pages.deck import requests as deck_requests
from legate_desktop.pages.knowledge import requests as knowledge_requests
from legate_desktop.pages.models import requests as model_requests
from legate_desktop.pages.runs import requests as run_requests
from tests.desktop import fakes_agents, fakes_knowledge, fakes_models, fakes_runs

NOW = 1_764_000_000_000
MINUTE = 60_000


def message(name: str, /, *fields: str, **defaults: Any) -> type:
    """A command or query the page may send: a field it does not have is an error here as in the core."""
    optional = [(field_name, Any, field(default=value)) for field_name, value in defaults.items()]
    return make_dataclass(name, [*fields, *optional], frozen=True)


SURFACE = SimpleNamespace(
    PendingApprovals=message("PendingApprovals"),
    InDoubt=message("InDoubt"),
    DecidedApprovals=message("DecidedApprovals"),
    Rules=message("Rules"),
    SnoozeApproval=message("SnoozeApproval", "approval_id", until=0),
    DelegateApproval=message("DelegateApproval", "approval_id", to=""),
    PreviewScope=message("PreviewScope", "approval_id", "scope", amount=None),
    ApprovalDays=message("ApprovalDays", "since", offset_minutes=0),
    Members=message("Members"),
    JournalEnd=message("JournalEnd"),
    Spending=message("Spending", since=0, until=0),
    VerifyJournal=message("VerifyJournal", watch=""),
    PolicySettings=message("PolicySettings"),
    ChangePolicySettings=message(
        "ChangePolicySettings",
        ask_every_effect=None,
        relax_content=None,
        allow_list=None,
        question_hours=None,
        learn=None,
    ),
    ProposedRules=message("ProposedRules"),
    AddRule=message("AddRule", "rule"),
    WhoAmI=message("WhoAmI"),
    ApprovalCard=message("ApprovalCard", "approval_id"),
    DoubtCard=message("DoubtCard", "action_id"),
    ApproveAction=message(
        "ApproveAction", "approval_id", "digest", scope="", amount=None, ends_at=None, hold_seconds=0
    ),
    EditAction=message("EditAction", "approval_id", "arguments", digest="", hold_seconds=0),
    RejectAction=message("RejectAction", "approval_id", reason="", stop=False, hold_seconds=0),
    SettleDoubt=message("SettleDoubt", "action_id", "answer"),
    UndoAnswer=message("UndoAnswer", "approval_id"),
    Prove=message("Prove", "passphrase"),
    DeleteRule=message("DeleteRule", "rule_id"),
    StartRun=message("StartRun", "agent_id", "task"),
    Runs=message("Runs", since=0, unended=False),
    RunLog=message("RunLog", "run_id", outline=False),
    RunHistory=message(
        "RunHistory", before="", states=(), agents=(), triggers=(), since=0, until=0, text="", as_of=0, limit=100
    ),
    Run=message("Run", "run_id"),
    Step=message("Step", "run_id", "index"),
    RetryRun=message("RetryRun", "run_id", step=-1),
    ForkRun=message("ForkRun", "run_id", "step", say="", version="same"),
    ExportRun=message("ExportRun", "run_id", mask=()),
    CancelRun=message("CancelRun", "run_id"),
    StopEverything=message("StopEverything"),
    RunsPause=message("RunsPause"),
    PauseRuns=message("PauseRuns"),
    ResumeRuns=message("ResumeRuns"),
)
for _name, (_fields, _defaults) in fakes_agents.MESSAGES.items():
    setattr(SURFACE, _name, message(_name, *_fields, **_defaults))
for _name, (_fields, _defaults) in fakes_knowledge.MESSAGES.items():
    setattr(SURFACE, _name, message(_name, *_fields, **_defaults))
for _name, (_fields, _defaults) in fakes_models.MESSAGES.items():
    setattr(SURFACE, _name, message(_name, *_fields, **_defaults))
for _name, _kind in fakes_models.CLASSES.items():
    setattr(SURFACE, _name, _kind)
for _name, _kind in (fakes_agents.CLASSES | fakes_knowledge.FUNCTIONS).items():
    setattr(SURFACE, _name, _kind)


def approval(number: int, **changes: Any) -> SimpleNamespace:
    """A waiting approval as the core lists it."""
    given: dict[str, Any] = {
        "id": f"apr_{number:04d}f61d7b5",
        "run_id": f"run_{number:02d}cd7371",
        "action_id": f"act_{number}",
        "state": "waiting",
        "tool": "mail.send",
        "effect": "send",
        "agent": "Reply desk",
        "title": "send a mail to kim@example.com",
        "why": "Kim asked for a copy of the invoice; the copy is attached to the order.",
        "asked_at": NOW - number * MINUTE,
        "expires_at": NOW + 23 * 60 * MINUTE + number,
        "decided_at": 0,
        "decided_by": "",
        "reason": "",
        "hold_until": 0,
        "like": "",
        "snoozed_until": 0,
        "assigned_to": "",
        "outline": "",
    }
    return SimpleNamespace(**(given | changes))


def argument(path: str, value: Any, kind: str, origin: str, role: str = "authority") -> SimpleNamespace:
    """An argument on a card."""
    return SimpleNamespace(path=path, value=value, role=role, origin_kind=kind, origin=origin, source_steps=())


def detail(row: SimpleNamespace, **changes: Any) -> SimpleNamespace:
    """The card of an approval as the core gives it."""
    body = "Dear Kim,\n\nhere is the copy you asked for.\n\nBest wishes"
    arguments = {"to": "kim@example.com", "subject": "Your invoice", "body": body}
    card: dict[str, Any] = {
        "sentence": f"{row.agent} wants to {row.title}",
        "agent": row.agent,
        "run_id": row.run_id,
        "why": row.why,
        "arguments": (
            argument("to", "kim@example.com", "derived", "from mail M-2 by kim@example.com"),
            argument("subject", "Your invoice", "person", "stands in your own words"),
            argument("body", arguments["body"], "none", "written by the agent", "content"),
        ),
        "changes": ("+ outbox/0001-your-invoice.eml",),
        "reach": "1 person, outside",
        "undo": "",
        "cost": "",
        "asked_because": "Every effect asks, until you turn that off for this workspace.",
        "rule_id": "builtin/ask-every-effect",
        "rule_name": "ask-every-effect",
        "before": ("mail.list · 3 mails", "mail.read · M-2 from kim@example.com", "model · drafted an answer"),
        "scopes": (
            SimpleNamespace(id="once", words="Only this once", needs_amount=False),
            SimpleNamespace(id="this_run", words="To kim@example.com, for this run", needs_amount=False),
            SimpleNamespace(id="same_domain", words="To anybody at example.com, for 30 days", needs_amount=False),
            SimpleNamespace(id="until", words="The same target until …", needs_amount=False),
        ),
        "raw_arguments": arguments,
        "schema": None,
    }
    given: dict[str, Any] = {
        "row": row,
        "digest": f"digest-{row.id}",
        "seq": 48_211,
        "entry_hash": "9f2c41aa77b0d2" + "0" * 46 + "e1a7",
        "risk": "high",
        "edited_arguments": None,
        "permitted": True,
        "refusal": "",
        "needs_proof": False,
        "may_widen": False,
    }
    top = {name: changes.pop(name) for name in list(changes) if name in given}
    return SimpleNamespace(**(given | top | {"card": SimpleNamespace(**(card | changes))}))


def run(number: int, **changes: Any) -> SimpleNamespace:
    """A run as the core lists it."""
    given: dict[str, Any] = {
        "id": f"run_{number:02d}cd7371",
        "agent_id": "agt_1",
        "name": "Reply desk",
        "status": "running",
        "waiting_for": "",
        "reason": "",
        "steps": 4,
        "input_tokens": 812,
        "output_tokens": 172,
        "cost_micros": 0,
        "created_at": NOW - number * MINUTE,
        "started_at": NOW - number * MINUTE,
        "finished_at": 0,
        "trigger": "manual",
        "started_by": "usr_me",
        "definition_hash": "d" * 64,
        "origin_run_id": "",
        "origin_steps": 0,
    }
    return SimpleNamespace(**(given | changes))


def step(number: int, **changes: Any) -> SimpleNamespace:
    """A step of a run's log."""
    given: dict[str, Any] = {
        "id": f"stp_{number}",
        "run_id": "run_01cd7371",
        "index": number,
        "kind": "model",
        "state": "done",
        "label": "scripted",
        "detail": "",
        "action_id": "",
        "approval_id": "",
        "input_tokens": 640,
        "output_tokens": 172,
        "cost_micros": 0,
        "started_at": NOW - MINUTE + number * 1_000,
        "finished_at": NOW - MINUTE + number * 1_000 + 640,
        "model": "",
        "acted_at": 0,
        "effect": "",
    }
    return SimpleNamespace(**(given | changes))


def rule(rule_id: str, words: str, **changes: Any) -> SimpleNamespace:
    """A rule as the core lists it."""
    given: dict[str, Any] = {"effect": "send", "verdict": "allow", "uses": 0, "last_used_at": NOW - 5 * MINUTE}
    given |= {"id": rule_id, "words": words, "ends": "", "is_built_in": False, "state": "active"}
    given |= {"conditions": f"tool is mail.send ({words})", "created_at": NOW - 60 * MINUTE}
    return SimpleNamespace(**(given | changes))


@dataclass
class FakeWatch:
    """A watch that can be closed."""

    query: Any
    on_rows: Callable[[Any], None]
    is_closed: bool = False

    def close(self) -> None:
        self.is_closed = True


@dataclass
class FakeBridge:
    """Answers from `tables`; commands are kept in `sent`. `refusal` refuses the next, `is_slow` holds answers."""

    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    cards: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    drafts: dict[str, Any] = field(default_factory=dict)
    sent: list[Any] = field(default_factory=list)
    refusal: tuple[str, bool] | None = None
    hold_until: int = NOW + 6_000
    is_slow: bool = False
    held: list[Callable[[], None]] = field(default_factory=list)
    watches: list[FakeWatch] = field(default_factory=list)
    tick_listeners: dict[str, Callable[[list[Any]], None]] = field(default_factory=dict)

    def watch(self, query: Any, on_rows: Callable[[Any], None], failed: Callable[[str], None]) -> FakeWatch:
        watch = FakeWatch(query, on_rows)
        self.watches.append(watch)
        on_rows(self._rows(query))
        return watch

    def ticks(self, run_id: str, on_ticks: Callable[[list[Any]], None]) -> FakeWatch:
        self.tick_listeners[run_id] = on_ticks
        return FakeWatch(None, on_ticks)

    def ask(self, query: Any, then: Callable[[Any], None], failed: Callable[[str, bool], None]) -> None:
        def answer() -> None:
            name = type(query).__name__
            row_id = getattr(query, "approval_id", "") or getattr(query, "action_id", "")
            if name in self.answers:
                try:
                    found = self.answers[name](query)
                except LookupError:
                    failed("There is no such thing in this workspace. Choose another.", False)
                else:
                    then(found)
            elif row_id in self.cards:
                then(self.cards[row_id])
            else:
                failed("No such approval is visible to you. Choose another.", False)

        self._soon(answer)

    def send(self, command: Any, then: Callable[[Any], None], failed: Callable[[str, bool], None]) -> None:
        if self.refusal is not None:
            (text, is_away), self.refusal = self.refusal, None
            failed(text, is_away)
            return
        self.sent.append(command)
        name = type(command).__name__
        if name in self.answers:
            self._soon(lambda: then(self.answers[name](command)))
            return
        answers = ("ApproveAction", "EditAction", "RejectAction")
        answer = SimpleNamespace(approval_id="", state="approved", hold_until=self.hold_until, rule_id="")
        self._soon(lambda: then(answer if type(command).__name__ in answers else None))

    def publish(self, name: str) -> None:
        """Tell who watches that table what it holds now."""
        for watch in list(self.watches):
            if type(watch.query).__name__ == name and not watch.is_closed:
                watch.on_rows(self._rows(watch.query))

    def _rows(self, query: Any) -> dict[str, Any]:
        which = " deleted" if getattr(query, "deleted", False) else ""
        table = self.tables.get(f"{type(query).__name__}{which}", {})
        if hasattr(query, "base_id"):
            return {row_id: row for row_id, row in table.items() if row.base_id == query.base_id}
        return fakes_runs.rows_for(query, table)

    def drop(self, approval_id: str) -> None:
        """The event of an answer came: the row leaves."""
        del self.tables["PendingApprovals"][approval_id]
        self.publish("PendingApprovals")

    def release(self) -> None:
        """Deliver what was held back."""
        held, self.held = self.held, []
        for call in held:
            call()

    def _soon(self, call: Callable[[], None]) -> None:
        if self.is_slow:
            self.held.append(call)
        else:
            call()


DECIDES = ("approvals.decide.low", "approvals.decide.high", "approvals.decide.grave")
ME = SimpleNamespace(
    person_id="usr_me",
    name="Noor",
    role="owner",
    workspace="Personal",
    permissions=("approvals.view", "runs.view"),
    refusals={},
)
MEMBERS = (SimpleNamespace(id="usr_me", name="Noor", role="owner", may_decide=DECIDES),)
PRACTICE = ("Practice deputy", "Answer the three waiting customers.")
HOSTILE = "pay\u202egpj.exe\u200b to \x1b[31mbob\u2066@evil\u2069.example <b>bold</b> &amp; <img src=x>"


def practice_bridge() -> FakeBridge:
    """Eight questions of every kind, two of them hostile; runs and a log."""
    bridge = FakeBridge()
    rows = [
        approval(
            0,
            tool="fs.trash",
            effect="destroy",
            agent="Inbox triage",
            title="move build-cache/ to the trash",
            why="Build cache is 41 GB, older than the 30-day retention rule.",
            expires_at=NOW + 7 * MINUTE,
        ),
        approval(1),
        approval(
            2,
            tool="github.create_release",
            effect="write",
            agent="Release captain",
            title="publish v2.14.0",
            why="Tag v2.14.0 is green on main; notes drafted from 31 merged changes.",
        ),
        approval(
            3,
            tool="stripe.refund",
            effect="spend",
            agent="Ledger keeper",
            title="refund 48.20 EUR, order 10-4471",
            why="Order 10-4471 was double charged; policy allows refunds under 50 EUR.",
        ),
        approval(4, agent="Research desk", title=f"send a mail to {HOSTILE}", why=f"The page said: {HOSTILE}"),
        approval(
            5,
            tool="github.add_collaborator",
            effect="grant",
            agent="Release captain",
            title="let kim push to legate/desktop",
            why="Kim asked for it in the mail.",
        ),
        approval(6, title="send a mail to anna@example.org", why="Anna waits for the delivery date since Monday."),
        approval(
            7,
            title="send a mail to jürgen.größe@example.de",
            why="Żółć, příliš žluťoučký kůň: Jürgen wrote in three languages.",
        ),
    ]
    doubt = approval(8, id="act_8", state="in_doubt", title="send a mail to lee@example.com", expires_at=0)
    for row in [*rows, doubt]:
        bridge.cards[row.id] = detail(row)
    money = rows[3]
    bridge.cards[money.id] = detail(
        money,
        scopes=(
            SimpleNamespace(id="once", words="Only this once", needs_amount=False),
            SimpleNamespace(id="up_to_amount", words="Same target up to 48.20, 10 times", needs_amount=True),
        ),
    )
    grave = rows[0]
    bridge.cards[grave.id] = detail(
        grave,
        arguments=(argument("path", "build-cache/", "none", "chosen by the agent"),),
        raw_arguments={"path": "build-cache/"},
        changes=("  {", '-   "build-cache/": "41 GB"', '+   "trash/build-cache/": "41 GB"', "  }"),
        scopes=(),
        reach="1 folder on this machine",
        undo="from the trash, for 30 days",
    )
    hostile = rows[4]
    bridge.cards[hostile.id] = detail(
        hostile,
        arguments=(
            argument("to", HOSTILE, "derived", "from mail M-3 by mallory@evil.example"),
            argument("body", "A\u200dB" + "\n" + "x" * 400, "none", "written by the agent", "content"),
        ),
    )
    bridge.tables["PendingApprovals"] = {row.id: row for row in rows}
    bridge.tables["InDoubt"] = {doubt.id: doubt}
    fakes_agents.equip(bridge, NOW)
    fakes_knowledge.equip(bridge, NOW)
    bridge.answers["WhoAmI"] = lambda _query: ME
    bridge.answers["Members"] = lambda _query: MEMBERS
    nothing_before = SimpleNamespace(looked_at=0, matched=0, rejected=0, newest=())
    bridge.answers["PreviewScope"] = lambda _query: nothing_before
    decided = [
        approval(20, state="approved", decided_at=NOW - 3 * MINUTE, decided_by="you"),
        approval(21, state="rejected", decided_at=NOW - 9 * MINUTE, decided_by="you", reason="wrong address"),
        approval(22, state="expired", decided_at=NOW - 90 * MINUTE),
    ]
    bridge.cards |= {row.id: detail(row) for row in decided}
    bridge.tables["DecidedApprovals"] = {row.id: row for row in decided}
    bridge.tables["Rules"] = {
        "rul_1": rule("rul_1", "Reply desk may send mail to anyone at example.com", uses=4, ends="until 31 December"),
        "rul_0": rule("rul_0", "Every effect asks", verdict="ask", uses=12, is_built_in=True),
    }
    runs = [
        run(1, status="running"),
        run(2, status="waiting", waiting_for="approval", name="Ledger keeper"),
        run(3, status="in_doubt", name="Reply desk"),
        run(4, status="succeeded", name="Inbox triage", finished_at=NOW - 3 * MINUTE),
        run(5, status="failed", name="Research desk", reason="stripe.lookup_policy: 401", finished_at=NOW - 4 * MINUTE),
        run(6, status="cancelled", name="Release captain", finished_at=NOW - 5 * MINUTE),
        run(7, status="ready", name="Release captain", started_at=0),
    ]
    bridge.tables["Runs"] = {given.id: given for given in runs}
    steps = [
        step(0, label="scripted", detail="I will look at the mailbox first."),
        step(1, kind="tool", state="confirmed", label="mail.list", detail="3 mails"),
        step(2, label="scripted", detail="Kim asks for a copy of the invoice."),
        step(3, kind="tool", state="confirmed", label="mail.read", detail="M-2 from kim@example.com: “May I have …”"),
        step(4, kind="tool", state="failed", label="stripe.lookup_policy", detail="401"),
        step(5, label="scripted", detail="Drafted an answer to Kim."),
        step(6, kind="tool", state="waiting", label="mail.send", detail="to kim@example.com", finished_at=0),
    ]
    bridge.tables["RunLog"] = {given.id: given for given in steps}
    fakes_runs.equip(bridge, NOW)
    return bridge


def changed(row: SimpleNamespace, **changes: Any) -> SimpleNamespace:
    """A copy of a row with changes."""
    return SimpleNamespace(**(vars(row) | changes))


def install(replace: Callable[[Any, str, Any], None] = setattr) -> None:
    """Put the fake surface where the pages look for the core's; a test passes `monkeypatch.setattr`."""
    for module in (
        *(agent_requests, approval_requests, deck_requests, knowledge_requests, model_requests),
        run_requests,
        practice,
    ):
        replace(module, "core", SURFACE)
