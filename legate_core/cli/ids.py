"""What a person names something by: its whole id, the beginning or the end of it, or its row in a list."""

from __future__ import annotations

from collections.abc import Sequence

from legate_core.errors import NotFound

SHORTEST_END = 4
"""Letters of an id's end that may stand for it. Ids made together begin alike and end apart."""


def find(word: str, ids: Sequence[str], what: str, where: str) -> str:
    """The one id among `ids` that `word` means. Raises `NotFound` for none and for several.

    `what` and `where` say in words what was looked for and which command lists it.
    """
    if word in ids:
        return word
    if is_row(word) and 0 < int(word) <= len(ids):
        return ids[int(word) - 1]
    found = [key for key in ids if _is_meant(word, key)]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound(f"{word!r} may be {len(found)} of the {what}s. Give more of the id; '{where}' lists them.")
    raise NotFound(f"There is no {what} {word!r}. '{where}' lists them.")


def is_row(word: str) -> bool:
    """Whether the word is the number of a row, which may be another row by now."""
    return word.isascii() and word.isdigit() and len(word) <= 4


def _is_meant(word: str, key: str) -> bool:
    if not word:
        return False
    bare = key.partition("_")[2]
    return key.startswith(word) or bare.startswith(word) or (len(word) >= SHORTEST_END and key.endswith(word))
