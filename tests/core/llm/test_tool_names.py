"""Tool names survive the way to a server that allows no dots, and no two of them meet."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.llm.base import Message, ToolCall, ToolOffer
from legate_core.llm.tool_names import ToolNames, wire_name

ALLOWED = re.compile(r"[A-Za-z0-9_-]{1,64}")
NAMES = st.text(alphabet="ab._-é ", min_size=1, max_size=12) | st.text(min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("name", "wire"),
    [("mail.send", "mail__send"), ("kb.search", "kb__search"), ("plain", "plain"), ("a_b.c", "a_b__c")],
)
def test_ordinary_names_stay_readable(name: str, wire: str):
    assert wire_name(name) == wire


@given(st.sets(NAMES, max_size=12))
def test_no_two_names_meet_and_each_comes_back(names: set[str]):
    wires = {name: wire_name(name) for name in names}
    assert all(ALLOWED.fullmatch(wire) for wire in wires.values())
    assert len(set(wires.values())) == len(names)
    table = ToolNames(names)
    assert {wire: table.name(wire) for wire in wires.values()} == {wire: name for name, wire in wires.items()}


@given(NAMES, NAMES)
def test_two_names_never_share_a_wire_name(one: str, other: str):
    assert one == other or wire_name(one) != wire_name(other)


@pytest.mark.parametrize("name", ["mail__send", "a_.b", "a___b", "__", "." * 40, "ä", "x" * 80])
def test_a_name_that_could_be_read_as_another_is_marked(name: str):
    assert re.search(r"_[0-9a-f]{12}$", wire_name(name))


def test_a_tool_that_was_never_offered_keeps_its_words():
    table = ToolNames(["mail.send"])
    assert table.name("mail__delete") == "mail.delete"
    assert table.name("x\0\ny") == "x??y"
    assert table.name("") == "(no name)"
    assert len(table.name("x" * 10_000)) <= 128


def test_names_of_the_conversation_are_known_too():
    offered = (ToolOffer("files.read", "", {}),)
    said = (Message("assistant", "", (ToolCall.of("c1", "odd__name", {}),)),)
    table = ToolNames.of(offered, said)
    assert table.name(wire_name("odd__name")) == "odd__name"
