"""Which folders an agent may be given: none that would let it read or move what Legate itself lives in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from legate_core.errors import Invalid

PRACTICE = "practice"
"""The one folder inside a data folder that agents may work in: the sample files of the practice workspace."""


class DataFolder:
    """Where this process keeps its data; a port, so that every door that takes folders can refuse it."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    def check(self, folders: Mapping[str, str]) -> None:
        """Raise `Invalid` for a folder that holds the data folder or lies in it."""
        for name, given in folders.items():
            folder = Path(given)
            if not folder.is_absolute():
                raise Invalid(f"The folder {name!r} must be an absolute path, not {given!r}.")
            real = folder.resolve()
            is_sample = real.is_relative_to(self.path / PRACTICE)
            if not is_sample and (real.is_relative_to(self.path) or self.path.is_relative_to(real)):
                raise Invalid(
                    f"The folder {name!r} holds Legate's own data or lies in it, so no agent may have it. "
                    "Choose a folder that has only the agent's work in it."
                )
