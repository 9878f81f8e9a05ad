"""How a process and its children speak: a length of four bytes, then one message packed by MessagePack."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

LENGTH_BYTES = 4
MAX_FRAME_BYTES = 256 * 1024 * 1024


class Reads(Protocol):
    """What frames are read from."""

    def read(self, size: int, /) -> bytes: ...


def pack(message: Any) -> bytes:
    """A message as one frame."""
    body = msgspec.msgpack.encode(message)
    if len(body) > MAX_FRAME_BYTES:
        raise ValueError(f"a message of {len(body):,} bytes is more than a frame may hold")
    return len(body).to_bytes(LENGTH_BYTES, "little") + body


def length_of(head: bytes) -> int:
    """How long the body after this head is. Raises `ValueError` for what no peer of ours would send."""
    length = int.from_bytes(head, "little")
    if length > MAX_FRAME_BYTES:
        raise ValueError(f"a frame of {length:,} bytes is more than a peer may send")
    return length


def unpack(body: bytes) -> Any:
    """The message in a frame's body."""
    return msgspec.msgpack.decode(body)


def read_frame(source: Reads) -> Any | None:
    """The next message, or None where the other side is gone. Blocks."""
    head = source.read(LENGTH_BYTES)
    if len(head) < LENGTH_BYTES:
        return None
    length = length_of(head)
    body = source.read(length)
    return unpack(body) if len(body) == length else None
