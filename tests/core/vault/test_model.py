"""A host has one spelling; a secret travels in and never out."""

from __future__ import annotations

import pytest

from legate_core.crypto.secret import Secret
from legate_core.errors import Invalid
from legate_core.vault.commands import StoreSecret, UnsealVault
from legate_core.vault.model import clean_host
from legate_core.wire import Form


@pytest.mark.parametrize(
    ("host", "spelling"),
    [
        ("api.example.com", "api.example.com"),
        ("API.Example.COM.", "api.example.com"),
        ("api.example.com:443", "api.example.com"),
        ("api.example.com:0443", "api.example.com"),
        ("localhost:11434", "localhost:11434"),
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("[::1]:8080", "[::1]:8080"),
        ("[0:0:0:0:0:0:0:1]", "[::1]"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("my_host", "my_host"),
    ],
)
def test_a_host_has_one_spelling(host: str, spelling: str) -> None:
    assert clean_host(host) == spelling
    assert clean_host(spelling) == spelling


@pytest.mark.parametrize(
    "host",
    ["", ".", "a..b", "-a.example", "a-.example", "x" * 64, ".".join(["a" * 60] * 5), "a:b", "a:70000", "::1", "[x]",
     "http://a", "a/b", "a?b", "a#b", "u@a", "a b", "a\n", "a\x00b", "*", "*.a", "[::1", "a:", "\ud800"],
)  # fmt: skip
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(Invalid, match="no host"):
        clean_host(host)


def test_a_secret_travels_to_the_core_and_its_request_does_not_show_it() -> None:
    message = StoreSecret("n", Secret("sk-canary"), ("a.example",))
    assert "canary" not in repr(message)
    form = Form(StoreSecret, "POST /vault/secrets")
    parts = form.take_apart(message)
    assert parts.body is not None
    assert parts.body["value"] == "sk-canary"
    assert form.put_together({}, (), parts.body) == message


def test_unsealing_without_a_passphrase_is_a_request_as_well() -> None:
    form = Form(UnsealVault, "POST /vault/unseal")
    assert form.put_together({}, (), form.take_apart(UnsealVault()).body) == UnsealVault()
    assert UnsealVault().passphrase == Secret("")
