"""Work that looks at the disk, done beside the window's thread; what came of it is handed over in that thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QThreadPool, Signal

log = logging.getLogger(__name__)


class Aside(QObject):
    """`do` returns at once. A path that cannot be looked at is for the work itself to put into words."""

    _done = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._done.connect(self._hand_over)

    def do(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Do the work in a thread of the pool, then call this with what it gave."""

        def run() -> None:
            try:
                result = work()
            except Exception:
                # It would end in Qt's pool without a word; the log has it, and the job says that it did not go on.
                log.exception("work beside the window failed")
                result = None
            self._done.emit(then, result)

        QThreadPool.globalInstance().start(run)

    def _hand_over(self, then: Callable[[Any], None], result: Any) -> None:
        then(result)
