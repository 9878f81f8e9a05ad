"""Where models come from, told as stories: servers found on this computer, a pasted key that is tried before it is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from legate_core.crypto.secret import Secret
from legate_core.errors import Invalid
from legate_core.llm import discovery
from legate_core.llm.base import ModelFailed
from legate_core.llm.commands import AddModelKey, LookForModels
from legate_core.runs.catalogue import ModelCatalogue, ModelOffer
from legate_core.vault.commands import DeleteSecret
from legate_core.vault.queries import Secrets
from tests.fakes.local_servers import LLAMA_CPP, OLLAMA, answers
from tests.fakes.model_server import Answer, Asked, ModelServer, refused, said
from tests.flows.story import Story, turn

KEY = "a-key-without-a-form-0123456789"


@pytest.fixture(autouse=True)
def _nobody_at_the_usual_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model server that a developer runs is not found by these stories."""
    monkeypatch.setattr(discovery, "USUAL", ())


def address(server: ModelServer) -> str:
    return server.base_url.removesuffix("/v1")


async def test_servers_are_found_shown_and_said_to_be_gone(story: Story) -> None:
    async with ModelServer(OLLAMA) as one, ModelServer(LLAMA_CPP) as two:
        places = (address(one), address(two))
        assert await story.send(LookForModels(places)) == 2
        found = list((await story.rows(ModelCatalogue())).values())
        assert await story.send(LookForModels(places)) == 2
    assert [(source.who, source.is_there, len(source.models)) for source in found] == [
        ("Ollama 0.12.6", True, 2),
        ("llama.cpp", True, 1),
    ]
    assert found[0].settings == {"provider": "ollama", "base_url": places[0]}
    local = "a server on this computer"
    assert found[1].models == (
        ModelOffer("smol.gguf", 2048, False, False, 92_000_000, 0, 0, local, "", 0.0, 0, 0, "list"),
    )
    assert len(await story.facts("models.found")) == 2, "a second look that finds the same leaves no trace"
    assert await story.send(LookForModels(places)) == 0
    gone = (await story.rows(ModelCatalogue())).values()
    assert [source.is_there for source in gone] == [False, False]


async def test_a_found_model_runs_as_it_is_offered_and_its_speed_is_seen(story: Story) -> None:
    async with ModelServer(LLAMA_CPP) as server:
        await story.send(LookForModels((address(server),)))
        (source,) = (await story.rows(ModelCatalogue())).values()
        server.answers = [said("Hello.")]
        model = {**source.settings, "model": source.models[0].name}
        run_id = await story.run(turn(0, "x"), model=model)
    assert (await story.detail(run_id)).result == "Hello."
    assert (await story.log(run_id))[0].model == "openai_compatible/smol.gguf"
    (source,) = (await story.rows(ModelCatalogue())).values()
    assert source.models[0].calls == 1


@pytest.mark.parametrize("place", ["https://example.com", "10.0.0.1:11434"])
async def test_only_this_computer_is_looked_at(story: Story, place: str) -> None:
    with pytest.raises(Invalid, match=r"not this computer|https"):
        await story.send(LookForModels((place,)))


SERVICE = {
    "data": [
        {"id": "dear", "pricing": {"prompt": "0.00001", "completion": "0.00005"}},
        {"id": "cheap", "pricing": {"prompt": "0.000001", "completion": "0.000005"}, "context_length": 128_000},
        {"id": "free", "pricing": {"prompt": "0", "completion": "0"}},
    ]
}


def service(chat: Any = None, models: Any = None) -> Any:
    return answers(
        {
            "/v1/models": models if models is not None else SERVICE,
            "/v1/chat/completions": lambda asked: chat if chat is not None else said("Hi."),
        }
    )


async def test_a_key_is_tried_with_the_cheapest_call_and_kept_with_what_that_cost(story: Story) -> None:
    async with ModelServer(service()) as server:
        added = await story.send(AddModelKey(Secret(f" {KEY}\n"), base_url=server.base_url))
        assert (added.models, added.asked) == (3, "cheap")
        assert added.cost_micros == 35, "ten tokens in and five out"
        assert [asked.path for asked in server.requests] == ["/v1/models", "/v1/chat/completions"]
        assert {asked.headers["authorization"] for asked in server.requests} == {f"Bearer {KEY}"}
        assert server.requests[1].body["max_tokens"] == 16
        (source,) = (await story.rows(ModelCatalogue())).values()
        assert source.settings == {
            "provider": "openai_compatible",
            "base_url": server.base_url,
            "secret": added.secret_id,
        }
        assert [(model.name, model.input_price) for model in source.models] == [
            ("cheap", 1_000_000),
            ("dear", 10_000_000),
            ("free", 0),
        ]
        run_id = await story.run(turn(0, "x"), model={**source.settings, "model": "cheap"})
        assert (await story.detail(run_id)).result == "Hi."
    facts = await story.facts()
    assert KEY not in json.dumps([[fact.name, dict(fact.body)] for fact in facts])
    story.prove()
    await story.send(DeleteSecret(added.secret_id))
    assert await story.rows(ModelCatalogue()) == {}


@pytest.mark.parametrize("status", [403, 404])
async def test_a_cheap_model_that_the_account_may_not_use_says_nothing_of_the_key(story: Story, status: int) -> None:
    def chat(asked: Asked) -> Answer:
        is_closed = asked.body["model"] == "cheap"
        return refused(status, {"message": "not for your account"}) if is_closed else said("Hi.")

    async with ModelServer(answers({"/v1/models": SERVICE, "/v1/chat/completions": chat})) as server:
        added = await story.send(AddModelKey(Secret(KEY), base_url=server.base_url))
    assert (added.asked, added.cost_micros) == ("dear", 350)


@pytest.mark.parametrize(
    ("chat", "models", "kind"),
    [
        (None, refused(401, {"message": "Incorrect API key"}), "auth"),
        (None, refused(503, {"message": "down"}), "unavailable"),
        (refused(402, {"message": "no credit"}), None, "refused"),
        (refused(401, {"message": f"wrong key {KEY}"}), None, "auth"),
    ],
)
async def test_a_key_that_does_not_work_is_not_kept(story: Story, chat: Any, models: Any, kind: str) -> None:
    async with ModelServer(service(chat, models)) as server:
        with pytest.raises(ModelFailed) as caught:
            await story.core.client.send(AddModelKey(Secret(KEY), base_url=server.base_url))
    assert caught.value.kind == kind
    assert KEY not in caught.value.message
    assert await story.rows(Secrets()) == {}
    assert await story.rows(ModelCatalogue()) == {}


@pytest.mark.parametrize(
    ("value", "base_url", "words"),
    [
        ("no", "", "no key"),
        (KEY, "", "cannot be seen"),
        ("ghp_" + "a" * 36, "", "GitHub"),
        (KEY, "http://models.example/v1", "unencrypted"),
        (KEY, "ftp://models.example", "https://host"),
    ],
)
async def test_what_cannot_be_tried_is_refused_in_words(story: Story, value: str, base_url: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        await story.send(AddModelKey(Secret(value), base_url=base_url))
    assert await story.rows(Secrets()) == {}
