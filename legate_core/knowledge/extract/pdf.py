"""PDF: the text of each page, by pdfium, with pypdf as the second opinion; scans are named as such.

On the public test files of pdf.js, pypdf, POI and Tika pdfium was the faster and the sturdier of the two
(`tests/benchmarks/corpus.py` reads such files), so it reads first. pypdf is asked where pdfium cannot
open a file or finds no words in it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from legate_core.knowledge.chunk import BETWEEN
from legate_core.knowledge.extract.base import Extracted, Unreadable, Writer
from legate_core.knowledge.extract.pdf_marks import marks
from legate_core.knowledge.extract.text import paragraphs

MAX_PAGES = 20_000
MAX_PAGE_CHARS = 1_000_000
MAX_OUTLINE = 5_000
_TEXT_AT_LEAST = 3
PROTECTED = "The PDF is protected by a password. Save it without one, then add it again."
DAMAGED = (
    "The PDF is damaged and holds no page that can be read. Open it in a viewer and save or print it as PDF again."
)
SCANNED = (
    "The PDF is a scan: its pages are pictures without text. Run text recognition (OCR) over it, then add it again."
)
EMPTY = "The PDF holds no text. If its pages show words, print it as PDF again or run text recognition (OCR) over it."


class Protected(Exception):
    """It needs a password."""


@dataclass
class Pages:
    """What one library made of a file: the text of each page, which are pictures only, and the outline."""

    texts: list[str] = field(default_factory=list[str])
    pictures: set[int] = field(default_factory=set[int])
    outline: dict[int, list[tuple[int, str]]] = field(default_factory=dict[int, list[tuple[int, str]]])
    about: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def words(self) -> int:
        """How many letters and digits there are; what is no character of any script counts against it."""
        sound = unsound = 0
        for text in self.texts:
            for char in text:
                if char.isalnum():
                    sound += 1
                elif char == "\ufffd" or (unicodedata.category(char) in ("Co", "Cc", "Cn") and char not in "\n\r\t\f"):
                    unsound += 1
        return sound if unsound < sound else 0


LIBRARIES = ("pdfium", "pypdf")


def read(path: Path, libraries: Sequence[str] = LIBRARIES) -> Extracted:
    """The file's pages as paragraphs under its outline's headings, by these libraries in their order."""
    pages = _best(path, libraries)
    writer = Writer()
    for number, text in enumerate(pages.texts, 1):
        for level, words in pages.outline.get(number, ()):
            writer.heading(level, words, page=number)
        for paragraph in unwrapped(text):
            writer.paragraph(paragraph, page=number)
    silent = sorted(number for number in pages.pictures if number <= len(pages.texts))
    if not any(not block.is_heading for block in writer.blocks):
        raise Unreadable(SCANNED if silent else EMPTY)
    notes = (f"{_listed(silent)} without text (scanned), so nothing on them is found.",) if silent else ()
    return Extracted(
        tuple(writer.blocks), title=pages.about.get("title", ""), pages=len(pages.texts), notes=notes, about=pages.about
    )


def _best(path: Path, libraries: Sequence[str]) -> Pages:
    """What the better of the libraries made of it; the second is only asked where the first found nothing."""
    readers: dict[str, Callable[[Path], Pages]] = {"pdfium": by_pdfium, "pypdf": by_pypdf}
    best: Pages | None = None
    is_protected = False
    for name in libraries:
        try:
            pages = readers[name](path)
        except Protected:
            is_protected = True
            continue
        except (Unreadable, MemoryError):
            raise
        except Exception:
            continue
        if best is None or pages.words > best.words:
            best = pages
        if best.words >= _TEXT_AT_LEAST:
            return best
    if best is not None and best.texts:
        return best
    raise Unreadable(PROTECTED if is_protected else DAMAGED)


def by_pdfium(path: Path) -> Pages:
    """Read with pdfium."""
    pypdfium2: Any = import_module("pypdfium2")
    raw: Any = import_module("pypdfium2.raw")

    # pdfium remembers the last file's error, and a file without pages counts as failed with no error of its own. Nothing at all
    # fails as damaged, so that no other file's password is taken for this one's.
    raw.FPDF_LoadMemDocument64(b"", 0, None)
    try:
        document: Any = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise Protected from error
        raise
    try:
        pages = Pages(about=_told(document.get_metadata_dict()))
        pages.outline = _outline_of_pdfium(document)
        for number in range(1, _counted(len(document)) + 1):
            pages.texts.append(_pdfium_page(document, number, pages.pictures))
        return pages
    finally:
        document.close()


def _pdfium_page(document: Any, number: int, pictures: set[int]) -> str:
    """One page's text, and below it what people wrote onto it; a page that cannot be loaded has none, and the others go on."""
    pypdfium2: Any = import_module("pypdfium2")
    raw: Any = import_module("pypdfium2.raw")

    try:
        page = document[number - 1]
    except pypdfium2.PdfiumError:
        return ""
    try:
        words = page.get_textpage()
        try:
            text = str(words.get_text_range(0, min(words.count_chars(), MAX_PAGE_CHARS)))
        finally:
            words.close()
        if not text.strip() and next(iter(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4)), None):
            pictures.add(number)
        return BETWEEN.join([text, *marks(page)])
    except pypdfium2.PdfiumError:
        return ""
    finally:
        page.close()


