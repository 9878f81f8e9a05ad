"""A journal of plain data behind a fake bridge: as long as a test wants, answered when it says so."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from legate_desktop.pages.audit import requests
from tests.desktop.fake_core import NOW, FakeWatch, message

SURFACE = SimpleNamespace(
    JournalEnd=message("JournalEnd"),
    Agents=message("Agents"),
    Members=message("Members"),
    JournalEntries=message(
        "JournalEntries", before=0, after=0, text="", what="", who="", about="", hash="", since=0, until=0, limit=50
    ),
    OpenEntry=message("OpenEntry", "seq"),
    VerifyJournal=message("VerifyJournal", watch=""),
    StopVerifying=message("StopVerifying", "watch"),
    SignJournal=message("SignJournal"),
    ExportJournal=message("ExportJournal", after=0, until=0),
)


def entry(seq: int) -> SimpleNamespace:
    """An entry as the core gives it: every third is an answer, the others are steps of a run."""
    is_answer = seq % 3 == 0
    body = (
        {"approval_id": f"apr_{seq}", "state": "approved"}
        if is_answer
        else {"run_id": "run_1", "step_id": f"stp_{seq}"}
    )
    return SimpleNamespace(
        seq=seq,
        name="approval.decided" if is_answer else "run.stepped",
        body=body,
        actor="per_ann" if is_answer else "engine",
        cause="ApproveAction" if is_answer else "run run_1",
        at=NOW - 1_000 * (2_000_000 - seq),
        run_id="" if is_answer else "run_1",
        rows=(("approval", f"apr_{seq}"),) if is_answer else (("step", f"stp_{seq}"),),
        hash=f"{seq:064x}",
    )


def report(*, broken_at: int = 0, entries: int = 1_000) -> SimpleNamespace:
    """A report: sound, or with one entry that was changed."""
    sentence = f"Entry {broken_at} was changed. Restore the latest backup."
    fine = SimpleNamespace(state="holds", sentence=f"All {entries} entries are as they were written.")
    intact = SimpleNamespace(state="broken", sentence=sentence) if broken_at else fine
    return SimpleNamespace(
        intact=intact,
        complete=SimpleNamespace(state="holds", sentence="It is whole."),
        by_whom=SimpleNamespace(state="unproven", sentence="A key is not known."),
        findings=(SimpleNamespace(sentence=sentence, seq=broken_at),) if broken_at else (),
        entries=entries,
        rows=12,
        signed=entries,
        root="ab" * 32,
        verifier_key="legate/ws+01234567+AA",
        is_sound=not broken_at,
    )


class JournalBridge:
    """Holds `total` entries. Asked things wait in `held` while `is_slow`; `asked`, but for names, and `sent` are kept."""

    def __init__(self, total: int, *, is_all: bool = True) -> None:
        self.total, self.is_all = total, is_all
        self.asked: list[Any] = []
        self.sent: list[Any] = []
        self.held: list[Callable[[], None]] = []
        self.is_slow = False
        self.refusals: dict[str, str] = {}
        self.report = report(entries=total)
        self.watches: list[FakeWatch] = []
        self.tick_listeners: dict[str, Callable[[list[Any]], None]] = {}

    def watch(self, query: Any, on_rows: Callable[[Any], None], failed: Callable[[str], None]) -> FakeWatch:
        watch = FakeWatch(query, on_rows)
        self.watches.append(watch)
        self._publish(watch)
        return watch

    def ticks(self, watch_id: str, on_ticks: Callable[[list[Any]], None]) -> FakeWatch:
        self.tick_listeners[watch_id] = on_ticks
        return FakeWatch(None, on_ticks)

    def ask(self, query: Any, then: Callable[[Any], None], failed: Callable[[str, bool], None]) -> None:
        if type(query).__name__ == "Members":
            then(self.answer(query))
            return
        self.asked.append(query)
        self._soon(query, lambda: self.answer(query), then, failed)

    def send(self, command: Any, then: Callable[[Any], None], failed: Callable[[str, bool], None]) -> None:
        self.sent.append(command)
        self._soon(command, lambda: self.total, then, failed)

    def append(self, count: int) -> None:
        """More entries came."""
        self.total += count
        for watch in self.watches:
            self._publish(watch)

    def release(self) -> None:
        """Answer everything that waits, and whatever is asked because of it."""
        while self.held:
            self.held.pop(0)()

    def _publish(self, watch: FakeWatch) -> None:
        if type(watch.query).__name__ == "JournalEnd":
            watch.on_rows({"end": SimpleNamespace(id="end", seq=self.total, is_all=self.is_all)})
        else:
            watch.on_rows({"agt_1": SimpleNamespace(id="agt_1", name="Reply desk")})

    def _soon(self, asked: Any, answer: Callable[[], Any], then: Any, failed: Any) -> None:
        def work() -> None:
            refusal = self.refusals.get(type(asked).__name__)
            if refusal:
                failed(refusal, False)
            else:
                then(answer())

        if self.is_slow:
            self.held.append(work)
        else:
            work()

    def answer(self, query: Any) -> Any:
        """What the journal says to one question."""
        name = type(query).__name__
        if name == "Members":
            return (SimpleNamespace(id="per_ann", name="Ann"),)
        if name == "JournalEntries":
            return self._page(query)
        if name == "OpenEntry":
            given = entry(query.seq)
            return SimpleNamespace(
                entry=given,
                text='{"seq":1}',
                before=f"{query.seq - 1:064x}",
                fits=query.seq != 13,
                checkpoint=self.total,
                signed_at=NOW,
                entries=self.total,
            )
        if name == "ExportJournal":
            lines = tuple(f"line {at}" for at in range(query.after + 1, min(self.total, query.after + 400) + 1))
            last = query.after + len(lines)
            return SimpleNamespace(lines=lines, after=last if last < self.total else 0, until=self.total)
        return self.report

    def _page(self, query: Any) -> Any:
        highest = min(self.total, (query.before or self.total + 1) - 1)
        found = []
        for seq in range(highest, query.after, -1):
            given = entry(seq)
            if query.what in given.name and query.text in f"{given.name} {given.body}":
                found.append(given)
            if len(found) > query.limit:
                break
        page = found[: query.limit]
        return SimpleNamespace(entries=tuple(page), before=page[-1].seq if len(found) > query.limit else 0)


def install(replace: Callable[[Any, str, Any], None]) -> None:
    """Put the fake surface where the page looks for the core's."""
    replace(requests, "core", SURFACE)
