"""Two languages, to prove that there can be more: no string is missing, none is broken, and German fits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QLocale
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from pytestqt.qtbot import QtBot

from legate_desktop.pages.approvals.view import ApprovalRow, row_sentence
from legate_desktop.theme.look import look
from legate_desktop.words import CATALOGUES, language, long_age, money, number, plural, tr
from tests.desktop.fakes_deck import deck_bridge
from tests.desktop.stage import Stage
from tests.desktop.strings import gathered, missing

CODES = sorted(file.stem for file in CATALOGUES.glob("*.json"))
PLACE = re.compile(r"\{[a-z_]*\}|%n")


@pytest.fixture
def german() -> Iterator[None]:
    language.choose("de")
    yield
    language.choose("en")


def entries() -> list[tuple[str, str, str]]:
    """Every translation there is: the language, what is translated, and each of its forms."""
    found: list[tuple[str, str, str]] = []
    for code in CODES:
        for text, said in json.loads((CATALOGUES / f"{code}.json").read_text(encoding="utf-8")).items():
            found += [(code, text, form) for form in (said if isinstance(said, list) else [said])]
    return found


def test_german_is_shipped_beside_english() -> None:
    assert CODES == ["de"]


@pytest.mark.parametrize("code", CODES)
def test_no_string_is_missing(code: str) -> None:
    assert missing(code) == {}, "python -m tests.desktop.strings de lists them to be filled in"


def test_no_translation_is_empty_and_every_place_is_kept() -> None:
    broken = [
        f"{code}: {text} => {said}"
        for code, text, said in entries()
        if not said.strip() or sorted(PLACE.findall(text)) != sorted(PLACE.findall(said))
    ]
    assert broken == []


def test_plurals_have_two_forms_and_others_one() -> None:
    _plain, plurals = gathered()
    catalogue = json.loads((CATALOGUES / "de.json").read_text(encoding="utf-8"))
    assert [text for text in plurals if not isinstance(catalogue[text], list) or len(catalogue[text]) != 2] == []
    assert [text for text, said in catalogue.items() if isinstance(said, list) and text not in plurals] == []


def test_numbers_counts_and_ages_are_written_as_the_language_does(german: None) -> None:
    assert number(48_211) == "48.211"
    assert money(12_500_000, "EUR") == "12,50 EUR"
    assert (plural("%n run(s) will end.", 1), plural("%n run(s) will end.", 1_200)) == (
        "1 Lauf wird enden.",
        "1.200 Läufe werden enden.",
    )
    assert long_age(6 * 60_000) == "6 Minuten"
    assert tr("No such string of ours") == "No such string of ours"


def test_a_language_that_there_is_no_catalogue_for_is_english() -> None:
    language.choose("tlh")
    assert (language.code, tr("Settings")) == ("en", "Settings")
    assert language.locale.language() == QLocale.Language.English


def test_the_words_of_qt_itself_follow(app: QApplication, german: None) -> None:
    assert QCoreApplication.translate("QWidgetTextControl", "&Copy") == "&Kopieren"
    language.choose("en")
    assert QCoreApplication.translate("QWidgetTextControl", "&Copy") == "&Copy"


def test_a_row_is_a_sentence_in_german(german: None) -> None:
    row = ApprovalRow("apr_1", "mail.send", "send", "t", "Reply desk", "run_1", "w", "waiting", 0)
    assert row_sentence(row, 60_000).startswith("mail.send, sendet, gefragt von Reply desk, 1 Minute")


@pytest.mark.parametrize("page_id", ["deck", "approvals", "runs", "agents", "knowledge", "audit", "settings", "team"])
def test_a_german_window_has_no_english_and_fits(app: QApplication, qtbot: QtBot, german: None, page_id: str) -> None:
    stage = Stage(qtbot, deck_bridge())
    stage.show(900, 600)
    look.choose_scale(1.3)
    stage.window.go(page_id)
    app.processEvents()
    assert stage.window.size().toTuple() == (900, 600)
    catalogue = json.loads((CATALOGUES / "de.json").read_text(encoding="utf-8"))
    english = {text for text, said in catalogue.items() if said != text}
    shown = [
        widget.text()
        for kind in (QLabel, QAbstractButton)
        for widget in stage.window.findChildren(kind)
        if widget.isVisible()
    ]
    assert [text for text in shown if text in english] == []
    assert any(text in catalogue.values() for text in shown)
