"""Is the journal intact, is it complete, and who wrote it: three verdicts from the data and a public key alone.

*Intact*: every entry is the one that was hashed, in its place, and every audited row is in the state that the journal
last committed to. *Complete*: the journal is the one that was signed, whole, and each finished run has as many steps as
its closing record says. *By whom*: every actor is known, and the checkpoints are this device's.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from legate_core.audit import findings as finding
from legate_core.audit.chain import Chain, Progress, walk
from legate_core.audit.contents import look_for_bodies, open_bodies
from legate_core.audit.findings import INSIDE, OUTSIDE, Note
from legate_core.audit.notary import origin_of
from legate_core.audit.report import BY_WHOM, COMPLETE, INTACT, Finding, Kind, Report, verdict
from legate_core.audit.row_findings import intact_words, row_findings
from legate_core.audit.rows import Rows, hold_against
from legate_core.audit.tables import checkpoints
from legate_core.crypto.signing import verifier_key
from legate_core.errors import Damaged
from legate_core.identity.tables import members
from legate_core.kernel import journal
from legate_core.kernel.payloads import Bodies

NEWEST_NOTES = 64
"""A root covers everything before it, so a good newest checkpoint speaks for all older ones; these are a few more."""


def verify(
    connection: Connection,
    workspace_id: str,
    *,
    bodies: Bodies | None,
    outside: str | None,
    public_key: bytes | None,
    why_none_outside: str = "",
    progress: Progress | None = None,
    open_every_body: bool = False,
) -> Report:
    """The three verdicts over a workspace's journal, read in the transaction of `connection`.

    `outside` is the last checkpoint that was kept outside this database. Without `bodies` (a stranger has no keys) rows
    are not compared; without `public_key` checkpoints count for nothing. What could not be checked is said. Every body
    that a row names must be there; whether it opens is looked at where that is wanted, for it reads all of them.
    """
    claims, bad_notes = _notes(connection, workspace_id, outside, public_key)
    chain = walk(connection, workspace_id, frozenset(note.checkpoint.size for note in claims), progress)
    # What broken entries said about rows, and which steps they were, is not known any more.
    rows = _rows(connection, chain, bodies, open_every_body) if chain.is_whole else Rows(unchecked=chain.accounted)
    head_seq, head_findings = _check_head(connection, chain)
    found = (
        *finding.entry_findings(chain),
        *head_findings,
        *row_findings(rows),
        *finding.clock_findings(chain),
        *finding.history_findings(chain, claims, rows, head_seq),
        *finding.run_findings(chain),
        *_note_findings(chain, claims, outside, why_none_outside),
        *finding.actor_findings(chain, _members(connection, workspace_id)),
        *bad_notes,
    )
    signed = finding.signed_size(chain, claims)
    return Report(
        workspace_id=workspace_id,
        intact=verdict(found, INTACT, intact_words(chain, rows, is_opened=open_every_body and bodies is not None)),
        complete=verdict(found, COMPLETE, finding.complete_words(chain, signed)),
        by_whom=verdict(found, BY_WHOM, f"Every one of the {len(chain.actors)} actors is known, and so is the device."),
        findings=found,
        entries=chain.size,
        rows=rows.checked,
        erased_rows=rows.erased,
        signed=signed,
        root=chain.peaks.root().hex(),
        verifier_key=verifier_key(origin_of(workspace_id), public_key) if public_key is not None else "",
        opened_bodies=rows.opened,
    )


def _rows(connection: Connection, chain: Chain, bodies: Bodies | None, open_every_body: bool) -> Rows:
    """What rows, keys and bodies say; keys as they lie in the database, whatever this process opened before."""
    keys = bodies.stored_keys() if bodies is not None else None
    rows = hold_against(connection, chain, keys)
    look_for_bodies(connection, chain, rows)
    if open_every_body and keys is not None:
        open_bodies(connection, chain, keys, rows)
    return rows


def _notes(
    connection: Connection, workspace_id: str, outside: str | None, public_key: bytes | None
) -> tuple[list[Note], list[Finding]]:
    """The checkpoints with a good signature, inside and outside, and what is wrong with the others."""
    statement = (
        select(checkpoints.c.size, checkpoints.c.note)
        .where(checkpoints.c.workspace_id == workspace_id)
        .order_by(checkpoints.c.size.desc())
        .limit(NEWEST_NOTES)
    )
    texts = [(note, INSIDE) for _, note in connection.execute(statement)]
    if outside is not None:
        texts.insert(0, (outside, OUTSIDE))
    return finding.read_notes(workspace_id, texts, public_key)


def _note_findings(chain: Chain, notes: list[Note], outside: str | None, why_none_outside: str) -> list[Finding]:
    missing = finding.missing_note_findings(chain, notes)
    if chain.size and outside is None and not missing:
        why = why_none_outside or "There is no checkpoint outside the database."
        sentence = f"{why} Who can change the database could have cut journal and checkpoints together."
        return [Finding(Kind.NONE_OUTSIDE, sentence)]
    return missing


def _members(connection: Connection, workspace_id: str) -> frozenset[str]:
    present = connection.execute(select(members.c.person_id).where(members.c.workspace_id == workspace_id))
    return frozenset(present.scalars())


def _check_head(connection: Connection, chain: Chain) -> tuple[int, list[Finding]]:
    """Where the journal says that it ends, and what is wrong with that. A head beyond the entries is a cut tail."""
    try:
        head = journal.head(connection, chain.workspace_id)
    except (Damaged, ValueError):
        return 0, [Finding(Kind.HEAD_CHANGED, "The head of the journal is missing or unreadable. Restore a backup.")]
    is_it = (head.seq, head.hash, head.peaks.to_bytes()) == (chain.size, chain.hash, chain.peaks.to_bytes())
    if is_it or head.seq > chain.size or not chain.is_whole:
        return head.seq, []
    sentence = f"The head of the journal does not fit its {chain.size} entries. Restore the latest backup."
    return head.seq, [Finding(Kind.HEAD_CHANGED, sentence, seq=head.seq)]
