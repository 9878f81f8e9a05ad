"""Mail as text: one `.eml` read safely for a model, and one written for the outbox."""

from __future__ import annotations

import email.policy
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime, parsedate_to_datetime
from typing import cast

from legate_core.connectors.plain_text import text_of_html, tidy
from legate_core.tools.spec import ToolFailed

MAX_HEADER_CHARS = 400
MAX_BODY_CHARS = 40_000
MAX_PARTS = 200
MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{3,240}>")
PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it is shown: plain lines, attachments by name only."""

    sender: str
    to: str
    cc: str
    reply_to: str
    subject: str
    date: str
    message_id: str
    body: str
    attachments: tuple[str, ...]


def id_of(file_name: str) -> str:
    """The id a mail is called by: its file's name where that is plain, else a digest of it, so ids never move."""
    stem = file_name.removesuffix(".eml")
    return (
        stem
        if PLAIN_ID.fullmatch(stem)
        else "m-" + hashlib.sha256(file_name.encode("utf-8", "replace")).hexdigest()[:12]
    )


def parse(data: bytes) -> Letter:
    """A mail from its bytes; anything parses, a broken mail to what can be read of it."""
    message = BytesParser(policy=email.policy.default).parsebytes(data)
    return Letter(
        sender=_header(message, "From"),
        to=_header(message, "To"),
        cc=_header(message, "Cc"),
        reply_to=_header(message, "Reply-To"),
        subject=_header(message, "Subject"),
        date=_header(message, "Date"),
        message_id=_header(message, "Message-ID"),
        body=_body(message),
        attachments=_attachments(message),
    )


def address_in(header: str) -> str:
    """The bare address in a header line, or the whole line when there is none."""
    found = ADDRESS.findall(header)
    return found[-1] if found else header


def sent_at(letter: Letter) -> float:
    """When it says it was sent, for sorting; 0 when it does not say."""
    try:
        return parsedate_to_datetime(letter.date).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0


def check_address(address: str) -> Address:
    """A bare address like kim@example.com, or `ToolFailed`: no display names, no lists, no line breaks."""
    if not ADDRESS.fullmatch(address) or ".." in address:
        raise ToolFailed(f"{address[:80]!r} is not one mail address like kim@example.com. Give bare addresses only.")
    try:
        return Address(addr_spec=address)
    except (HeaderParseError, ValueError, IndexError) as error:
        raise ToolFailed(f"{address[:80]!r} is not one mail address like kim@example.com.") from error


def write(
    sender: str, to: list[str], cc: list[str], subject: str, body: str, in_reply_to: str, key: str, now: datetime
) -> bytes:
    """The bytes of a mail. Its Message-ID comes from the idempotency key alone, so a repetition is the same mail."""
    try:
        f"{subject}{body}".encode()
    except UnicodeEncodeError:
        raise ToolFailed("The mail contains a broken character. Write it in plain Unicode.") from None
    message = EmailMessage(policy=email.policy.SMTP.clone(max_line_length=78))
    message["From"] = check_address(sender)
    message["To"] = [check_address(address) for address in to]
    if cc:
        message["Cc"] = [check_address(address) for address in cc]
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(now.astimezone(UTC))
    message["Message-ID"] = message_id(key)
    if MESSAGE_ID.fullmatch(in_reply_to):
        message["In-Reply-To"] = message["References"] = in_reply_to
    message.set_content(body)
    return message.as_bytes()


def message_id(key: str) -> str:
    """The Message-ID of the mail that this idempotency key stands for."""
    return f"<{digest(key)}@legate.invalid>"


def digest(key: str) -> str:
    """A short name for an idempotency key, the same every time."""
    return hashlib.sha256(f"legate/mail/1|{key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _header(message: EmailMessage, name: str) -> str:
    try:
        value = message[name]
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, HeaderParseError):
        # The stdlib's header parser raises on some malformed headers; the raw line is then all there is.
        value = next((raw for key, raw in message.raw_items() if key.lower() == name.lower()), "")
    if value is None:
        return ""
    text = " ".join(str(value).encode("utf-8", "replace").decode().split())
    text = "".join(char for char in text if char.isprintable())
    return text if len(text) <= MAX_HEADER_CHARS else text[: MAX_HEADER_CHARS - 1] + "…"


def _body(message: EmailMessage) -> str:
    """The plain part, or the HTML part as text."""
    try:
        part = message.get_body(preferencelist=("plain", "html"))
    except (ValueError, AttributeError, IndexError, KeyError, TypeError):
        part = None
    if part is None:
        return "" if message.is_multipart() else tidy(_text(message))
    text = _text(cast("EmailMessage", part))
    text = text_of_html(text) if part.get_content_type() == "text/html" else tidy(text)
    if len(text) > MAX_BODY_CHARS:
        return text[:MAX_BODY_CHARS] + f"\n[Cut here: the mail has {len(text):,} characters.]"
    return text


def _text(part: EmailMessage) -> str:
    if part.get_content_maintype() != "text":
        return ""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    try:
        return data.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        return data.decode("utf-8", "replace")


def _attachments(message: EmailMessage) -> tuple[str, ...]:
    """Every other part by name, type and size; none is opened."""
    listed: list[str] = []
    for number, part in enumerate(message.walk()):
        if number >= MAX_PARTS or len(listed) >= 50:
            listed.append("and more")
            break
        if part.is_multipart() or (part.get_content_disposition() != "attachment" and not part.get_filename()):
            continue
        payload = part.get_payload(decode=True)
        size_bytes = len(payload) if isinstance(payload, bytes) else 0
        name = "".join(char for char in (part.get_filename() or "unnamed") if char.isprintable())[:120]
        listed.append(f"{name} ({part.get_content_type()}, {size_bytes:,} bytes)")
    return tuple(listed)
