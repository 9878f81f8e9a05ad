"""What people wrote onto a PDF's pages: the fields of a form they filled in, their notes and text boxes.

None of it is part of a page's own text, though every viewer shows it; a filled form without it is a form without answers.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from importlib import import_module
from typing import Any, cast

MAX_MARKS = 2_000
MAX_MARK_CHARS = 20_000
_PASSWORD_FIELD = 1 << 13


def marks(page: Any) -> list[str]:
    """Each mark of a page that is shown and has words, in the file's order.

    A field is read from its own entries. pdfium's form environment would know inherited ones as well, and hangs on a small
    file whose fields lead to each other.
    """
    raw: Any = import_module("pypdfium2.raw")

    found: list[str] = []
    for place in range(min(raw.FPDFPage_GetAnnotCount(page), MAX_MARKS)):
        mark: Any = raw.FPDFPage_GetAnnot(page, place)
        if mark:
            try:
                found += _words(raw, mark)
            finally:
                raw.FPDFPage_CloseAnnot(mark)
    return found


def _words(raw: Any, mark: Any) -> Iterator[str]:
    if raw.FPDFAnnot_GetFlags(mark) & (raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW):
        return
    kind: int = raw.FPDFAnnot_GetSubtype(mark)
    if kind in (raw.FPDF_ANNOT_TEXT, raw.FPDF_ANNOT_FREETEXT):
        words = _text(raw, mark, b"Contents")
    elif kind == raw.FPDF_ANNOT_WIDGET:
        words = _field(raw, mark)
    else:
        return
    if words:
        yield words


def _field(raw: Any, mark: Any) -> str:
    """What a field asks and what was entered or chosen; empty for boxes to tick, whose value is a name, and for passwords."""
    flags = ctypes.c_float(0)
    raw.FPDFAnnot_GetNumberValue(mark, b"Ff", flags)
    if int(flags.value) & _PASSWORD_FIELD or raw.FPDFAnnot_GetValueType(mark, b"V") != raw.FPDF_OBJECT_STRING:
        return ""
    value = _text(raw, mark, b"V")
    name = _text(raw, mark, b"TU") or _text(raw, mark, b"T")
    return f"{name}: {value}" if name and value else value


def _text(raw: Any, mark: Any, key: bytes) -> str:
    """An entry's text, which pdfium writes as UTF-16 into room it is given, after it has said how much it needs."""
    size = min(int(raw.FPDFAnnot_GetStringValue(mark, key, None, 0)), 2 * MAX_MARK_CHARS)
    if size <= 2:
        return ""
    room: Any = ctypes.create_string_buffer(size)
    pointer: Any = cast(Any, ctypes.POINTER(raw.FPDF_WCHAR))
    written = min(int(raw.FPDFAnnot_GetStringValue(mark, key, ctypes.cast(room, pointer), size)), size)
    words = room.raw[: max(0, written - 2)].decode("utf-16-le", "replace")
    return "\n".join(" ".join(line.split()) for line in words.replace("\r", "\n").split("\n")).strip()
