"""Between the Audit page's words and the core's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import legate_core as core
from legate_desktop.pages.audit.view import EntryRow, Filters, FindingRow, Place, ReportView, VerdictRow


def end_query() -> Any:
    """Where the journal ends, live."""
    return core.JournalEnd()


def members_query() -> Any:
    """Who belongs to the workspace, for their names."""
    return core.Members()


def agents_query() -> Any:
    """The agents, live, for their names."""
    return core.Agents()


def page(filters: Filters, *, before: int = 0, after: int = 0, limit: int = 100) -> Any:
    """Entries of a page, the newest first."""
    return core.JournalEntries(
        before=before,
        after=after,
        text=filters.text,
        what=filters.what,
        who=filters.who,
        about=filters.about,
        hash=filters.hash,
        since=filters.since,
        until=filters.until,
        limit=limit,
    )


def open_entry(seq: int) -> Any:
    """One entry and its place."""
    return core.OpenEntry(seq)


def verify(watch_id: str) -> Any:
    """Read the whole journal and say what it is."""
    return core.VerifyJournal(watch=watch_id)


def stop(watch_id: str) -> Any:
    """End that before its time."""
    return core.StopVerifying(watch_id)


def sign() -> Any:
    """Sign the journal as it stands."""
    return core.SignJournal()


def export(after: int = 0, until: int = 0) -> Any:
    """A part of the file."""
    return core.ExportJournal(after=after, until=until)


def end(rows: Mapping[str, Any]) -> tuple[int, bool]:
    """The last entry that may be seen, and whether there is no gap below it."""
    row = next(iter(rows.values()), None)
    return (row.seq, row.is_all) if row is not None else (0, False)


def entry(given: Any, names: Mapping[str, str]) -> EntryRow:
    """An entry as the page shows it."""
    body = dict(given.body)
    return EntryRow(
        seq=given.seq,
        at=given.at,
        who=names.get(given.actor, given.actor),
        what=given.name,
        about=_about(given.name, body, given.rows),
        hash=given.hash,
        run_id=given.run_id,
        approval_id=str(body.get("approval_id") or ""),
        body=body,
        cause=given.cause,
        rows=tuple(given.rows),
    )


def place(given: Any, names: Mapping[str, str]) -> Place:
    """An entry where it stands."""
    return Place(
        row=entry(given.entry, names),
        text=given.text,
        before=given.before,
        fits=given.fits,
        checkpoint=given.checkpoint,
        signed_at=given.signed_at,
        entries=given.entries,
    )


def report(given: Any, at: int) -> ReportView:
    """A report as the page shows it."""
    named = (("intact", given.intact), ("complete", given.complete), ("by_whom", given.by_whom))
    return ReportView(
        verdicts=tuple(VerdictRow(key, str(found.state), found.sentence) for key, found in named),
        findings=tuple(FindingRow(finding.sentence, finding.seq) for finding in given.findings),
        entries=given.entries,
        rows=given.rows,
        signed=given.signed,
        root=given.root,
        key=given.verifier_key,
        is_sound=given.is_sound,
        at=at,
    )


def _about(name: str, body: Mapping[str, Any], rows: Any) -> str:
    """The object of an event: the id that its own kind names, else its first id, else the first row it changed."""
    own = body.get(f"{name.partition('.')[0]}_id")
    if own:
        return str(own)
    first = next((value for field, value in body.items() if field.endswith("_id") and value), "")
    return str(first) if first else next((key for _table, key in rows), "")
