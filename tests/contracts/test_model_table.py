"""The page of promises says what the tests show, and every promise is shown somewhere."""

from tests.contracts.model_table import PAGE, page, shown
from tests.fakes.promises import PROMISES
from tests.fakes.wires import WIRE


def test_the_page_is_what_the_tests_show() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it again: python -m tests.contracts.model_table"


def test_every_promise_is_shown() -> None:
    assert {promise for promise, _ in shown()} == set(PROMISES)


def test_every_promise_is_shown_on_every_provider_that_speaks_to_a_server() -> None:
    tests = shown()
    assert [(promise, name) for promise in PROMISES for name in WIRE if not tests.get((promise, name))] == []