def _outline_of_pdfium(document: Any) -> dict[int, list[tuple[int, str]]]:
    pypdfium2: Any = import_module("pypdfium2")

    found: dict[int, list[tuple[int, str]]] = {}
    try:
        for count, item in enumerate(document.get_toc(max_depth=6)):
            if count >= MAX_OUTLINE:
                break
            target = item.get_dest()
            place = target.get_index() if target else None
            title = " ".join(str(item.get_title() or "").split())
            if place is not None and title:
                found.setdefault(place + 1, []).append((item.level + 1, title))
    except (pypdfium2.PdfiumError, ValueError, UnicodeDecodeError, RecursionError):
        return found
    return found


def by_pypdf(path: Path) -> Pages:
    """Read with pypdf."""
    import logging

    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, WrongPasswordError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    reader: Any = PdfReader(str(path), strict=False)
    if reader.is_encrypted and not reader.decrypt(""):
        raise Protected
    try:
        metadata: dict[str, Any] = dict(reader.metadata or {})
        pages = Pages(about=_told({key.lstrip("/"): str(value) for key, value in metadata.items()}))
    except Exception:
        # Metadata is an extra; files exist in which only that is broken.
        pages = Pages()
    try:
        for number in range(1, _counted(len(reader.pages)) + 1):
            pages.texts.append(_pypdf_page(reader, number, pages.pictures))
    except (FileNotDecryptedError, WrongPasswordError) as error:
        raise Protected from error
    return pages


def _pypdf_page(reader: Any, number: int, pictures: set[int]) -> str:
    from pypdf.errors import FileNotDecryptedError, WrongPasswordError

    try:
        page = reader.pages[number - 1]
        text = str(page.extract_text() or "")[:MAX_PAGE_CHARS]
        if not text.strip() and "/XObject" in (page.get("/Resources") or {}):
            pictures.add(number)
        return text
    except (FileNotDecryptedError, WrongPasswordError, MemoryError):
        raise
    except Exception:
        # One broken page; what pypdf raises for it is of every kind there is.
        return ""


def _counted(pages: int) -> int:
    if pages > MAX_PAGES:
        raise Unreadable(f"The PDF claims to have {pages:,} pages, more than are read from one file. Split it.")
    return pages


def _told(given: dict[str, Any]) -> dict[str, str]:
    """What the file says of itself, under our names."""
    names = {"Title": "title", "Author": "author", "Subject": "subject", "Keywords": "keywords", "CreationDate": "date"}
    found = {
        ours: " ".join(str(given.get(theirs) or "").replace("\0", "").split())[:400] for theirs, ours in names.items()
    }
    return {name: value for name, value in found.items() if value}


_ENDS = re.compile(r"[.!?:;…。！？][\"'”’»)\]]*$")  # noqa: RUF001  other scripts, too
_STARTS = re.compile(r"\s*(?:[•‣▪●·–—*-]\s|\(?\d{1,3}[.)]\s|[A-Z0-9ÄÖÜÉÈÀ])")  # noqa: RUF001  the signs of lists


def unwrapped(text: str) -> Iterator[str]:
    """A page's paragraphs with its lines joined: a line that ends early after a full stop ends its paragraph."""
    for part in paragraphs(text.replace("\ufffe", "").replace("\u00ad\n", "").replace("\x02", "-")):
        lines = part.split("\n")
        widths = sorted(len(line) for line in lines)
        early = widths[len(widths) * 3 // 4] * 0.8
        joined: list[str] = []
        for place, line in enumerate(lines):
            joined.append(line.strip())
            after = lines[place + 1] if place + 1 < len(lines) else ""
            if after and len(line) < early and (_ENDS.search(line) or _STARTS.match(after)):
                yield _joined(joined)
                joined = []
        if joined:
            yield _joined(joined)


def _joined(lines: Sequence[str]) -> str:
    """Lines as one; a word that was divided at a line's end is whole again."""
    found = ""
    for line in lines:
        if found.endswith("-") and found[-2:-1].isalpha() and line[:1].islower():
            found = found[:-1] + line
        else:
            found = f"{found} {line}" if found else line
    return " ".join(found.split())


def _listed(numbers: Sequence[int]) -> str:
    """Page 3 is a picture; pages 1, 2 and 14 more are pictures."""
    if len(numbers) == 1:
        return f"Page {numbers[0]} is a picture"
    shown = ", ".join(str(number) for number in numbers[:8])
    more = f" and {len(numbers) - 8} more" if len(numbers) > 8 else ""
    return f"Pages {shown}{more} are pictures"
