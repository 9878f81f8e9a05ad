"""Server-sent events, and JSON in lines, from bytes as they arrive: any chunk border, nothing that grows without bound."""

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
        self._seen = 0
        self._is_at_start = True

    def feed(self, chunk: bytes) -> list[str]:
        """The data of the events that this chunk completes. Raises `TooLong`."""
        self._buffer += chunk
        if self._is_at_start and not _BYTE_ORDER_MARK.startswith(self._buffer[:3]):
            # The stream began with something else; a mark that comes later is text.
            self._is_at_start = False
        if self._is_at_start and len(self._buffer) >= len(_BYTE_ORDER_MARK):
            self._is_at_start = False
            if self._buffer.startswith(_BYTE_ORDER_MARK):
                del self._buffer[: len(_BYTE_ORDER_MARK)]
                self._seen = 0
        found: list[str] = []
        start = 0
        # What was looked at before held no line end but perhaps its last byte, half of CR LF.
        for match in _LINE_END.finditer(self._buffer, max(0, self._seen - 1)):
            self._line(bytes(self._buffer[start : match.start()]), found)
            start = match.end()
        del self._buffer[:start]
        self._seen = len(self._buffer)
        if self._seen > MAX_LINE_BYTES:
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


class LineStream:
    """Collects JSON in lines, the other way in which servers stream. Same bounds, same manners."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> list[str]:
        """The lines that this chunk completes. Raises `TooLong`."""
        seen = len(self._buffer)
        self._buffer += chunk
        end = self._buffer.rfind(b"\n", seen)
        if end < 0:
            if len(self._buffer) > MAX_LINE_BYTES:
                raise TooLong
            return []
        whole = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        lines = whole.split(b"\n")
        if max(map(len, lines)) > MAX_LINE_BYTES or len(self._buffer) > MAX_LINE_BYTES:
            raise TooLong
        return [line.decode("utf-8", "replace") for line in lines]

    def close(self) -> list[str]:
        """The last line, where its end is missing."""
        rest = bytes(self._buffer).decode("utf-8", "replace")
        self._buffer.clear()
        return [rest] if rest.strip() else []
