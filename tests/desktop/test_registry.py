"""Pages are found, not listed: in order, once each, built when visited, with a quiet place for what is still to come."""

from __future__ import annotations

from dataclasses import replace

import pytest

from legate_desktop import pages
from legate_desktop.shell.places import PLACES, QuietPage, with_places
from legate_desktop.shell.registry import GROUPS, find_pages, in_order
from legate_desktop.theme.resources import ROOT
from tests.desktop.fake_core import FakeBridge
from tests.desktop.stage import Stage, make_window


def test_every_page_is_found_and_stands_in_its_group() -> None:
    found = {page.id: page for page in find_pages(pages)}
    assert {"approvals", "runs"} <= set(found)
    groups = [page.group for page in with_places(found.values())]
    assert groups == sorted(groups, key=GROUPS.index)


def test_a_page_that_is_there_takes_the_place_of_its_quiet_one() -> None:
    agents = replace(find_pages(pages)[0], id="agents", group="Build", key="A", order=1)
    specs = {page.id: page for page in with_places([agents])}
    assert not specs["agents"].is_place
    assert {place.id for place in PLACES} <= set(specs)


@pytest.mark.parametrize("field", ["id", "key"])
def test_two_pages_may_not_share_an_id_or_a_letter(field: str) -> None:
    one, other = (replace(page, order=at) for at, page in enumerate(find_pages(pages)[:2]))
    with pytest.raises(ValueError, match=f"Two pages have the {field}"):
        in_order([one, replace(other, **{field: getattr(one, field)})])


def test_every_page_has_an_icon() -> None:
    missing = [
        page.icon for page in with_places(find_pages(pages)) if not (ROOT / "icons" / f"{page.icon}.svg").exists()
    ]
    assert missing == []


def test_a_page_is_built_on_the_first_visit_and_then_kept() -> None:
    window, _bridge = make_window(FakeBridge())
    assert list(window._pages) == ["approvals"]
    window.go("team")
    team = window.pages.currentWidget()
    assert isinstance(team, QuietPage)
    window.go("approvals")
    window.go("team")
    assert window.pages.currentWidget() is team


def test_a_link_to_an_approval_leads_to_its_tab_through_a_filter(stage: Stage) -> None:
    stage.state.set_filter("nothing has these words")
    stage.window.go("approvals", "apr_0001f61d7b5")
    assert stage.state.selected_id == "apr_0001f61d7b5"
    assert stage.approvals.filter.text() == ""
    decided = next(iter(stage.bridge.tables["DecidedApprovals"]))
    stage.window.go("approvals", decided)
    assert (stage.state.tab, stage.state.selected_id) == ("decided", decided)


def test_a_link_to_nothing_says_so(stage: Stage) -> None:
    stage.window.go("approvals", "apr_gone")
    assert stage.toasts() == ["There is no approval apr_gone here. This is the list."]
