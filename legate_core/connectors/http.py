"""Reading from the web: GET and HEAD through the egress broker, to public addresses only.

A request to a chosen address is a *send*, because the address itself can carry anything out; an allow-list or a rule
may say that a host is fine. Nothing is ever written: there is no body and no other method.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from legate_core.connectors.base import Connector, Response, safe, tool
from legate_core.connectors.plain_text import text_of_html, tidy
from legate_core.errors import LegateError
from legate_core.tools.spec import Effect, Invocation, Observation, ToolFailed

SHOWN_HEADERS = ("content-type", "content-length", "last-modified", "location", "retry-after")
TEXT_TYPES = ("text/", "application/json", "application/xml", "application/xhtml+xml", "application/javascript")


class Http(Connector):
    """The web, looked at and not touched."""

    name = "http"

    @tool(
        "http.request",
        effect=Effect.SEND,
        title="{method} {url}",
        reach="The server at this address learns the address asked for, and when.",
        undo="",
        idempotent=True,
    )
    async def request(
        self,
        call: Invocation,
        url: Annotated[str, Meta(description="A full http or https address.", min_length=8, max_length=2_000)],
        method: Annotated[Literal["GET", "HEAD"], safe("GET", "HEAD")] = "GET",
    ) -> Observation:
        """Fetch a public web page or file as text. Only GET and HEAD; private addresses are refused."""
        check_url(url)
        if self.surroundings.fetch is None:
            raise ToolFailed("There is no road to the network here. Work without the web.")
        try:
            response = await self.surroundings.fetch(method, url)
        except LegateError as error:
            if not error.details.get("sent"):
                raise ToolFailed(error.message) from error
            # The address has left this computer, so the send happened, whatever came back.
            return Observation(f"The request was sent. {error.message}", source_of(url), is_error=True)
        return shown(response)


def check_url(url: str) -> None:
    """Refuse, in words, what is no plain web address. Which hosts are public is the broker's to judge."""
    try:
        parts = urlsplit(url)
        host, user, port = parts.hostname, parts.username, parts.port
    except ValueError as error:
        raise ToolFailed(f"{url[:120]!r} is not a web address: {error}.") from error
    del port
    if any(char.isspace() or unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in url) or "\\" in url:
        raise ToolFailed(
            "The address contains a space, backslash or control character. Write them as %20 and the like."
        )
    if parts.scheme not in {"http", "https"}:
        raise ToolFailed(f"Only http and https addresses are fetched, not {parts.scheme[:20]!r}.")
    if not host:
        raise ToolFailed(f"{url[:120]!r} names no host. Give a full address like https://example.com/page.")
    if user is not None:
        raise ToolFailed("The address carries a user name. Give it without what stands before the @.")


def source_of(url: str) -> str:
    """Where an answer came from, as the label of what is read: the address without its fragment."""
    return url.split("#", 1)[0][:300]


def shown(response: Response) -> Observation:
    """An answer as text: status, the headers that matter, the body where it is text."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    lines = [f"HTTP {response.status} from {response.url}"]
    lines += [f"{name}: {headers[name][:200]}" for name in SHOWN_HEADERS if name in headers]
    body = _body(response.body, kind, headers.get("content-type", ""))
    if response.is_cut:
        body += "\n[Cut here: the answer is larger than what is fetched.]"
    data = {"status": response.status, "url": response.url, "size_bytes": len(response.body)}
    return Observation(
        "\n".join([*lines, "", body]), source_of(response.url), is_error=response.status >= 400, data=data
    )


def _body(data: bytes, kind: str, content_type: str) -> str:
    if not data:
        return ""
    if kind and not (kind.startswith(TEXT_TYPES) or kind.endswith(("+json", "+xml"))):
        return f"(The body is {kind}, {len(data):,} bytes, and is not shown as text.)"
    if not kind and b"\0" in data[:8_192]:
        return f"(The body is {len(data):,} bytes of no text.)"
    charset = content_type.lower().partition("charset=")[2].split(";")[0].strip(" \"'") or "utf-8"
    try:
        text = data.decode(charset, "replace")
    except (LookupError, ValueError):
        text = data.decode("utf-8", "replace")
    if kind in {"text/html", "application/xhtml+xml"}:
        return text_of_html(text)
    if kind.endswith("json"):
        try:
            return json.dumps(json.loads(text), ensure_ascii=False, indent=1)
        except (ValueError, RecursionError):
            return tidy(text)
    return tidy(text)
