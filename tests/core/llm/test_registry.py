"""A model from its settings: every mistake is named before anything is asked or sent."""

from typing import Any

import pytest

from legate_core.errors import Invalid
from legate_core.llm.base import Message, ModelRequest, ToolOffer
from legate_core.llm.openrouter import PROVIDER, routing
from legate_core.llm.pricing import Price
from legate_core.llm.registry import PROVIDERS, key_of, open_model, price_of
from legate_core.llm.surroundings import Key, Surroundings

GOOD = {"provider": "openai_compatible", "base_url": "https://models.example/v1", "model": "m-1"}


@pytest.mark.parametrize("model", [{}, {"provider": "magic"}, {"provider": 3}, {"provider": ["scripted"]}])
def test_an_unknown_provider_is_refused_with_the_known_ones(model: dict[str, Any]):
    for refuse in (lambda: open_model(model, Surroundings()), lambda: price_of(model)):
        with pytest.raises(Invalid, match="openai_compatible or openrouter or recorded or scripted"):
            refuse()


def test_each_provider_is_listed_under_its_own_name():
    assert {name: provider.name for name, provider in PROVIDERS.items()} == {name: name for name in PROVIDERS}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"base_url": ""}, "https://host/v1"),
        ({"base_url": "models.example"}, "https://host/v1"),
        ({"base_url": "ftp://models.example"}, "https://host/v1"),
        ({"base_url": "https://models.example/v 1"}, "https://host/v1"),
        ({"base_url": "https://models.example:port/v1"}, "no web address"),
        ({"base_url": "https://[::1/v1"}, "no web address"),
        ({"base_url": "https://sk-1@models.example/v1"}, "no user name"),
        ({"base_url": "https://models.example/v1?key=1"}, "no user name"),
        ({"base_url": 3}, "must be text"),
        ({"base_url": "http://models.example/v1", "secret": "sec_1"}, "unencrypted"),
        ({"model": ""}, "no name"),
        ({"model": "a\nb"}, "no name"),
        ({"model": "m" * 201}, "no name"),
        ({"api_key": "sk-1"}, "unknown setting 'api_key'"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"temperature": -1}, "temperature"),
        ({"time_limits": {"forever": 1}}, "time_limits takes"),
        ({"time_limits": {"idle_seconds": 0}}, "idle_seconds"),
        ({"time_limits": 3}, "time_limits takes"),
    ],
)
def test_a_wrong_setting_is_named(change: dict[str, Any], words: str):
    with pytest.raises(Invalid, match=words) as caught:
        open_model({**GOOD, **change}, Surroundings())
    assert "sk-1" not in caught.value.message


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://models.example/v1/", "https://models.example/v1"),
        (" https://Models.Example/v1/chat/completions ", "https://Models.Example/v1"),
    ],
)
def test_a_base_url_is_taken_as_people_write_it(given: str, used: str):
    model: Any = open_model({**GOOD, "base_url": given}, Surroundings())
    assert model.endpoint.base_url == used
    assert model.endpoint.host == "models.example"


@pytest.mark.parametrize(
    ("model", "key"),
    [
        (GOOD, None),
        ({**GOOD, "secret": "sec_1"}, Key("sec_1", "models.example")),
        ({"provider": "openrouter", "model": "m"}, None),
        ({"provider": "openrouter", "model": "m", "secret": "sec_2"}, Key("sec_2", "openrouter.ai")),
        ({"provider": "scripted", "turns": []}, None),
    ],
)
def test_the_key_and_its_host_are_known_before_the_model_is_opened(model: dict[str, Any], key: Key | None):
    assert key_of(model) == key


def test_a_key_may_travel_unencrypted_on_this_computer():
    open_model({**GOOD, "base_url": "http://127.0.0.1:1234/v1", "secret": "sec_1"}, Surroundings())


@pytest.mark.parametrize(
    ("url", "name"), [("https://api.openai.com/v1", "max_completion_tokens"), ("https://x.example/v1", "max_tokens")]
)
def test_the_limit_of_tokens_has_the_name_that_the_server_takes(url: str, name: str):
    model: Any = open_model({**GOOD, "base_url": url}, Surroundings())
    assert model.interface.body(ModelRequest("m", (), max_tokens=7), "m")[name] == 7


def test_openrouter_is_a_preset():
    model: Any = open_model({"provider": "openrouter", "model": "openai/gpt-4o", "secret": "sec_1"}, Surroundings())
    assert (model.endpoint.base_url, model.endpoint.secret) == ("https://openrouter.ai/api/v1", "sec_1")
    assert model.interface.body(ModelRequest("m", ()), "m")["provider"]["max_price"] == {
        "prompt": 2.5,
        "completion": 10.0,
    }
    with pytest.raises(Invalid, match="base_url"):
        PROVIDER.open({"provider": "openrouter", "model": "m", "base_url": "https://x.example"}, Surroundings())


def test_openrouter_asks_only_servers_that_can_and_are_no_dearer():
    plain = ModelRequest("m", (Message("user", "u"),))
    tools = ModelRequest("m", plain.messages, (ToolOffer("a.b", "", {}),))
    shape = ModelRequest("m", plain.messages, response_schema={"type": "object"})
    assert [routing(request, None)["require_parameters"] for request in (plain, tools, shape)] == [False, True, True]
    assert "max_price" not in routing(plain, None)
    assert routing(plain, Price(1_000_000, 2_000_000, 0, "", ""))["max_price"] == {"prompt": 1.0, "completion": 2.0}
