"""Signed notes and checkpoints: a text, a blank line, and lines of Ed25519 signatures that anybody can check.

The formats are those of https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint, so that tools which know
nothing of Legate can verify what it signed. Verifying needs the public key only.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from legate_core.errors import Damaged, Invalid

ED25519 = b"\x01"
KEY_ID_BYTES = 4
MAX_NOTE_CHARACTERS = 64_000
EM_DASH = "\u2014"


class DeviceKey:
    """The Ed25519 key of this device. The seed never leaves it; the public key is for everybody."""

    __slots__ = ("_key", "public_key")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != 32:
            raise Damaged("The device key has the wrong length. Restore the latest backup of the keys.")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        """The 64-byte signature of `data`."""
        return self._key.sign(data)

    def __repr__(self) -> str:
        return f"DeviceKey(public {self.public_key.hex()[:16]}…)"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A promise about a log: its name, how many entries it had, and the root of the tree over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def key_id(name: str, public_key: bytes) -> bytes:
    """The four bytes by which a signature line says whose key made it."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:KEY_ID_BYTES]


def verifier_key(name: str, public_key: bytes) -> str:
    """The public key in the form other tools take: name, key id and key, joined by plus signs."""
    encoded = base64.b64encode(ED25519 + public_key).decode()
    return f"{name}+{key_id(name, public_key).hex()}+{encoded}"


def read_verifier_key(text: str) -> tuple[str, bytes]:
    """Name and public key of a verifier key. Raises `Invalid` for anything else."""
    name, _, rest = text.strip().partition("+")
    given_id, _, encoded = rest.partition("+")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("This is no public key of a journal. Give it as 'legate verify' prints it.") from error
    key = raw[1:]
    if raw[:1] != ED25519 or len(key) != 32 or key_id(name, key).hex() != given_id:
        raise Invalid("This is no public key of a journal, or it was cut. Give it as 'legate verify' prints it.")
    return name, key


def sign_note(text: str, name: str, key: DeviceKey) -> str:
    """The text as a note signed by `key` under `name`. Raises `Invalid` for a text or name that no note can hold."""
    if not text.endswith("\n") or _has_control_characters(text):
        raise Invalid("The text of a signed note ends in a newline and has no control characters; correct it.")
    if not _is_key_name(name):
        raise Invalid("The name of a signing key is not empty and has no space or plus sign; choose another.")
    signature = key_id(name, key.public_key) + key.sign(text.encode())
    return f"{text}\n{EM_DASH} {name} {base64.b64encode(signature).decode()}\n"


def open_note(note: str, name: str, public_key: bytes) -> str:
    """The text of a note that the key signed under `name`. Raises `Damaged` otherwise.

    Signatures of other keys are ignored, as the format demands. `is_signed_by_another` tells that case apart.
    """
    text, signatures = _split(note)
    wanted = key_id(name, public_key)
    mine = [raw for signer, raw in signatures if signer == name and raw[:KEY_ID_BYTES] == wanted]
    if not mine:
        raise Damaged("This note is not signed by the expected key. Check whose note it is before you trust it.")
    try:
        for raw in mine:
            Ed25519PublicKey.from_public_bytes(public_key).verify(raw[KEY_ID_BYTES:], text.encode())
    except InvalidSignature as error:
        raise Damaged("The signature of a note does not match its text. Do not trust what it says.") from error
    return text


def is_signed_by_another(note: str, name: str, public_key: bytes) -> bool:
    """Whether a well-formed note carries signatures, but none that claims to be of this key."""
    _, signatures = _split(note)
    wanted = key_id(name, public_key)
    return all(signer != name or raw[:KEY_ID_BYTES] != wanted for signer, raw in signatures)


def sign_checkpoint(checkpoint: Checkpoint, key: DeviceKey) -> str:
    """A checkpoint as a signed note; the key's name is the log's origin."""
    return sign_note(checkpoint.text(), checkpoint.origin, key)


def open_checkpoint(note: str, origin: str, public_key: bytes) -> Checkpoint:
    """The checkpoint of this log that the key signed. Raises `Damaged` for anything else."""
    return read_checkpoint(open_note(note, origin, public_key), origin)


def read_checkpoint(text: str, origin: str) -> Checkpoint:
    """A note's text as a checkpoint of this log. Says nothing about who signed it."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[0] != origin or lines[-1] or not all(lines[:-1]):
        raise Damaged("This note is no checkpoint of this journal. Use the one that belongs to it.")
    size = lines[1]
    if not (size.isascii() and size.isdecimal()) or str(int(size)) != size:
        raise Damaged("The size in a checkpoint is not a plain number. Do not trust what it says.")
    root = _decode(lines[2])
    if len(root) != 32:
        raise Damaged("The root hash in a checkpoint has the wrong length. Do not trust what it says.")
    return Checkpoint(origin, int(size), root)


def note_text(note: str) -> str:
    """The text of a well-formed note, whoever signed it."""
    return _split(note)[0]


def _split(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Text and signature lines; the last empty line parts them, for a text may hold empty lines of its own."""
    head, found, tail = note.rpartition("\n\n")
    if not found or not tail.endswith("\n") or len(note) > MAX_NOTE_CHARACTERS or _has_control_characters(note):
        raise Damaged("This is not a signed note. Use the file as it was written.")
    return head + "\n", [_signature(line) for line in tail[:-1].split("\n")]


def _signature(line: str) -> tuple[str, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != EM_DASH or not _is_key_name(parts[1]):
        raise Damaged("A signature line of a note is malformed. Use the file as it was written.")
    raw = _decode(parts[2])
    if len(raw) <= KEY_ID_BYTES:
        raise Damaged("A signature of a note is cut. Use the file as it was written.")
    return parts[1], raw


def _decode(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Damaged("A note holds text that is not base64. Use the file as it was written.") from error
    # Two spellings of one signature would be two notes that differ and say the same.
    if base64.b64encode(raw).decode() != text:
        raise Damaged("A note holds base64 in an unusual spelling. Use the file as it was written.")
    return raw


def _is_key_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(letter.isspace() for letter in name)


def _has_control_characters(text: str) -> bool:
    return any(letter < " " and letter != "\n" for letter in text)
