"""What changed between two definitions, and whether the agent may reach further than before."""

from __future__ import annotations

import dataclasses

import pytest

from legate_core.agents.diff import PART_OF, changes
from legate_core.agents.model import AgentDefinition, Limits

DEPUTY = AgentDefinition(
    name="Deputy",
    purpose="Answer customers.",
    instructions="Be kind.\nAsk first.",
    model={"provider": "scripted"},
    tools=("mail.read", "mail.send"),
    folders={"letters": "/srv/letters"},
    limits=Limits(steps=10, cost_micros=100),
)


def test_every_field_of_a_definition_has_its_place_in_the_builder() -> None:
    assert set(PART_OF) >= {field.name for field in dataclasses.fields(AgentDefinition)}


def test_nothing_changed_is_no_change() -> None:
    assert changes(DEPUTY, dataclasses.replace(DEPUTY)) == ()


CASES = [
    ({"name": "Envoy"}, "purpose", "name", "Deputy", "Envoy", False),
    ({"tools": ("mail.read",)}, "tools", "tools", "mail.send", "", False),
    ({"tools": ("mail.read", "mail.send", "pay")}, "tools", "tools", "", "pay", True),
    ({"folders": {}}, "tools", "folders.letters", "/srv/letters", "", False),
    ({"folders": {"letters": "/srv"}}, "tools", "folders.letters", "/srv/letters", "/srv", True),
    ({"sender": "me@x.example"}, "tools", "sender", "", "me@x.example", True),
    ({"model": {"provider": "ollama"}}, "model", "model.provider", "scripted", "ollama", True),
    ({"limits": Limits(steps=11, cost_micros=100)}, "limits", "limits.steps", "10", "11", True),
    ({"limits": Limits(steps=9, cost_micros=100)}, "limits", "limits.steps", "10", "9", False),
    ({"limits": Limits(steps=10, cost_micros=0)}, "limits", "limits.cost_micros", "100", "", True),
    ({"limits": Limits(steps=10, cost_micros=50)}, "limits", "limits.cost_micros", "100", "50", False),
]


@pytest.mark.parametrize(("edit", "part", "field", "before", "after", "wider"), CASES)
def test_one_edit_is_one_change_and_says_whether_it_widens(
    edit: dict[str, object], part: str, field: str, before: str, after: str, wider: bool
) -> None:
    (change,) = changes(DEPUTY, dataclasses.replace(DEPUTY, **edit))
    assert (change.part, change.field, change.before, change.after, change.wider) == (part, field, before, after, wider)


def test_no_limit_of_money_is_nothing_that_was_added() -> None:
    free = dataclasses.replace(DEPUTY, limits=Limits(steps=10, cost_micros=0))
    fields = {change.field for change in changes(None, free)}
    assert "limits.steps" in fields
    assert "limits.cost_micros" not in fields


def test_a_money_limit_where_there_was_none_narrows() -> None:
    free = dataclasses.replace(DEPUTY, limits=Limits(steps=10, cost_micros=0))
    (change,) = changes(free, DEPUTY)
    assert (change.field, change.wider) == ("limits.cost_micros", False)


def test_changed_words_are_shown_line_by_line() -> None:
    (change,) = changes(DEPUTY, dataclasses.replace(DEPUTY, instructions="Be kind.\nAsk always."))
    assert change.lines == ("  Be kind.", "- Ask first.", "+ Ask always.")


def test_without_a_published_version_everything_is_new_and_in_the_order_of_the_builder() -> None:
    found = changes(None, DEPUTY)
    assert {change.field for change in found} >= {"name", "purpose", "instructions", "tools", "model.provider"}
    assert [change.part for change in found] == sorted(
        (change.part for change in found), key=lambda part: list(dict.fromkeys(PART_OF.values())).index(part)
    )
