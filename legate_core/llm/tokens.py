"""How many tokens a text is, without the model's own tokenizer: at the most, for money, and about, for everything else."""

from __future__ import annotations

from collections.abc import Iterable

from legate_core.llm.base import ModelRequest, ToolCall
from legate_core.llm.strict_json import shown

PER_MESSAGE = 12
"""The marks of a chat template around one message."""
PER_REQUEST = 64
"""A system line that servers add by themselves."""
PER_TOOLBOX = 600
"""The words with which servers explain to a model how tools are called."""
PER_IMAGE = 50_000
"""A picture at the finest: the dearest of the published formulas comes to 48,169 tokens for one."""
BYTES_PER_TOKEN = 3
"""What a token of ordinary text holds at least; languages and code lie between three and five."""


def count_at_most(text: str) -> int:
    """One token for every byte, which no tokenizer over bytes can exceed.

    Less will not do: on a real tokenizer, prose is five times cheaper, but digits are a token each and a text of random
    letters comes to eight tokens for ten bytes. Whoever writes a mail to the agent chooses which of them it reads.
    """
    return len(text.encode("utf-8", "replace"))


def count_input(request: ModelRequest) -> int:
    """The most that a request can be charged as input."""
    total = PER_REQUEST
    for message in request.messages:
        total += PER_MESSAGE + count_at_most(message.text) + count_calls(message.tool_calls)
        total += PER_IMAGE * len(message.images)
        total += sum(count_at_most(shown(dict(thought))) for thought in message.thoughts)
    if request.tools:
        total += PER_TOOLBOX
    for tool in request.tools:
        total += PER_MESSAGE + count_at_most(tool.name + tool.description + shown(dict(tool.parameters)))
    if request.response_schema is not None:
        total += count_at_most(shown(dict(request.response_schema)))
    return total


def count_calls(calls: Iterable[ToolCall]) -> int:
    """The most that a turn's calls can be."""
    return sum(PER_MESSAGE + count_at_most(call.id + call.name + call.raw) for call in calls)


def estimate_input(request: ModelRequest) -> int:
    """About what a request is, where the server does not say: a limit of tokens is no place for the worst case."""
    return max(1, count_input(request) // BYTES_PER_TOKEN)
