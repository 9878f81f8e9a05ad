"""What is wrong with a journal, from one pass over its entries and the checkpoints that were signed: pure, and in sentences.

Whether the entries came from a database or from a file is not known here; `Chain.cure` says what to do about a fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from legate_core.audit.chain import CURE, Chain
from legate_core.audit.notary import origin_of
from legate_core.audit.report import Finding, Kind
from legate_core.audit.rows import Rows
from legate_core.crypto.signing import (
    Checkpoint,
    is_signed_by_another,
    note_text,
    open_checkpoint,
    read_checkpoint,
)
from legate_core.errors import Damaged

SYSTEM_ACTORS = frozenset({"engine"})

NAMED = 20
"""Faults of one kind that are named one by one; more would help nobody."""

OUTSIDE, INSIDE = "outside the database", "in the database"
"""Where a checkpoint was found."""


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint with a good signature, and where it was found."""

    checkpoint: Checkpoint
    is_outside: bool


def read_notes(
    workspace_id: str, texts: Sequence[tuple[str, str]], public_key: bytes | None, cure: str = CURE
) -> tuple[list[Note], list[Finding]]:
    """The checkpoints with a good signature, and what is wrong with the others. Each comes with where it was found."""
    if public_key is None:
        sentence = "The checkpoints were not checked, for there is no public key. Verify with the key of the device."
        return [], [Finding(Kind.UNKNOWN_SIGNER, sentence)]
    good: list[Note] = []
    findings: list[Finding] = []
    for text, where in texts:
        try:
            good.append(Note(open_checkpoint(text, origin_of(workspace_id), public_key), where == OUTSIDE))
        except Damaged as error:
            findings.append(_bad_note(text, workspace_id, public_key, where, cure, error))
    return good, findings


def _bad_note(text: str, workspace_id: str, public_key: bytes, where: str, cure: str, error: Damaged) -> Finding:
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
        f"A checkpoint {where} was changed or forged: {error.message} {cure}",
        seq=size,
    )


def matches(chain: Chain, note: Note) -> bool:
    """Whether the entries are the ones that this checkpoint promised."""
    return chain.roots.get(note.checkpoint.size) == note.checkpoint.root or (
        note.checkpoint.size == 0 and chain.size == 0
    )


def entry_findings(chain: Chain) -> list[Finding]:
    """The first bad entry of each kind. What follows from another fault is not reported again."""
    found: list[Finding] = []
    explained: set[int] = set()
    if chain.gaps:
        first, last = chain.gaps[0]
        explained |= {end + 1 for _, end in chain.gaps}
        which = f"Entry {first} is" if first == last else f"Entries {first} to {last} are"
        found.append(Finding(Kind.ENTRY_MISSING, f"{which} missing from the journal. {chain.cure}", seq=first))
    if chain.moved and set(chain.moved) == set(chain.moved.values()):
        explained |= set(chain.moved) | {seq + 1 for seq in chain.moved}
        first = min(chain.moved)
        found.append(
            Finding(
                Kind.ENTRIES_MOVED,
                f"Entries were exchanged: in place of entry {first} stands entry {chain.moved[first]}. {chain.cure}",
                seq=first,
            )
        )
    changed = sorted((set(chain.changed) | set(chain.moved)) - explained)
    if changed:
        more = f", and {len(changed) - 1} after it" if len(changed) > 1 else ""
        found.append(
            Finding(
                Kind.ENTRY_CHANGED,
                f"Entry {changed[0]} was changed{more}. What it says is not what happened. {chain.cure}",
                seq=changed[0],
            )
        )
    misfiled = [seq for seq in chain.misfiled if seq not in explained and seq not in changed]
    if misfiled and chain.is_whole:
        found.append(
            Finding(
                Kind.INDEX_CHANGED,
                f"Entry {misfiled[0]} is filed under another name, actor, run or time than it says itself. "
                f"Searches miss it. {chain.cure}",
                seq=misfiled[0],
            )
        )
    return found


