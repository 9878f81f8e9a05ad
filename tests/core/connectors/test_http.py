"""The web: only plain public addresses, only looking, everything as text and from its address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from legate_core.connectors.base import Response, Surroundings
from legate_core.connectors.http import Http
from legate_core.errors import Forbidden, LegateError, Unavailable
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import Effect, Invocation, Observation, ToolFailed


@dataclass(frozen=True)
class Page:
    """An answer from the web."""

    body: bytes = b"hello"
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "text/plain"})
    status: int = 200
    url: str = "https://example.com/page#part"
    is_cut: bool = False


class Web:
    """A network of one page that notes what was asked."""

    def __init__(self, answer: Response | LegateError) -> None:
        self.answer = answer
        self.asked: list[tuple[str, str]] = []

    async def __call__(self, method: str, url: str) -> Response:
        self.asked.append((method, url))
        if isinstance(self.answer, LegateError):
            raise self.answer
        return self.answer


async def fetch(answer: Response | LegateError, **arguments: Any) -> Observation:
    catalog = Catalog(Http(Surroundings(fetch=Web(answer))).tools())
    return await catalog.get("http.request").invoke(
        Invocation("a", "r", {"url": "https://example.com/", **arguments}, "k")
    )


def test_looking_at_a_chosen_address_is_a_send():
    spec = Catalog(Http(Surroundings()).tools()).spec("http.request")
    assert spec.effect is Effect.SEND
    assert spec.role_of("url").role == "authority"
    assert spec.role_of("method").safe == ("GET", "HEAD")


async def test_the_answer_is_text_from_its_address():
    seen = await fetch(Page())
    assert seen.content == "HTTP 200 from https://example.com/page#part\ncontent-type: text/plain\n\nhello"
    assert seen.source == "https://example.com/page"
    assert not seen.trusted


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (Page(b"<p>Hi<script>x</script></p>", {"content-type": "text/html; charset=utf-8"}), "\n\nHi"),
        (Page(b'{"a":[1]}', {"content-type": "application/json"}), '"a": ['),
        (Page(b"{" * 90_000, {"content-type": "application/json"}), "{{{"),
        (Page("Grüße".encode("cp1252"), {"content-type": "text/plain; charset=cp1252"}), "Grüße"),
        (Page(b"x", {"content-type": "text/plain; charset=no-such"}), "x"),
        (
            Page(b"\x89PNG", {"content-type": "image/png"}),
            "(The body is image/png, 4 bytes, and is not shown as text.)",
        ),
        (Page(b"\0\1", {}), "(The body is 2 bytes of no text.)"),
        (Page(b"", {}), "HTTP 200"),
        (Page(is_cut=True), "[Cut here: the answer is larger than what is fetched.]"),
    ],
)
async def test_bodies_are_shown_as_text_or_described(page: Page, words: str):
    assert words in (await fetch(page)).content


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "utf-7", "zip", "rot13", "", "\0"])
async def test_a_server_cannot_choose_a_codec_that_is_no_charset_of_the_web(charset: str):
    # In punycode this takes minutes to decode.
    page = Page(b"a-" + b"b" * 200_000, {"content-type": f"text/plain; charset={charset}"})
    assert "a-bbbb" in (await fetch(page)).content


async def test_json_that_indentation_would_blow_up_is_shown_as_it_came():
    # Pretty, this is 900 MB.
    page = Page(b"[" * 900 + b"1," * 490_000 + b"1" + b"]" * 900, {"content-type": "application/json"})
    assert "[[[[[[1,1,1," in (await fetch(page)).content


async def test_a_long_text_is_looked_at_only_at_its_beginning():
    seen = await fetch(Page(b"x\n" * 2_000_000, {"content-type": "text/plain"}))
    assert seen.data["size_bytes"] == 4_000_000
    assert "Cut here: 300,1" in seen.content[-200:]


async def test_where_a_redirect_leads_is_shown_whole():
    location = "https://other.example.com/" + "a" * 1_000
    page = Page(b"", {"location": location, "last-modified": "b" * 1_000}, status=302)
    seen = await fetch(page)
    assert f"location: {location}\n" in seen.content
    assert "b" * 201 not in seen.content
    assert "Ask for that one if you need it" in seen.content


async def test_an_error_status_is_an_error():
    assert (await fetch(Page(status=404))).is_error


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/x",
        "https://user@example.com/",
        "https://user:pw@example.com/",
        "https:///nowhere",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: x",
        "https://example.com\\@evil.example/",
        "http://[::1",
        "https://example.com:99999/",
        "https://exam\u200bple.com/",
        "javascript:alert(1)",
    ],
)
async def test_what_is_no_plain_address_is_never_asked_for(url: str):
    web = Web(Page())
    catalog = Catalog(Http(Surroundings(fetch=web)).tools())
    with pytest.raises(ToolFailed):
        await catalog.get("http.request").invoke(Invocation("a", "r", {"url": url}, "k"))
    assert web.asked == []


async def test_a_refused_address_surely_had_no_effect():
    with pytest.raises(ToolFailed, match="not a public address"):
        await fetch(Forbidden("10.0.0.1 is not a public address."))


async def test_a_request_that_left_did_happen_whatever_came_back():
    seen = await fetch(Unavailable("The server did not answer in time.", sent=True))
    assert seen.is_error
    assert seen.content == "The request was sent. The server did not answer in time."


async def test_without_a_network_it_says_so():
    with pytest.raises(ToolFailed, match="Work without the web"):
        await Http(Surroundings()).tools()[0].invoke(Invocation("a", "r", {"url": "https://example.com/"}, "k"))


async def test_other_methods_are_refused():
    with pytest.raises(ToolFailed, match="do not fit"):
        await fetch(Page(), method="POST")
