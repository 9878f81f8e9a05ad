"""Validation of arguments: words a model can act on, and nothing that raises."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.tools.spec import Effect, ToolSpec
from legate_core.tools.validate import MAX_ARGUMENT_BYTES, problems

SPEC = ToolSpec(
    name="orders.find",
    description="Find orders.",
    effect=Effect.READ,
    parameters={
        "type": "object",
        "properties": {
            "mail": {"type": "string", "pattern": "^[^@]+@[^@]+$", "examples": ["kim@example.com"]},
            "customer": {"type": "string", "minLength": 1, "maxLength": 12, "pattern": "^[a-z]+$"},
            "state": {"enum": ["open", "closed"]},
            "count": {"type": "integer", "minimum": 1, "maximum": 9},
            "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
            "place": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
            },
            "kind": {"const": "order"},
            "either": {"anyOf": [{"type": "null"}, {"type": "boolean"}]},
        },
        "required": ["customer"],
        "additionalProperties": True,
    },
)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "The call lacks 'customer'."),
        ([], "The arguments must be one JSON object"),
        (None, "The arguments must be one JSON object"),
        ({"customer": 7}, "The argument 'customer' must be text, not 7."),
        ({"customer": ""}, "The argument 'customer' must have at least 1 character."),
        ({"customer": "a" * 13}, "The argument 'customer' may have at most 12 characters, not 13."),
        ({"customer": "KIM"}, 'must look like "^[a-z]+$", not "KIM"'),
        ({"customer": "kim", "mail": "kim"}, 'The argument \'mail\' must look like "kim@example.com", not "kim".'),
        ({"customer": "kim", "state": "lost"}, 'must be one of "open", "closed", not "lost"'),
        ({"customer": "kim", "count": 0}, "must be 1 or more, not 0"),
        ({"customer": "kim", "count": 10}, "must be 9 or less, not 10"),
        ({"customer": "kim", "count": True}, "must be a whole number, not true"),
        ({"customer": "kim", "tags": []}, "must have at least 1 entry"),
        ({"customer": "kim", "tags": ["a", "b", "c"]}, "may have at most 2 entries, not 3"),
        ({"customer": "kim", "tags": ["a", 1]}, "'tags[1]' must be text, not 1."),
        ({"customer": "kim", "place": {}}, "The argument 'place' lacks 'city'."),
        ({"customer": "kim", "place": {"city": "Bonn", "zip": 1}}, "has a field that is not known"),
        ({"customer": "kim", "kind": "bill"}, 'must be "order", not "bill"'),
        ({"customer": "kim", "either": 3}, "does not fit"),
        ({"customer": "kim", "custmer": "x"}, "There is no argument 'custmer'"),
    ],
)
def test_each_problem_is_a_sentence(arguments: Any, words: str):
    found = problems(SPEC, arguments)
    assert any(words in sentence for sentence in found), found


def test_fitting_arguments_have_no_problems():
    assert problems(SPEC, {"customer": "kim", "count": 9, "tags": ["a"], "either": None}) == ()


def test_too_large_says_how_large():
    (sentence,) = problems(SPEC, {"customer": "k" * MAX_ARGUMENT_BYTES})
    assert "256,015 bytes" in sentence
    assert "Send less at once" in sentence


def test_too_deep_is_refused_without_recursion():
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    assert "nested deeper" in problems(SPEC, {"customer": deep})[0]
    # Taken apart by hand: the interpreter frees such a thing recursively in some versions.
    while isinstance(deep, list):
        deep = deep[0]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**80, "\ud800"])
def test_what_json_cannot_carry_is_refused(value: Any):
    assert problems(SPEC, {"customer": value}) == (
        "The arguments hold a value that JSON cannot carry (NaN, a huge integer or a broken character).",
    )


def test_many_problems_are_summed_up():
    found = problems(SPEC, {"customer": "kim", "tags": [1] * 2, "count": 0, "state": 1, "kind": 1, "either": 1, "x": 1})
    assert len(found) == 7
    assert found[-1] == "And 1 more problems of this kind."


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON | st.dictionaries(st.sampled_from(["customer", "count", "tags", "place", "kind"]), JSON))
def test_any_json_gets_an_answer(arguments: Any):
    assert all(sentence and len(sentence) < 2_000 for sentence in problems(SPEC, arguments))
