"""The vault's envelope: known answers, an independent decryptor, and no bit that may be changed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from legate_core.crypto.envelope import Envelope, MasterKey, Place, seal, unseal
from legate_core.errors import Damaged
from tests.core.crypto.independent import decrypt, fixed_randomness

VECTORS = json.loads(Path(__file__).with_name("envelope_vectors.json").read_text(encoding="utf-8"))
RECORDS = VECTORS["records"]
IDS = [record["label"] for record in RECORDS]

MASTER = MasterKey(1, bytes(range(32)))
PLACE = Place("ws_1", "sec_1", "value", 3)
PARTS = ("salt", "commitment", "wrapped", "nonce", "content")


def master(record: dict[str, Any]) -> MasterKey:
    return MasterKey(record["master"], bytes.fromhex(VECTORS["masters"][str(record["master"])]))


def place(record: dict[str, Any]) -> Place:
    return Place(record["workspace"], record["record"], record["field"], record["version"])


def envelope(record: dict[str, Any]) -> Envelope:
    return Envelope(record["master"], *(bytes.fromhex(record[part]) for part in PARTS))


@pytest.mark.parametrize("record", RECORDS, ids=IDS)
def test_known_answers_are_given_and_read(record: dict[str, Any]) -> None:
    data = bytes.fromhex(record["data"])
    assert seal(master(record), place(record), data, random=fixed_randomness(record["label"])) == envelope(record)
    assert unseal(master(record), place(record), envelope(record)) == data
    assert envelope(record).digest == record["digest"]


@pytest.mark.parametrize("record", RECORDS, ids=IDS)
def test_a_decryptor_that_shares_no_code_agrees(record: dict[str, Any]) -> None:
    assert decrypt(master(record).key, record).hex() == record["data"]


def test_the_independent_decryptor_can_say_no() -> None:
    changed = RECORDS[0] | {"content": RECORDS[0]["content"][:-2] + "00"}
    with pytest.raises(ValueError, match="tag"):
        decrypt(master(changed).key, changed)
    with pytest.raises(ValueError, match="commitment"):
        decrypt(bytes(32), RECORDS[0])


@pytest.mark.parametrize("part", PARTS)
def test_any_flipped_bit_is_refused(part: str) -> None:
    sealed = seal(MASTER, PLACE, b"a secret")
    whole: bytes = getattr(sealed, part)
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        changed = dataclasses.replace(sealed, **{part: bytes(flipped)})
        with pytest.raises(Damaged):
            unseal(MASTER, PLACE, changed)
        assert changed.digest != sealed.digest


@pytest.mark.parametrize("part", PARTS)
def test_any_truncation_or_addition_is_refused(part: str) -> None:
    sealed = seal(MASTER, PLACE, b"a secret")
    whole: bytes = getattr(sealed, part)
    for changed in [*(whole[:length] for length in range(len(whole))), whole[1:], whole + b"\0", b"\0" + whole]:
        with pytest.raises(Damaged):
            unseal(MASTER, PLACE, dataclasses.replace(sealed, **{part: changed}))


@pytest.mark.parametrize("part", PARTS)
def test_a_field_of_another_record_is_refused(part: str) -> None:
    sealed, other = seal(MASTER, PLACE, b"a secret"), seal(MASTER, PLACE, b"b secret")
    with pytest.raises(Damaged):
        unseal(MASTER, PLACE, dataclasses.replace(sealed, **{part: getattr(other, part)}))


def test_fields_swapped_within_a_record_are_refused() -> None:
    sealed = seal(MASTER, PLACE, b"x" * 32)
    for one in PARTS:
        for two in PARTS:
            if one != two:
                swapped = {one: getattr(sealed, two), two: getattr(sealed, one)}
                with pytest.raises(Damaged):
                    unseal(MASTER, PLACE, dataclasses.replace(sealed, **swapped))


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"workspace_id": "ws_2"},
        {"record": "sec_2"},
        {"field": "note"},
        {"version": 2},
        # What a plain concatenation would take for the same place.
        {"workspace_id": "ws_1sec", "record": "_1"},
    ],
)
def test_a_record_opens_in_its_own_place_only(elsewhere: dict[str, Any]) -> None:
    sealed = seal(MASTER, PLACE, b"a secret")
    with pytest.raises(Damaged):
        unseal(MASTER, dataclasses.replace(PLACE, **elsewhere), sealed)


def test_another_master_key_or_number_does_not_open() -> None:
    sealed = seal(MASTER, PLACE, b"a secret")
    with pytest.raises(Damaged, match="another master key"):
        unseal(MasterKey(1, bytes(32)), PLACE, sealed)
    with pytest.raises(Damaged, match="needs master key 1"):
        unseal(MasterKey(2, MASTER.key), PLACE, sealed)
    with pytest.raises(Damaged):
        unseal(MasterKey(2, MASTER.key), PLACE, dataclasses.replace(sealed, master=2))


def test_nothing_is_used_twice() -> None:
    one, two = seal(MASTER, PLACE, b"same"), seal(MASTER, PLACE, b"same")
    assert all(getattr(one, part) != getattr(two, part) for part in PARTS)


@pytest.mark.parametrize("data", [b"", b"x", bytes(100_000)])
def test_data_of_any_length_comes_back(data: bytes) -> None:
    assert unseal(MASTER, PLACE, seal(MASTER, PLACE, data)) == data


def test_a_master_key_does_not_show_itself() -> None:
    assert MASTER.key.hex() not in repr(MASTER)
    assert repr(MASTER.key) not in repr(MASTER)
