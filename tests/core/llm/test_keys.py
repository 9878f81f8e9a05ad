"""A key is known by its form, cleaned of what copying adds, and never sent to another provider."""

import pytest

from legate_core.errors import Invalid
from legate_core.llm.base import ModelFailed
from legate_core.llm.keys import REMOVED, check_key, cleaned, recognise_key, without_keys

ANT = "sk-ant-api03-" + "a" * 93
KNOWN = [
    (ANT, "anthropic", "api.anthropic.com"),
    ("sk-or-v1-" + "0" * 64, "openrouter", "openrouter.ai"),
    ("sk-proj-" + "Ab_-" * 30, "openai", "api.openai.com"),
    ("sk-svcacct-" + "b" * 40, "openai", "api.openai.com"),
    ("sk-" + "a" * 20 + "T3BlbkFJ" + "b" * 20, "openai", "api.openai.com"),
    ("gsk_" + "c" * 52, "openai_compatible", "api.groq.com"),
    ("xai-" + "d" * 80, "openai_compatible", "api.x.ai"),
    ("AIza" + "e" * 35, "openai_compatible", "generativelanguage.googleapis.com"),
    ("csk-" + "f" * 48, "openai_compatible", "api.cerebras.ai"),
    ("nvapi-" + "g" * 64, "openai_compatible", "integrate.api.nvidia.com"),
    ("hf_" + "h" * 34, "openai_compatible", "router.huggingface.co"),
    ("pplx-" + "i" * 48, "openai_compatible", "api.perplexity.ai"),
    ("fw_" + "j" * 24, "openai_compatible", "api.fireworks.ai"),
]


@pytest.mark.parametrize(("key", "provider", "host"), KNOWN)
def test_a_key_is_known_by_its_form(key: str, provider: str, host: str) -> None:
    found = recognise_key(key)
    assert found is not None
    assert (found.provider, found.host) == (provider, host)
    assert host in found.base_url


@pytest.mark.parametrize("key", ["sk-" + "a" * 32, "0123456789abcdef0123456789abcdef", "my-own-gateway-key"])
def test_a_key_without_a_form_of_its_own_is_nobodys(key: str) -> None:
    assert recognise_key(key) is None


@pytest.mark.parametrize(
    "text", [f"  {ANT}\n", f'"{ANT}"', f"ANTHROPIC_API_KEY={ANT}", f"export ANTHROPIC_API_KEY='{ANT}'", f"Bearer {ANT}"]
)
def test_what_copying_adds_is_taken_off(text: str) -> None:
    assert cleaned(text) == ANT
    assert recognise_key(text) is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no key"),
        ("short", "no key"),
        ("two words in here", "no key"),
        ("schlüssel-mit-umlaut", "no key"),
        ("x" * 600, "no key"),
        ("sk-ant-admin01-" + "a" * 40, "no API key"),
        ("sk-ant-oat01-" + "a" * 40, "no API key"),
        ("sk-admin-" + "a" * 40, "administers"),
        ("ghp_" + "a" * 36, "GitHub"),
        ("xoxb-" + "1" * 40, "Slack"),
        ("sk_live_" + "a" * 24, "Stripe"),
    ],
)
def test_what_is_no_key_for_models_is_said_without_showing_it(text: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        recognise_key(text)
    assert words in caught.value.message
    assert len(text) < 8 or text not in caught.value.message


@pytest.mark.parametrize(("key", "_provider", "host"), KNOWN)
def test_a_key_goes_to_its_own_provider_and_to_nobody_elses(key: str, _provider: str, host: str) -> None:
    check_key(key, host)
    check_key(key, "my-gateway.example")
    other = "api.anthropic.com" if host != "api.anthropic.com" else "api.openai.com"
    with pytest.raises(ModelFailed) as caught:
        check_key(key, other)
    assert caught.value.kind == "auth"
    assert key not in caught.value.message


@pytest.mark.parametrize("key", [key for key, _, _ in KNOWN])
def test_keys_are_taken_out_of_texts(key: str) -> None:
    assert without_keys(f"it is {key}.") in (f"it is {REMOVED}.", f"it is {REMOVED}")
    assert without_keys(f'{{"k":"{key}"}}') == f'{{"k":"{REMOVED}"}}'
    assert without_keys(without_keys(key)) == REMOVED


@pytest.mark.parametrize("text", ["", "ask-me", "risk-free tasks", "sk-short", "hf_ and gsk_", "a desk-project plan"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert without_keys(text) == text
