"""What is wrong with the rows, keys and bodies beside a journal, in sentences; pure, like `findings`."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from itertools import islice

from legate_core.audit.chain import CURE, Chain
from legate_core.audit.findings import NAMED
from legate_core.audit.report import Finding, Kind
from legate_core.audit.rows import Rows


def row_findings(rows: Rows) -> list[Finding]:
    """The first places of each kind of fault, and what could not be looked at."""
    return [*_of_rows(rows), *_of_keys(rows), *_of_bodies(rows), *_unchecked(rows)]


def intact_words(chain: Chain, rows: Rows, *, is_opened: bool) -> str:
    """What to say where nothing was found."""
    bodies = "opens" if is_opened else "is there"
    erased = f"; {rows.erased} rows of erased runs can no longer be compared" if rows.erased else ""
    return (
        f"All {chain.size} entries and {rows.checked} rows are as they were written, "
        f"and every body that they name {bodies}{erased}."
    )


def _of_rows(rows: Rows) -> Iterator[Finding]:
    for (table, key), seq in rows.changed[:NAMED]:
        sentence = (
            f"The {table} {key} is not in the state that entry {seq} left it in{_more(rows.changed)}. "
            f"Somebody wrote past the engine. {CURE}"
        )
        yield Finding(Kind.ROW_CHANGED, sentence, seq=seq, table=table, key=key)
    for (table, key), seq in rows.missing[:NAMED]:
        sentence = f"The {table} {key} of entry {seq} is gone{_more(rows.missing)}. {CURE}"
        yield Finding(Kind.ROW_MISSING, sentence, seq=seq, table=table, key=key)
    for table, key in rows.unaccounted[:NAMED]:
        sentence = (
            f"The {table} {key} is in the database and in no entry of the journal{_more(rows.unaccounted)}. "
            f"Somebody wrote past the engine. {CURE}"
        )
        yield Finding(Kind.ROW_UNACCOUNTED, sentence, table=table, key=key)


def _of_keys(rows: Rows) -> Iterator[Finding]:
    for scope, seq in islice(rows.keyless.items(), NAMED):
        sentence = (
            f"The key of {scope} is gone{_more(rows.keyless)}, though no entry says that it was erased, so its rows "
            f"cannot be checked. {CURE}"
        )
        yield Finding(Kind.KEY_MISSING, sentence, seq=seq, key=scope)
    for scope, seq in islice(rows.damaged_keys.items(), NAMED):
        sentence = (
            f"The key of {scope} was changed or cut{_more(rows.damaged_keys)}, so its rows cannot be checked and its "
            f"bodies do not open. {CURE}"
        )
        yield Finding(Kind.KEY_CHANGED, sentence, seq=seq, key=scope)


def _of_bodies(rows: Rows) -> Iterator[Finding]:
    for (table, key), seq in rows.bodiless[:NAMED]:
        sentence = f"A body of the {table} {key} is gone{_more(rows.bodiless)}, though no entry says that it was erased. {CURE}"
        yield Finding(Kind.BODY_MISSING, sentence, seq=seq, table=table, key=key)
    for ref, scope in rows.changed_bodies[:NAMED]:
        sentence = f"The body {ref} of {scope} was changed or cut{_more(rows.changed_bodies)}. {CURE}"
        yield Finding(Kind.BODY_CHANGED, sentence, table="payload", key=ref)


def _unchecked(rows: Rows) -> Iterator[Finding]:
    if rows.unchecked:
        sentence = (
            f"{rows.unchecked} rows were not compared with the journal: that needs the keys, and a journal whose "
            "entries are whole. Verify again once both are there."
        )
        yield Finding(Kind.ROWS_UNCHECKED, sentence)


def _more(places: Sized) -> str:
    return f" ({len(places)} in all)" if len(places) > 1 else ""
