"""An exported journal is checked by a stranger with the file and a key, and every tampering with the file shows."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from legate_core.audit.checkpoint import checkpoint_now
from legate_core.audit.export import ExportJournal, SignJournal, entry_line
from legate_core.audit.file import check_file, read_lines
from legate_core.audit.notary import Notary
from legate_core.audit.queries import VerifyJournal
from legate_core.audit.report import Kind, Report, State
from legate_core.crypto.keys.memory import MemoryKeys
from legate_core.errors import Damaged, Forbidden, Invalid
from tests.core.audit import tampering
from tests.core.audit.filling import fill, whole_run
from tests.core.audit.house import WORKSPACE, House, Intruder

Lines = list[bytes]


async def export(house: House, limit: int = 500) -> Lines:
    await house.send(SignJournal())
    part = await house.ask(ExportJournal(limit=limit))
    lines = list(part.lines)
    while part.after:
        part = await house.ask(ExportJournal(after=part.after, until=part.until, limit=limit))
        lines += part.lines
    return [line.encode() + b"\n" for line in lines]


def key_of(house: House) -> str:
    return house.kernel.ports.get(Notary).verifier_key(WORKSPACE)


def states(report: Report) -> list[State]:
    return [report.intact.state, report.complete.state, report.by_whom.state]


def kinds(report: Report) -> list[Kind]:
    return [finding.kind for finding in report.findings]


async def test_an_honest_file_holds_in_all_three_ways_with_a_key_of_ones_own(house: House) -> None:
    await fill(house)
    report = check_file(await export(house), key=key_of(house))
    assert report.findings == ()
    assert states(report) == [State.HOLDS] * 3
    there = await house.ask(VerifyJournal())
    assert (report.entries, report.root, report.signed) == (there.entries, there.root, there.entries)


async def test_a_key_that_comes_with_the_file_leaves_open_who_wrote_it(house: House) -> None:
    report = check_file(await export(house))
    assert states(report) == [State.HOLDS, State.HOLDS, State.UNPROVEN]
    assert key_of(house) in report.by_whom.sentence


async def test_parts_of_any_size_make_the_same_file(house: House) -> None:
    await fill(house)
    whole = await export(house)
    for limit in (1, 4, len(await house.facts())):
        parts = await export(house, limit)
        assert parts[1:] == whole[1:], limit


async def test_what_happens_during_an_export_is_not_in_it(house: House) -> None:
    await house.send(SignJournal())
    part = await house.ask(ExportJournal(limit=1))
    await whole_run(house)
    lines = list(part.lines)
    while part.after:
        part = await house.ask(ExportJournal(after=part.after, until=part.until, limit=1))
        lines += part.lines
    report = check_file([line.encode() for line in lines], key=key_of(house))
    assert states(report) == [State.HOLDS] * 3
    assert report.entries == part.until < len(await house.facts())


async def test_signing_covers_the_whole_journal_and_goes_on_from_what_was_signed(house: House) -> None:
    await fill(house)
    first = await house.send(SignJournal())
    assert await house.send(SignJournal()) == first == len(await house.facts())
    await whole_run(house)
    assert await house.send(SignJournal()) > first
    assert await checkpoint_now(house.kernel, WORKSPACE) is None
    report = await house.ask(VerifyJournal())
    assert (report.findings, report.signed) == ((), report.entries)


async def test_a_journal_that_was_tampered_with_is_not_signed_for_an_export(house: House, intruder: Intruder) -> None:
    await fill(house)
    await house.send(SignJournal())
    intruder.run(lambda connection: tampering.cut_tail(connection, 2))
    await whole_run(house, 5)
    with pytest.raises(Damaged):
        await house.send(SignJournal())


async def test_only_who_may_see_everything_exports_it(house: House) -> None:
    for role, may in (("admin", True), ("builder", False), ("operator", False), ("viewer", False)):
        person = await house.person(f"per_{role}", role)
        for message in (SignJournal(), ExportJournal()):
            act = house.send if isinstance(message, SignJournal) else house.ask
            if may:
                await act(message, person)
            else:
                with pytest.raises(Forbidden):
                    await act(message, person)
    with pytest.raises(Invalid):
        await house.ask(ExportJournal(limit=0))


# The tamperings of a file. Each gets its lines; the entries stand at the end, one line each.


def change_one_byte(lines: Lines) -> None:
    lines[-4] = lines[-4].replace(b'"cause":"', b'"cause":"X', 1)


def change_one_hash(lines: Lines) -> None:
    lines[-4] = lines[-4].replace(lines[-4][9:11], b"00" if lines[-4][9:11] != b"00" else b"11", 1)


def take_one_away(lines: Lines) -> None:
    del lines[-4]


def take_the_end_away(lines: Lines) -> None:
    del lines[-3:]


def exchange_two(lines: Lines) -> None:
    lines[-5], lines[-3] = lines[-3], lines[-5]


def put_one_in(lines: Lines) -> None:
    lines.insert(-3, lines[-4])


def add_one(lines: Lines) -> None:
    lines.append(lines[-1])


def break_a_line(lines: Lines) -> None:
    lines[-4] = b"\xff\xfe" + lines[-4]


def take_the_checkpoints_away(lines: Lines) -> None:
    lines[:] = [line for line in lines if not line.startswith(b'{"checkpoint"')]


def forge_a_checkpoint(lines: Lines) -> None:
    at = next(at for at, line in enumerate(lines) if line.startswith(b'{"checkpoint"'))
    note: str = json.loads(lines[at])["checkpoint"]
    name, size, rest = note.split("\n", 2)
    lines[at] = json.dumps({"checkpoint": f"{name}\n{int(size) - 1}\n{rest}"}).encode() + b"\n"


def rewrite_everything(lines: Lines) -> None:
    """Another cause in one entry, and every hash from there on made to fit."""
    import hashlib

    first = next(at for at, line in enumerate(lines) if line.startswith(b'{"hash"'))
    change_one_byte(lines)
    digest = bytes(32)
    for at in range(first, len(lines)):
        text = lines[at].rstrip(b"\n")[len(b'{"hash":"","entry":') + 64 : -1]
        digest = hashlib.sha256(digest + text).digest()
        lines[at] = entry_line(digest, text.decode()).encode() + b"\n"


@pytest.mark.parametrize(
    ("tamper", "kind", "place"),
    [
        (change_one_byte, Kind.ENTRY_CHANGED, -4),
        (change_one_hash, Kind.ENTRY_CHANGED, -4),
        (take_one_away, Kind.ENTRY_MISSING, -4),
        (take_the_end_away, Kind.TAIL_CUT, None),
        (exchange_two, Kind.ENTRIES_MOVED, -5),
        (put_one_in, Kind.ENTRY_CHANGED, -3),
        (add_one, Kind.ENTRY_CHANGED, 0),
        (break_a_line, Kind.ENTRY_CHANGED, -4),
        (take_the_checkpoints_away, Kind.NO_CHECKPOINT, None),
        (forge_a_checkpoint, Kind.CHECKPOINT_FORGED, None),
        (rewrite_everything, Kind.REWRITTEN, None),
    ],
)
async def test_each_tampering_with_a_file_shows_as_itself_and_names_the_place(
    house: House, tamper: Callable[[Lines], None], kind: Kind, place: int | None
) -> None:
    await fill(house)
    lines = await export(house)
    total = len(await house.facts())
    tamper(lines)
    report = check_file(lines, key=key_of(house))
    assert kind in kinds(report)
    assert kind == Kind.NO_CHECKPOINT or not report.is_sound
    if place is not None:
        assert report.findings[0].seq == total + 1 + place
        assert f"{total + 1 + place}" in report.findings[0].sentence


async def test_a_file_of_another_device_is_not_this_ones(house: House) -> None:
    keys = MemoryKeys(b"another", is_throw_away=True)
    keys.unlock()
    report = check_file(await export(house), key=Notary.open(keys).verifier_key(WORKSPACE))
    assert Kind.UNKNOWN_SIGNER in kinds(report)
    assert report.by_whom.state == State.UNPROVEN
    assert Kind.NO_CHECKPOINT in kinds(report)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [b"\n"],
        [b"PK\x03\x04 a zip\n"],
        [b'{"legate_journal":1}\n'],
        [b'{"legate_journal":2,"workspace":"ws","entries":1,"key":"k"}\n'],
        [b'{"legate_journal":1,"workspace":"ws","entries":1,"key":"not a key"}\n'],
        [b"[" * 100_000],
    ],
)
def test_what_is_no_exported_journal_is_refused_in_words(lines: Lines) -> None:
    with pytest.raises(Invalid):
        check_file(lines)


async def test_a_key_of_another_journal_is_refused(house: House) -> None:
    lines = await export(house)
    with pytest.raises(Invalid, match="key of that journal"):
        check_file(lines, key=house.kernel.ports.get(Notary).verifier_key("ws_other"))
    with pytest.raises(Invalid, match="public key"):
        check_file(lines, key=key_of(house)[:-4])


def test_a_file_that_cannot_be_read_is_said_in_words(tmp_path: object) -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        list(read_lines(f"{tmp_path}/nowhere.jsonl"))
