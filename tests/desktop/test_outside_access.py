"""What a screen reader is told, on a real screen with a real accessibility bus: every stop has a name, rows are sentences."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.desktop.real_access import CHECKED, SHOWING, Heard, Reader
from tests.desktop.real_core import RealCore
from tests.desktop.real_desktop import RealDesktop, wait_until

pytestmark = [
    pytest.mark.alone,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="AT-SPI is the accessibility of Linux"),
]

PAGES = 9
"""As many as have a key of their own: Ctrl+1 to Ctrl+9."""

INBOX = 8
"""Approvals, by its key."""


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDesktop]:
    found = RealDesktop(tmp_path_factory.mktemp("desk"))
    try:
        yield found
    finally:
        found.end()


@pytest.fixture
def reader(desk: RealDesktop) -> Iterator[Reader]:
    found = Reader(desk)
    try:
        yield found
    finally:
        found.close()


def nameless(tree: list[Heard]) -> list[str]:
    return [
        f"{heard.role} at depth {heard.depth}" for heard in tree if heard.can_be_used_now and not heard.name.strip()
    ]


def page(tree: list[Heard]) -> str:
    """The page that the sidebar says is shown: it comes before everything else that can be chosen."""
    return next((heard.name for heard in tree if heard.has(CHECKED) and heard.has(SHOWING)), "")


def test_a_screen_reader_is_told_everything_that_can_be_used(desk: RealDesktop, reader: Reader) -> None:
    core = RealCore(desk.folder / "home")
    desk.legate("--home", str(core.home))
    wait_until(core.is_held, "the window holds the folder: " + desk.log())
    window = desk.window()
    # A new workspace begins with the first steps, which are read out like everything else.
    guide = wait_until(lambda: desk.windows("^First steps$"), "the first steps came")[0]
    assert nameless(reader.tree()) == []
    desk.xdotool("windowactivate", "--sync", guide, "key", "--window", guide, "Escape")
    wait_until(lambda: not desk.windows("^First steps$"), "the first steps are over")
    core.begin()
    core.next_question()
    desk.xdotool("windowactivate", "--sync", window, "key", "--window", window, f"ctrl+{INBOX}")

    def row() -> str:
        names = [
            heard.name for heard in reader.tree() if heard.role in ("cell", "table cell") and "waiting" in heard.name
        ]
        return names[0] if names else ""

    sentence = wait_until(row, "the question is in the list")
    assert sentence.startswith("mail.send, sends, asked by Practice deputy, ")
    assert sentence.endswith(", waiting")
    tree = reader.tree()
    names = {heard.name for heard in tree if heard.can_be_used_now}
    assert {"Approve once", "Reject…", "Filter"} <= names
    assert any(name.startswith("Approvals, 1") for name in names), names
    shown = [page(tree)]
    for number in range(1, PAGES + 1):
        desk.xdotool("key", "--window", window, f"ctrl+{number}")

        def turned(before: str = shown[-1]) -> list[Heard] | None:
            found = reader.tree()
            return found if page(found) != before else None

        tree = wait_until(turned, f"Ctrl+{number} turned the page")
        shown.append(page(tree))
        assert nameless(tree) == [], shown[-1]
    assert len(set(shown[1:])) == PAGES, shown
    assert "Traceback" not in desk.log()
