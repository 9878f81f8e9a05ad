"""Embedders: the shipped model, endpoints through a road that a test makes, and the hashing one."""

from __future__ import annotations

import array
import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from legate_core.errors import Damaged, Forbidden, Invalid, LegateError, Unavailable
from legate_core.knowledge.embed.base import Tokenizer, unit
from legate_core.knowledge.embed.endpoints import DIALECTS, EndpointEmbedder, Road
from legate_core.knowledge.embed.hashing import HashingEmbedder
from legate_core.knowledge.embed.local import LocalEmbedder, ModelFiles, in_folder, shipped
from legate_core.knowledge.embed.open import Embedders, checked


def cosine(left: bytes, right: bytes) -> float:
    return sum(a * b for a, b in zip(array.array("f", left), array.array("f", right), strict=True))


def test_a_vector_has_length_one() -> None:
    assert cosine(unit([3, 4]), unit([3, 4])) == pytest.approx(1)
    assert list(array.array("f", unit([0, 0]))) == [0, 0]


async def test_hashing_is_deterministic_and_puts_texts_that_share_words_near_each_other() -> None:
    embedder = HashingEmbedder(256)
    first, same, near, far = await embedder.embed(["a cracked lamp", "A cracked LAMP", "the lamp cracked", "green tea"])
    assert first == same
    assert cosine(first, near) > 0.9 > cosine(first, far)
    assert (await embedder.kind()).dimensions == len(first) // 4 == 256


@pytest.mark.slow
async def test_the_shipped_model_understands_and_has_its_fingerprint() -> None:
    embedder = LocalEmbedder(shipped(), 1)
    try:
        kind = await embedder.kind()
        assert (kind.dimensions, kind.languages) == (384, frozenset({"en"}))
        assert kind.fingerprint.startswith("onnx-")
        meal, food, stocks = await embedder.embed(["A man eats a meal.", "A man is eating food.", "Stocks fell today."])
        assert cosine(meal, meal) == pytest.approx(1, abs=1e-5)
        # The published model says 0.91; int8 keeps that.
        assert cosine(meal, food) == pytest.approx(0.91, abs=0.02)
        assert cosine(meal, stocks) < 0.2
        (alone,) = await embedder.embed(["A man eats a meal."], urgent=True)
        assert alone == meal
        assert len((await embedder.embed(["word " * 5_000]))[0]) == 384 * 4
    finally:
        await embedder.close()


@pytest.mark.slow
async def test_a_model_that_is_not_the_shipped_one_is_refused(tmp_path: Path) -> None:
    files = shipped()
    other = tmp_path / "model.onnx"
    other.write_bytes(files.model.read_bytes()[:-1] + b"\0")
    embedder = LocalEmbedder(ModelFiles(other, files.tokenizer, files.model_sha256, files.tokenizer_sha256), 1)
    try:
        with pytest.raises(Damaged, match="not the one that was shipped"):
            await embedder.kind()
    finally:
        await embedder.close()


@pytest.mark.slow
async def test_a_folder_with_a_model_of_ones_own_is_used(tmp_path: Path) -> None:
    files = shipped()
    (tmp_path / "model.onnx").write_bytes(files.model.read_bytes())
    (tmp_path / "tokenizer.json").write_bytes(files.tokenizer.read_bytes())
    embedder = LocalEmbedder(in_folder(str(tmp_path)), 1)
    try:
        assert (await embedder.kind()).languages == frozenset()
    finally:
        await embedder.close()
    with pytest.raises(Invalid, match=r"model\.onnx"):
        in_folder(str(tmp_path / "none"))


def endpoint(
    name: str, handle: Callable[[httpx.Request], httpx.Response], key: str = "", waits: list[float] | None = None
) -> EndpointEmbedder:
    async def lent() -> str:
        return key

    async def sleep(seconds: float) -> None:
        if waits is not None:
            waits.append(seconds)

    road = Road(lambda base_url: httpx.MockTransport(handle), lent, sleep)
    return EndpointEmbedder(DIALECTS[name], "https://host.example/v1", "embed-1", Tokenizer(), road)


def openai(request: httpx.Request) -> httpx.Response:
    texts = json.loads(request.content)["input"]
    rows = [{"index": place, "embedding": [len(text), 1.0, 0.0]} for place, text in enumerate(texts)]
    return httpx.Response(200, json={"data": rows[::-1]})


async def test_an_openai_compatible_server_is_asked_as_it_wants(tmp_path: Path) -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return openai(request)

    embedder = endpoint("openai_compatible", handle, "s3cret")
    found = await embedder.embed(["a", "bbb"])
    assert found == [unit([1, 1, 0]), unit([3, 1, 0])]
    assert (seen[0].method, str(seen[0].url)) == ("POST", "https://host.example/v1/embeddings")
    assert seen[0].headers["authorization"] == "Bearer s3cret"
    assert json.loads(seen[0].content) == {"model": "embed-1", "input": ["a", "bbb"]}
    kind = await embedder.kind()
    assert kind.dimensions == 3
    assert "host" not in kind.fingerprint


