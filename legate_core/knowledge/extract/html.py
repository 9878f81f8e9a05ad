"""HTML: what a reader of the page would read, with its headings and table rows; nothing is loaded, nothing runs."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from legate_core.knowledge.extract.base import Extracted, Unreadable, Writer, row_of
from legate_core.knowledge.extract.text import bounded

_SKIPPED = {
    *("script", "style", "template", "noscript", "svg", "math", "iframe", "object", "embed", "head", "nav", "form"),
    *("select", "button", "textarea", "canvas", "audio", "video"),
}
_BLOCKS = {
    *("p", "div", "section", "article", "header", "footer", "main", "aside", "ul", "ol", "li", "dl", "dt", "dd", "pre"),
    *("blockquote", "figure", "figcaption", "table", "caption", "thead", "tbody", "tfoot", "address", "details"),
    *("summary", "fieldset", "center", "body", "html", "hr"),
}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_MAX_DEPTH = 2_000


def read(path: Path) -> Extracted:
    """The page's visible text."""
    return of_bytes(bounded(path))


def of_bytes(data: bytes, encoding: str | None = None) -> Extracted:
    """A page's visible text; its bytes say their encoding themselves unless it is given."""
    etree: Any = import_module("lxml.etree")
    if not data.strip():
        return Extracted(())
    parser: Any = etree.HTMLParser(
        recover=True, no_network=True, remove_comments=True, remove_pis=True, encoding=encoding or _declared(data)
    )
    try:
        root: Any = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, LookupError, ValueError) as error:
        raise Unreadable(
            "The page cannot be read as HTML. Open it in a browser, save it again, and add that."
        ) from error
    if root is None:
        return Extracted(())
    page = _Page()
    page.walk(root)
    title = " ".join("".join(root.xpath("string(//title)")).split())
    language = str((root.xpath("//html/@lang") or [""])[0])
    about = {"language": language[:20]} if language else {}
    return Extracted(tuple(page.writer.blocks), title=title[:400], about=about)


def _declared(data: bytes) -> str | None:
    """UTF-8 where nothing else is said and it is; otherwise libxml2 looks at the page's own words."""
    head = data[:2048].lower()
    if b"charset" in head or data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "windows-1252"
    return "utf-8"


class _Page:
    """Walks the tree without recursion, gathering words until a block ends."""

    def __init__(self) -> None:
        self.writer = Writer()
        self._words: list[str] = []
        self._heading = 0

    def walk(self, root: Any) -> None:
        waiting: list[Iterator[tuple[str, Any]]] = [self._steps(root)]
        while waiting:
            step = next(waiting[-1], None)
            if step is None:
                waiting.pop()
            elif step[0] == "words":
                self._words.append(step[1])
            elif len(waiting) < _MAX_DEPTH:
                waiting.append(self._steps(step[1]))
        self._end_block()

    def _steps(self, element: Any) -> Iterator[tuple[str, Any]]:
        """What is inside an element: words and further elements, with its own beginning and end around them."""
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag in _SKIPPED or element.get("hidden") is not None:
            return
        if tag == "table" and not element.xpath(".//table") and len(element.xpath(".//tr")) > 1:
            self._end_block()
            self._table(element)
            return
        is_block = tag in _BLOCKS or tag in _HEADINGS or tag == "tr"
        if is_block:
            self._end_block()
            self._heading = _HEADINGS.get(tag, 0)
        elif tag == "br":
            yield "words", "\n"
        elif tag in ("td", "th"):
            yield "words", "  "
        elif tag == "img" and element.get("alt"):
            yield "words", f" {element.get('alt')} "
        if element.text:
            yield "words", _spaced(element.text, tag)
        for child in element:
            yield "element", child
            if child.tail:
                yield "words", _spaced(child.tail, tag)
        if is_block:
            self._end_block()

    def _table(self, table: Any) -> None:
        names: list[str] = []
        number = 0
        for row in table.xpath(".//tr"):
            cells = [" ".join("".join(cell.itertext()).split()) for cell in row.xpath("./td|./th")]
            if not names and cells and all(cell.tag == "th" for cell in row.xpath("./td|./th")):
                names = cells
                continue
            number += 1
            self.writer.row(row_of(names, cells), number)

    def _end_block(self) -> None:
        text = "\n".join(" ".join(line.split()) for line in "".join(self._words).split("\n")).strip()
        self._words = []
        if self._heading and text:
            self.writer.heading(self._heading, text)
        else:
            self.writer.paragraph(text)
        self._heading = 0


def _spaced(text: str, tag: str) -> str:
    """Source line breaks are blanks, except where the page shows them."""
    return text if tag == "pre" else text.replace("\n", " ").replace("\r", " ")
