"""Wishes for the window: kept, at once in force, and never a reason not to start."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from legate_desktop.prefs import Prefs, Wishes
from legate_desktop.theme.look import look
from legate_desktop.theme.tokens import DARK_HIGH_CONTRAST
from legate_desktop.verbs import letters
from legate_desktop.words import language


@pytest.fixture(autouse=True)
def _as_shipped(app: QApplication) -> Iterator[None]:
    yield
    for name in ("language", "look", "high_contrast", "text_percent", "density", "letter_keys"):
        Prefs().act()
        assert getattr(Wishes(), name) is not None
    language.choose("en")
    look.choose_contrast(is_high=False)


def test_a_wish_acts_at_once_is_kept_and_gives_back_what_was_before(tmp_path: Path) -> None:
    prefs = Prefs(tmp_path / "legate" / "window.json")
    said: list[str] = []
    prefs.changed.connect(said.append)
    assert prefs.wish("look", "dark") == "system"
    assert prefs.wish("high_contrast", True) is False
    prefs.wish("text_percent", 130)
    prefs.wish("density", "compact")
    prefs.wish("letter_keys", False)
    assert (look.theme, look.scale, look.is_compact, letters.is_on) == (DARK_HIGH_CONTRAST, 1.3, True, False)
    assert look.row_px(70) == 78
    assert said == ["look", "high_contrast", "text_percent", "density", "letter_keys"]
    again = Prefs(tmp_path / "legate" / "window.json")
    assert again.now == prefs.now
    assert [file.name for file in (tmp_path / "legate").iterdir()] == ["window.json"]


def test_the_same_wish_twice_says_nothing(tmp_path: Path) -> None:
    prefs = Prefs(tmp_path / "window.json")
    said: list[str] = []
    prefs.changed.connect(said.append)
    prefs.wish("look", "system")
    assert said == []
    assert not (tmp_path / "window.json").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("look", "pink"),
        ("language", "tlh"),
        ("text_percent", 151),
        ("text_percent", 84),
        ("text_percent", True),
        ("high_contrast", 1),
        ("colour", "red"),
        ("density", None),
    ],
)
def test_what_is_no_wish_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        Prefs().wish(name, value)


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"look": 7, "nothing": 1, "text_percent": 9000}', "\x00"])
def test_a_broken_file_is_no_reason_not_to_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "window.json"
    file.write_text(text, encoding="utf-8")
    assert Prefs(file).now == Wishes()


def test_what_fits_in_a_file_is_kept_beside_what_does_not(tmp_path: Path) -> None:
    file = tmp_path / "window.json"
    file.write_text(json.dumps({"look": "light", "density": "airy", "from a later Legate": True}), encoding="utf-8")
    assert Prefs(file).now == Wishes(look="light")


def test_a_folder_that_cannot_be_written_keeps_the_wish_until_legate_ends(tmp_path: Path) -> None:
    (tmp_path / "legate").write_text("in the way", encoding="utf-8")
    prefs = Prefs(tmp_path / "legate" / "window.json")
    prefs.wish("look", "light")
    assert prefs.now.look == "light"
