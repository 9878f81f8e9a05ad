"""What every model keeps, whoever provides it: a script, a server of any kind, and a real llama.cpp with a real model."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from legate_core.egress.broker import Broker
from legate_core.llm.base import Message, Model, ModelFailed, ModelRequest, Reply, TextDelta, ToolOffer
from legate_core.llm.local_pool import LocalModels
from legate_core.llm.pricing import Price, reserve, settle
from legate_core.llm.recording import Entry, Recording, asked_digest
from legate_core.llm.registry import open_model, price_of
from legate_core.llm.surroundings import Surroundings
from legate_core.llm.tokens import count_at_most, count_input
from tests.fakes.llama_server import CONTEXT_TOKENS, llama_server, model_file
from tests.fakes.model_server import Answer, ModelServer
from tests.fakes.promises import promise
from tests.fakes.wires import WIRE, Wire, begun, called, said

ASK = ModelRequest("m-1", (Message("system", "Be brief."), Message("user", "Say hello.")), max_tokens=24)
SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "maxLength": 12},
        "stars": {"type": "integer", "minimum": 1, "maximum": 5},
    },
    "required": ["city", "stars"],
    "additionalProperties": False,
}
TOOLS = (
    ToolOffer("mail.send", "Send a mail.", {"type": "object", "properties": {"to": {"type": "string"}}}),
    ToolOffer("files.read", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}}),
)
JSON_TEXT = '{"city": "Oslo", "stars": 4}'
PRICE = Price(2_500_000, 10_000_000, 1_250_000, "2026-01-01", "a test")

PREDICTED = "llamacpp:tokens_predicted_total"

Open = Callable[[str], Model]


@dataclass
class Subject:
    """A provider under test: a model for each scene, and `stopped`, which waits until the other side is idle and says
    how many tokens it has made so far, where it counts them."""

    open: Open
    settings: Mapping[str, Any]
    stopped: Callable[[], Awaitable[int]]
    made_before: int = 0


def scripted() -> Subject:
    scenes: dict[str, Any] = {
        "text": [{"at": 0, "say": "Hello there, good to see you."}],
        "json": [{"at": 0, "say": JSON_TEXT}],
        "wrong json": [{"at": 0, "say": "Oslo"}],
        "long": [{"at": 0, "fault": "context_overflow"}],
        "endless": [{"at": 0, "say": "la " * 100_000}],
        "calls": [
            {
                "at": 0,
                "say": "Two at once.",
                "call": [
                    {"tool": "mail.send", "arguments": {"to": "kim@example.com"}},
                    {"tool": "files.read", "arguments": {"path": "a.txt"}},
                ],
            }
        ],
        "broken call": [{"at": 0, "call": [{"tool": "mail.send", "raw": '{"to": "ki'}]}],
    }

    async def stopped() -> int:
        return 0

    settings = {"provider": "scripted", "turns": scenes["text"]}
    return Subject(lambda scene: open_model({**settings, "turns": scenes[scene]}, Surroundings()), settings, stopped)


def scene(wire: Wire, name: str) -> Answer:
    """What a server of this kind says in a scene."""
    two = (("c1", "mail__send", '{"to": "kim@example.com"}'), ("c2", "files__read", '{"path": "a.txt"}'))
    match name:
        case "text":
            return said(wire, "Hello ", "there", ".")
        case "json":
            return said(wire, JSON_TEXT[:9], JSON_TEXT[9:])
        case "wrong json":
            return said(wire, "Oslo")
        case "long":
            return wire.refused(400, "prompt is too long: 9000 tokens > 2048 maximum")
        case "endless":
            return begun(wire, "la ", end="hang")
        case "calls":
            return called(wire, *two, say="Two at once.")
        case _:
            return called(wire, ("c1", "mail__send", '{"to": "ki'))


class Rerouted(httpx.AsyncBaseTransport):
    """Takes every request to the fake server, as the way to the real one is closed to tests."""

    def __init__(self, base_url: str) -> None:
        self.base_url = httpx.URL(base_url)
        self.inner = httpx.AsyncHTTPTransport(verify=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(scheme="http", host=self.base_url.host, port=self.base_url.port)
        return await self.inner.handle_async_request(
            httpx.Request(request.method, url, headers=request.headers, stream=request.stream)
        )

    async def aclose(self) -> None:
        await self.inner.aclose()


def on_fake_server(server: ModelServer, wire: Wire) -> Subject:
    settings, transport = wire.settings, Broker().transport
    if wire.name in ("openai", "openrouter"):
        transport = lambda _: Rerouted(server.base_url)  # noqa: E731
    else:
        settings = {**settings, "base_url": server.base_url}
    world = Surroundings(transport=transport, secret=lambda *_: "sk-test")

    def open_scene(name: str) -> Model:
        server.answers = [scene(wire, name)]
        return open_model(settings, world)

    async def stopped() -> int:
        await server.left.wait()
        return 0

    return Subject(open_scene, settings, stopped)


@pytest.fixture(scope="session")
def llama() -> Iterator[str]:
    with llama_server() as base_url:
        yield base_url


def on_llama(base_url: str) -> Subject:
    settings = {"provider": "openai_compatible", "base_url": base_url, "model": "smollm2"}

    address = base_url.removesuffix("/v1")

    async def stopped() -> int:
        async with httpx.AsyncClient(trust_env=False) as client:
            while any(slot["is_processing"] for slot in (await client.get(f"{address}/slots")).json()):
                pass
            metrics = (await client.get(f"{address}/metrics")).text
        return next(int(line.split()[1]) for line in metrics.splitlines() if line.startswith(PREDICTED))

    # Through the real broker, because that is how the product reaches it.
    world = Surroundings(transport=Broker().transport)
    return Subject(lambda _: open_model(settings, world), settings, stopped)


@asynccontextmanager
async def in_a_worker() -> AsyncIterator[Subject]:
    """The real small model in a worker of its own."""
    pool = LocalModels()
    settings = {"provider": "local", "file": str(model_file()), "context_tokens": CONTEXT_TOKENS, "threads": 1}
    made = 0

    def open_scene(_: str) -> Model:
        return open_model(settings, Surroundings(local=pool))

    async def stopped() -> int:
        # Whoever asks next is answered only when the one before was let go.
        nonlocal made
        async for item in open_scene("").stream(replace(ASK, max_tokens=1)):
            made += isinstance(item, Reply)
        return made

    try:
        yield Subject(open_scene, settings, stopped)
    finally:
        await pool.close()


def recorded() -> Subject:
    """What the scripted model says in each scene, recorded for any question, and played."""
    played = scripted()

    async def nothing() -> int:
        return 0

    class Player:
        def __init__(self, scene: str) -> None:
            self.scene = scene

        async def stream(self, request: ModelRequest) -> AsyncIterator[TextDelta | Reply]:
            asked = asked_digest(request)
            try:
                items = [item async for item in played.open(self.scene).stream(replace(request, response_schema=None))]
                entry = Entry(asked, "m-1", next(item for item in items if isinstance(item, Reply)))
            except ModelFailed as failed:
                entry = Entry(asked, "m-1", None, failed.kind, failed.message)
            traffic = json.loads(json.dumps(Recording("run_1", (entry,)).to_json()))
            async for item in open_model({"provider": "recorded", "traffic": traffic}, Surroundings()).stream(request):
                yield item

    return Subject(Player, {"provider": "recorded", "traffic": {"version": 1, "entries": []}}, nothing)


REAL = [pytest.param(name, marks=pytest.mark.slow) for name in ("llama.cpp", "local")]
SCRIPTED = ("scripted", "recorded", *WIRE)


@pytest.fixture(params=[*SCRIPTED, *REAL])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "scripted":
        yield scripted()
    elif request.param == "llama.cpp":
        real = on_llama(request.getfixturevalue("llama"))
        yield replace(real, made_before=await real.stopped())
    elif request.param == "local":
        async with in_a_worker() as own:
            yield own
    elif request.param == "recorded":
        yield recorded()
    else:
        async with ModelServer() as server:
            yield on_fake_server(server, WIRE[request.param])


SCRIPTABLE = pytest.mark.parametrize("subject", SCRIPTED, indirect=True)


async def hear(model: Model, request: ModelRequest = ASK) -> tuple[list[str], Reply]:
    items = [item async for item in model.stream(request)]
    *pieces, reply = items
    assert isinstance(reply, Reply), "the reply is last"
    texts = [piece.text for piece in pieces if isinstance(piece, TextDelta)]
    assert len(texts) == len(pieces), "and there is one of it"
    return texts, reply


@promise("Text is streamed in pieces", "Stop reasons are told apart")
async def test_pieces_of_text_come_first_and_the_reply_last(subject: Subject):
    pieces, reply = await hear(subject.open("text"))
    assert len(pieces) > 1
    assert all(pieces)
    assert "".join(pieces) == reply.text
    assert reply.tool_calls == ()
    assert reply.stop_reason in ("end", "length")
    assert Reply.from_json(json.loads(json.dumps(reply.to_json()))) == reply


@promise("Tokens are counted", "Money is reserved before and settled after")
async def test_tokens_are_counted_and_cost_no_more_than_was_reserved(subject: Subject):
    _, reply = await hear(subject.open("text"))
    assert reply.usage.input_tokens > 0
    assert 0 < reply.usage.output_tokens <= ASK.max_tokens
    assert 0 < settle(reply.usage, PRICE) <= reserve(ASK, PRICE)


@promise("Answers of a given shape")
async def test_an_answer_of_a_shape_has_that_shape(subject: Subject):
    question = (Message("user", "Name a city and rate it. Answer in JSON."),)
    _, reply = await hear(subject.open("json"), replace(ASK, messages=question, max_tokens=200, response_schema=SCHEMA))
    Draft202012Validator(SCHEMA).validate(json.loads(reply.text))


@promise("Too long a conversation is told apart")
async def test_too_long_a_conversation_is_told_apart(subject: Subject):
    long = replace(ASK, messages=(Message("user", "word " * (CONTEXT_TOKENS + 500)),))
    with pytest.raises(ModelFailed) as caught:
        await hear(subject.open("long"), long)
    assert caught.value.kind == "context_overflow"
    assert caught.value.message.endswith(".")


@promise("Stopping closes the connection")
@pytest.mark.parametrize("how", ["cancel", "close"])
async def test_stopping_in_mid_sentence_ends_the_work_at_the_other_side(subject: Subject, how: str):
    # A shape of five hundred numbers keeps a real model from coming to its end by itself.
    numbers = {"type": "array", "items": {"type": "integer"}, "minItems": 500}
    request = ModelRequest("m-1", (Message("user", "Count."),), max_tokens=1500, response_schema=numbers)
    heard = asyncio.Event()

    async def listen() -> None:
        async with aclosing(subject.open("endless").stream(request)) as stream:
            async for item in stream:
                assert isinstance(item, TextDelta), "it was stopped before its end"
                heard.set()
                if how == "close":
                    return

    task = asyncio.create_task(listen())
    await heard.wait()
    if how == "cancel":
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        await task
    assert await subject.stopped() - subject.made_before < 500, "the answer was made to its end"


async def test_settings_have_a_price_or_none(subject: Subject):
    price = price_of(subject.settings)
    assert price is None or reserve(ASK, price) >= 0


@promise("Calls come whole, also several at once")
@SCRIPTABLE
async def test_calls_come_in_order_with_names_of_ours_and_ids_of_their_own(subject: Subject):
    pieces, reply = await hear(subject.open("calls"), replace(ASK, tools=TOOLS))
    assert "".join(pieces) == reply.text == "Two at once."
    assert [(call.name, call.arguments) for call in reply.tool_calls] == [
        ("mail.send", {"to": "kim@example.com"}),
        ("files.read", {"path": "a.txt"}),
    ]
    assert len({call.id for call in reply.tool_calls}) == 2
    assert reply.stop_reason == "tool_calls"


@promise("Broken calls are kept and told")
@SCRIPTABLE
async def test_arguments_that_are_no_json_are_kept_as_they_came(subject: Subject):
    _, reply = await hear(subject.open("broken call"), replace(ASK, tools=TOOLS))
    call = reply.tool_calls[0]
    assert (call.arguments, call.raw) == (None, '{"to": "ki')
    assert call.error


@promise("Answers of a given shape")
@SCRIPTABLE
async def test_a_wrong_shape_is_a_failure(subject: Subject):
    with pytest.raises(ModelFailed) as caught:
        await hear(subject.open("wrong json"), replace(ASK, response_schema=SCHEMA))
    assert caught.value.kind == "bad_reply"


# What only the real server can say


@pytest.mark.slow
async def test_the_real_server_stops_at_the_limit_of_tokens(llama: str):
    request = ModelRequest("m-1", (Message("user", "Tell me a long story."),), max_tokens=8)
    _, reply = await hear(on_llama(llama).open("text"), request)
    assert reply.stop_reason == "length"
    assert reply.usage.output_tokens == 8
    assert not reply.usage.is_estimated


TEXTS = {
    "prose": "The quick brown fox jumps over the lazy dog. " * 20,
    "german": "Sehr geehrte Frau Müller, anbei die Rechnung über 1.234,56 EUR. Viele Grüße! " * 8,
    "chinese": "我能吞下玻璃而不伤身体。" * 30,
    "emoji": "🌍🎉👩‍👩‍👧‍👦" * 25,
    "digits": "31415926535897932384626433832795028841971693993751" * 8,
    "code": "def f(x):\n    return {k: v for k, v in x.items() if v != 0}\n" * 12,
    "base64": "aGVsbG8gd29ybGQgdGhpcyBpcyBhIHRlc3Q=" * 12,
    "no words": "xqzjkvwpfgbmqxvzkjw" * 20,
    "blanks": "\n\n\t  \n" * 60,
    "signs": "!@#$%^&*()_+-=[]{}|;':,./<>?" * 14,
}


@pytest.mark.slow
async def test_a_real_tokenizer_makes_no_more_tokens_than_are_reserved(llama: str):
    counted: dict[str, tuple[int, int]] = {}
    async with httpx.AsyncClient(trust_env=False) as client:
        for name, text in TEXTS.items():
            answer = await client.post(f"{llama.removesuffix('/v1')}/tokenize", json={"content": text})
            counted[name] = (len(answer.json()["tokens"]), count_at_most(text))
    assert {name: pair for name, pair in counted.items() if not 0 < pair[0] <= pair[1]} == {}


@pytest.mark.slow
async def test_the_marks_around_messages_are_reserved_for(llama: str):
    turns = tuple(Message(role, ".") for role in ("user", "assistant") * 8)
    request = ModelRequest("m-1", (*turns, Message("user", ".")), max_tokens=1)
    _, reply = await hear(on_llama(llama).open("text"), request)
    assert reply.usage.input_tokens <= count_input(request)
