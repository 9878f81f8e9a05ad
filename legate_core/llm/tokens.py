"""How many tokens a text may be, counted without the model's own tokenizer: never too few in what people write."""

from __future__ import annotations

import string
from collections.abc import Iterable

from legate_core.llm.base import ModelRequest, ToolCall
from legate_core.llm.strict_json import shown

_CHEAP = (string.ascii_letters + " ").encode()
PER_MESSAGE = 12
"""The marks of a chat template around one message."""
PER_REQUEST = 64
"""A system line that servers add by themselves."""
PER_TOOLBOX = 600
"""The words with which servers explain to a model how tools are called."""


def count_at_most(text: str) -> int:
    """An upper estimate: one token for two letters or spaces, one for every other byte.

    A tokenizer over bytes cannot need more than one token for a byte, and none in use needs one for each letter of
    words; digits, signs and other scripts are counted at the worst.
    """
    data = text.encode("utf-8", "replace")
    dear = len(data.translate(None, _CHEAP))
    return dear + (len(data) - dear + 1) // 2


def count_input(request: ModelRequest) -> int:
    """An upper estimate of what a request is charged as input."""
    total = PER_REQUEST
    for message in request.messages:
        total += PER_MESSAGE + count_at_most(message.text) + count_calls(message.tool_calls)
    if request.tools:
        total += PER_TOOLBOX
    for tool in request.tools:
        total += PER_MESSAGE + count_at_most(tool.name + tool.description + shown(dict(tool.parameters)))
    if request.response_schema is not None:
        total += count_at_most(shown(dict(request.response_schema)))
    return total


def count_calls(calls: Iterable[ToolCall]) -> int:
    """An upper estimate of a turn's calls."""
    return sum(PER_MESSAGE + count_at_most(call.id + call.name + call.raw) for call in calls)
