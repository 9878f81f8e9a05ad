"""Joins what keywords and what vectors found into one order. Pure.

Reciprocal rank fusion: a passage's score is the sum, over both lists, of a weight divided by its rank. Ranks need no common
scale, and a passage that both found rises. How much the vectors weigh depends on whether the embedder was made for the
question's language: on German questions this embedder alone is far behind keywords, and must not push down what they found.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

RANK_OFFSET = 10
AT_HOME = 0.7
ABROAD = 0.1
"""Weights of the vectors, measured on Cranfield and on XQuAD in English and German (`tests/benchmarks/knowledge.py`)."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage's number with its score, and who found it: keywords, vectors, or both."""

    number: int
    score: float
    by: str


def weight_of_vectors(language: str, languages: Collection[str]) -> float:
    """How much vectors count beside keywords, which count 1, for a question in this language (empty: not known)."""
    return AT_HOME if not languages or language in languages else ABROAD


def fused(keywords: Sequence[int], vectors: Sequence[int], weight: float) -> list[Ranked]:
    """Both lists, the best first, as one. The highest score there can be is 1."""
    most = (1.0 + weight) / (RANK_OFFSET + 1)
    scores: dict[int, float] = {}
    for share, numbers in ((1.0, keywords), (weight, vectors)):
        for rank, number in enumerate(numbers, 1):
            scores[number] = scores.get(number, 0.0) + share / (RANK_OFFSET + rank)
    by_keywords, by_vectors = set(keywords), set(vectors)
    ordered = sorted(scores, key=lambda number: (-scores[number], number))
    return [
        Ranked(
            number,
            round(scores[number] / most, 6),
            "both"
            if number in by_keywords and number in by_vectors
            else ("keywords" if number in by_keywords else "vectors"),
        )
        for number in ordered
    ]
