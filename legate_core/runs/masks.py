"""What is masked when a run leaves this machine: secrets always, and what names people, money and places on demand. Pure.

A value is replaced by what it is and a number (⟨address 2⟩), the same one wherever it stands, so that a reader still
follows who wrote to whom.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

LABELS = ("secret", "address", "number", "link", "path", "text")
"""What can be masked. *text* is everything that was read or written as content; the others are found inside texts."""

ALWAYS = frozenset({"secret"})

_WORD = r"[A-Za-z0-9_\-./+=]"
_PATTERNS: Mapping[str, tuple[re.Pattern[str], ...]] = {
    "secret": (
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
        re.compile(
            r"\b(?:sk|pk|rk|ghp|gho|ghs|ghu|github_pat|glpat|xox[abprs]|secret|ntn|whsec|hf)[-_][A-Za-z0-9_-]{12,}"
        ),
        re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
        re.compile(r"\bAIza[A-Za-z0-9_-]{30,}"),
        re.compile(rf"(?i)(?<=bearer ){_WORD}{{12,}}"),
        re.compile(
            rf"(?i)\b(?:password|passwd|passphrase|passwort|secret|token|api[_-]?key)\b[\"']?\s*[:=]\s*[\"']?({_WORD}{{6,}})"
        ),
        re.compile(r"(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"),
    ),
    "link": (re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>⟨⟩]+"),),
    "address": (re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+"),),
    # A number of nine and more digits, however it is grouped: telephones, accounts, cards; and IBANs.
    "number": (
        re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){3,7}(?:[ ]?[A-Z0-9]{1,3})?\b"),
        re.compile(r"(?<![\w.])(?!\d{4}-\d{2}-\d{2})\+?\d(?:[ ().\-/]{0,2}\d){8,}(?!\w)"),
    ),
    "path": (re.compile(r"(?<![\w:/])(?:/(?:home|Users|root)|[A-Za-z]:\\Users)[/\\][^\s\"'<>:*?|⟨⟩]*"),),
}


@dataclass
class Masker:
    """Masks texts of one file by the same names. `labels` are masked besides what always is."""

    labels: frozenset[str]
    counts: Counter[str] = field(default_factory=Counter[str])
    _names: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    def text(self, text: str) -> str:
        """A text with everything in it masked that its labels name."""
        for label, patterns in _PATTERNS.items():
            if label in self.labels or label in ALWAYS:
                for pattern in patterns:
                    text = pattern.sub(lambda found, label=label: self._replaced(label, found), text)
        return text

    def content(self, text: str) -> str:
        """A text that was read or written as content: masked whole where texts are."""
        if "text" in self.labels and text.strip():
            return f"{self._name('text', text)[:-1]}, {len(text):,} characters⟩"
        return self.text(text)

    def value(self, value: Any, *, is_content: bool = False) -> Any:
        """A JSON value, every text in it masked; names of fields stay."""
        if isinstance(value, str):
            return self.content(value) if is_content else self.text(value)
        if isinstance(value, Mapping):
            given = cast("Mapping[str, Any]", value)
            return {self.text(str(name)): self.value(item, is_content=is_content) for name, item in given.items()}
        if isinstance(value, Sequence):
            return [self.value(item, is_content=is_content) for item in cast("Sequence[Any]", value)]
        return value

    def _replaced(self, label: str, found: re.Match[str]) -> str:
        # Where a pattern has a group, only that is the value: what stands before it says what it is.
        if found.lastindex:
            first, last = found.span(1)
            whole = found.group(0)
            start = found.start(0)
            return whole[: first - start] + self._name(label, found.group(1)) + whole[last - start :]
        return self._name(label, found.group(0))

    def _name(self, label: str, value: str) -> str:
        key = (label, value.casefold() if label == "address" else value)
        if key not in self._names:
            self.counts[label] += 1
            self._names[key] = f"⟨{label} {self.counts[label]}⟩"
        return self._names[key]
