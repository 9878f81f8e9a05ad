"""A value that must not be seen: it prints as dots, compares in constant time, and refuses to be stored or sent."""

from __future__ import annotations

import hmac
from typing import NoReturn

DOTS = "••••••"
"""What is shown in place of a secret; always the same, so that not even its length is told."""


class Secret:
    """Holds a secret until the one place that needs it calls `reveal`.

    It cannot be pickled, hashed, iterated or encoded as JSON, and copies of it are the same object. Memory of this
    process is outside its protection: Python gives no way to overwrite a string.
    """

    __slots__ = ("_held",)

    def __init__(self, value: str) -> None:
        self._held = value

    def reveal(self) -> str:
        """The value itself. Whoever calls this hands it to the world in the same breath and keeps no copy."""
        return self._held

    def __repr__(self) -> str:
        return DOTS

    __str__ = __repr__

    def __format__(self, specification: str) -> str:
        return DOTS

    def __bool__(self) -> bool:
        return bool(self._held)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_encoded(self.reveal()), _encoded(other.reveal()))

    # A hash would tell equal secrets apart from different ones to whoever sees it.
    __hash__ = None  # pyright: ignore[reportAssignmentType] # the documented way to be unhashable

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret cannot be pickled; it stays in the process that was lent it")


def _encoded(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")
