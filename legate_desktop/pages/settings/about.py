"""What is in this Legate: versions, and the licences of what ships with it."""

from __future__ import annotations

import importlib.metadata
import platform
from functools import lru_cache

from PySide6.QtCore import qVersion

from legate_desktop.theme.resources import ROOT

LIBRARIES = ("PySide6-Essentials", "SQLAlchemy", "cryptography", "httpx")


@lru_cache(maxsize=1)
def versions() -> str:
    """One line for each: Legate, Python, Qt, and the libraries that matter for trust."""
    lines = [f"Legate {_version('legate')}", f"Python {platform.python_version()}", f"Qt {qVersion()}"]
    lines += [f"{name} {_version(name)}" for name in LIBRARIES]
    lines.append(f"{platform.system()} {platform.release()} {platform.machine()}")
    return "\n".join(lines)


@lru_cache(maxsize=1)
def licences() -> str:
    """Legate's own, and those of the faces and icons that ship with it."""
    files = [ROOT.parent / "LICENSE", *sorted((ROOT / "fonts").glob("*.txt")), ROOT / "icons" / "LICENSE"]
    texts = [
        f"{file.parent.name}/{file.name}\n\n{file.read_text(encoding='utf-8').strip()}"
        for file in files
        if file.exists()
    ]
    return f"\n\n{'─' * 40}\n\n".join(texts)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        # A packaged Legate carries its libraries without their metadata.
        return "(bundled)"
