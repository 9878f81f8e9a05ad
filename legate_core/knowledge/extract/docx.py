"""Word documents: paragraphs under their headings, table rows; the archive is counted before it is believed."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from legate_core.knowledge.extract.base import Extracted, Unreadable, Writer, row_of

MAX_MEMBERS = 10_000
MAX_UNPACKED_BYTES = 400_000_000
MAX_RATIO = 250
RATIO_FROM_BYTES = 20_000_000
_PIECE = 1 << 20
_ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read(path: Path) -> Extracted:
    """The document's text in its order, with what its properties say."""
    _check_archive(path)
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    etree: Any = import_module("lxml.etree")

    try:
        document: Any = docx.Document(str(path))
    except (PackageNotFoundError, KeyError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise Unreadable(
            "The file is no whole Word document. Open it in a word processor and save it again."
        ) from error
    except etree.XMLSyntaxError as error:
        raise Unreadable(
            "The Word document is damaged inside. Open it in a word processor and save it again."
        ) from error
    writer = Writer()
    for element in document.element.body.iterchildren():
        _element(writer, element, document)
    return Extracted(tuple(writer.blocks), title=_property(document, "title"), about=_about(document))


def _check_archive(path: Path) -> None:
    """Refuse what is no archive and what unpacks to more than any document: real bytes counted, nothing believed."""
    with open(path, "rb") as file:
        if file.read(8) == _ENCRYPTED:
            raise Unreadable(
                "The document is protected by a password or in the format of Word 97. Open it in a word processor and "
                "save it as an unprotected .docx."
            )
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                raise Unreadable(
                    f"The file is an archive of {len(members):,} parts, which no document has. It was not read."
                )
            if any(member.flag_bits & 1 for member in members):
                raise Unreadable("The file is protected by a password. Save it without one, then add it again.")
            unpacked = sum(_size(archive, member) for member in members if member.filename.endswith((".xml", ".rels")))
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError, OSError, LookupError) as error:
        raise Unreadable(
            "The file is no whole Word document. Open it in a word processor and save it again."
        ) from error
    except Exception as error:
        # The decompressors have errors of their own, which share no base.
        if type(error).__module__ in ("zlib", "lzma", "_lzma"):
            raise Unreadable("The Word document is damaged inside. Add a whole copy of it.") from error
        raise
    packed = max(1, path.stat().st_size)
    if unpacked > RATIO_FROM_BYTES and unpacked / packed > MAX_RATIO:
        raise Unreadable(f"The file unpacks to {unpacked // packed} times its size, as traps do. It was not read.")


def _size(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    size = 0
    with archive.open(member) as part:
        while piece := part.read(_PIECE):
            size += len(piece)
            if size > MAX_UNPACKED_BYTES:
                raise Unreadable("The file unpacks to more than any document holds, as traps do. It was not read.")
    return size


def _element(writer: Writer, element: Any, document: Any) -> None:
    from docx.table import Table
    from docx.text.paragraph import Paragraph

    kind = str(element.tag).rsplit("}", 1)[-1]
    if kind == "p":
        text = _words(element)
        level = _level(Paragraph(element, document)) if text.strip() else 0
        if level:
            writer.heading(level, text)
        else:
            writer.paragraph(text)
    elif kind == "tbl":
        _table(writer, Table(element, document))
    elif kind == "sdt":
        for child in element.iterdescendants("{*}sdtContent"):
            for inner in child.iterchildren():
                _element(writer, inner, document)
            break


def _words(element: Any) -> str:
    """A paragraph's text: what was deleted under tracked changes is not said, what was inserted is."""
    pieces: list[str] = []
    for node in element.iter():
        kind = str(node.tag).rsplit("}", 1)[-1]
        if kind == "t" and node.text:
            pieces.append(node.text)
        elif kind in ("tab", "ptab"):
            pieces.append("\t")
        elif kind in ("br", "cr"):
            pieces.append("\n")
        elif kind == "noBreakHyphen":
            pieces.append("-")
    return "".join(pieces)


def _level(paragraph: Any) -> int:
    """The level of a heading, 0 for other paragraphs."""
    try:
        name = str(paragraph.style.name or "") if paragraph.style is not None else ""
    except (AttributeError, KeyError, ValueError):
        return 0
    if name == "Title":
        return 1
    word, _, number = name.partition(" ")
    return int(number) if word.casefold() in ("heading", "überschrift") and number in "123456789" and number else 0


def _table(writer: Writer, table: Any) -> None:
    rows = _rows(table)
    names = next(rows, list[str]())
    is_single = True
    for number, cells in enumerate(rows, 1):
        is_single = False
        writer.row(row_of(names, cells), number)
    if is_single:
        writer.paragraph(row_of((), names))


def _rows(table: Any) -> Iterator[list[str]]:
    """The cells of each row, from the XML: the library's own way takes time by the square of the table."""
    for row in table._tbl.iterchildren("{*}tr"):  # pyright: ignore[reportPrivateUsage] the element is not public
        yield ["\n".join(_words(paragraph) for paragraph in cell.iter("{*}p")) for cell in row.iterchildren("{*}tc")]


def _property(document: Any, name: str) -> str:
    try:
        return " ".join(str(getattr(document.core_properties, name) or "").split())[:400]
    except (AttributeError, KeyError, ValueError, TypeError):
        return ""


def _about(document: Any) -> dict[str, str]:
    named = {
        "author": "author",
        "created": "date",
        "subject": "subject",
        "keywords": "keywords",
        "language": "language",
    }
    return {key: value for name, key in named.items() if (value := _property(document, name)) and value != "None"}
