"""Model servers on this computer are found by looking, and what is none of them, or elsewhere, is not."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.egress.broker import Broker
from legate_core.errors import Invalid
from legate_core.llm import discovery, offers
from legate_core.llm.discovery import address_of, look
from legate_core.llm.offers import Offer
from tests.fakes.local_servers import LLAMA_CPP, LM_STUDIO, OLLAMA, VLLM, answers
from tests.fakes.model_server import Answer, ModelServer


def address(server: ModelServer) -> str:
    return server.base_url.removesuffix("/v1")


async def looked_at(play: Any) -> Any:
    async with ModelServer(play) as server:
        found = await look(Broker(), [address(server)])
        return [(item.provider, item.who, item.base_url.replace(address(server), ""), item.offers) for item in found]


async def test_an_ollama_is_found_with_what_each_of_its_models_can() -> None:
    wanted = (Offer("llava:7b", 4096, False, True, 4_700_000_000), Offer("qwen3:4b", 40960, True, False, 2_600_000_000))
    assert await looked_at(OLLAMA) == [("ollama", "Ollama 0.12.6", "", wanted)]


@pytest.mark.parametrize(
    "trouble", [Answer([b"{}"], 500, "application/json"), Answer(end="hang")], ids=["damaged", "silent"]
)
async def test_a_model_that_cannot_be_shown_hides_neither_itself_nor_the_others(
    monkeypatch: pytest.MonkeyPatch, trouble: Answer
) -> None:
    monkeypatch.setattr(discovery, "SHOW_SECONDS", 0.2)
    answered = OLLAMA
    play = lambda asked: trouble if asked.body == {"model": "qwen3:4b"} else answered(asked)  # noqa: E731
    ((provider, who, _, found),) = await looked_at(play)
    assert (provider, who) == ("ollama", "Ollama 0.12.6")
    assert Offer("qwen3:4b", size_bytes=2_600_000_000) in found


async def test_an_lm_studio_is_found_with_the_context_that_is_loaded() -> None:
    wanted = (Offer("pixtral-12b", 131072, None, True), Offer("qwen2.5-7b", 8192, True, False))
    assert await looked_at(LM_STUDIO) == [("openai_compatible", "LM Studio", "/v1", wanted)]


async def test_a_llama_cpp_is_found_with_the_context_it_has_here() -> None:
    wanted = (Offer("smol.gguf", 2048, False, False, 92_000_000),)
    assert await looked_at(LLAMA_CPP) == [("openai_compatible", "llama.cpp", "/v1", wanted)]


async def test_another_server_of_the_interface_is_found_as_what_it_is() -> None:
    assert await looked_at(VLLM) == [
        ("openai_compatible", "a server of the OpenAI interface", "/v1", (Offer("big", 65536),))
    ]


PAGE = Answer([b"<html>hello</html>"], content_type="text/html")


@pytest.mark.parametrize(
    "play",
    [
        answers({}),
        PAGE,
        Answer([b"{}"], content_type="application/json"),
        Answer([b"[" * 100_000], content_type="application/json"),
        Answer([b'{"data": 3}'], content_type="application/json"),
        Answer([json.dumps({"data": "x" * 5_000_000}).encode()], content_type="application/json"),
        Answer([b"{"], content_type="application/json", end="reset"),
        Answer([], status=302, headers={"location": "http://169.254.169.254/"}),
    ],
    ids=["nothing", "page", "empty", "deep", "no list", "too much", "reset", "elsewhere"],
)
async def test_what_is_no_model_server_is_not_found(play: Any) -> None:
    assert await looked_at(play) == []


async def test_a_port_where_nobody_listens_and_a_server_that_never_answers_are_given_up() -> None:
    async with ModelServer(Answer(end="hang")) as server:
        closed = address(server)
    assert await look(Broker(), [closed]) == ()


async def test_all_places_are_looked_at_side_by_side() -> None:
    async with ModelServer(OLLAMA) as one, ModelServer(LM_STUDIO) as two, ModelServer(LLAMA_CPP) as three:
        found = await look(Broker(), [address(one), address(two), address(three), address(one)])
    assert [item.who for item in found] == ["Ollama 0.12.6", "LM Studio", "llama.cpp"]


async def test_looking_goes_on_while_nothing_may_leave_this_computer() -> None:
    broker = Broker()
    broker.airplane = True
    async with ModelServer(OLLAMA) as server:
        assert len(await look(broker, [address(server)])) == 1


async def test_a_look_can_be_cut_off() -> None:
    async with ModelServer(Answer(end="hang")) as server:
        task = asyncio.create_task(look(Broker(), [address(server)]))
        while not server.requests:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


@pytest.mark.parametrize(
    "text", ["https://example.com", "10.0.0.1:11434", "http://169.254.169.254", "http://x@127.0.0.1", ""]
)
def test_only_this_computer_is_looked_at(text: str) -> None:
    with pytest.raises(Invalid):
        address_of(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://localhost:1234/v1", "http://localhost:1234"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ],
)
def test_an_address_is_read_as_people_write_it(text: str, wanted: str) -> None:
    assert address_of(text) == wanted


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["data", "models", "id", "name", "meta", "size", "pricing", "prompt", "type", "capabilities"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_read_without_a_crash(data: Any) -> None:
    for read in (offers.of_openai, offers.of_ollama, offers.of_lm_studio):
        for offer in read(data):
            assert offer.name
            assert offer.name.isprintable()
    offers.with_details(Offer("x"), data)
    offers.with_properties(Offer("x"), data)


def test_openrouters_prices_are_read_as_dollars_per_million() -> None:
    entry = {
        "id": "openai/gpt-6-luna",
        "context_length": 400000,
        "pricing": {"prompt": "0.0000001", "completion": "0.0000005", "input_cache_read": "0.00000001"},
        "supported_parameters": ["tools", "temperature"],
        "architecture": {"input_modalities": ["text", "image"]},
    }
    price = {"input": "0.1", "output": "0.5", "cached": "0.01"}
    assert offers.of_openai({"data": [entry]}) == (Offer("openai/gpt-6-luna", 400000, True, True, 0, price),)
