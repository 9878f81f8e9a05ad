"""A world for one model: no waiting, a key to lend, and a way to ask a server on loopback once."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from legate_core.llm.base import Message, ModelFailed, ModelRequest, Reply, TextDelta, ToolOffer
from legate_core.llm.registry import open_model
from legate_core.llm.surroundings import Surroundings
from tests.fakes.model_server import (
    ModelServer,
)

KEY = "sk-test-0123456789abcdef"
ASK = ModelRequest("m-1", (Message("system", "Be brief."), Message("user", "Hello?")), max_tokens=64)
MAIL = ToolOffer("mail.send", "Send a mail.", {"type": "object", "properties": {"to": {"type": "string"}}})
FILES = ToolOffer("files.read", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}})


@dataclass
class World:
    """Surroundings without waiting, that remember how long would have been waited."""

    slept: list[float] = field(default_factory=list)
    lent: list[tuple[str, str]] = field(default_factory=list)
    time: int = 1_790_000_000_000
    key: str = KEY

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings(
            transport=lambda _: httpx.AsyncHTTPTransport(verify=False),
            secret=self._lend,
            now=lambda: self.time,
            sleep=self._sleep,
            jitter=lambda: 1.0,
        )

    def _lend(self, secret_id: str, host: str) -> str:
        self.lent.append((secret_id, host))
        return self.key

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def ask(
    world: World, server: ModelServer, request: ModelRequest = ASK, **settings: Any
) -> tuple[list[str], Reply]:
    """The pieces of text and the reply."""
    model = open_model(
        {"provider": "openai_compatible", "base_url": server.base_url, "model": "m-1", **settings}, world.surroundings
    )
    pieces: list[str] = []
    replies: list[Reply] = []
    async for item in model.stream(request):
        if isinstance(item, TextDelta):
            assert not replies, "text after the reply"
            pieces.append(item.text)
        else:
            replies.append(item)
    assert len(replies) == 1
    assert "".join(pieces) == replies[0].text
    return pieces, replies[0]


async def fail(world: World, server: ModelServer, request: ModelRequest = ASK, **settings: Any) -> ModelFailed:
    with pytest.raises(ModelFailed) as caught:
        await ask(world, server, request, **settings)
    return caught.value
