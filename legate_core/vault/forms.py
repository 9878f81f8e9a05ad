"""What a pasted secret is, by its form: so that its host need not be looked up, and it is never lent for another.

Keys for models are recognised by `llm/keys.py`, where it also matters which provider speaks what.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SecretForm:
    """Whose secret it is, and where it may be sent; `host` is empty where the form does not say."""

    who: str
    kind: str
    connector: str
    host: str


_FORMS: tuple[tuple[re.Pattern[str], SecretForm], ...] = tuple(
    (re.compile(pattern), SecretForm(who, kind, connector, host))
    for pattern, who, kind, connector, host in (
        (r"(ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{20,}", "GitHub", "token", "github", "api.github.com"),
        (r"github_pat_\w{20,}", "GitHub", "token", "github", "api.github.com"),
        (r"glpat-[\w-]{20,}", "GitLab", "token", "gitlab", "gitlab.com"),
        (r"xox[abeoprs]-[\w-]{10,}", "Slack", "token", "slack", "slack.com"),
        (r"(sk|rk)_(live|test)_\w{16,}", "Stripe", "api_key", "stripe", "api.stripe.com"),
        (r"whsec_[\w+/=]{16,}", "Webhook secret", "signing_key", "", ""),
        (r"SG\.[\w-]{16,}\.[\w-]{16,}", "SendGrid", "api_key", "sendgrid", "api.sendgrid.com"),
        (r"npm_[A-Za-z0-9]{30,}", "npm", "token", "npm", "registry.npmjs.org"),
        (r"pypi-[\w-]{30,}", "PyPI", "token", "pypi", "upload.pypi.org"),
        (r"\d{8,12}:AA[\w-]{30,}", "Telegram", "token", "telegram", "api.telegram.org"),
        (r"(secret|ntn)_[A-Za-z0-9]{30,}", "Notion", "token", "notion", "api.notion.com"),
        (r"lin_api_[A-Za-z0-9]{20,}", "Linear", "api_key", "linear", "api.linear.app"),
        (r"pat[A-Za-z0-9]{14}\.[a-f0-9]{60,}", "Airtable", "token", "airtable", "api.airtable.com"),
        (r"dop_v1_[a-f0-9]{60,}", "DigitalOcean", "token", "digitalocean", "api.digitalocean.com"),
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*-----END [A-Z ]*PRIVATE KEY-----", "Private key", "key", "", ""),
        (r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*", "Signed token", "token", "", ""),
    )
)


def bare_secret(text: str) -> str:
    """The secret in a pasted text, without what copying adds: blanks, quotes, the name of a variable in front."""
    given = text.strip()
    if (assigned := re.fullmatch(r"(?:export\s+)?[A-Z][A-Z0-9_]*\s*=\s*(.*)", given)) is not None:
        given = assigned[1].strip()
    return given.removeprefix("Bearer ").strip().strip("'\"`").strip()


def recognise_secret(text: str) -> SecretForm | None:
    """What a text is, or None where its form says nothing. It is not kept and not repeated."""
    given = bare_secret(text)
    return next((form for pattern, form in _FORMS if pattern.fullmatch(given)), None)
