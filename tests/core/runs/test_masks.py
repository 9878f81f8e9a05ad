"""What leaves this machine in a shared run: no secret ever, and nothing that its sender chose to mask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.runs.masks import LABELS, Masker

SECRETS = [
    "sk-ant-REDACTED",
    "ghp_0123456789abcdefABCDEF0123456789abcd",
    "xoxb-123456789012-abcdefghijkl",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
    "Authorization: Bearer abcdef0123456789abcdef",
    'api_key = "0123456789abcdef"',
    "password: hunter22-and-more",
    "postgres://legate:s3cret-w0rd@db.example/main",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_masked_whatever_else_is_shown(text: str) -> None:
    shown = Masker(frozenset()).text(f"before {text} after")
    assert "⟨secret 1⟩" in shown
    hidden = ["hunter22", "s3cret", "0123456789abcdef", "MIIEow", "eyJ", "AKIA", "abcdefghijkl"]
    assert not [word for word in hidden if word in shown]
    assert shown.startswith("before")
    assert shown.endswith("after")


FOUND = [
    ("address", "kim@example.com"),
    ("address", "Kim.Lee+orders@mail.example.co.uk"),
    ("link", "https://example.com/a?b=c"),
    ("number", "+49 170 123 45 67"),
    ("number", "4111 1111 1111 1111"),
    ("number", "DE89 3704 0044 0532 0130 00"),
    ("path", "/".join(("", "home", "kim", "letters", "one.txt"))),
    ("path", "\\".join(("C:", "Users", "kim", "letters"))),
]


@pytest.mark.parametrize(("label", "value"), FOUND)
def test_a_value_is_masked_where_its_label_is_chosen_and_stands_otherwise(label: str, value: str) -> None:
    assert Masker(frozenset({label})).text(f"see {value} there") == f"see ⟨{label} 1⟩ there"
    assert Masker(frozenset()).text(f"see {value} there") == f"see {value} there"


@pytest.mark.parametrize(
    "text", ["order 10-4471", "2026-11-25 at 09:30", "2026-11-25 09:30", "48.20 EUR", "step 12 of 15", "run_01HF8Z"]
)
def test_what_is_no_number_of_a_person_stays_readable(text: str) -> None:
    assert Masker(frozenset(LABELS) - {"text"}).text(text) == text


def test_one_value_has_one_name_in_the_whole_file() -> None:
    masker = Masker(frozenset({"address"}))
    assert masker.text("kim@example.com wrote to lee@example.com") == "⟨address 1⟩ wrote to ⟨address 2⟩"
    assert masker.value({"to": ["LEE@example.com"]}) == {"to": ["⟨address 2⟩"]}
    assert dict(masker.counts) == {"address": 2}


def test_content_is_masked_whole_where_texts_are() -> None:
    masker = Masker(frozenset({"text"}))
    assert masker.content("Dear Kim") == "⟨text 1, 8 characters⟩"
    assert masker.value({"body": "Dear Kim"}, is_content=True) == {"body": "⟨text 1, 8 characters⟩"}
    assert masker.content("  ") == "  "


CORES = [
    "sk-ant-REDACTED",
    "ghp_0123456789abcdefABCDEF0123456789abcd",
    "AKIAIOSFODNN7EXAMPLE",
    "xoxb-123456789012-abcdefghijkl",
]


@given(st.text(), st.sampled_from(CORES), st.text(), st.sets(st.sampled_from(LABELS)))
def test_no_text_around_a_secret_brings_it_out(before: str, secret: str, after: str, labels: set[str]) -> None:
    assert secret not in Masker(frozenset(labels)).text(f"{before} {secret} {after}")
