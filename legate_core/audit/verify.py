"""Is the journal intact, is it complete, and who wrote it: three verdicts from the data and a public key alone.

*Intact*: every entry is the one that was hashed, in its place, and every audited row is in the state that the journal
last committed to. *Complete*: the journal is the one that was signed, whole, and each finished run has as many steps as
its closing record says. *By whom*: every actor is known, and the checkpoints are this device's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.exc import NoResultFound

from legate_core.audit.chain import Chain, Progress, walk
from legate_core.audit.notary import origin_of
from legate_core.audit.report import BY_WHOM, COMPLETE, INTACT, Finding, Kind, Report, verdict
from legate_core.audit.rows import Rows, hold_against
from legate_core.audit.tables import checkpoints
from legate_core.crypto.signing import (
    Checkpoint,
    is_signed_by_another,
    note_text,
    open_checkpoint,
    read_checkpoint,
    verifier_key,
)
from legate_core.errors import Damaged
from legate_core.identity.tables import members
from legate_core.kernel import journal
from legate_core.kernel.payloads import Bodies

NEWEST_NOTES = 64
"""A root covers everything before it, so a good newest checkpoint speaks for all older ones; these are a few more."""

NAMED = 20
"""Rows of one fault that are named one by one; more would help nobody."""

SYSTEM_ACTORS = frozenset({"engine"})


@dataclass(frozen=True, slots=True)
class _Note:
    """A checkpoint with a good signature, and where it was found."""

    checkpoint: Checkpoint
    is_outside: bool


def verify(
    connection: Connection,
    workspace_id: str,
    *,
    bodies: Bodies | None,
    outside: str | None,
    public_key: bytes | None,
    why_none_outside: str = "",
    progress: Progress | None = None,
) -> Report:
    """The three verdicts over a workspace's journal, read in the transaction of `connection`.

    `outside` is the last checkpoint that was kept outside this database. Without `bodies` (a stranger has no keys) rows
    are not compared; without `public_key` checkpoints count for nothing. What could not be checked is said.
    """
    claims, findings = _notes(connection, workspace_id, outside, public_key)
    chain = walk(connection, workspace_id, frozenset(note.checkpoint.size for note in claims), progress)
    # What broken entries said about rows, and which steps they were, is not known any more.
    rows = hold_against(connection, chain, bodies) if chain.is_whole else Rows(unchecked=chain.accounted)
    head_seq, head_findings = _check_head(connection, chain)
    findings = [
        *_entry_findings(chain),
        *head_findings,
        *_row_findings(rows),
        *_clock_findings(chain),
        *_history_findings(chain, claims, rows, head_seq),
        *_run_findings(chain),
        *_missing_note_findings(chain, claims, outside, why_none_outside),
        *_actor_findings(connection, chain),
        *findings,
    ]
    signed = max((note.checkpoint.size for note in claims if _matches(chain, note)), default=0)
    found = tuple(findings)
    return Report(
        workspace_id=workspace_id,
        intact=verdict(found, INTACT, _intact_words(chain, rows)),
        complete=verdict(found, COMPLETE, _complete_words(chain, signed)),
        by_whom=verdict(found, BY_WHOM, f"Every one of the {len(chain.actors)} actors is known, and so is the device."),
        findings=found,
        entries=chain.size,
        rows=rows.checked,
        erased_rows=rows.erased,
        signed=signed,
        root=chain.peaks.root().hex(),
        verifier_key=verifier_key(origin_of(workspace_id), public_key) if public_key is not None else "",
    )


def _notes(
    connection: Connection, workspace_id: str, outside: str | None, public_key: bytes | None
) -> tuple[list[_Note], list[Finding]]:
    """The checkpoints with a good signature, inside and outside, and what is wrong with the others."""
    statement = (
        select(checkpoints.c.size, checkpoints.c.note)
        .where(checkpoints.c.workspace_id == workspace_id)
        .order_by(checkpoints.c.size.desc())
        .limit(NEWEST_NOTES)
    )
    texts = [(note, False) for _, note in connection.execute(statement)]
    if outside is not None:
        texts.insert(0, (outside, True))
    if public_key is None:
        sentence = "The checkpoints were not checked, for there is no public key. Verify with the key of the device."
        return [], [Finding(Kind.UNKNOWN_SIGNER, sentence)]
    good: list[_Note] = []
    findings: list[Finding] = []
    for text, is_outside in texts:
        where = "outside the database" if is_outside else "in the database"
        try:
            good.append(_Note(open_checkpoint(text, origin_of(workspace_id), public_key), is_outside))
        except Damaged as error:
            findings.append(_bad_note(text, workspace_id, public_key, where, error))
    return good, findings


def _bad_note(text: str, workspace_id: str, public_key: bytes, where: str, error: Damaged) -> Finding:
    """Signed by a key nobody vouched for, which may be an older device; or not what its own signature says."""
    try:
        size = read_checkpoint(note_text(text), origin_of(workspace_id)).size
        is_strange = is_signed_by_another(text, origin_of(workspace_id), public_key)
    except Damaged:
        size, is_strange = 0, False
    if is_strange:
        return Finding(
            Kind.UNKNOWN_SIGNER,
            f"A checkpoint {where} over {size} entries is signed by a key that is not this device's. "
            "If no device was replaced, somebody else wrote it.",
            seq=size,
        )
    return Finding(
        Kind.CHECKPOINT_FORGED,
        f"A checkpoint {where} was changed or forged: {error.message} Restore the latest backup.",
        seq=size,
    )


def _matches(chain: Chain, note: _Note) -> bool:
    return chain.roots.get(note.checkpoint.size) == note.checkpoint.root or (
        note.checkpoint.size == 0 and chain.size == 0
    )


def _check_head(connection: Connection, chain: Chain) -> tuple[int, list[Finding]]:
    """Where the journal says that it ends, and what is wrong with that. A head beyond the entries is a cut tail."""
    try:
        head = journal.head(connection, chain.workspace_id)
    except (NoResultFound, ValueError):
        return 0, [Finding(Kind.HEAD_CHANGED, "The head of the journal is missing or unreadable. Restore a backup.")]
    is_it = (head.seq, head.hash, head.peaks.to_bytes()) == (chain.size, chain.hash, chain.peaks.to_bytes())
    if is_it or head.seq > chain.size or not chain.is_whole:
        return head.seq, []
    sentence = f"The head of the journal does not fit its {chain.size} entries. Restore the latest backup."
    return head.seq, [Finding(Kind.HEAD_CHANGED, sentence, seq=head.seq)]


def _entry_findings(chain: Chain) -> list[Finding]:
    """The first bad entry of each kind. What follows from another fault is not reported again."""
    found: list[Finding] = []
    explained: set[int] = set()
    if chain.gaps:
        first, last = chain.gaps[0]
        explained |= {end + 1 for _, end in chain.gaps}
        which = f"Entry {first} is" if first == last else f"Entries {first} to {last} are"
        found.append(
            Finding(Kind.ENTRY_MISSING, f"{which} missing from the journal. Restore the latest backup.", seq=first)
        )
    if chain.moved and set(chain.moved) == set(chain.moved.values()):
        explained |= set(chain.moved) | {seq + 1 for seq in chain.moved}
        first = min(chain.moved)
        found.append(
            Finding(
                Kind.ENTRIES_MOVED,
                f"Entries were exchanged: in place of entry {first} stands entry {chain.moved[first]}. "
                "Restore the latest backup.",
                seq=first,
            )
        )
    changed = sorted((set(chain.changed) | set(chain.moved)) - explained)
    if changed:
        more = f", and {len(changed) - 1} after it" if len(changed) > 1 else ""
        found.append(
            Finding(
                Kind.ENTRY_CHANGED,
                f"Entry {changed[0]} was changed{more}. What it says is not what happened; restore the latest backup.",
                seq=changed[0],
            )
        )
    misfiled = [seq for seq in chain.misfiled if seq not in explained and seq not in changed]
    if misfiled and chain.is_whole:
        found.append(
            Finding(
                Kind.INDEX_CHANGED,
                f"Entry {misfiled[0]} is filed under another name, actor, run or time than it says itself. "
                "Searches miss it; restore the latest backup.",
                seq=misfiled[0],
            )
        )
    return found


def _row_findings(rows: Rows) -> list[Finding]:
    found: list[Finding] = []
    for (table, key), seq in rows.changed[:NAMED]:
        sentence = (
            f"The {table} {key} is not in the state that entry {seq} left it in{_more(rows.changed)}. "
            "Somebody wrote past the engine; restore the latest backup."
        )
        found.append(Finding(Kind.ROW_CHANGED, sentence, seq=seq, table=table, key=key))
    for (table, key), seq in rows.missing[:NAMED]:
        sentence = f"The {table} {key} of entry {seq} is gone{_more(rows.missing)}. Restore the latest backup."
        found.append(Finding(Kind.ROW_MISSING, sentence, seq=seq, table=table, key=key))
    for table, key in rows.unaccounted[:NAMED]:
        sentence = (
            f"The {table} {key} is in the database and in no entry of the journal{_more(rows.unaccounted)}. "
            "Somebody wrote past the engine; restore the latest backup."
        )
        found.append(Finding(Kind.ROW_UNACCOUNTED, sentence, table=table, key=key))
    for scope, seq in rows.keyless.items():
        sentence = (
            f"The key of {scope} is gone, though no entry says that it was erased, so its rows cannot be checked. "
            "Restore the latest backup."
        )
        found.append(Finding(Kind.KEY_MISSING, sentence, seq=seq, key=scope))
    if rows.unchecked:
        sentence = (
            f"{rows.unchecked} rows were not compared with the journal: that needs the keys, and a journal whose "
            "entries are whole. Verify again once both are there."
        )
        found.append(Finding(Kind.ROWS_UNCHECKED, sentence))
    return found


def _more(places: Sequence[object]) -> str:
    return f" ({len(places)} in all)" if len(places) > 1 else ""


def _clock_findings(chain: Chain) -> list[Finding]:
    if not chain.set_back:
        return []
    seq, by = chain.set_back[0]
    sentence = (
        f"The clock was set back by {by // 1000} seconds before entry {seq}: its times, and those after it, may be "
        "wrong. Compare them with something outside."
    )
    return [Finding(Kind.CLOCK_SET_BACK, sentence, seq=seq)]


def _history_findings(chain: Chain, notes: list[_Note], rows: Rows, head_seq: int) -> list[Finding]:
    """Whether this is the history that was signed. Where entries are broken the roots cannot fit, and say nothing."""
    found: list[Finding] = []
    beyond = [note for note in notes if note.checkpoint.size > chain.size]
    if beyond or head_seq > chain.size:
        found.append(_shorter(chain, beyond, rows, head_seq))
    if not chain.is_whole:
        return found
    within = [note for note in notes if note.checkpoint.size <= chain.size]
    other = [note.checkpoint.size for note in within if not _matches(chain, note)]
    same = [note.checkpoint.size for note in within if _matches(chain, note)]
    if other:
        found.append(_different(min(other), max(other), max(same, default=0)))
    return found


def _shorter(chain: Chain, beyond: list[_Note], rows: Rows, head_seq: int) -> Finding:
    """A cut leaves traces of what was cut; a database that was put back as a whole fits itself."""
    whole = max([head_seq, *(note.checkpoint.size for note in beyond)])
    has_traces = head_seq > chain.size or rows.are_of_another_time or any(not note.is_outside for note in beyond)
    if has_traces:
        return Finding(
            Kind.TAIL_CUT,
            f"The last {whole - chain.size} entries are cut off: {whole} were written, {chain.size} are left. "
            "Restore the latest backup.",
            seq=chain.size,
        )
    return Finding(
        Kind.OLD_COPY,
        f"This database is an older copy: it ends at entry {chain.size}, and {whole} entries were signed. "
        "What happened since is missing; restore a newer backup.",
        seq=chain.size,
    )


def _different(first: int, last: int, same: int) -> Finding:
    """Two signatures that contradict each other are a fork; a history that no signature fits was rewritten."""
    if same >= first:
        return Finding(
            Kind.FORKED,
            f"Two histories were signed: a checkpoint over {first} entries does not fit this journal, one over {same} "
            "does. A copy of the data folder was used beside this one; find out which is the true one.",
            seq=first,
        )
    since = f"since entry {same + 1}" if same else "from its beginning"
    return Finding(
        Kind.REWRITTEN,
        f"The journal was rewritten {since}: it fits itself, but not the checkpoint that was signed over {last} "
        "entries. Restore the latest backup.",
        seq=same + 1,
    )


def _run_findings(chain: Chain) -> list[Finding]:
    found: list[Finding] = []
    for run_id, steps in chain.runs.items() if chain.is_whole else ():
        if steps.closed_at and steps.said != steps.seen:
            sentence = (
                f"The run {run_id} closed with {steps.said} steps, and the journal has {steps.seen}. "
                "Steps are missing; restore the latest backup."
            )
            found.append(Finding(Kind.RUN_INCOMPLETE, sentence, seq=steps.closed_at, table="run", key=run_id))
    return found[:NAMED]


def _missing_note_findings(
    chain: Chain, notes: list[_Note], outside: str | None, why_none_outside: str
) -> list[Finding]:
    if chain.size and not notes:
        sentence = (
            "No checkpoint of this journal can be relied on, so a cut tail would not show. Write one, then keep it."
        )
        return [Finding(Kind.NO_CHECKPOINT, sentence)]
    if chain.size and outside is None:
        why = why_none_outside or "There is no checkpoint outside the database."
        sentence = f"{why} Who can change the database could have cut journal and checkpoints together."
        return [Finding(Kind.NONE_OUTSIDE, sentence)]
    return []


def _actor_findings(connection: Connection, chain: Chain) -> list[Finding]:
    """Actors are members, agents, or the engine. Members who left are known by the entries that account for them."""
    present = connection.execute(select(members.c.person_id).where(members.c.workspace_id == chain.workspace_id))
    known = SYSTEM_ACTORS | set(present.scalars())
    for table in ("member", "agent"):
        known |= chain.committed.get(table, {}).keys()
    strangers = sorted((seq, actor) for actor, seq in chain.actors.items() if actor not in known)
    return [
        Finding(
            Kind.UNKNOWN_ACTOR,
            f"Entry {seq} is by {actor}, who is no member and no agent of this workspace. Find out who wrote it.",
            seq=seq,
            key=actor,
        )
        for seq, actor in strangers[:NAMED]
    ]


def _intact_words(chain: Chain, rows: Rows) -> str:
    erased = f"; {rows.erased} rows of erased runs can no longer be compared" if rows.erased else ""
    return f"All {chain.size} entries and {rows.checked} rows are as they were written{erased}."


def _complete_words(chain: Chain, signed: int) -> str:
    since = f", and the {chain.size - signed} since then follow without a gap" if chain.size > signed else ""
    return f"The first {signed} entries are the ones that were signed{since}."
