"""What the fake core says to the Deck: figures by agent, week and day, failures, a journal and its verdict."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.desktop.fake_core import MINUTE, NOW, FakeBridge, practice_bridge, run
from tests.desktop.fakes_agents import activity, agent
from tests.desktop.fakes_audit import JournalBridge

DAY = 24 * 60 * MINUTE
HOLDS = SimpleNamespace(state="holds", sentence="Every entry is the one that was written.")
NAMES = {"agt_1": "Practice deputy", "agt_2": "Reply desk", "agt_3": "Ledger keeper"}


def report(**changes: Any) -> SimpleNamespace:
    """A verdict on the journal."""
    given: dict[str, Any] = {
        "intact": HOLDS, "complete": HOLDS, "by_whom": HOLDS, "entries": 312, "findings": (), "rows": 40, "signed": 312,
        "root": "ab" * 32, "verifier_key": "legate/ws+01234567+AA", "is_sound": True,
    }  # fmt: skip
    return SimpleNamespace(**(given | changes))


def deck_bridge() -> FakeBridge:
    """The practice data with a week behind it."""
    bridge = practice_bridge()
    bridge.tables["Agents"] = {key: agent(key, name) for key, name in NAMES.items()}
    used = {"agt_2": (1_240_000, 88_000), "agt_3": (310_000, 21_000), "agt_1": (0, 4_100)}
    bridge.tables["AgentActivities"] = {
        key: activity(key, cost_micros=cost, tokens=tokens) for key, (cost, tokens) in used.items()
    }
    bridge.tables["JournalEnd"] = {"end": SimpleNamespace(id="end", seq=312, is_all=True)}
    failed = run(9, status="failed", reason="stripe.lookup_policy: 401 · at step 6", finished_at=NOW - 3 * MINUTE)
    bridge.answers["RunHistory"] = lambda _query: SimpleNamespace(rows=(failed,), before="", total=1, as_of=0)
    bridge.answers["ApprovalDays"] = lambda _query: tuple(
        SimpleNamespace(
            day=NOW - back * DAY, asked=(back * 3) % 7, approved=(back * 3) % 7, rejected=0, median_ms=back * 9_000
        )
        for back in range(13, -1, -1)
    )
    bridge.answers["Spending"] = lambda query: [
        SimpleNamespace(agent_id="agt_2", cost_micros=900_000 + query.until // DAY % 9 * 70_000),
        SimpleNamespace(agent_id="agt_3", cost_micros=200_000),
    ]
    bridge.answers["VerifyJournal"] = lambda _query: report()
    journal = JournalBridge(312)
    bridge.answers["JournalEntries"] = bridge.answers["OpenEntry"] = journal.answer
    return bridge
