"""Writes the journal with its proof into a file, part by part; the file takes its name only once it is whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from legate_desktop.pages.audit import requests
from legate_desktop.words import tr


class Exporter:
    """One export on its way. `told` gets how many entries of how many, `ended` the path or what went wrong."""

    def __init__(
        self, bridge: Any, path: Path, told: Callable[[int, int], None], ended: Callable[[str, str, str], None]
    ) -> None:
        self._bridge = bridge
        self._path = path
        self._fresh = path.with_name(f"{path.name}.part")
        self._told, self._ended = told, ended
        self._file: IO[bytes] | None = None
        self._unsigned = ""
        self._is_stopped = False

    def begin(self) -> None:
        """Sign what stands; a journal that cannot be signed is exported all the same, for it is evidence too."""
        self._bridge.send(requests.sign(), lambda _size: self._ask(0, 0), self._not_signed)

    def stop(self) -> None:
        """Leave no half of a file behind."""
        if not self._is_stopped:
            self._is_stopped = True
            self._close()

    def _not_signed(self, message: str, is_away: bool) -> None:
        if is_away:
            self._fail(message)
            return
        self._unsigned = message
        self._ask(0, 0)

    def _ask(self, after: int, until: int) -> None:
        if not self._is_stopped:
            self._bridge.ask(requests.export(after, until), self._take, lambda message, _is_away: self._fail(message))

    def _take(self, part: Any) -> None:
        if self._is_stopped:
            return
        try:
            if self._file is None:
                self._file = self._fresh.open("wb")
            self._file.writelines(line.encode("utf-8", "surrogatepass") + b"\n" for line in part.lines)
            if not part.after:
                self._file.close()
                self._file = None
                os.replace(self._fresh, self._path)
        except OSError as error:
            text = tr("{path} cannot be written: {why}. Choose another place.")
            self._fail(text.format(path=self._path, why=error.strerror or error))
            return
        self._told(part.after or part.until, part.until)
        if part.after:
            self._ask(part.after, part.until)
        else:
            self._is_stopped = True
            self._ended(str(self._path), "", self._unsigned)

    def _fail(self, message: str) -> None:
        if not self._is_stopped:
            self._is_stopped = True
            self._close()
            self._ended("", message, "")

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._fresh.unlink(missing_ok=True)
