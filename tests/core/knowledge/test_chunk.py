"""Passages: every word is in one, none is too long, structure comes first, and neighbours overlap."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.knowledge.chunk import BETWEEN, Block, Size, chunked
from legate_core.knowledge.model import Anchor

SIZE = Size(most=20, overlap=6, least=4)


def count(texts: Sequence[str]) -> list[int]:
    """A token per word, and one per ten letters of a long one, as tokenizers do."""
    return [sum(1 + len(word) // 10 for word in text.split()) for text in texts]


def paragraph(text: str, *heading: str, page: int = 0) -> Block:
    return Block(text, Anchor(page, heading))


blocks = st.lists(
    st.builds(
        Block,
        st.text(alphabet="ab. !?\n日。x" + "w" * 20, min_size=1, max_size=400),
        st.builds(
            Anchor,
            st.integers(0, 3),
            st.lists(st.sampled_from(["A", "B", "C"]), max_size=2).map(tuple),
            st.integers(0, 5),
            st.integers(0, 2),
        ),
        st.booleans(),
    ),
    max_size=12,
)


@given(blocks)
def test_every_word_is_in_a_passage_and_every_passage_is_the_text(some: list[Block]) -> None:
    text, chunks = chunked(some, count, SIZE)
    assert text == BETWEEN.join(block.text for block in some)
    covered = bytearray(len(text))
    for chunk in chunks:
        assert chunk.text == text[chunk.start : chunk.end] == chunk.text.strip() != ""
        covered[chunk.start : chunk.end] = b"\1" * (chunk.end - chunk.start)
    assert not [place for place, char in enumerate(text) if not char.isspace() and not covered[place]]
    assert [chunk.start for chunk in chunks] == sorted(chunk.start for chunk in chunks)


@given(blocks)
def test_no_passage_is_longer_than_said(some: list[Block]) -> None:
    _, chunks = chunked(some, count, SIZE)
    # A word that is cut may count for one token more on each side; nothing else may.
    assert all(chunk.tokens <= SIZE.most + SIZE.least + 2 for chunk in chunks)


def test_a_passage_never_spans_two_sections() -> None:
    some = [paragraph("one two three four five", "A"), paragraph("six seven eight nine ten", "B")]
    _, chunks = chunked(some, count, SIZE)
    assert [(chunk.text, chunk.anchor.heading) for chunk in chunks] == [
        ("one two three four five", ("A",)),
        ("six seven eight nine ten", ("B",)),
    ]


def test_a_section_too_short_to_stand_alone_joins_the_next() -> None:
    some = [paragraph("tiny", "A"), paragraph("six seven eight nine ten", "B")]
    _, chunks = chunked(some, count, SIZE)
    assert [chunk.text for chunk in chunks] == ["tiny\n\nsix seven eight nine ten"]


def test_a_passage_has_one_page_however_little_is_on_it() -> None:
    some = [paragraph("one", page=1), paragraph("two", page=2), paragraph("three", page=2)]
    _, chunks = chunked(some, count, SIZE)
    assert [(chunk.text, chunk.anchor.page) for chunk in chunks] == [("one", 1), ("two\n\nthree", 2)]


def test_neighbours_in_a_section_overlap_by_whole_sentences() -> None:
    some = [paragraph(" ".join(f"This is sentence {n}." for n in range(12)), "A")]
    _, chunks = chunked(some, count, SIZE)
    assert len(chunks) > 2
    for before, after in pairwise(chunks):
        assert after.start < before.end
        assert after.text.startswith("This is")
        assert before.text.endswith(".")


def test_a_passage_knows_where_its_words_stand_not_where_its_heading_does() -> None:
    some = [Block("Title", Anchor(1, ("Title",)), is_heading=True), paragraph("the words of it all", "Title", page=2)]
    _, (chunk,) = chunked(some, count, SIZE)
    assert chunk.anchor.page == 2
    assert chunk.text == "Title\n\nthe words of it all"


def test_rows_stay_whole() -> None:
    rows = [Block(f"id: {n}; what: a lamp with. a dot; price: {n}", Anchor(row=n)) for n in range(1, 9)]
    _, chunks = chunked(rows, count, Size(most=20, overlap=0, least=4))
    assert all(chunk.text.count("id:") == chunk.text.count("price:") for chunk in chunks)


@pytest.mark.parametrize(
    ("anchor", "words"),
    [
        (Anchor(), ""),
        (Anchor(3), "page 3"),
        (Anchor(3, ("A", "B")), "page 3, A › B"),  # noqa: RUF001
        (Anchor(0, ("A",), 4), "A"),
        (Anchor(0, (), 4), "paragraph 4"),
        (Anchor(0, (), 0, 7), "row 7"),
    ],
)
def test_a_place_is_said_as_a_person_would(anchor: Anchor, words: str) -> None:
    assert anchor.words == words
