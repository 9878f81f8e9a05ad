"""Whose key a text is, by its form: so that a pasted key needs no questions, and never goes to another provider."""

from __future__ import annotations

import re
from dataclasses import dataclass

from legate_core.errors import Invalid
from legate_core.llm.base import ModelFailed


@dataclass(frozen=True, slots=True)
class Recognised:
    """Whose key it is. `provider` is the provider's name here, and for `openai_compatible` the base URL says where."""

    provider: str
    who: str
    host: str
    base_url: str


@dataclass(frozen=True, slots=True)
class _Form:
    pattern: re.Pattern[str]
    found: Recognised | None
    advice: str = ""


def _is(pattern: str, provider: str, who: str, base_url: str) -> _Form:
    host = base_url.removeprefix("https://").partition("/")[0]
    return _Form(re.compile(pattern), Recognised(provider, who, host, base_url))


def _is_not(pattern: str, advice: str) -> _Form:
    return _Form(re.compile(pattern), None, advice)


def _compatible(pattern: str, who: str, base_url: str) -> _Form:
    return _is(pattern, "openai_compatible", who, base_url)


_OPENAI = "https://api.openai.com/v1"

# In this order: a form may begin like a more general one below it.
_FORMS = (
    _is_not(r"sk-ant-(admin|oat|ort|sid)\S+", "It is Anthropic's, but no API key. Make one under Settings, API keys."),
    _is(r"sk-ant-[A-Za-z0-9_-]{20,}", "anthropic", "Anthropic", "https://api.anthropic.com/v1"),
    _is(r"sk-or-[A-Za-z0-9_-]{20,}", "openrouter", "OpenRouter", "https://openrouter.ai/api/v1"),
    _is_not(r"sk-admin-\S+", "It administers an OpenAI organisation and opens no model. Make a project key."),
    _is(r"sk-(proj|svcacct|None)-[A-Za-z0-9_-]{20,}", "openai", "OpenAI", _OPENAI),
    _is(r"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}", "openai", "OpenAI", _OPENAI),
    _compatible(r"gsk_[A-Za-z0-9]{20,}", "Groq", "https://api.groq.com/openai/v1"),
    _compatible(r"xai-[A-Za-z0-9]{20,}", "xAI", "https://api.x.ai/v1"),
    _compatible(r"AIza[A-Za-z0-9_-]{35}", "Google Gemini", "https://generativelanguage.googleapis.com/v1beta/openai"),
    _compatible(r"csk-[A-Za-z0-9]{20,}", "Cerebras", "https://api.cerebras.ai/v1"),
    _compatible(r"nvapi-[A-Za-z0-9_-]{20,}", "NVIDIA", "https://integrate.api.nvidia.com/v1"),
    _compatible(r"fw_[A-Za-z0-9]{16,}", "Fireworks", "https://api.fireworks.ai/inference/v1"),
    _compatible(r"pplx-[A-Za-z0-9]{20,}", "Perplexity", "https://api.perplexity.ai"),
    _compatible(r"hf_[A-Za-z0-9]{20,}", "Hugging Face", "https://router.huggingface.co/v1"),
    _is_not(r"(ghp|gho|ghs|github_pat)_\S+", "It is GitHub's. Store it under Connectors."),
    _is_not(r"xox[a-z]-\S+", "It is Slack's. Store it under Connectors."),
    _is_not(r"(sk|rk|pk)_(live|test)_\S+", "It is Stripe's. Store it under Connectors."),
)
_IN_TEXT = re.compile("|".join(rf"(?<![A-Za-z0-9_-])(?:{form.pattern.pattern})" for form in _FORMS))
_BEGINNING = re.compile(r"[sgcrp]k[-_]|xai-|AIza|nvapi-|fw_|pplx-|hf_|gh[pos]_|github_pat_|xox[a-z]-|csk-|gsk_")
KNOWN_HOSTS = frozenset(form.found.host for form in _FORMS if form.found is not None)

REMOVED = "[a key was here]"


def recognise_key(text: str) -> Recognised | None:
    """Whose key a pasted text is, or None where its form says nothing.

    Raises `Invalid` for what is surely no key for models: another service's, an administrator's, or no key at all. The
    message never shows it.
    """
    key = cleaned(text)
    for form in _FORMS:
        if form.pattern.fullmatch(key):
            if form.found is None:
                raise Invalid(f"This is no key for models. {form.advice}")
            return form.found
    return None


def cleaned(text: str) -> str:
    """The key in a pasted text, without what copying adds: blanks, quotes, the name of a variable in front."""
    key = text.strip()
    if (assigned := re.fullmatch(r"(?:export\s+)?[A-Z][A-Z0-9_]*\s*=\s*(.*)", key)) is not None:
        key = assigned[1].strip()
    key = key.removeprefix("Bearer ").strip().strip("'\"`").strip()
    if not 8 <= len(key) <= 512 or not key.isascii() or not key.isprintable() or " " in key:
        raise Invalid("This is no key: keys are one word of plain letters, digits and dashes. Copy it again.")
    return key


def check_key(key: str, host: str) -> None:
    """Refuse to send a key to a provider that it is surely not for. A host that nobody knows may be a gateway of one's own."""
    if host not in KNOWN_HOSTS:
        return
    found = next((form.found for form in _FORMS if form.pattern.fullmatch(key)), None)
    if found is not None and found.host != host:
        raise ModelFailed(
            "auth",
            f"The key for {host} looks like one for {found.who}, so it was not sent. Choose the other key under Model, "
            "or store this one again.",
        )


def without_keys(text: str) -> str:
    """A text with everything taken out that has the form of a key."""
    # Most texts hold nothing like one, and looking for the beginnings alone is quicker by far.
    return _IN_TEXT.sub(REMOVED, text) if _BEGINNING.search(text) else text
