"""Server-sent events come out the same wherever the chunks are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.llm.event_stream import MAX_LINE_BYTES, EventStream, TooLong

TABLE = [
    (b"data: a\n\n", ["a"]),
    (b"data:a\n\ndata: b\n\n", ["a", "b"]),
    (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", ["a", "b", "c"]),
    (b"data: a\ndata: b\n\n", ["a\nb"]),
    (b": comment\n\nevent: x\nid: 3\nretry: 5\ndata: a\n\n", ["a"]),
    (b"data\n\n", [""]),
    (b"data:\n\n", [""]),
    (b"data:  two\n\n", [" two"]),
    (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
    (b"data: a", ["a"]),
    (b"data: a\r", ["a"]),
    (b"\n\n\n", []),
    ("data: 世界\n\n".encode(), ["世界"]),
    (b"data: \xff\n\n", ["\ufffd"]),
    (b"", []),
]


def heard(chunks: list[bytes]) -> list[str]:
    stream = EventStream()
    found = [data for chunk in chunks for data in stream.feed(chunk)]
    return [*found, *stream.close()]


@pytest.mark.parametrize(("raw", "wanted"), TABLE)
def test_events_are_read(raw: bytes, wanted: list[str]):
    assert heard([raw]) == wanted


@pytest.mark.parametrize(("raw", "wanted"), TABLE)
def test_events_are_read_byte_by_byte(raw: bytes, wanted: list[str]):
    assert heard([raw[i : i + 1] for i in range(len(raw))]) == wanted


@given(
    st.lists(st.sampled_from([b"data: ", b"a", b"\r", b"\n", b"\r\n", b": x", "é".encode(), b"\xef\xbb\xbf"])),
    st.data(),
)
def test_a_cut_anywhere_changes_nothing(parts: list[bytes], data: st.DataObject):
    raw = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=6)))
    pieces = [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    assert heard(pieces) == heard([raw])


def test_a_line_without_an_end_is_not_kept():
    with pytest.raises(TooLong):
        heard([b"x" * 100_000] * (MAX_LINE_BYTES // 100_000 + 2))


def test_an_event_without_an_end_is_not_kept():
    with pytest.raises(TooLong):
        heard([b"data: " + b"x" * 100_000 + b"\n"] * (MAX_LINE_BYTES // 100_000 + 2))
