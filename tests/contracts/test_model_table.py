"""The page of promises says what the tests show, and every promise is shown somewhere."""

from tests.contracts.model_table import PAGE, page, shown
from tests.fakes.promises import PROMISES


def test_the_page_is_what_the_tests_show() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it again: python -m tests.contracts.model_table"


def test_every_promise_is_shown() -> None:
    assert {promise for promise, _ in shown()} == set(PROMISES)
