"""Words of a question, languages, highlights, and how two lists become one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.knowledge.rank import ABROAD, AT_HOME, fused, weight_of_vectors
from legate_core.knowledge.words import MAX_WORDS, highlights, language_of, legible, searched, spaced


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What is the shipping fee?", ("shipping", "fee")),
        ("Wie hoch ist die Versandgebühr?", ("hoch", "versandgebühr")),
        ("to be or not to be", ("to", "be", "or", "not")),
        ("HL-110 fjord_lamp", ("hl", "110", "fjord", "lamp")),
        ("  ", ()),
        ("lamp LAMP Lamp", ("lamp",)),
        ("退货政策 lamp", ("退 货", "货 政", "政 策", "lamp")),
        ("茶", ("茶",)),
        ("iPhone充电", ("iphone", "充 电")),
        ("Maßnahme STRASSE", ("maßnahme", "massnahme", "strasse", "straße")),
        ("ﬁnance Miet\u00advertrag Gro\u0308ße", ("finance", "mietvertrag", "größe", "grösse")),
    ],
)
def test_small_words_are_left_out_unless_there_is_nothing_else(question: str, words: tuple[str, ...]) -> None:
    assert searched(question) == words


@pytest.mark.parametrize(
    ("text", "legible_text"),
    [
        ("plain", "plain"),
        ("Miet\u00adver\u00adtrag", "Mietvertrag"),
        ("a hyphen at the end\u00ad of a line\u00ad\n", "a hyphen at the end\u00ad of a line\u00ad\n"),
        ("o\ufb03ce, \ufb01nance, wa\ufb00le", "office, finance, waffle"),
        ("Gro\u0308ße", "Größe"),
        ("x² and ½ stay", "x² and ½ stay"),
    ],
)
def test_a_text_is_written_one_way(text: str, legible_text: str) -> None:
    assert legible(text) == legible_text


def test_a_long_question_is_cut_to_its_first_words() -> None:
    assert len(searched(" ".join(f"word{n}" for n in range(100)))) == MAX_WORDS


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is the parcel that was sent to me?", "en"),
        ("Wo ist das Paket, das mir geschickt wurde?", "de"),
        ("Où est le colis que vous avez envoyé ?", "fr"),
        ("¿Dónde está el paquete que se envió?", "es"),
        ("Dove si trova il pacco che è stato spedito?", "it"),
        ("refund HL-110", ""),
        ("", ""),
    ],
)
def test_languages_are_told_by_their_small_words(text: str, language: str) -> None:
    assert language_of(text) == language


def test_other_endings_are_marked_too() -> None:
    passage = "Refunds: we refund, and a refunded lamp is refunding nobody. Verspätungen, verspatung."
    marked = [passage[start:end] for start, end in highlights(passage, ("refund", "Verspätung"))]
    assert marked == ["Refunds", "refund", "refunded", "refunding", "Verspätungen", "verspatung"]


def test_pairs_of_letters_are_marked_as_the_words_they_make() -> None:
    passage = "我们的退货政策:三十天内可以退款。"
    marked = [passage[start:end] for start, end in highlights(passage, searched("退货政策是什么?"))]
    assert marked == ["退货政策"]


def test_only_letters_of_scripts_without_blanks_are_parted() -> None:
    assert spaced("Tee 紅茶, ชา") == "Tee  紅 茶 , ชา"


@given(st.text(max_size=300), st.lists(st.text(min_size=1, max_size=12), max_size=5))
def test_highlights_are_spans_of_the_passage_in_order(passage: str, wanted: list[str]) -> None:
    spans = highlights(passage, wanted)
    assert list(spans) == sorted(spans)
    assert all(0 <= start < end <= len(passage) for start, end in spans)


numbers = st.lists(st.integers(1, 40), unique=True, max_size=20)


@given(numbers, numbers, st.sampled_from([AT_HOME, ABROAD]))
def test_fusing_loses_nothing_and_keeps_what_both_found_above_what_one_found(
    keywords: list[int], vectors: list[int], weight: float
) -> None:
    ranked = fused(keywords, vectors, weight)
    assert {item.number for item in ranked} == {*keywords, *vectors}
    assert [item.score for item in ranked] == sorted((item.score for item in ranked), reverse=True)
    assert all(0 < item.score <= 1 for item in ranked)
    if keywords and vectors and keywords[0] == vectors[0]:
        assert (ranked[0].number, ranked[0].score, ranked[0].by) == (keywords[0], 1.0, "both")
    if not vectors:
        assert [item.number for item in ranked] == keywords


def test_far_from_home_the_vectors_only_settle_what_is_close() -> None:
    keywords, vectors = list(range(1, 11)), [10, *range(50, 60)]
    assert [item.number for item in fused(keywords, vectors, ABROAD)][:5] == [1, 2, 3, 4, 5]
    assert fused(keywords, vectors, AT_HOME)[0].number == 10


@pytest.mark.parametrize(
    ("language", "languages", "weight"),
    [("en", {"en"}, AT_HOME), ("de", {"en"}, ABROAD), ("", {"en"}, ABROAD), ("de", set[str](), AT_HOME)],
)
def test_vectors_weigh_by_the_languages_the_embedder_knows(language: str, languages: set[str], weight: float) -> None:
    assert weight_of_vectors(language, languages) == weight