async def test_an_ollama_is_asked_as_it_wants() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/api/embed"
        assert "authorization" not in request.headers
        return httpx.Response(200, json={"embeddings": [[3, 4]] * len(json.loads(request.content)["input"])})

    assert await endpoint("ollama", handle).embed(["a", "b"]) == [unit([3, 4])] * 2


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (httpx.Response(401, json={"error": {"message": "bad key"}}), Invalid, "bad key"),
        (httpx.Response(404, json={"error": "no such model"}), Invalid, "no such model"),
        (httpx.Response(200, json={"data": []}), Unavailable, "one vector per text"),
        (httpx.Response(200, json={"data": [{"index": 0, "embedding": "x"}]}), Unavailable, "no embedding"),
        (httpx.Response(200, json=["x"]), Unavailable, "no embedding"),
        (httpx.Response(200, text="<html>"), Unavailable, "no JSON"),
        (httpx.Response(200, text="[" * 200_000), Unavailable, "no JSON"),
        (httpx.Response(503, json={}), Unavailable, "Try again later"),
    ],
)
async def test_wrong_answers_are_said_in_words(answer: httpx.Response, error: type[Exception], said: str) -> None:
    embedder = endpoint("openai_compatible", lambda request: answer)
    with pytest.raises(error, match=said):
        await embedder.embed(["a"])


async def test_an_overloaded_server_is_asked_again_later_and_later() -> None:
    waits: list[float] = []
    answers = [httpx.Response(429, json={}), httpx.Response(500, json={}), None]

    def handle(request: httpx.Request) -> httpx.Response:
        return answers.pop(0) or openai(request)

    assert len(await endpoint("openai_compatible", handle, waits=waits).embed(["a"])) == 1
    assert waits == [0.5, 2.0]


async def test_a_road_that_refuses_is_not_tried_again() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise Forbidden("Airplane mode is on. Switch it off.")

    with pytest.raises(Forbidden, match="Airplane"):
        await endpoint("ollama", handle).embed(["a"])


@pytest.mark.parametrize("status", [401, 503])
async def test_a_key_that_the_server_says_back_is_in_no_words(status: int) -> None:
    key = "sk-proj-SECRETSECRETSECRET+SECRET"

    def says_it(request: httpx.Request) -> httpx.Response:
        told = [request.headers["authorization"], quote(key, safe=""), base64.b64encode(key.encode()).decode()]
        return httpx.Response(status, json={"error": {"message": f"Incorrect key: {' '.join(told)}\nOops"}})

    with pytest.raises(LegateError, match="Incorrect key") as caught:
        await endpoint("openai_compatible", says_it, key).embed(["a"])
    assert "SECRET" not in caught.value.message
    assert "\n" not in caught.value.message
    assert base64.b64encode(key.encode()).decode()[:20] not in caught.value.message


async def test_a_key_in_the_words_of_a_fault_of_the_road_is_taken_out() -> None:
    def breaks(request: httpx.Request) -> httpx.Response:
        raise httpx.RemoteProtocolError(f"illegal status line: {request.headers['authorization']}")

    with pytest.raises(Unavailable, match="illegal status line") as caught:
        await endpoint("ollama", breaks, "sk-SECRET").embed(["a"])
    assert "SECRET" not in caught.value.message


@pytest.mark.parametrize("key", ["sk-SEC\nRET", "sk-SEC RET", "sk-SECRÉT"])
async def test_a_key_that_is_none_is_not_sent(key: str) -> None:
    with pytest.raises(Invalid, match="Store it again") as caught:
        await endpoint("openai_compatible", openai, key).embed(["a"])
    assert "SEC" not in caught.value.message


@pytest.mark.parametrize(
    ("base_url", "place"),
    [
        ("http://127.0.0.1:18094/v1", "127.0.0.1:18094"),
        ("https://HOST.example:443", "host.example"),
        ("http://[::1]:8080", "[::1]:8080"),
    ],
)
async def test_a_secret_is_lent_for_a_host_and_a_port(base_url: str, place: str) -> None:
    lent: list[str] = []

    async def lend(secret_id: str, host: str) -> str:
        lent.append(host)
        return "k"

    embedders = Embedders(lambda base_url: httpx.MockTransport(openai), lend)
    settings = {"provider": "openai_compatible", "base_url": base_url, "model": "m", "secret": "sec_1"}
    await embedders.get(settings).embed(["a"])
    assert lent == [place]


async def test_a_secret_is_lent_for_its_host_and_settings_are_opened_once() -> None:
    lent: list[tuple[str, str]] = []

    async def lend(secret_id: str, host: str) -> str:
        lent.append((secret_id, host))
        return "k"

    embedders = Embedders(lambda base_url: httpx.MockTransport(openai), lend)
    settings: dict[str, Any] = {
        "provider": "openai_compatible", "base_url": "https://host.example/v1", "model": "m", "secret": "sec_1",
    }  # fmt: skip
    embedder = embedders.get(settings)
    assert embedders.get(dict(reversed(settings.items()))) is embedder
    await embedder.embed(["a"])
    assert lent == [("sec_1", "host.example")]
    await embedders.close()
    assert checked({"provider": "local"}) == {"provider": "local"}


@pytest.mark.parametrize("base_url", ["https://host.example:99999", "https://[::1", "host.example", "https://a@b"])
def test_an_address_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(Invalid, match="base_url"):
        checked({"provider": "ollama", "base_url": base_url, "model": "m"})
