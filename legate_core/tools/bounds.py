"""How much of a result an agent is shown: long text is cut, and says so."""

from __future__ import annotations

from dataclasses import replace

from legate_core.tools.spec import Observation

MAX_CONTENT_CHARS = 64_000


def cut(text: str, limit_chars: int = MAX_CONTENT_CHARS) -> str:
    """The text, or its beginning with a last line that says how much is missing. Never longer than the limit."""
    if len(text) <= limit_chars:
        return text
    note = f"\n[Cut here: {len(text):,} characters in all. Ask for a smaller part to see the rest.]"
    return text[: max(0, limit_chars - len(note))] + note


def bounded(observation: Observation, limit_chars: int = MAX_CONTENT_CHARS) -> Observation:
    """The same observation with its text cut. A tool that returns 100 MB costs one slice, not a transcript.

    Lone surrogates (file names and broken mail bring them) become replacement characters, because a transcript must
    be JSON.
    """
    content = cut(observation.content, limit_chars).encode("utf-8", "replace").decode("utf-8")
    source = cut(observation.source, 400).encode("utf-8", "replace").decode("utf-8")
    if content == observation.content and source == observation.source:
        return observation
    return replace(observation, content=content, source=source)
