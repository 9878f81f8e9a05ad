"""Whose a pasted secret is, by its form."""

from __future__ import annotations

import pytest

from legate_core.vault.forms import recognise_secret
from legate_core.vault.model import clean_host, clean_label


@pytest.mark.parametrize(
    ("text", "who", "host"),
    [
        ("ghp_" + "a1" * 18, "GitHub", "api.github.com"),
        (" github_pat_" + "A_1" * 10 + "\n", "GitHub", "api.github.com"),
        ("export GITHUB_TOKEN='ghp_" + "a1" * 18 + "'", "GitHub", "api.github.com"),
        ("glpat-" + "x-" * 12, "GitLab", "gitlab.com"),
        ("xoxb-1234567890-abcdef", "Slack", "slack.com"),
        ("sk_live_" + "a" * 24, "Stripe", "api.stripe.com"),
        ("123456789:AA" + "b" * 33, "Telegram", "api.telegram.org"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n", "Private key", ""),
    ],
)
def test_a_form_says_whose_it_is_and_where_it_goes(text: str, who: str, host: str) -> None:
    form = recognise_secret(text)
    assert form is not None
    assert (form.who, form.host) == (who, host)
    assert clean_label(form.kind, "kind") == form.kind
    assert not host or clean_host(form.host) == host


@pytest.mark.parametrize("text", ["", "hunter2", "ghp_short", "a sentence with ghp_" + "a" * 36, "x" * 70_000])
def test_what_has_no_form_is_nobodys(text: str) -> None:
    assert recognise_secret(text) is None
