"""Markdown: headings, paragraphs, lists, code and table rows, by its lines and without rendering it."""

from __future__ import annotations

import re
from pathlib import Path

from legate_core.knowledge.extract.base import Extracted, Writer, row_of
from legate_core.knowledge.extract.text import bounded, decoded

_HEADING = re.compile(r" {0,3}(#{1,6})(?:\s+(.*?))?(?:\s+#+)?\s*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)\s*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)+\|?\s*$")
_ABOUT = re.compile(r"(title|author|date|tags|lang|language)\s*:\s*(.+)$", re.IGNORECASE)


def read(path: Path) -> Extracted:
    """The file's sections; the first heading is its title."""
    lines = decoded(bounded(path)).replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ").split("\n")
    about, lines = _front_matter(lines)
    reader = _Reader(lines)
    reader.run()
    blocks = reader.writer.blocks
    title = about.get("title") or next((block.text for block in blocks if block.is_heading), "")
    return Extracted(tuple(blocks), title=title, about=about)


def _front_matter(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """What stands between two lines of `---` at the very top, and the rest."""
    if not lines or lines[0].strip() != "---":
        return {}, lines
    for number, line in enumerate(lines[1:200], 1):
        if line.strip() in ("---", "..."):
            found = [_ABOUT.match(item) for item in lines[1:number]]
            about = {match[1].lower(): match[2].strip().strip("\"'")[:400] for match in found if match}
            return about, lines[number + 1 :]
    return {}, lines


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self.writer = Writer()
        self._lines = lines
        self._at = 0
        self._pending: list[str] = []

    def run(self) -> None:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            if fence := _FENCE.match(line):
                self._code(fence[1])
            elif heading := _HEADING.match(line):
                self._flush()
                self.writer.heading(len(heading[1]), heading[2] or "")
                self._at += 1
            elif self._pending and (under := _UNDERLINE.match(line)) and len(self._pending) == 1:
                words, self._pending = self._pending[0], []
                self.writer.heading(1 if under[1][0] == "=" else 2, words)
                self._at += 1
            elif "|" in line and self._at + 1 < len(self._lines) and _TABLE_RULE.match(self._lines[self._at + 1]):
                self._table()
            else:
                self._line(line)
        self._flush()

    def _line(self, line: str) -> None:
        if line.strip():
            self._pending.append(line.rstrip())
        else:
            self._flush()
        self._at += 1

    def _flush(self) -> None:
        self.writer.paragraph("\n".join(self._pending))
        self._pending = []

    def _code(self, fence: str) -> None:
        self._flush()
        start = self._at
        self._at += 1
        while self._at < len(self._lines) and not self._lines[self._at].lstrip().startswith(fence):
            self._at += 1
        self.writer.paragraph("\n".join(self._lines[start + 1 : self._at]))
        self._at += 1

    def _table(self) -> None:
        self._flush()
        names = _cells(self._lines[self._at])
        self._at += 2
        number = 0
        while self._at < len(self._lines) and "|" in self._lines[self._at]:
            number += 1
            self.writer.row(row_of(names, _cells(self._lines[self._at])), number)
            self._at += 1


def _cells(line: str) -> list[str]:
    return [cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
