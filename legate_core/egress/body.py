"""The body of an answer, counted in real bytes: a small stream that unpacks to a large one is cut like a large one."""

from __future__ import annotations

import zlib

GZIP = frozenset({"gzip", "x-gzip"})
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
# A gzip stream may be several behind each other; each costs work although it may hold nothing.
_MAX_MEMBERS = 64


class BodyDamaged(Exception):
    """The body is packed in a way that was not asked for, or is no valid packing. The message says which."""


class Body:
    """Collects at most `limit_bytes` of a body, unpacked on the way. Never holds more than that."""

    def __init__(self, content_encoding: str, limit_bytes: int) -> None:
        encoding = content_encoding.strip().lower()
        if encoding not in GZIP | {"", "identity"}:
            raise BodyDamaged(f"is packed as {encoding[:40]!r}, which was not asked for")
        self.is_cut = False
        self._limit_bytes = limit_bytes
        self._data = bytearray()
        self._unpack = zlib.decompressobj(_GZIP_WINDOW) if encoding in GZIP else None
        self._members = 1
        self._taken_bytes = 0

    def add(self, data: bytes) -> None:
        """Take what came over the wire. When the limit is passed, `is_cut` is true and more is pointless."""
        self._taken_bytes += len(data)
        if self._unpack is None:
            self._keep(data)
        else:
            self._unpacked(data)
        if self._taken_bytes > self._limit_bytes:
            # Also a stream of nothing but empty blocks ends.
            self.is_cut = True

    def whole(self) -> bytes:
        """What was collected. A packed body that ends in the middle is `BodyDamaged`."""
        if self._unpack is not None and self._taken_bytes and not self.is_cut and not self._unpack.eof:
            raise BodyDamaged("ends in the middle")
        return bytes(self._data)

    def _keep(self, data: bytes) -> None:
        room = self._limit_bytes - len(self._data)
        self._data += data[:room]
        self.is_cut = self.is_cut or len(data) > room

    def _unpacked(self, data: bytes) -> None:
        while data and not self.is_cut and self._unpack is not None:
            if self._unpack.eof:
                # Bytes behind a stream that begin no further stream are padding, as `gzip` itself takes them.
                if not data.startswith(b"\x1f"):
                    return
                self._members += 1
                if self._members > _MAX_MEMBERS:
                    self.is_cut = True
                    return
                self._unpack = zlib.decompressobj(_GZIP_WINDOW)
            room = self._limit_bytes - len(self._data)
            try:
                # One byte more than there is room for tells whether there is more.
                self._keep(self._unpack.decompress(data, room + 1))
            except zlib.error as error:
                raise BodyDamaged("is no valid gzip stream") from error
            data = self._unpack.unused_data if self._unpack.eof else self._unpack.unconsumed_tail
