"""Where a person was, for going back and forward as in a browser."""

from __future__ import annotations

from dataclasses import dataclass

MOST = 100


@dataclass(frozen=True, slots=True)
class Visit:
    """A page, and what was chosen on it."""

    page_id: str
    object_id: str = ""


class History:
    """Visits before and after the present one. Going somewhere new forgets what lay ahead."""

    def __init__(self) -> None:
        self._before: list[Visit] = []
        self._after: list[Visit] = []

    @property
    def may_go_back(self) -> bool:
        return bool(self._before)

    @property
    def may_go_forward(self) -> bool:
        return bool(self._after)

    def leave(self, here: Visit) -> None:
        """Remember where the person was when going somewhere new."""
        if not self._before or self._before[-1] != here:
            self._before.append(here)
        del self._before[:-MOST]
        self._after.clear()

    def back(self, here: Visit) -> Visit | None:
        """Where the person was before, or nothing."""
        return self._step(self._before, self._after, here)

    def forward(self, here: Visit) -> Visit | None:
        """Where the person went back from, or nothing."""
        return self._step(self._after, self._before, here)

    @staticmethod
    def _step(taken: list[Visit], given: list[Visit], here: Visit) -> Visit | None:
        if not taken:
            return None
        given.append(here)
        return taken.pop()
