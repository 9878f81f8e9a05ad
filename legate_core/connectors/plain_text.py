"""Text for a model out of HTML: what a reader would see, nothing loaded, nothing run, in linear time.

The standard library's parser takes minutes for 300 kB of unclosed comments, and this text comes from strangers. So the
scan is our own: every search either ends the scan or is bounded.
"""

from __future__ import annotations

import html
import re

MAX_HTML_CHARS = 300_000
MAX_TAG_CHARS = 4_000
RAW = {"script", "style", "template", "noscript", "svg", "math", "iframe", "object", "head", "title", "textarea"}
BLOCKS = {
    *("p", "div", "section", "article", "header", "footer", "table", "tr", "ul", "ol", "li", "br", "hr", "pre"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "form", "main", "nav", "aside", "dd", "dt", "body"),
}
TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,30})")
ATTRIBUTE = {
    name: re.compile(rf"""\s{name}\s{{0,9}}=\s{{0,9}}(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
    for name in ("href", "alt")
}


def text_of_html(source: str) -> str:
    """The visible text, with line breaks where blocks end. Broken HTML gives what can be read of it.

    Links show where they lead, because the words on a link may say something else.
    """
    source = source[:MAX_HTML_CHARS]
    # One letter for one letter, unlike `lower`, so that places in one are places in the other.
    lowered = source.translate(LOWER)
    pieces: list[str] = []
    links: list[str] = []
    at = 0
    while at < len(source):
        start = source.find("<", at)
        if start < 0:
            pieces.append(html.unescape(source[at:]))
            break
        pieces.append(html.unescape(source[at:start]))
        if source.startswith(("<!", "<?"), start):
            mark = "-->" if source.startswith("<!--", start) else ">"
            at = _behind(lowered, mark, start + 2)
            continue
        tag = TAG.match(source, start)
        end = source.find(">", start, start + MAX_TAG_CHARS) if tag else -1
        if tag is None or end < 0:
            pieces.append("<")
            at = start + 1
            continue
        name, is_closing = tag[2].lower(), bool(tag[1])
        at = end + 1
        if name in RAW and not is_closing:
            at = _behind_raw(lowered, name, at)
        else:
            _show(name, is_closing, source[start:at], pieces, links)
    return tidy("".join(pieces))


LOWER = {letter: letter + 32 for letter in range(ord("A"), ord("Z") + 1)}


def _behind(text: str, mark: str, at: int) -> int:
    """The place behind the mark; the end of the text when it never comes."""
    found = text.find(mark, at)
    return len(text) if found < 0 else found + len(mark)


def _behind_raw(lowered: str, name: str, at: int) -> int:
    """The place behind an element that is not shown. A head that is never closed ends where the body begins."""
    closing = lowered.find(f"</{name}", at)
    if name == "head":
        body = lowered.find("<body", at)
        if body >= 0 and (closing < 0 or body < closing):
            return body
    return len(lowered) if closing < 0 else _behind(lowered, ">", closing)


def _show(name: str, is_closing: bool, tag: str, pieces: list[str], links: list[str]) -> None:
    if name in BLOCKS:
        pieces.append("\n")
    elif name in {"td", "th"}:
        pieces.append("\t" if not is_closing else "")
    elif name == "img" and (words := _attribute(tag, "alt")):
        pieces.append(f"[image: {words}]")
    elif name == "a" and not is_closing:
        links.append(_attribute(tag, "href"))
    elif name == "a" and links:
        target = links.pop()
        if target and target.removeprefix("mailto:") not in "".join(pieces[-3:]):
            pieces.append(f" ({target})")


def _attribute(tag: str, name: str) -> str:
    found = ATTRIBUTE[name].search(tag)
    return html.unescape(next((group for group in found.groups() if group is not None), "")) if found else ""


def tidy(text: str) -> str:
    """Spaces and blank lines as a reader would set them; control characters gone."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]", "", text)
    lines = [re.sub(r"[^\S\t]+", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
