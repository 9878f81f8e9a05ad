"""The fake core's side of runs: their history by the page, one whole, one step whole, and what goes on from a step."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

OPEN = ("ready", "running", "waiting", "in_doubt")


def rows_for(query: Any, table: Mapping[str, Any]) -> dict[str, Any]:
    """What a live query shows of its table."""
    if getattr(query, "unended", False):
        return {row_id: row for row_id, row in table.items() if row.status in OPEN}
    return dict(table)


def page_of(query: Any, table: Mapping[str, Any], now: int) -> SimpleNamespace:
    """A page of the history, as the core would cut it."""
    fit = [
        row
        for row in sorted(table.values(), key=lambda row: (-row.created_at, row.id))
        if (row.status in query.states if query.states else row.status not in OPEN)
        and (not query.agents or row.agent_id in query.agents)
        and row.created_at >= query.since
        and all(word in f"{row.name} {row.id} {row.reason}".lower() for word in query.text.lower().split())
        and (not query.as_of or not row.finished_at or row.finished_at <= query.as_of)
    ]
    begin = next((at for at, row in enumerate(fit) if row.id == query.before), -1) + 1
    page = fit[begin : begin + query.limit]
    more = begin + query.limit < len(fit)
    return SimpleNamespace(
        rows=tuple(page),
        before=page[-1].id if more else "",
        total=-1 if query.before else len(fit),
        as_of=query.as_of or now,
    )


def detail_of(row: Any, **changes: Any) -> SimpleNamespace:
    """A step whole."""
    given: dict[str, Any] = {
        "row": row,
        "output": row.detail,
        "arguments": {"to": "kim@example.com", "body": row.detail} if row.kind == "tool" else None,
        "proposed": {"to": "kim@example.com", "body": row.detail} if row.kind == "tool" else None,
        "context": (
            SimpleNamespace(role="system", name="", text="Answer customers, and ask before you send."),
            SimpleNamespace(role="user", name="", text="Answer the three waiting customers."),
            SimpleNamespace(role="tool", name="mail.list", text="3 mails"),
        ),
        "raw": {"step": {"kind": row.kind}, "label": row.label},
        "seq": 48_200 + row.index,
        "entry_hash": "9f2c41aa77b0d2" + "0" * 46 + "e1a7",
        "is_shown": True,
        "taken_over": "",
    }
    return SimpleNamespace(**(given | changes))


def equip(bridge: Any, now: int) -> None:
    """Let a fake bridge answer what the Runs page asks."""
    bridge.answers["RunHistory"] = lambda query: page_of(query, bridge.tables["Runs"], now)
    bridge.answers["Run"] = lambda query: SimpleNamespace(
        row=bridge.tables["Runs"][query.run_id],
        task="Answer the three waiting customers.",
        result="All three are answered.",
        is_erased=False,
    )
    bridge.answers["Step"] = lambda query: detail_of(
        next(row for row in bridge.tables["RunLog"].values() if row.index == query.index)
    )
    bridge.answers["RetryRun"] = lambda _command: "run_01cd7371"
    bridge.answers["ForkRun"] = lambda _command: "run_02cd7371"
    bridge.answers["ExportRun"] = lambda command: SimpleNamespace(
        name=f"{command.run_id}.legate-run.json", text='{"format": "legate/run/1"}\n', digest="d" * 64, masked={}
    )
