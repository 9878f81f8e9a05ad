"""Signed notes and checkpoints: the published examples verify, ours are read by the book, and nothing forged passes."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from legate_core.crypto.signing import (
    Checkpoint,
    DeviceKey,
    is_signed_by_another,
    key_id,
    note_text,
    open_checkpoint,
    open_note,
    sign_checkpoint,
    sign_note,
    verifier_key,
)
from legate_core.errors import Damaged, Invalid

KEY = DeviceKey(bytes(range(32)))
OTHER = DeviceKey(bytes(32))
ORIGIN = "legate/ws_1"
CHECKPOINT = Checkpoint(ORIGIN, 1234, hashlib.sha256(b"root").digest())
NOTE = sign_checkpoint(CHECKPOINT, KEY)

# The key and the note of golang.org/x/mod/sumdb/note's documentation: another implementation's answer.
PETER = "PeterNeumann"
PETER_ID = "c74f20a3"
PETER_KEY = base64.b64decode("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
PETER_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_NOTE = (
    PETER_TEXT
    + "\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_the_published_note_of_another_implementation_verifies() -> None:
    assert key_id(PETER, PETER_KEY[1:]).hex() == PETER_ID
    assert verifier_key(PETER, PETER_KEY[1:]) == f"{PETER}+{PETER_ID}+{base64.b64encode(PETER_KEY).decode()}"
    assert open_note(PETER_NOTE, PETER, PETER_KEY[1:]) == PETER_TEXT


def test_a_checkpoint_reads_as_the_specification_writes_it() -> None:
    lines = NOTE.split("\n")
    assert lines[:4] == [ORIGIN, "1234", base64.b64encode(CHECKPOINT.root).decode(), ""]
    dash, name, signature = lines[4].split(" ")
    assert (dash, name, lines[5:]) == ("\u2014", ORIGIN, [""])
    raw = base64.b64decode(signature)
    expected = hashlib.sha256(ORIGIN.encode() + b"\x0a\x01" + KEY.public_key).digest()[:4]
    assert raw[:4] == expected
    Ed25519PublicKey.from_public_bytes(KEY.public_key).verify(raw[4:], "\n".join([*lines[:3], ""]).encode())


def test_the_public_key_alone_reads_it_back() -> None:
    assert open_checkpoint(NOTE, ORIGIN, KEY.public_key) == CHECKPOINT
    assert note_text(NOTE) == CHECKPOINT.text()


def test_any_changed_character_is_refused() -> None:
    for at, letter in enumerate(NOTE):
        for other in {"A", "1", "\n", " ", chr(ord(letter) ^ 1)} - {letter}:
            with pytest.raises(Damaged):
                open_checkpoint(NOTE[:at] + other + NOTE[at + 1 :], ORIGIN, KEY.public_key)


def test_any_missing_part_is_refused() -> None:
    for at in range(len(NOTE)):
        for cut in (NOTE[:at], NOTE[at + 1 :]):
            with pytest.raises(Damaged):
                open_checkpoint(cut, ORIGIN, KEY.public_key)


def test_another_key_or_another_log_is_refused() -> None:
    with pytest.raises(Damaged, match="expected key"):
        open_checkpoint(NOTE, ORIGIN, OTHER.public_key)
    with pytest.raises(Damaged):
        open_checkpoint(NOTE, "legate/ws_2", KEY.public_key)
    elsewhere = sign_note(CHECKPOINT.text(), "legate/ws_2", KEY)
    with pytest.raises(Damaged, match="no checkpoint of this journal"):
        open_checkpoint(elsewhere, "legate/ws_2", KEY.public_key)
    assert is_signed_by_another(NOTE, ORIGIN, OTHER.public_key)
    assert not is_signed_by_another(NOTE, ORIGIN, KEY.public_key)


def test_signatures_of_strangers_are_ignored_and_a_bad_one_of_the_known_key_is_not() -> None:
    witness = sign_note(CHECKPOINT.text(), "witness.example", OTHER).rsplit("\n\n", 1)[1]
    assert open_checkpoint(NOTE + witness, ORIGIN, KEY.public_key) == CHECKPOINT
    forged = base64.b64encode(key_id(ORIGIN, KEY.public_key) + bytes(64)).decode()
    with pytest.raises(Damaged, match="does not match"):
        open_checkpoint(f"{NOTE}\u2014 {ORIGIN} {forged}\n", ORIGIN, KEY.public_key)


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n1\n",
        f"{ORIGIN}\n01\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n-1\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n\u0661\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n1\n{base64.b64encode(bytes(31)).decode()}\n",
        f"{ORIGIN}\n1\nnot base64\n",
        f"{ORIGIN}\n1\n{base64.b64encode(bytes(32)).decode()}\n\nmore\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Damaged):
        open_checkpoint(sign_note(text, ORIGIN, KEY), ORIGIN, KEY.public_key)


def test_extension_lines_are_allowed_for_those_who_come_later() -> None:
    text = CHECKPOINT.text() + "something of a later version\n"
    assert open_checkpoint(sign_note(text, ORIGIN, KEY), ORIGIN, KEY.public_key) == CHECKPOINT


@pytest.mark.parametrize("text", ["", "no newline", "a\tb\n", "a\r\n"])
def test_a_text_that_no_note_can_hold_is_not_signed(text: str) -> None:
    with pytest.raises(Invalid):
        sign_note(text, ORIGIN, KEY)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2003b"])
def test_a_name_that_no_key_can_have_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        sign_note("text\n", name, KEY)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])).map(lambda text: text + "\n"))
def test_whatever_is_signed_is_read_back(text: str) -> None:
    assert open_note(sign_note(text, ORIGIN, KEY), ORIGIN, KEY.public_key) == text


def test_a_note_of_endless_length_is_refused_before_it_is_read() -> None:
    with pytest.raises(Damaged, match="not a signed note"):
        open_note(NOTE + NOTE.rsplit("\n\n", 1)[1] * 10_000, ORIGIN, KEY.public_key)


def test_a_device_key_does_not_show_itself_and_has_one_length() -> None:
    assert bytes(range(32)).hex() not in repr(KEY)
    with pytest.raises(Damaged, match="wrong length"):
        DeviceKey(b"short")
