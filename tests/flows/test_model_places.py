"""Places where models come from, taken in by hand, asked again, priced and taken off the list."""

from __future__ import annotations

from pathlib import Path

import pytest

from legate_core.crypto.secret import Secret
from legate_core.errors import Invalid, LegateError, Locked, NeedsReauthentication, NotFound
from legate_core.llm import discovery
from legate_core.llm.base import ModelFailed
from legate_core.llm.commands import AddModelKey, LookForModels
from legate_core.llm.own_prices import RemoveModelPrice, SetModelPrice
from legate_core.llm.source_commands import AddModelFile, AddModelServer, CheckModelSource, RemoveModelSource
from legate_core.runs.catalogue import ModelCatalogue, ModelSource
from legate_core.runs.money import SetBudget
from legate_core.vault.commands import SealVault
from legate_core.vault.queries import Secrets
from tests.fakes.gguf import gguf
from tests.fakes.local_servers import LLAMA_CPP, OLLAMA, answers
from tests.fakes.model_server import Answer, ModelServer, refused, said
from tests.flows.story import Story, turn

KEY = "a-key-without-a-form-0123456789"
LISTED = {"data": [{"id": "one", "pricing": {"prompt": "0.000001", "completion": "0.000005"}}, {"id": "two"}]}
SERVICE = answers({"/v1/models": LISTED, "/v1/chat/completions": lambda asked: said("Hi.")})


@pytest.fixture(autouse=True)
def _nobody_at_the_usual_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "USUAL", ())


async def places(story: Story) -> dict[str, ModelSource]:
    return dict(await story.rows(ModelCatalogue()))


async def test_a_server_is_taken_in_by_its_address_and_goes_on_being_looked_at(story: Story) -> None:
    async with ModelServer(OLLAMA) as ollama, ModelServer(LLAMA_CPP) as llama, ModelServer(SERVICE) as any_kind:
        ids = [
            await story.send(AddModelServer(ollama.base_url.removesuffix("/v1"))),
            await story.send(AddModelServer(llama.base_url)),
            await story.send(AddModelServer(any_kind.base_url.removeprefix("http://"))),
        ]
        found = await places(story)
        assert [found[key].who.partition(" ")[0] for key in ids] == ["Ollama", "llama.cpp", found[ids[2]].who]
        assert [len(found[key].models) for key in ids] == [2, 1, 2]
        assert await story.send(LookForModels()) == 3, "what was entered is looked at again without being named"
    assert await story.send(LookForModels()) == 0
    gone = await places(story)
    assert {source.is_there for source in gone.values()} == {False}
    assert all("Start it" in source.problem and source.models for source in gone.values())


WEB_PAGE = Answer([b"<html><body>Welcome</body></html>"], 200, "text/html")


WRONG = (
    (WEB_PAGE, "a web page and no list"),
    (refused(401, {"message": "key please"}), "did not accept the key"),
    (refused(404, {"message": "nothing"}), "no list of models there"),
    (refused(503, {"message": "loading"}), "cannot answer now"),
    (Answer([b'{"object": "list"}'], 200, "application/json"), "lists no models"),
)


async def test_a_wrong_address_is_said_to_be_wrong_and_not_taken_in(story: Story) -> None:
    address = ""
    for answer, words in WRONG:
        async with ModelServer(lambda asked, answer=answer: answer) as server:
            address = server.base_url
            with pytest.raises(ModelFailed, match=words):
                await story.core.client.send(AddModelServer(address))
    with pytest.raises(ModelFailed, match="Start it"):
        await story.core.client.send(AddModelServer(address))
    for named in (
        "ftp://127.0.0.1/v1",
        "http://me:secret@127.0.0.1/v1",
        "http://",
        "http://127.0.0.1:x/v1",
        "two words",
    ):
        with pytest.raises(Invalid) as refusal:
            await story.core.client.send(AddModelServer(named))
        assert "under Model" not in str(refusal.value), "which is a place in the builder, and not where this was typed"
    assert await places(story) == {}


async def test_a_place_is_asked_again_and_says_what_is_wrong_with_it(story: Story) -> None:
    async with ModelServer(SERVICE) as server:
        key = await story.send(AddModelServer(server.base_url))
        assert await story.send(CheckModelSource(key)) == ""
        assert (await places(story))[key].is_there
    problem = await story.send(CheckModelSource(key))
    assert "cannot be reached" in problem
    place = (await places(story))[key]
    assert (place.is_there, place.problem, len(place.models)) == (False, problem, 2)