def clock_findings(chain: Chain) -> list[Finding]:
    """The first time the clock went back by more than clocks are corrected by."""
    if not chain.set_back:
        return []
    seq, by = chain.set_back[0]
    sentence = (
        f"The clock was set back by {by // 1000} seconds before entry {seq}: its times, and those after it, may be "
        "wrong. Compare them with something outside."
    )
    return [Finding(Kind.CLOCK_SET_BACK, sentence, seq=seq)]


def history_findings(chain: Chain, notes: list[Note], rows: Rows, head_seq: int) -> list[Finding]:
    """Whether this is the history that was signed. Where entries are broken the roots cannot fit, and say nothing."""
    found: list[Finding] = []
    beyond = [note for note in notes if note.checkpoint.size > chain.size]
    if beyond or head_seq > chain.size:
        found.append(_shorter(chain, beyond, rows, head_seq))
    if not chain.is_whole:
        return found
    within = [note for note in notes if note.checkpoint.size <= chain.size]
    other = [note.checkpoint.size for note in within if not matches(chain, note)]
    same = [note.checkpoint.size for note in within if matches(chain, note)]
    if other:
        found.append(_different(chain, min(other), max(other), max(same, default=0)))
    return found


def _shorter(chain: Chain, beyond: list[Note], rows: Rows, head_seq: int) -> Finding:
    """A cut leaves traces of what was cut; a database that was put back as a whole fits itself."""
    whole = max([head_seq, *(note.checkpoint.size for note in beyond)])
    has_traces = head_seq > chain.size or rows.are_of_another_time or any(not note.is_outside for note in beyond)
    if has_traces:
        return Finding(
            Kind.TAIL_CUT,
            f"The last {whole - chain.size} entries are cut off: {whole} were written, {chain.size} are left. "
            f"{chain.cure}",
            seq=chain.size,
        )
    return Finding(
        Kind.OLD_COPY,
        f"This database is an older copy: it ends at entry {chain.size}, and {whole} entries were signed. "
        "What happened since is missing; restore a newer backup.",
        seq=chain.size,
    )


def _different(chain: Chain, first: int, last: int, same: int) -> Finding:
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
        f"entries. {chain.cure}",
        seq=same + 1,
    )


def run_findings(chain: Chain) -> list[Finding]:
    """Finished runs with another number of steps than their closing record says."""
    found: list[Finding] = []
    for run_id, steps in chain.runs.items() if chain.is_whole else ():
        if steps.closed_at and steps.said != steps.seen:
            sentence = (
                f"The run {run_id} closed with {steps.said} steps, and the journal has {steps.seen}. "
                f"Steps are missing. {chain.cure}"
            )
            found.append(Finding(Kind.RUN_INCOMPLETE, sentence, seq=steps.closed_at, table="run", key=run_id))
    return found[:NAMED]


def missing_note_findings(chain: Chain, notes: list[Note]) -> list[Finding]:
    """Without a checkpoint nothing says how long the journal was."""
    if chain.size and not notes:
        sentence = (
            "No checkpoint of this journal can be relied on, so a cut tail would not show. "
            "One is written whenever a run ends and when Legate is closed."
        )
        return [Finding(Kind.NO_CHECKPOINT, sentence)]
    return []


def actor_findings(chain: Chain, members: frozenset[str] = frozenset()) -> list[Finding]:
    """Actors are members, agents, or the engine. Members who left are known by the entries that account for them."""
    known = SYSTEM_ACTORS | members
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


def signed_size(chain: Chain, notes: list[Note]) -> int:
    """How many entries the newest checkpoint that fits covers."""
    return max((note.checkpoint.size for note in notes if matches(chain, note)), default=0)


def complete_words(chain: Chain, signed: int) -> str:
    """What to say where nothing is missing."""
    since = f", and the {chain.size - signed} since then follow without a gap" if chain.size > signed else ""
    return f"The first {signed} entries are the ones that were signed{since}."
