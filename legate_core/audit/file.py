"""Checks an exported journal with nothing but the file and a public key: no database, no keys, no network."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain as joined
from typing import Any, cast

import msgspec

from legate_core import typed
from legate_core.audit import findings as finding
from legate_core.audit.chain import BATCH, Chain, Progress, Stored, follow
from legate_core.audit.notary import origin_of
from legate_core.audit.report import BY_WHOM, COMPLETE, INTACT, Finding, Kind, Report, verdict
from legate_core.audit.rows import Rows
from legate_core.crypto.signing import read_verifier_key
from legate_core.errors import Invalid

CURE = "Do not rely on this file; ask whoever gave it to you for a fresh one."
_IN_THE_FILE = "in the file"
_LINE = re.compile(rb'\{"hash":"([0-9a-f]{64})","entry":(.*)\}', re.DOTALL)


class _Head(msgspec.Struct):
    """The first line."""

    legate_journal: int
    workspace: str
    entries: int
    key: str
    exported_at: int = 0


class _Checkpoint(msgspec.Struct):
    """A line between the first one and the entries."""

    checkpoint: str


class _Filed(msgspec.Struct, gc=False):
    """What a database would file an entry under. Of any type here: a line may say anything."""

    seq: Any = 0
    name: Any = ""
    actor: Any = ""
    time: Any = 0
    body: Any = None


@dataclass(frozen=True, slots=True)
class _Line:
    """An entry's line: where the entry says it stands, and everything else as it is put to the chain."""

    seq: int
    name: str
    run_id: str
    actor: str
    at: int
    text: str
    hash: bytes


def check_file(lines: Iterable[bytes], *, key: str = "", progress: Progress | None = None) -> Report:
    """The three verdicts over an exported journal, from its lines.

    `key` is the device's public key in the form of the file's first line, from a source of the reader's own. Without it
    the one in the file is used, and who wrote the journal stays unproven. Raises `Invalid` for what is no such file.
    """
    rest = iter(lines)
    head = _read_head(next(rest, b""))
    notes, first = _read_notes(rest)
    name, public_key = read_verifier_key(key or head.key)
    if name != origin_of(head.workspace):
        raise Invalid(
            f"This is the key of {name!r}, and the file is of {head.workspace!r}. Give the key of that journal."
        )
    claims, bad_notes = finding.read_notes(head.workspace, [(note, _IN_THE_FILE) for note in notes], public_key, CURE)
    sizes = frozenset(note.checkpoint.size for note in claims)
    batches = _batches(_placed(_entries(joined(first, rest))))
    chain = follow(Chain(head.workspace, CURE), batches, sizes, progress, head.entries)
    found = (
        *finding.entry_findings(chain),
        *finding.clock_findings(chain),
        *finding.history_findings(chain, claims, Rows(), head.entries),
        *_surplus(chain, head.entries),
        *finding.run_findings(chain),
        *finding.missing_note_findings(chain, claims),
        *finding.actor_findings(chain),
        *bad_notes,
        *_signer_findings(head.key, key),
    )
    signed = finding.signed_size(chain, claims)
    complete = f"{finding.complete_words(chain, signed)} What came after the export, only a later one can show."
    return Report(
        workspace_id=head.workspace,
        intact=verdict(
            found, INTACT, f"All {chain.size} entries are as they were written. A file holds no rows to compare."
        ),
        complete=verdict(found, COMPLETE, complete),
        by_whom=verdict(found, BY_WHOM, f"Every one of the {len(chain.actors)} actors is known, and the key is yours."),
        findings=found,
        entries=chain.size,
        rows=0,
        erased_rows=0,
        signed=signed,
        root=chain.peaks.root().hex(),
        verifier_key=key or head.key,
    )


def _read_head(line: bytes) -> _Head:
    try:
        head = typed.decode(line, _Head)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(
            "This is no exported journal: its first line does not say whose it is. Choose another file."
        ) from error
    if head.legate_journal != 1:
        raise Invalid(f"This journal was exported in format {head.legate_journal}. Check it with a newer Legate.")
    return head


def _read_notes(lines: Iterator[bytes]) -> tuple[list[str], list[bytes]]:
    """The checkpoints, and the line after them."""
    notes: list[str] = []
    for line in lines:
        try:
            notes.append(typed.decode(line, _Checkpoint).checkpoint)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return notes, [line]
    return notes, []


def _entries(lines: Iterable[bytes]) -> Iterator[_Line]:
    """What each line says. One that cannot be read is put to the chain as it is, which says that it was changed."""
    decode = typed.decoder(_Filed)
    for line in lines:
        stripped = line.rstrip(b"\r\n")
        if not stripped:
            continue
        match = _LINE.fullmatch(stripped)
        data = match[2] if match is not None else stripped
        text = _text(data)
        digest = bytes.fromhex(match[1].decode()) if match is not None else bytes(32)
        try:
            filed = decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            filed = _Filed()
        about = _run_in(filed.body)
        seq = filed.seq if isinstance(filed.seq, int) and not isinstance(filed.seq, bool) else 0
        yield _Line(seq, filed.name, about, filed.actor, filed.time, text, digest)


def _run_in(body: object) -> str:
    about = cast("dict[str, Any]", body).get("run_id", "") if type(body) is dict else ""
    return about if isinstance(about, str) else ""


def _text(data: bytes) -> str:
    """Bytes as the text that was hashed; what is no text becomes one that was not."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape")


def _placed(lines: Iterator[_Line]) -> Iterator[Stored]:
    """Each entry with the place it has in the file.

    A jump in the numbers is a gap where the next line goes on from it; a line that stands alone was put there.
    """
    place = 0
    line = next(lines, None)
    while line is not None:
        following = next(lines, None)
        goes_on = following is None or following.seq == line.seq + 1
        place = line.seq if line.seq > place + 1 and goes_on else place + 1
        yield place, line.name, line.run_id, line.actor, line.at, line.text, line.hash
        line = following


def _batches(entries: Iterator[Stored]) -> Iterator[list[Stored]]:
    batch: list[Stored] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _surplus(chain: Chain, said: int) -> list[Finding]:
    if chain.size <= said or not chain.is_whole:
        return []
    sentence = f"The file has {chain.size} entries, and says that it has {said}. Somebody added to it. {CURE}"
    return [Finding(Kind.HEAD_CHANGED, sentence, seq=said + 1)]


def _signer_findings(in_file: str, given: str) -> list[Finding]:
    """A key that comes with what it signs proves only that both are of one hand."""
    if not given:
        sentence = "The key that signed stands in the file itself. Compare it with the one that the device shows: "
        return [Finding(Kind.UNKNOWN_SIGNER, sentence + in_file)]
    if given != in_file:
        sentence = "The file names another key than the one you gave. Find out which of the two is the device's."
        return [Finding(Kind.UNKNOWN_SIGNER, sentence)]
    return []


def read_lines(path: str) -> Iterator[bytes]:
    """The lines of a file. Raises `Invalid` where it cannot be read."""
    try:
        with open(path, "rb") as file:
            yield from file
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror or error}. Choose another file.") from error