async def test_a_key_is_asked_again_with_the_key_and_goes_with_its_place(story: Story) -> None:
    async with ModelServer(SERVICE) as server:
        added = await story.send(AddModelKey(Secret(KEY), base_url=server.base_url))
        server.requests.clear()
        assert await story.send(CheckModelSource(added.source_id)) == ""
        assert [asked.headers["authorization"] for asked in server.requests] == [f"Bearer {KEY}"]
        await story.send(SealVault())
        with pytest.raises(Locked):
            await story.send(CheckModelSource(added.source_id))
        assert (await places(story))[added.source_id].is_there, "the vault's state is nothing that is wrong with it"
    with pytest.raises(NeedsReauthentication):
        await story.send(RemoveModelSource(added.source_id))
    story.prove()
    await story.send(RemoveModelSource(added.source_id))
    assert await places(story) == {}
    assert await story.rows(Secrets()) == {}
    with pytest.raises(NotFound):
        await story.send(RemoveModelSource(added.source_id))


async def test_what_a_person_took_off_the_list_comes_back_only_when_a_person_looks(story: Story) -> None:
    async with ModelServer(OLLAMA) as server:
        address = server.base_url.removesuffix("/v1")
        await story.send(AddModelServer(address))
        (key,) = await places(story)
        await story.send(RemoveModelSource(key))
        engine = story.core.kernel.system(story.core.workspace_id)
        await story.core.kernel.send(engine, LookForModels((address,)))
        assert await places(story) == {}
        await story.send(LookForModels((address,)))
        assert list(await places(story)) == [key]


async def test_a_file_of_ones_own_is_offered_as_a_model(story: Story, tmp_path: Path) -> None:
    file = tmp_path / "tiny-q4.gguf"
    file.write_bytes(gguf())
    key = await story.send(AddModelFile(str(file)))
    place = (await places(story))[key]
    assert place.settings == {"provider": "local", "file": str(file)}
    (model,) = place.models
    assert (model.name, model.context_tokens, model.has_tools, model.input_price) == ("tiny-q4", 2048, True, 0)
    with pytest.raises(Invalid, match="full path"):
        await story.send(AddModelFile("tiny-q4.gguf"))
    file.unlink()
    assert "cannot be read" in await story.send(CheckModelSource(key))


async def test_a_price_set_by_hand_is_what_is_reserved_and_settled(story: Story) -> None:
    async with ModelServer(SERVICE) as server:
        key = await story.send(AddModelServer(server.base_url))
        place = (await places(story))[key]
        assert [(model.name, model.input_price, model.priced_by) for model in place.models] == [
            ("one", 1_000_000, "server"),
            ("two", 0, "list"),
        ]
        model = {**place.settings, "model": "two", "max_tokens": 100}

        async def cost() -> int:
            return (await story.row(await story.run(turn(0, "x"), model=model))).cost_micros

        assert await cost() == 0
        await story.send(SetModelPrice(key, "two", 2_000_000, 10_000_000))
        (_, two) = (await places(story))[key].models
        assert (two.input_price, two.output_price, two.cached_price, two.priced_by) == (
            2_000_000,
            10_000_000,
            2_000_000,
            "you",
        )
        assert two.price_as_of, "and since when"
        assert await cost() == 70, "ten tokens in and five out"
        await story.send(SetBudget("workspace", "day", 200))
        parked = await story.row(await story.run(turn(0, "x"), model=model))
        assert (parked.status, parked.waiting_for) == ("waiting", "budget")
        own = {**model, "price": {"input": "0", "output": "0"}}
        assert (await story.row(await story.run(turn(0, "x"), model=own))).status == "succeeded"
        await story.send(RemoveModelPrice(key, "two"))
        assert (await places(story))[key].models[1].priced_by == "list"
        with pytest.raises(NotFound):
            await story.send(RemoveModelPrice(key, "two"))


async def test_what_a_server_says_of_its_price_lets_a_money_limit_be_kept(story: Story) -> None:
    await story.send(SetBudget("workspace", "day", 10_000_000))
    async with ModelServer(SERVICE) as server:
        added = await story.send(AddModelKey(Secret(KEY), base_url=server.base_url))
        (place,) = (await places(story)).values()
        run_id = await story.run(turn(0, "x"), model={**place.settings, "model": "one"})
        assert (await story.row(run_id)).cost_micros == 35
    assert added.cost_micros == 35


async def test_a_price_that_makes_no_sense_is_refused(story: Story) -> None:
    async with ModelServer(SERVICE) as server:
        key = await story.send(AddModelServer(server.base_url))
    wrong: tuple[tuple[str, int, int, type[LegateError]], ...] = (
        ("two", -1, 0, Invalid),
        ("two", 0, 10**13, Invalid),
        ("three", 1, 1, NotFound),
    )
    for model, sent, received, kind in wrong:
        with pytest.raises(kind, match=r"\.$"):
            await story.send(SetModelPrice(key, model, sent, received))
