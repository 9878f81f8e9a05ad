"""Reading from the web: GET and HEAD through the egress broker, to public addresses only.

A request to a chosen address is a *send*, because the address itself can carry anything out; an allow-list or a rule
may say that a host is fine. Nothing is ever written: there is no body and no other method.
"""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from legate_core.connectors.base import Connector, Response, safe, tool
from legate_core.connectors.plain_text import text_of_html, tidy
from legate_core.errors import LegateError
from legate_core.tools.spec import Effect, Invocation, Observation, ToolFailed

SHOWN_HEADERS = ("content-type", "content-length", "last-modified", "location", "retry-after")
# Room for the longest address that can be asked for: where a redirect leads is of no use by halves.
MAX_LOCATION_CHARS = 2_000
MAX_HEADER_CHARS = 200
MAX_TEXT_BYTES = 300_000
MAX_PRETTY_CHARS = 60_000
TEXT_TYPES = ("text/", "application/json", "application/xml", "application/xhtml+xml", "application/javascript")
CHARSETS = re.compile(
    r"utf-?8|utf-?16(?:-?[lb]e)?|us-ascii|ascii|latin-?1|iso-?8859-(?:[1-9]|1[013456])|(?:windows-|cp)125[0-8]"
    r"|koi8-[ru]|macintosh|ibm866|shift_jis|euc-jp|iso-2022-jp|euc-kr|gbk|gb2312|gb18030|big5(?:-hkscs)?"
)


class Http(Connector):
    """The web, looked at and not touched."""

    name = "http"

    @tool(
        "http.request",
        effect=Effect.SEND,
        title="{method} {url}",
        reach="The server at this address learns the address asked for, and when.",
        undo="",
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
        # Making text of an answer takes a moment, in which everything else goes on.
        return await asyncio.to_thread(shown, response)


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
    lines += [f"{name}: {_header(name, headers[name])}" for name in SHOWN_HEADERS if name in headers]
    body = _body(response.body[:MAX_TEXT_BYTES], kind, headers.get("content-type", ""))
    if response.is_cut or len(response.body) > MAX_TEXT_BYTES:
        body += "\n[Cut here: the answer is larger than what is fetched.]"
    if 300 <= response.status < 400 and headers.get("location"):
        body += "\n[This address points to another one, which was not asked. Ask for that one if you need it.]"
    data = {"status": response.status, "url": response.url, "size_bytes": len(response.body)}
    return Observation(
        "\n".join([*lines, "", body]), source_of(response.url), is_error=response.status >= 400, data=data
    )


def _header(name: str, value: str) -> str:
    return value[: MAX_LOCATION_CHARS if name == "location" else MAX_HEADER_CHARS]


def _body(data: bytes, kind: str, content_type: str) -> str:
    if not data:
        return ""
    if kind and not (kind.startswith(TEXT_TYPES) or kind.endswith(("+json", "+xml"))):
        return f"(The body is {kind}, {len(data):,} bytes, and is not shown as text.)"
    if not kind and b"\0" in data[:8_192]:
        return f"(The body is {len(data):,} bytes of no text.)"
    charset = content_type.lower().partition("charset=")[2].split(";")[0].strip(" \"'") or "utf-8"
    # Python knows codecs that are no character sets of the web, and a server must not choose among those: a small
    # body "in punycode" takes minutes to decode.
    try:
        text = data.decode(charset if CHARSETS.fullmatch(charset) else "utf-8", "replace")
    except LookupError:
        text = data.decode("utf-8", "replace")
    if kind in {"text/html", "application/xhtml+xml"}:
        return text_of_html(text)
    if kind.endswith("json"):
        return _pretty(text)
    return tidy(text)


def _pretty(text: str) -> str:
    """JSON with line breaks, unless that would make it long: indentation can multiply a text a thousandfold."""
    try:
        pieces = json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(json.loads(text))
        shown = ""
        for piece in pieces:
            shown += piece
            if len(shown) > MAX_PRETTY_CHARS:
                return tidy(text)
        return shown
    except (ValueError, RecursionError):
        return tidy(text)
