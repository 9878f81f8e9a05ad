"""Plain text: paragraphs between blank lines, in whatever encoding it was written."""

from __future__ import annotations

import codecs
from pathlib import Path

from legate_core.knowledge.extract.base import Extracted, Unreadable, Writer

MAX_TEXT_BYTES = 50_000_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\x1b")


def read(path: Path) -> Extracted:
    """The file's paragraphs."""
    writer = Writer()
    for paragraph in paragraphs(decoded(bounded(path))):
        writer.paragraph(paragraph)
    return Extracted(tuple(writer.blocks))


def bounded(path: Path) -> bytes:
    """A text file's bytes. Raises `Unreadable` for more than text files have."""
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        raise Unreadable(f"The file has {size:,} bytes, more than is read as text. Split it into smaller files.")
    return path.read_bytes()


def decoded(data: bytes) -> str:
    """Bytes as text: by their mark, as UTF-8, or as Western. Raises `Unreadable` for what is no text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if data[:4096].count(0) > len(data[:4096]) // 4 and data[:4096].strip(b"\0"):
        # Every second byte is nothing: UTF-16 without its mark.
        wide = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
        text = data.decode(wide, "replace")
        if text[:2000].isprintable() or "\n" in text[:2000]:
            return text
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    head = data[:65_536]
    if len(head.translate(None, _CONTROL)) < len(head) * 0.98:
        raise Unreadable("This is not a text file, whatever its name says. Add it in a format that Legate reads.")
    return text


def paragraphs(text: str) -> list[str]:
    """The parts of a text between blank lines."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n").replace("\0", " ")
    found: list[str] = []
    lines: list[str] = []
    for line in text.split("\n"):
        if line.strip():
            lines.append(line.rstrip())
        elif lines:
            found.append("\n".join(lines))
            lines = []
    if lines:
        found.append("\n".join(lines))
    return found
