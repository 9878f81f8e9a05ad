"""What a secret is called, what it is for, and which hosts it may ever be lent for."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from legate_core.crypto.secret import Secret
from legate_core.errors import Invalid

MAX_VALUE_BYTES = 64 * 1024
MAX_HOSTS = 20
MAX_NAME_CHARACTERS = 80

_LABEL = re.compile(r"[a-z][a-z0-9_.-]{0,39}")
_HOST_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
HTTPS_PORT = 443


@dataclass(frozen=True, slots=True)
class SecretRow:
    """One line of the vault's page. Times in milliseconds since the Unix epoch, 0 where it never happened.

    `last_used_by` is the run that it was lent to last; empty where that was no run or never.
    """

    id: str
    name: str
    kind: str
    connector: str
    hosts: tuple[str, ...]
    owner_id: str
    version: int
    created_by: str
    created_at: int
    replaced_at: int
    last_used_at: int
    last_used_by: str


@dataclass(frozen=True, slots=True)
class VaultState:
    """How the vault stands. `keys` is where its keys live, in a word of LEGATE_KEYS.

    `needs_passphrase` says that unsealing asks for one, `has_passphrase` that one is set that proves who is at the desk.
    """

    is_sealed: bool
    sealed_at: int
    sealed_by: str
    is_page_closed: bool
    keys: str
    needs_passphrase: bool
    has_passphrase: bool
    secrets: int
    stale: tuple[str, ...]
    """Secrets whose stored record is not the one the journal accounts for; they are not lent."""


def clean_name(name: str) -> str:
    """The name as it is kept. Raises `Invalid` for one that cannot be shown in a line."""
    text = unicodedata.normalize("NFC", name).strip()
    if not text or len(text) > MAX_NAME_CHARACTERS or any(unicodedata.category(letter)[0] == "C" for letter in text):
        raise Invalid(f"Give the secret a name of 1 to {MAX_NAME_CHARACTERS} visible characters.")
    return text


def clean_label(text: str, what: str) -> str:
    """A short word such as a kind or a connector. Raises `Invalid` for anything else."""
    if not _LABEL.fullmatch(text):
        raise Invalid(f"The {what} {text[:40]!r} is no short word. Use lower-case letters, digits, dots and dashes.")
    return text


def clean_value(value: Secret) -> bytes:
    """The value as it is sealed. Raises `Invalid`, without showing it, for one that cannot be a secret."""
    try:
        data = value.reveal().encode()
    except UnicodeEncodeError:
        # Not chained: the error would carry the value.
        raise Invalid("The secret holds characters that are no text. Copy it again.") from None
    if not data:
        raise Invalid("The secret is empty. Paste its value.")
    if len(data) > MAX_VALUE_BYTES:
        raise Invalid(f"The secret is longer than {MAX_VALUE_BYTES // 1024} kB. Store a key or password, not a file.")
    return data


def clean_hosts(hosts: Sequence[str]) -> tuple[str, ...]:
    """The hosts a secret is bound to, each in its one spelling. Raises `Invalid` for none, too many, or a malformed one."""
    found = tuple(dict.fromkeys(clean_host(host) for host in hosts))
    if not 1 <= len(found) <= MAX_HOSTS:
        raise Invalid(f"Name 1 to {MAX_HOSTS} hosts that the secret may be sent to; it is never lent for another.")
    return found


def clean_host(host: str) -> str:
    """One host in its one spelling: lower case, ASCII, no final dot, and a port only where it is not 443.

    `api.example.com` and `API.example.com.:443` are one host; `localhost` and `localhost:11434` are two. There are no
    wildcards: a secret for one host is not a secret for its neighbours.
    """
    name, port = _parts(host)
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        name = _domain(name, host)
    else:
        name = f"[{address.compressed}]" if address.version == 6 else address.compressed
    return name if port in (None, HTTPS_PORT) else f"{name}:{port}"


def _parts(host: str) -> tuple[str, int | None]:
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:/@?#\s]+))(?::([0-9]{1,5}))?", host)
    if match is None:
        raise _no_host(host)
    port = int(match.group(3)) if match.group(3) else None
    if port is not None and not 1 <= port <= 65535:
        raise _no_host(host)
    return match.group(1) or match.group(2), port


def _domain(name: str, host: str) -> str:
    try:
        text = name.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError as error:
        raise _no_host(host) from error
    if len(text) > 253 or not all(_HOST_LABEL.fullmatch(label) for label in text.split(".")):
        raise _no_host(host)
    return text


def _no_host(host: str) -> Invalid:
    return Invalid(f"{host[:80]!r} is no host. Write it as api.example.com, or with a port as localhost:11434.")
