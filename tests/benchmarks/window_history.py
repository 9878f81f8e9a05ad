"""The window over years of work: a million entries of the journal, a hundred thousand runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.benchmarks.budget import Figure
from tests.benchmarks.window_stage import application, percentile, resident_mb, timed

ENTRIES, OLD_RUNS = 1_000_000, 100_000


def history() -> list[Figure]:
    """A million entries of the journal and a hundred thousand runs, of which only what is looked at is there."""
    from legate_desktop.notice import monotonic_ms, wall_ms
    from legate_desktop.pages.audit.page import AuditPage
    from legate_desktop.pages.audit.state import AuditState
    from legate_desktop.practice import Practice
    from legate_desktop.shell.context import PageContext
    from tests.desktop import fakes_audit

    app = application()
    fakes_audit.install(setattr)
    bridge = fakes_audit.JournalBridge(ENTRIES)
    context = PageContext(bridge, Practice(bridge))
    state = context.keep(AuditState(bridge, clock=monotonic_ms, wall_clock=wall_ms))
    page = AuditPage(context)
    page.resize(1440, 900)
    page.show()
    app.processEvents()
    before = resident_mb()
    opened = timed(lambda: (context.engine_opened(), app.processEvents()))
    bar = page.table.verticalScrollBar()

    def jump(at: int) -> None:
        bar.setValue(at * 7_919_993 % bar.maximum())
        app.processEvents()

    jumps = [timed(lambda at=at: jump(at)) for at in range(1, 201)]
    return [
        Figure(f"audit opens on {ENTRIES:,} entries", opened, "ms", most=100.0),
        Figure("audit, a jump to any of them, p95", percentile(jumps, 0.95), "ms", most=50.0),
        Figure("audit, memory for 200 jumps", resident_mb() - before, "MB", most=20.0),
        Figure("audit, rows held after 200 jumps", state.model.held, ""),
        *_runs_of_years(app),
    ]


def _runs_of_years(app: Any) -> list[Figure]:
    from tests.desktop import fake_core
    from tests.desktop.stage import make_window

    fake_core.install()
    bridge = fake_core.practice_bridge()
    asked: list[int] = []

    def page_after(query: Any) -> Any:
        first = int(query.before.removeprefix("run_")) + 1 if query.before else 0
        asked.append(first)
        last = min(OLD_RUNS, first + query.limit)
        rows = tuple(
            fake_core.run(at, id=f"run_{at:06d}", status="succeeded", finished_at=fake_core.NOW - at)
            for at in range(first, last)
        )
        more = rows[-1].id if last < OLD_RUNS else ""
        return SimpleNamespace(rows=rows, before=more, total=-1 if query.before else OLD_RUNS, as_of=fake_core.NOW)

    bridge.answers["RunHistory"] = page_after
    window, _ = make_window(bridge)
    window.resize(1440, 900)
    window.show()
    opened = timed(lambda: (window.go("runs"), app.processEvents()))
    view = window.page("runs").list
    before = resident_mb()

    def to_the_end() -> None:
        view.verticalScrollBar().setValue(view.verticalScrollBar().maximum())
        app.processEvents()

    ends = [timed(to_the_end) for _ in range(40)]
    return [
        Figure(f"runs open on {OLD_RUNS:,}, imports included", opened, "ms"),
        Figure("runs, the next page at the end of the list, p95", percentile(ends, 0.95), "ms", most=50.0),
        Figure("runs, memory for 40 pages", resident_mb() - before, "MB", most=20.0),
        Figure("runs asked for of them", len(asked) * 100.0, ""),
    ]
