"""Server-sent events from bytes as they arrive: any chunk border, any line end, nothing that grows without bound."""

from __future__ import annotations

import re

MAX_LINE_BYTES = 2_000_000
_LINE_END = re.compile(rb"\r\n|\n|\r(?!\Z)")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class TooLong(Exception):
    """A line or an event without an end."""


class EventStream:
    """Collects the data of events. Lines are decoded whole, so half a character at a chunk border does no harm."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._data: list[str] = []
        self._size = 0
        self._is_at_start = True

    def feed(self, chunk: bytes) -> list[str]:
        """The data of the events that this chunk completes. Raises `TooLong`."""
        self._buffer += chunk
        if self._is_at_start and len(self._buffer) >= len(_BYTE_ORDER_MARK):
            self._is_at_start = False
            if self._buffer.startswith(_BYTE_ORDER_MARK):
                del self._buffer[: len(_BYTE_ORDER_MARK)]
        found: list[str] = []
        start = 0
        for match in _LINE_END.finditer(self._buffer):
            self._line(bytes(self._buffer[start : match.start()]), found)
            start = match.end()
        del self._buffer[:start]
        if len(self._buffer) > MAX_LINE_BYTES:
            raise TooLong
        return found

    def close(self) -> list[str]:
        """The data of an event that the end of the stream completes; some servers leave out the last empty line."""
        found: list[str] = []
        self._line(bytes(self._buffer).rstrip(b"\r"), found)
        self._line(b"", found)
        self._buffer.clear()
        return found

    def _line(self, line: bytes, found: list[str]) -> None:
        if not line:
            if self._data:
                found.append("\n".join(self._data))
            self._data, self._size = [], 0
            return
        name, _, value = line.partition(b":")
        if name != b"data":
            # Comments keep a connection alive; names, ids and retry times mean nothing here.
            return
        self._size += len(value)
        if self._size > MAX_LINE_BYTES:
            raise TooLong
        self._data.append(value.removeprefix(b" ").decode("utf-8", "replace"))
