"""HTML as a reader sees it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.connectors.plain_text import MAX_HTML_CHARS, text_of_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hi <b>Kim</b></p><p>Bye</p>", "Hi Kim\n\nBye"),
        ("a<script>alert(1)</script>b<style>x{}</style>c", "abc"),
        ("<head><title>T</title></head><body>seen</body>", "seen"),
        ("<head><title>T<body>seen", "seen"),
        ("x<!-- not shown -->y<!DOCTYPE z>", "xy"),
        ("<a href='https://evil.example'>https://bank.example</a>", "https://bank.example (https://evil.example)"),
        ('<a href="mailto:kim@example.com">kim@example.com</a>', "kim@example.com"),
        ("<img src=x onerror=y alt='a lamp'>", "[image: a lamp]"),
        ("<table><tr><td>1<td>2</table>", "1\t2"),
        ("3 < 4 &amp; 5 &lt; 6", "3 < 4 & 5 < 6"),
        ("<script>never closed", ""),
        ("<a" + "x" * 5_000, "<a" + "x" * 5_000),
        ("a\x00b\x1bc\u2028d", "abcd"),
        ("\u0130 <SCRIPT>x</ScRiPt >y", "\u0130 y"),
    ],
)
def test_what_a_reader_sees(html: str, text: str):
    assert text_of_html(html) == text


@pytest.mark.parametrize("piece", ["<!--", "<![CDATA[", "<", "<a href='", "<script>", "<a href=x>", "</", "&", " \n"])
def test_hostile_repetition_ends(piece: str):
    """The standard library's parser needs most of a minute for some of these."""
    assert len(text_of_html(piece * (MAX_HTML_CHARS // len(piece)))) <= 2 * MAX_HTML_CHARS


@given(st.text(alphabet="<>/!-ab='\" &;scriptheadbody\n"))
def test_any_text_gives_text(html: str):
    assert "\x00" not in text_of_html(html)
