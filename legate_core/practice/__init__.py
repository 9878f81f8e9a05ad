"""The practice workspace: everything can be tried without a key and without a network."""

from legate_core.practice.workspace import open_practice, practice_task

__all__ = ["open_practice", "practice_task"]
