"""The head of a model file: read where it is whole, refused in words where it is not, and never read without end."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.errors import Invalid
from legate_core.llm.gguf import read_head
from tests.fakes.gguf import gguf
from tests.fakes.llama_server import model_file


def test_a_real_models_head_is_read(tmp_path: Path) -> None:
    head = read_head(model_file())
    assert (head.context_tokens, "<|im_start|>" in head.template) == (8192, True)
    assert head.size_bytes == model_file().stat().st_size


def test_lists_are_passed_over_and_what_stands_behind_them_is_found(tmp_path: Path) -> None:
    file = tmp_path / "tiny.gguf"
    file.write_bytes(gguf("Tiny", 4096) + b"weights")
    head = read_head(file)
    assert (head.name, head.context_tokens, head.template) == ("Tiny", 4096, "")


ENDLESS = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"k" + struct.pack("<IIQ", 9, 8, 1 << 60)
OLD = b"GGUF" + struct.pack("<I", 1) + b"\0" * 40
MANY = b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 40)


@pytest.mark.parametrize("data", [b"", b"GGUF", b"<html>", gguf()[:-3], gguf()[:60], ENDLESS, OLD, MANY])
def test_what_is_no_whole_model_is_refused_in_words(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "x.gguf"
    file.write_bytes(data)
    with pytest.raises(Invalid, match=r"\.$"):
        read_head(file)


def test_a_folder_and_nothing_at_all_are_no_models(tmp_path: Path) -> None:
    for named in (tmp_path, tmp_path / "nothing.gguf"):
        with pytest.raises(Invalid, match="cannot be read"):
            read_head(named)


@given(data=st.binary(max_size=200), cut=st.integers(0, 200))
def test_no_bytes_bring_it_down(tmp_path_factory: pytest.TempPathFactory, data: bytes, cut: int) -> None:
    file = tmp_path_factory.getbasetemp() / "any.gguf"
    file.write_bytes(gguf()[:cut] + data)
    words = ""
    try:
        read_head(file)
    except Invalid as error:
        words = error.message
    assert words == "" or words.endswith(".")
