"""Replies survive the way to disk and back, and loading the port loads nothing heavy."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.errors import LegateError
from legate_core.llm.base import ModelFailed, Reply, ToolCall, Usage, with_distinct_ids

CALLS = st.builds(ToolCall.parsed, st.text(max_size=9), st.text(max_size=9), st.text(max_size=20))
COUNTS = st.integers(0, 10**9)
REPLIES = st.builds(
    Reply,
    st.text(),
    st.lists(CALLS, max_size=4).map(tuple),
    st.sampled_from(["end", "tool_calls", "length", "refusal", "other"]),
    st.builds(Usage, COUNTS, COUNTS, COUNTS, st.booleans(), st.none() | COUNTS),
    st.text(max_size=9),
)


@given(REPLIES)
def test_a_reply_comes_back_from_json(reply: Reply):
    assert Reply.from_json(reply.to_json()) == reply


def test_a_reply_of_an_older_version_is_read():
    assert Reply.from_json({"text": "x"}) == Reply("x")


@given(st.lists(CALLS, max_size=6).map(tuple), st.frozensets(st.text(max_size=9)))
def test_ids_are_distinct_and_not_taken(calls: tuple[ToolCall, ...], taken: frozenset[str]):
    found = with_distinct_ids(calls, taken, "seed")
    ids = [call.id for call in found]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & taken
    assert [(call.name, call.arguments, call.raw) for call in found] == [(c.name, c.arguments, c.raw) for c in calls]


def test_a_good_id_is_kept():
    calls = (ToolCall.of("call_abc-1", "mail.send", {}),)
    assert with_distinct_ids(calls, frozenset(), "") == calls


def test_a_failure_is_an_error_of_the_core():
    failed = ModelFailed("timeout", "It took too long. Try again.", Usage(1, 2))
    assert isinstance(failed, LegateError)
    assert (failed.kind, failed.message, failed.usage) == ("timeout", "It took too long. Try again.", Usage(1, 2))


@pytest.mark.slow
@pytest.mark.parametrize("module", ["base", "pricing", "registry"])
def test_loading_models_loads_nothing_heavy(module: str):
    program = f"import sys, legate_core.llm.{module}; print(*{{'httpx', 'jsonschema'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
