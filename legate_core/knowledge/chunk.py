"""Cuts a document into passages: by its structure first, then by size, with overlap. Pure.

A document is blocks (paragraphs, headings, table rows) with anchors. A passage never spans two sections or two pages; within
them it takes whole blocks, and of a block that is too long whole sentences. What was cut inside a section overlaps a little,
so that a sentence is found together with the one before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from legate_core.knowledge.model import Anchor, Chunk

BETWEEN = "\n\n"
"""What stands between two blocks in a document's text."""

Count = Callable[[Sequence[str]], Sequence[int]]
"""Tokens of each text, by the embedder's own tokenizer."""


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, heading or row of a document. A heading's own words are the last of its anchor's `heading`."""

    text: str
    anchor: Anchor
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """How large passages are, in tokens."""

    most: int = 220
    overlap: int = 32
    least: int = 24
    """A section shorter than this is no passage of its own where it can join its neighbour."""


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    end: int
    tokens: int
    block: int


def chunked(blocks: Sequence[Block], count: Count, size: Size | None = None) -> tuple[str, tuple[Chunk, ...]]:
    """The document's text, and its passages in order. Every letter of the text that is no blank is in some passage."""
    size = size or Size()
    text, starts = _joined(blocks)
    pieces = _pieces(blocks, text, starts, count, size)
    spans = [span for section in _sections(pieces, blocks, size) for span in _packed(section, size)]
    return text, tuple(_chunk(span, text, blocks) for span in spans)


def _joined(blocks: Sequence[Block]) -> tuple[str, list[int]]:
    starts: list[int] = []
    at = 0
    for block in blocks:
        starts.append(at)
        at += len(block.text) + len(BETWEEN)
    return BETWEEN.join(block.text for block in blocks), starts


def _pieces(blocks: Sequence[Block], text: str, starts: Sequence[int], count: Count, size: Size) -> list[_Piece]:
    """The smallest parts: sentences, headings, rows, and of a sentence that is too long parts of it."""
    spans = [
        (start, end, number)
        for number, block in enumerate(blocks)
        for start, end in _sentences(block, starts[number])
        if text[start:end].strip()
    ]
    tokens = count([text[start:end] for start, end, _ in spans])
    found: list[_Piece] = []
    for (start, end, number), many in zip(spans, tokens, strict=True):
        found.extend(_Piece(*part, number) for part in _halved(start, end, many, text, count, size.most))
    return found


_SENTENCE = re.compile(r"(?<=[.!?…。！？])[\"'”’»)\]]*\s+|(?<=[。！？])|\n+")  # noqa: RUF001  other scripts end sentences, too


def _sentences(block: Block, at: int) -> Iterator[tuple[int, int]]:
    """The sentences of a block, as spans of the document."""
    if block.is_heading or block.anchor.row:
        yield at, at + len(block.text)
        return
    last = 0
    for mark in _SENTENCE.finditer(block.text):
        if mark.end() > last:
            yield at + last, at + mark.end()
            last = mark.end()
    if last < len(block.text):
        yield at + last, at + len(block.text)


def _halved(start: int, end: int, tokens: int, text: str, count: Count, most: int) -> Iterator[tuple[int, int, int]]:
    """A span in parts of at most so many tokens, cut at blanks where there are any."""
    waiting = [(start, end, tokens)]
    while waiting:
        start, end, tokens = waiting.pop()
        if tokens <= most or end - start < 2:
            yield start, end, tokens
            continue
        middle = (start + end) // 2
        blank = text.rfind(" ", start + 1, middle)
        cut = blank if blank > start + (middle - start) // 2 else middle
        left, right = count([text[start:cut], text[cut:end]])
        waiting += [(cut, end, right), (start, cut, left)]


def _sections(pieces: Sequence[_Piece], blocks: Sequence[Block], size: Size) -> Iterator[list[_Piece]]:
    """Runs of pieces under one heading on one page; a section too short to stand alone joins the one after it on its page."""
    section: list[_Piece] = []
    for piece in pieces:
        here = blocks[piece.block].anchor
        before = blocks[section[-1].block].anchor if section else here
        # A passage is opened at its page, so it has only one; a heading is turned over with what follows it.
        is_over = here.page != before.page and not all(blocks[part.block].is_heading for part in section)
        is_new = here.heading != before.heading and sum(part.tokens for part in section) >= size.least
        if section and (is_over or is_new):
            yield section
            section = []
        section.append(piece)
    if section:
        yield section


def _packed(section: Sequence[_Piece], size: Size) -> Iterator[tuple[_Piece, ...]]:
    """Passages of whole pieces; each but the first begins with the last pieces of the one before."""
    passage: list[_Piece] = []
    tokens = fresh = 0
    for piece in section:
        if fresh and tokens + piece.tokens > size.most:
            yield tuple(passage)
            passage = _tail(passage, min(size.overlap, size.most - piece.tokens))
            tokens, fresh = sum(part.tokens for part in passage), 0
        passage.append(piece)
        tokens += piece.tokens
        fresh += 1
    if fresh:
        yield tuple(passage)


def _tail(passage: Sequence[_Piece], most: int) -> list[_Piece]:
    """The last pieces that fit; never the whole passage."""
    found: list[_Piece] = []
    for piece in reversed(passage[1:]):
        most -= piece.tokens
        if most < 0:
            break
        found.insert(0, piece)
    return found


def _chunk(pieces: Sequence[_Piece], text: str, blocks: Sequence[Block]) -> Chunk:
    start, end = pieces[0].start, pieces[-1].end
    passage = text[start:end]
    end -= len(passage) - len(passage.rstrip())
    start += len(passage) - len(passage.lstrip())
    # A heading alone says where it is, but the place of a passage is where its words are.
    first = next((piece for piece in pieces if not blocks[piece.block].is_heading), pieces[0])
    anchor = blocks[first.block].anchor
    return Chunk(text[start:end], start, end, anchor, sum(piece.tokens for piece in pieces))
