"""How two processes of one machine speak: a length of four bytes, then one JSON object in UTF-8."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from legate_core import wire
from legate_core.errors import Invalid

Frame = dict[str, Any]

HEAD_BYTES = 4
MAX_FRAME_BYTES = 64 * 1024 * 1024


def pack(frame: Frame) -> bytes:
    """A frame as bytes. Raises `Invalid` for one that no reader would take."""
    body = wire.to_bytes(frame)
    if len(body) > MAX_FRAME_BYTES:
        raise Invalid(f"This is {len(body):,} bytes, and {MAX_FRAME_BYTES:,} travel at once. Say less at once.")
    return len(body).to_bytes(HEAD_BYTES, "big") + body


def length_of(head: bytes) -> int:
    """How many bytes follow this head. Raises `Invalid` for more than a frame may hold."""
    length = int.from_bytes(head, "big")
    if length > MAX_FRAME_BYTES:
        raise Invalid(f"A message of {length:,} bytes is too large. Say less at once.")
    return length


def unpack(body: bytes) -> Frame:
    """The frame behind the bytes after its head. Raises `Invalid` for anything but one JSON object."""
    found = wire.from_bytes(body)
    if not isinstance(found, dict):
        raise Invalid("A message is a JSON object. Update Legate on both ends.")
    return cast("Frame", found)


async def read(reader: asyncio.StreamReader) -> Frame | None:
    """The next frame, or None where the other end has gone, in the middle of one or between two."""
    try:
        head = await reader.readexactly(HEAD_BYTES)
        return unpack(await reader.readexactly(length_of(head)))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
