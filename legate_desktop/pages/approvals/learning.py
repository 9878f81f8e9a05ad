"""Rules that alike answers propose, while this workspace learns: read when the rules are looked at, and after each change."""

from __future__ import annotations

import logging
from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.pages.approvals import requests
from legate_desktop.pages.approvals.view import RuleRow

log = logging.getLogger(__name__)


class Learning(QObject):
    """`changed` says that other rules are proposed than before."""

    changed = Signal()

    def __init__(self, bridge: Any) -> None:
        super().__init__()
        self._bridge = bridge
        self.rows: tuple[RuleRow, ...] = ()

    def read(self) -> None:
        """Ask what is proposed now."""
        self._bridge.ask(requests.proposals_query(), self._take, self._not_known)

    def _take(self, given: Any) -> None:
        rows = tuple(requests.proposed_row(each) for each in given)
        if rows != self.rows:
            self.rows = rows
            self.changed.emit()

    def _not_known(self, message: str, _is_away: bool) -> None:
        """Proposals are an offer; the rules themselves are there without them."""
        log.info("what is proposed is not known: %s", message)
