"""CSV and its relatives: one block per row, each cell with its column's name."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from legate_core.knowledge.extract.base import Extracted, Unreadable, Writer, row_of
from legate_core.knowledge.extract.text import bounded, decoded

MAX_ROWS = 200_000
MAX_CELL_CHARS = 1_000_000


def read(path: Path) -> Extracted:
    """The table's rows; the first one names the columns."""
    text = decoded(bounded(path)).replace("\0", " ")
    csv.field_size_limit(MAX_CELL_CHARS)
    writer = Writer()
    names: list[str] = []
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = cells
                continue
            if len(writer.blocks) >= MAX_ROWS:
                raise Unreadable(f"The table has more than {MAX_ROWS:,} rows. Split it, or keep it in a database.")
            writer.row(row_of(names, cells), rows.line_num)
    except csv.Error as error:
        raise Unreadable(
            f"Line {rows.line_num} is no row of a table ({error}). Correct it, then add the file again."
        ) from error
    if names and not writer.blocks:
        writer.row(row_of((), names), 1)
    return Extracted(tuple(writer.blocks), about={"columns": ", ".join(name.strip() for name in names)[:400]})


def _delimiter(text: str) -> str:
    """The sign that stands most often in the first lines, outside of quotes."""
    head = "\n".join(text.split("\n", 20)[:20])[:65_536]
    outside = "".join(head.split('"')[::2])
    counts = {sign: outside.count(sign) for sign in ",;\t|"}
    best = max(counts, key=lambda sign: counts[sign])
    return best if counts[best] else ","
