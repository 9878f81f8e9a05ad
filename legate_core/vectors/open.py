"""Opens the store of vectors that the settings name."""

from __future__ import annotations

from pathlib import Path

from legate_core.errors import Invalid
from legate_core.vectors.base import Vectors
from legate_core.vectors.chroma import ChromaVectors
from legate_core.vectors.memory import MemoryVectors
from legate_core.vectors.qdrant import QdrantVectors


def open_vectors(setting: str, folder: Path, key: str = "") -> Vectors:
    """*chroma* (or nothing said): embedded, in this folder. *memory*: gone with the process. An address: a Qdrant there,
    which may ask for a key."""
    if setting in ("", "chroma"):
        return ChromaVectors(folder)
    if setting == "memory":
        return MemoryVectors()
    if setting.startswith(("http://", "https://")):
        return QdrantVectors(setting, key)
    raise Invalid(f"LEGATE_VECTORS is {setting[:80]!r}; it may be chroma, memory, or the address of a Qdrant server.")
