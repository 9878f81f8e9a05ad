"""Word documents: paragraphs under their headings, table rows, and each note below the place that points at it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from legate_core.knowledge.extract.archive import DAMAGED, check
from legate_core.knowledge.extract.base import Extracted, Unreadable, Writer, row_of

MAX_STYLES_FOLLOWED = 10
MAX_NESTED = 200
STRICT = 'The Word document is in the "Strict Open XML" format. Save it as an ordinary .docx, then add that.'
_STRICT_SIGN = b"purl.oclc.org/ooxml"
_NOTES = {"footnotes": "footnoteReference", "endnotes": "endnoteReference", "comments": "commentReference"}
_WRAPPERS = {"sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"}
"""Elements around paragraphs, rows and cells that say something of them and hold no words of their own."""
_UNSAID = {"Fallback", "moveFrom", "del"}
"""The older form of a text box that is there in its newer form as well, and what tracked changes took out."""


def read(path: Path) -> Extracted:
    """The document's text in its order, with what its properties say."""
    check(path)
    document = _opened(path)
    reader = _Reader(_levels(document), _notes(document))
    for element in document.element.body.iterchildren():
        reader.element(element)
    return Extracted(tuple(reader.writer.blocks), title=_property(document, "title"), about=_about(document))


def _opened(path: Path) -> Any:
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    etree: Any = import_module("lxml.etree")

    try:
        return docx.Document(str(path))
    except (PackageNotFoundError, KeyError, ValueError, AttributeError, BadZipFile) as error:
        raise Unreadable(STRICT if _is_strict(path) else DAMAGED) from error
    except etree.XMLSyntaxError as error:
        raise Unreadable(
            "The Word document is damaged inside. Open it in a word processor and save it again."
        ) from error


def _is_strict(path: Path) -> bool:
    from zipfile import ZipFile

    try:
        with ZipFile(path) as archive:
            return _STRICT_SIGN in archive.read("_rels/.rels")
    except (BadZipFile, KeyError, OSError, ValueError):
        return False


def _kind(element: Any) -> str:
    """An element's name without its namespace; empty for comments and the like."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


@dataclass
class _Reader:
    """Walks the body, looking styles and notes up by their ids."""

    levels: Mapping[str, int]
    notes: Mapping[tuple[str, str], str]
    writer: Writer = field(default_factory=Writer)
    _pending: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def element(self, element: Any, depth: int = 0) -> None:
        """A paragraph, a table, or something around them."""
        kind = _kind(element)
        if kind == "p":
            self._paragraph(element)
        elif kind == "tbl":
            self._table(element)
        elif kind in _WRAPPERS and depth < MAX_NESTED:
            for child in element.iterchildren():
                self.element(child, depth + 1)

    def _paragraph(self, element: Any) -> None:
        text = self._words(element)
        style = element.find("{*}pPr/{*}pStyle")
        level = self.levels.get(_attribute(style, "val"), 0)
        if level:
            self.writer.heading(level, text)
        else:
            self.writer.paragraph(text)
        self._write_notes()

    def _table(self, table: Any) -> None:
        """Each row by itself; the first names the columns, unless there is no other."""
        names: list[str] = []
        number = 0
        for place, row in enumerate(_inside(table, "tr")):
            cells = [
                "\n".join(self._words(paragraph) for paragraph in _outermost(cell, "p")) for cell in _inside(row, "tc")
            ]
            if place == 0:
                names = cells
                continue
            number = place
            self.writer.row(row_of(names, cells), number)
        if not number:
            self.writer.paragraph(row_of((), names))
        self._write_notes()

    def _words(self, paragraph: Any) -> str:
        """A paragraph's text: what was deleted under tracked changes is not said, what was inserted is."""
        pieces: list[str] = []
        waiting: list[Iterator[Any]] = [paragraph.iterchildren()]
        while waiting:
            node = next(waiting[-1], None)
            if node is None:
                waiting.pop()
                continue
            kind = _kind(node)
            if kind == "t":
                pieces.append(node.text or "")
            elif kind in ("tab", "ptab"):
                pieces.append("\t")
            elif kind in ("br", "cr", "p"):
                # A paragraph in a paragraph stands in a text box.
                pieces.append("\n")
            elif kind == "noBreakHyphen":
                pieces.append("-")
            elif kind in _NOTES.values():
                self._pending.append((kind, _attribute(node, "id")))
            if kind not in _UNSAID:
                waiting.append(node.iterchildren())
        return "".join(pieces)

    def _write_notes(self) -> None:
        for key in self._pending:
            self.writer.paragraph(self.notes.get(key, ""))
        self._pending.clear()


def _inside(element: Any, wanted: str) -> Iterator[Any]:
    """The rows of a table or the cells of a row, also those that a content control surrounds; a table inside is not entered.

    From the XML: the library's own way takes time by the square of the table.
    """
    return _outermost(element, wanted, _WRAPPERS)


def _outermost(element: Any, wanted: str, through: Collection[str] | None = None, depth: int = 0) -> Iterator[Any]:
    """Elements of this kind that are in no other of it, looked for through these kinds or all."""
    for child in element.iterchildren():
        kind = _kind(child)
        if kind == wanted:
            yield child
        elif (through is None or kind in through) and kind not in _UNSAID and depth < MAX_NESTED:
            yield from _outermost(child, wanted, through, depth + 1)


def _attribute(element: Any | None, wanted: str) -> str:
    """An attribute whatever its namespace; empty where there is none, or no element."""
    items: list[tuple[str, str]] = [] if element is None else element.items()
    return next((value for name, value in items if name.rpartition("}")[2] == wanted), "")


def _levels(document: Any) -> dict[str, int]:
    """The level of each paragraph style that is a heading or is based on one; looked up once, not for each paragraph."""
    try:
        styles: list[Any] = list(document.styles.element.iterchildren("{*}style"))
    except (AttributeError, KeyError, ValueError):
        return {}
    names: dict[str, tuple[int, str]] = {}
    for style in styles:
        key = _attribute(style, "styleId")
        names[key] = (_level(_attribute(style.find("{*}name"), "val")), _attribute(style.find("{*}basedOn"), "val"))
    found: dict[str, int] = {}
    for key in names:
        above, steps = key, 0
        while above in names and steps < MAX_STYLES_FOLLOWED:
            level, above = names[above]
            if level:
                found[key] = level
                break
            steps += 1
    return found


def _level(name: str) -> int:
    """The level that a style's name stands for, 0 for other styles."""
    if name == "Title":
        return 1
    word, _, number = name.casefold().partition(" ")
    return int(number) if word in ("heading", "überschrift") and number in tuple("123456789") else 0


def _notes(document: Any) -> dict[tuple[str, str], str]:
    """The text of footnotes, endnotes and comments, by the element that points at each and its id."""
    from docx.oxml.parser import parse_xml

    etree: Any = import_module("lxml.etree")

    found: dict[tuple[str, str], str] = {}
    for relation in document.part.rels.values():
        pointer = _NOTES.get(str(relation.reltype).rpartition("/")[2])
        if pointer is None or relation.is_external:
            continue
        try:
            root: Any = parse_xml(relation.target_part.blob)
        except (etree.XMLSyntaxError, ValueError):
            # The notes are damaged; the document itself is not.
            continue
        for note in root.iterchildren():
            if _kind(note) in ("footnote", "endnote", "comment"):
                quiet = _Reader({}, {})
                for element in note.iterchildren():
                    quiet.element(element)
                found[pointer, _attribute(note, "id")] = "\n".join(block.text for block in quiet.writer.blocks)
    return found


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
