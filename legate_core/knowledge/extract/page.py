"""One page of a PDF as a picture, with the places of a passage on it; drawn where its text was read, in the sealed process."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from legate_core.knowledge.extract.base import Unreadable
from legate_core.knowledge.extract.pdf import DAMAGED, PROTECTED

MAX_SIDE_PX = 2_400
MAX_CHARS = 60_000
MAX_MARKS = 400
LEAST_CHARS = 12
ENDS_CHARS = 24
"""Where a passage does not stand on its page as one, as after a divided word, its beginning and its end are looked for."""


def drawn(path: Path, number: int, width: int, passage: str) -> dict[str, Any]:
    """The page as PNG, `width` wide, and the boxes (left, top, right, bottom) of the passage in its pixels."""
    pypdfium2: Any = import_module("pypdfium2")
    try:
        document: Any = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise Unreadable(PROTECTED if "password" in str(error).lower() else DAMAGED) from error
    try:
        pages = len(document)
        if not 1 <= number <= pages:
            raise Unreadable(f"The PDF has {pages} pages, and no page {number}. Open another of its passages.")
        try:
            page = document[number - 1]
        except pypdfium2.PdfiumError as error:
            raise Unreadable(f"Page {number} is damaged and cannot be drawn. Read its text instead.") from error
        try:
            return {"pages": pages, **_drawn(page, width, passage)}
        finally:
            page.close()
    finally:
        document.close()


def _drawn(page: Any, width: int, passage: str) -> dict[str, Any]:
    wide, high = page.get_size()
    # A page as long as a till's receipt is drawn smaller, not in more memory.
    scale = min(width / max(1.0, wide), MAX_SIDE_PX / max(1.0, wide, high))
    bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=False)
    try:
        channels = bitmap.n_channels
        rows = [
            bytes(bitmap.buffer[at * bitmap.stride : at * bitmap.stride + bitmap.width * channels])
            for at in range(bitmap.height)
        ]
        size = (int(bitmap.width), int(bitmap.height))
        marks = _marks(page, size, passage) if passage.strip() else []
        return {"png": png(rows, *size, channels), "width": size[0], "height": size[1], "marks": marks}
    finally:
        bitmap.close()


def png(rows: Sequence[bytes], width: int, height: int, channels: int) -> bytes:
    """Rows of RGB, RGBA or grey pixels as a PNG."""
    colour = {1: 0, 3: 2, 4: 6}[channels]
    head = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 3)
    return b"\x89PNG\r\n\x1a\n" + _part(b"IHDR", head) + _part(b"IDAT", body) + _part(b"IEND", b"")


def _part(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _marks(page: Any, size: tuple[int, int], passage: str) -> list[tuple[int, int, int, int]]:
    """The boxes of the passage's lines on the page; none where it cannot be found there."""
    raw: Any = import_module("pypdfium2.raw")
    words = page.get_textpage()
    try:
        letters: list[str] = []
        places: list[int] = []
        for at in range(min(words.count_chars(), MAX_CHARS)):
            char = chr(raw.FPDFText_GetUnicode(words, at))
            # Blanks, hyphens and ligatures differ between a page and its text; letters and digits do not.
            if char.isalnum():
                letters.append(char.casefold()[:1])
                places.append(at)
        found: list[tuple[int, int, int, int]] = []
        for first, last in _spans("".join(letters), passage):
            count = words.count_rects(places[first], places[last] - places[first] + 1)
            for number in range(min(count, MAX_MARKS - len(found))):
                found.append(_box(page, raw, size, words.get_rect(number)))
        return found
    finally:
        words.close()


def _letters(text: str) -> str:
    return "".join(char.casefold()[:1] for char in text if char.isalnum())


def _spans(page: str, passage: str) -> list[tuple[int, int]]:
    """Where a passage stands among a page's letters: as one, or paragraph by paragraph.

    Between its paragraphs a page may hold others, in another column or below a picture, and a heading of the outline may
    stand nowhere on it. What is too short to be told from the same words elsewhere is left out.
    """
    whole = _span(page, _letters(passage), 0)
    if whole is not None and whole[2]:
        return [whole[:2]]
    found: list[tuple[int, int]] = []
    for part in passage.split("\n"):
        letters = _letters(part)
        if len(letters) >= LEAST_CHARS:
            after = found[-1][1] if found else 0
            span = _span(page, letters, after) or _span(page, letters, 0)
            if span is not None:
                found.append(span[:2])
    if not found and whole is not None:
        found = [whole[:2]]
    return sorted(set(found))


def _span(page: str, letters: str, after: int) -> tuple[int, int, bool] | None:
    """From the first of these letters to the last, behind a place; and whether all of them stand there."""
    if not letters:
        return None
    at = page.find(letters, after)
    if at >= 0:
        return at, at + len(letters) - 1, True
    start = page.find(letters[:ENDS_CHARS], after)
    if start < 0:
        return None
    end = page.find(letters[-ENDS_CHARS:], start)
    # Without its end it goes on over the page, and is marked to the page's last letter or for as long as it is.
    last = end + len(letters[-ENDS_CHARS:]) - 1 if end >= 0 else min(len(page), start + len(letters)) - 1
    return start, last, False


def _box(
    page: Any, raw: Any, size: tuple[int, int], rectangle: tuple[float, float, float, float]
) -> tuple[int, int, int, int]:
    """A rectangle of the page in pixels of its picture, whichever way the page is turned."""
    import ctypes

    left, bottom, right, top = rectangle
    corners: list[tuple[int, int]] = []
    for x, y in ((left, top), (right, bottom)):
        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page, 0, 0, *size, 0, x, y, across, down)
        corners.append((across.value, down.value))
    (ax, ay), (bx, by) = corners
    return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)
