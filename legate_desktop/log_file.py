"""What goes wrong is written down where a person finds it: one file per person, cut at a size, never sent anywhere."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from PySide6.QtCore import QStandardPaths, QUrl
from PySide6.QtGui import QDesktopServices

log = logging.getLogger(__name__)

FORM = "%(asctime)s %(name)s: %(message)s"
MOST_BYTES = 1_000_000
"""At this size the file becomes the older one of two, and a new one begins."""


def default_file() -> Path:
    """Where the log of this person on this machine is kept."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericStateLocation)
    return Path(folder) / "legate" / "legate.log"


def begin(file: Path | None) -> Path | None:
    """Write warnings and errors to stderr and, where a file is given, there too; the file, if it can be written.

    `LEGATE_LOG` asks for more or less. The folder is this person's alone, for a traceback may quote what was at hand.
    """
    logging.basicConfig(level=os.environ.get("LEGATE_LOG", "WARNING"), format=FORM)
    if file is None:
        return None
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = RotatingFileHandler(file, maxBytes=MOST_BYTES, backupCount=1, encoding="utf-8")
    except OSError as error:
        log.warning("the log is only on stderr, for %s cannot be written: %s", file, error)
        return None
    written.setFormatter(logging.Formatter(FORM))
    logging.getLogger().addHandler(written)
    return file


def catch_crashes(file: Path | None) -> None:
    """Where a fault in a library ends the process, have each thread's place written to this log, else to stderr.

    Nothing else could say why a window was suddenly gone.
    """
    if file is not None:
        faulthandler.enable(file.open("ab"))
    elif sys.stderr is not None:
        faulthandler.enable(sys.stderr)


def show(file: Path) -> bool:
    """Open it with what this system reads text with; whether there is such a thing."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(file)))
