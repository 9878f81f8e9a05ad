"""Files under a passphrase: what another tool wrote is read, and what was changed, cut or swapped is refused."""

from __future__ import annotations

import base64
import io
import os

import pytest

from legate_core.crypto.age import PIECE, TAG, AgeReader, AgeWriter
from legate_core.crypto.secret import Secret
from legate_core.errors import Damaged, Invalid, LegateError, Locked

RIGHT = Secret("correct horse")
# Written by rage, the implementation of the format in Rust, under RIGHT.
BY_RAGE = base64.b64decode(
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCB6NncwSmVpei9CWklFd0lST1VQUEFBIDE1CjE0WHdzTnc4a0EveDBhZ2NGdlJHTlJSTXZ4M3Ri"
    "QitWaHh1bTZtNVZmOHcKLS0tIFVBWDBkb05OQjF6aW9qSGM4VHNVVGdjeUdWeWNLaDlmUGlzcW1rcFpuT28K2PKmLDFPk/VaSjwMfN5dRD7k19CPzZ/p"
    "CCyyap/Pf5MYGN+oQicpTDBE0D48Y1i0rQ=="
)


def sealed(data: bytes, *, work: int = 4) -> bytes:
    target = io.BytesIO()
    with AgeWriter(target, RIGHT, work=work) as writer:
        for at in range(0, len(data), 10_007):
            writer.write(data[at : at + 10_007])
    return target.getvalue()


def opened(file: bytes, passphrase: Secret = RIGHT) -> bytes:
    return AgeReader(io.BytesIO(file), passphrase).read()


def test_what_another_tool_wrote_is_read() -> None:
    assert opened(BY_RAGE) == b"from another tool"


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE])
def test_what_goes_in_comes_out_whole_and_in_parts(size: int) -> None:
    data = os.urandom(size)
    file = sealed(data)
    assert opened(file) == data
    reader, parts = AgeReader(io.BytesIO(file), RIGHT), []
    while part := reader.read(1_000):
        parts.append(part)
    assert b"".join(parts) == data
    # A single byte is bound to stand somewhere in the file by chance.
    assert size < 16 or data not in file


def test_every_flipped_bit_is_refused() -> None:
    file = sealed(b"a short text")
    for at in range(len(file)):
        changed = bytearray(file)
        changed[at] ^= 1
        with pytest.raises(LegateError):
            opened(bytes(changed))


def test_every_cut_is_refused() -> None:
    file = sealed(b"a short text")
    for at in range(len(file)):
        with pytest.raises(LegateError):
            opened(file[:at])


def test_pieces_are_neither_swapped_nor_left_out_nor_added() -> None:
    file = sealed(os.urandom(3 * PIECE))
    head = len(file) - 3 * (PIECE + TAG)
    pieces = [file[head + at * (PIECE + TAG) : head + (at + 1) * (PIECE + TAG)] for at in range(3)]
    for order in ([1, 0, 2], [0, 2], [0, 1], [0, 1, 2, 2]):
        with pytest.raises(Damaged):
            opened(file[:head] + b"".join(pieces[at] for at in order))


def test_a_wrong_passphrase_is_told_from_a_file_that_is_none() -> None:
    with pytest.raises(Locked, match="wrong"):
        opened(sealed(b"text"), Secret("wrong horse"))
    for other in (b"", b"PK\x03\x04", b"age-encryption.org/v1\n-> X25519 abc\nabc\n--- abc\n", b"x" * 9_000):
        with pytest.raises(Invalid, match="Choose another"):
            opened(other)


def test_a_file_that_asks_for_too_much_work_is_not_begun() -> None:
    file = sealed(b"text").replace(b" 4\n", b" 30\n", 1)
    with pytest.raises(Invalid, match="more work"):
        opened(file)


def test_one_passphrase_may_be_typed_in_two_ways() -> None:
    target = io.BytesIO()
    with AgeWriter(target, Secret("gro\u0308\u00dfe"), work=4) as writer:
        writer.write(b"text")
    assert opened(target.getvalue(), Secret("gr\u00f6\u00dfe")) == b"text"
