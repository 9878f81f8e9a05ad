"""Mail: one message, or a mailbox of many; who, when, about what, and the words of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any, cast

from legate_core.knowledge.extract import html
from legate_core.knowledge.extract.base import Extracted, Unreadable, Writer
from legate_core.knowledge.extract.text import bounded, decoded, paragraphs

MAX_MESSAGES = 20_000
MAX_PARTS = 500
_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_HEADER_LINE = re.compile(rb"[!-9;-~]{1,70}:[ \t\r\n]|From ")
# What this codec makes of a small body can take minutes; mail names codecs freely.
_CHARSET = re.compile(r"[a-z0-9_.:-]{1,40}", re.IGNORECASE)
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})


def read(path: Path) -> Extracted:
    """One message."""
    data = bounded(path)
    if not _HEADER_LINE.match(data.lstrip()):
        raise Unreadable("This is no mail: it does not begin with mail headers. Save the message again as .eml.")
    writer = Writer()
    message = _message(writer, data, 0)
    about = {name.lower(): _header(message, name)[:400] for name in ("From", "To", "Date") if _header(message, name)}
    return Extracted(tuple(writer.blocks), title=_header(message, "Subject")[:400], about=about)


def read_mailbox(path: Path) -> Extracted:
    """Every message of a mailbox; each counts as a page."""
    writer = Writer()
    number = 0
    for data in _messages(bounded(path)):
        number += 1
        if number > MAX_MESSAGES:
            raise Unreadable(f"The mailbox holds more than {MAX_MESSAGES:,} messages. Split it by year or by folder.")
        _message(writer, data, number)
    if not number:
        raise Unreadable("This is no mailbox: it holds no line that begins a message. Save it again as .mbox.")
    return Extracted(tuple(writer.blocks), pages=number)


def _messages(data: bytes) -> Iterator[bytes]:
    """The messages between the lines that begin with "From "."""
    starts = [0] if data.startswith(b"From ") else []
    starts += [found.start() + 1 for found in re.finditer(rb"\nFrom ", data)]
    ends = [*starts[1:], len(data)] if starts else []
    for start, end in zip(starts, ends, strict=True):
        _, _, message = data[start:end].partition(b"\n")
        yield message


def _message(writer: Writer, data: bytes, page: int) -> EmailMessage:
    message = cast(EmailMessage, BytesParser(policy=policy.default).parsebytes(data))  # pyright: ignore[reportUnnecessaryCast]
    subject = _header(message, "Subject") or "(no subject)"
    writer.heading(1, subject, page=page)
    head = [f"{name}: {_header(message, name)}" for name in _HEADERS if _header(message, name)]
    writer.paragraph("\n".join(head), page=page)
    _body(writer, message, page)
    return message


def _header(message: EmailMessage, name: str) -> str:
    """A header's text; one that breaks the rules too badly for the parser is shown as it stands."""
    try:
        value = message.get(name, "")
    except (ValueError, TypeError, IndexError, AttributeError, LookupError):
        value = next((text for key, text in message.raw_items() if key.lower() == name.lower()), "")
    return " ".join(str(value).split())[:2_000]


def _body(writer: Writer, message: EmailMessage, page: int) -> None:
    """The plain words where there are any, otherwise those of the HTML; attachments by their names."""
    plain, rich, names = list[Any](), list[Any](), list[str]()
    for count, part in enumerate(message.walk()):
        if count >= MAX_PARTS:
            break
        kind = part.get_content_type()
        name = _name(part)
        if name and part.get_content_disposition() == "attachment":
            names.append(name)
        elif kind == "text/plain":
            plain.append(part)
        elif kind == "text/html":
            rich.append(part)
        elif name:
            names.append(name)
    texts = [_text(part) for part in plain]
    if any(text.strip() for text in texts):
        for text in texts:
            for paragraph in paragraphs(text):
                writer.paragraph(paragraph, page=page)
    else:
        for part in rich:
            for block in html.of_bytes(_text(part).encode("utf-8", "replace"), "utf-8").blocks:
                writer.paragraph(block.text, page=page)
    if names:
        writer.paragraph(f"Attachments: {', '.join(names)}", page=page)


def _name(part: Any) -> str:
    try:
        return " ".join(str(part.get_filename() or "").split())[:200]
    except (ValueError, TypeError, IndexError, AttributeError, LookupError):
        return ""


def _text(part: Any) -> str:
    payload: Any = part.get_payload(decode=True)
    data: bytes = payload if isinstance(payload, bytes) else b""
    charset = str(part.get_content_charset() or "")
    if charset and _CHARSET.fullmatch(charset) and charset not in _NO_CHARSETS:
        try:
            return data.decode(charset, "replace")
        except (LookupError, UnicodeError, ValueError):
            pass
    try:
        return decoded(data)
    except Unreadable:
        return ""
