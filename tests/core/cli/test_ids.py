"""What a person may name a thing by."""

from __future__ import annotations

import pytest

from legate_core.cli.ids import find
from legate_core.errors import NotFound

IDS = ["apr_1m87zpw4grsp46xz", "apr_1m87zpw82wfwgybq", "apr_2aaaaaaaaaaaaaaa"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("apr_1m87zpw82wfwgybq", 1),
        ("apr_2", 2),
        ("1m87zpw4", 0),
        ("gybq", 1),
        ("46xz", 0),
        ("2", 1),
        ("3", 2),
    ],
)
def test_an_id_may_be_named_whole_by_an_end_or_by_its_row(word: str, meant: int) -> None:
    assert find(word, IDS, "question", "legate inbox") == IDS[meant]


@pytest.mark.parametrize("word", ["apr_1m87", "apr_", "9", "0", "", "-1", "xz", "²", "nothing"])
def test_what_means_none_or_several_is_refused(word: str) -> None:
    with pytest.raises(NotFound, match="legate inbox"):
        find(word, IDS, "question", "legate inbox")


def test_a_row_is_not_taken_for_the_beginning_of_an_id() -> None:
    assert find("2", ["apr_2aaaaaaaaaaaaaaa", "apr_9bbbbbbbbbbbbbbb"], "question", "here") == "apr_9bbbbbbbbbbbbbbb"
