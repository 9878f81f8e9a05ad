"""Settings: every section, searched, each change at once and taken back; what the core refuses is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from legate_desktop.live import NEEDS_PROOF, Refusal
from legate_desktop.outside.choices import Choices
from legate_desktop.outside.login import start_at_login
from legate_desktop.pages.settings.dialogs import BackupDialog, RestoreDialog
from legate_desktop.pages.settings.page import SettingsPage
from legate_desktop.pages.settings.view import SECTIONS
from legate_desktop.pages.vault.dialogs import PassphraseDialog
from legate_desktop.theme.look import look
from legate_desktop.verbs import letters
from legate_desktop.widgets.choice_button import ChoiceButton
from legate_desktop.widgets.proof import ProofDialog
from legate_desktop.widgets.switch import Switch
from legate_desktop.words import language
from tests.desktop.fake_core import practice_bridge
from tests.desktop.stage import CONTROL, Stage, page_of

Key = Qt.Key


class SettingsStage(Stage):
    """The window with the settings in front, and the choices outside it kept in a folder of the test."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        bridge = practice_bridge()
        self.policy = SimpleNamespace(
            version=1,
            ask_every_effect=True,
            relax_content=False,
            allow_list=("@example.com",),
            question_hours=24,
            learning_until=0,
        )
        bridge.answers["PolicySettings"] = lambda _query: self.policy
        bridge.answers["Retention"] = lambda query: SimpleNamespace(days=0, set_at=0, due=12 if query.days else 0)
        self.vault = SimpleNamespace(has_passphrase=True, needs_passphrase=False)
        bridge.answers["VaultStatus"] = lambda _query: self.vault
        super().__init__(qtbot, bridge)
        self.choices = self.context.keep(Choices(folder / "outside.json"))
        self.context.home = folder
        self.show()
        self.window.go("settings")
        self.page = page_of(self.window, "settings", SettingsPage)

    def switch(self, setting_id: str) -> Switch:
        control = self.page.rows[setting_id].control
        assert isinstance(control, Switch)
        return control

    def choice(self, setting_id: str) -> ChoiceButton:
        control = self.page.rows[setting_id].control
        assert isinstance(control, ChoiceButton)
        return control


@pytest.fixture
def settings(app: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[SettingsStage]:
    yield SettingsStage(qtbot, tmp_path)
    look.choose_contrast(is_high=False)
    look.choose_density(is_compact=False)
    language.choose("en")
    letters.switch(is_on=True)


def test_every_section_is_there_and_has_settings(settings: SettingsStage) -> None:
    assert list(settings.page.state.found()) == [section for section, _title, _icon in SECTIONS]
    ids = [setting.id for setting in settings.page.state.settings]
    assert len(ids) == len(set(ids)) > 30


def test_the_search_finds_by_any_word_and_esc_shows_all(settings: SettingsStage) -> None:
    settings.type("quiet hours")
    assert list(settings.page.rows) == ["quiet_from", "quiet_to"]
    settings.press(Key.Key_Escape)
    assert len(settings.page.rows) > 30
    settings.type("zzz")
    assert settings.page.empty.isVisible()


def test_a_switch_acts_at_once_and_is_taken_back(settings: SettingsStage) -> None:
    settings.click(settings.switch("high_contrast"))
    assert look.theme.name.endswith("high contrast")
    assert settings.toasts() == ["High contrast: changed"]
    settings.window.undo_last()
    assert not look.theme.name.endswith("high contrast")
    assert not settings.switch("high_contrast").isChecked()


def test_a_choice_acts_at_once(settings: SettingsStage) -> None:
    settings.choice("text_percent").chosen.emit("130")
    assert (look.scale, settings.choice("text_percent").current) == (1.3, "130")
    settings.window.undo_last()
    assert look.scale == 1.0


def test_the_language_changes_under_the_settings_page_itself(settings: SettingsStage) -> None:
    settings.choice("language").chosen.emit("de")
    page = page_of(settings.window, "settings", SettingsPage)
    assert page is not settings.page
    assert page.head.title.text() == "Einstellungen"
    assert settings.window.page_id == "settings"
    assert settings.toasts() == ["Sprache: geändert"]
    settings.window.undo_last()
    assert page_of(settings.window, "settings", SettingsPage).head.title.text() == "Settings"


def test_the_keys_of_models_are_no_keys_of_a_keyboard_in_german(settings: SettingsStage) -> None:
    language.choose("de")
    assert settings.page.state.setting("open_vault").title == "Schlüssel für Modelle"


def test_choices_outside_the_window_are_kept_there(settings: SettingsStage) -> None:
    settings.click(settings.switch("failures"))
    settings.click(settings.switch("notify_write"))
    assert not settings.choices.now.failures
    assert "write" not in settings.choices.now.effects
    assert Choices(settings.choices._file).now == settings.choices.now


def test_a_time_that_is_none_is_refused_beside_its_field(settings: SettingsStage) -> None:
    row = settings.page.rows["quiet_from"]
    field = row.control
    assert isinstance(field, QLineEdit)
    field.setText("half past ten")
    field.editingFinished.emit()
    assert (settings.choices.now.quiet_from, row.problem.isVisible()) == ("", True)
    field.setText("22:30")
    field.editingFinished.emit()
    assert (settings.choices.now.quiet_from, row.problem.isVisible()) == ("22:30", False)


def test_start_at_login_is_what_the_system_has(settings: SettingsStage) -> None:
    settings.click(settings.switch("start_at_login"))
    assert start_at_login().is_on()
    settings.window.undo_last()
    assert not start_at_login().is_on()


def test_the_rules_of_the_workspace_are_asked_of_the_core(settings: SettingsStage) -> None:
    settings.click(settings.switch("ask_every_effect"))
    assert [command.ask_every_effect for command in settings.sent] == [False]
    settings.window.undo_last()
    assert [command.ask_every_effect for command in settings.sent] == [False, True]


def test_what_the_core_refuses_is_said_and_the_switch_goes_back(settings: SettingsStage) -> None:
    settings.bridge.refusal = ("This needs the permission policy.loosen. Ask an owner.", False)
    settings.click(settings.switch("relax_content"))
    assert settings.toasts() == ["This needs the permission policy.loosen. Ask an owner."]
    assert not settings.switch("relax_content").isChecked()


def test_the_allow_list_is_kept_line_by_line(settings: SettingsStage) -> None:
    row = settings.page.rows["allow_list"]
    field = row.control
    assert isinstance(field, QPlainTextEdit)
    assert field.toPlainText() == "@example.com"
    field.setPlainText("@example.com\n\n kim@example.org \ntwo words")
    row.keep.fired.emit()
    assert row.problem.text() == "“two words” has a blank in it. One address or host per line."
    field.setPlainText("@example.com\n\n kim@example.org ")
    row.keep.fired.emit()
    assert settings.sent[0].allow_list == ("@example.com", "kim@example.org")


def test_without_an_answer_of_the_core_its_switches_are_off_and_say_why(
    app: QApplication, qtbot: QtBot, tmp_path: Path
) -> None:
    stage = SettingsStage.__new__(SettingsStage)
    Stage.__init__(stage, qtbot, practice_bridge())
    stage.show()
    stage.window.go("settings")
    page = page_of(stage.window, "settings", SettingsPage)
    control = page.rows["ask_every_effect"].control
    assert (control.isEnabled(), control.toolTip()) == (False, "The engine has not said yet how this stands")
    assert "notifications" not in page.rows


def test_the_licences_and_versions_can_be_read(settings: SettingsStage) -> None:
    facts = {name: str(settings.page.state.setting(name).get()) for name in ("licences", "versions", "home", "size")}
    assert "MIT License" in facts["licences"]
    assert "SIL OPEN FONT LICENSE" in facts["licences"].upper()
    assert facts["versions"].startswith("Legate 0.")
    assert facts["home"] == str(settings.context.home)


def test_ctrl_comma_leads_here_and_j_goes_from_section_to_section(settings: SettingsStage) -> None:
    settings.window.go("approvals")
    settings.press(Key.Key_Comma, CONTROL)
    assert settings.window.page_id == "settings"
    settings.page.turn(1)
    assert settings.page.place() == "look"
    assert QApplication.focusWidget() is settings.page.rows["look"].control


def test_content_is_kept_as_long_as_wanted_with_a_proof_and_that_is_taken_back(settings: SettingsStage) -> None:
    settings.bridge.refusal = (Refusal("This needs a fresh proof.", NEEDS_PROOF), False)
    settings.choice("retention").chosen.emit("30")
    proof = settings.dialog(ProofDialog)
    assert settings.choice("retention").current == "0"
    proof.passphrase.setText("correct horse")
    settings.press(Key.Key_Return, CONTROL)
    assert settings.sent_names() == ["Prove", "SetRetention"]
    assert settings.choice("retention").text() == "Kept for 30 days"
    assert settings.toasts() == ["Content is kept for 30 days. 12 ended runs will lose their content."]
    settings.window.undo_last()
    assert [command.days for command in settings.sent[1:]] == [30, 0]
    assert settings.choice("retention").text() == "Kept for good"


def test_a_span_that_was_set_elsewhere_is_shown(settings: SettingsStage) -> None:
    settings.bridge.answers["Retention"] = lambda _query: SimpleNamespace(days=45, set_at=1, due=0)
    settings.page.state.visit()
    assert settings.choice("retention").text() == "Kept for 45 days"


def test_a_backup_is_written_under_a_passphrase_that_is_typed_twice(settings: SettingsStage, tmp_path: Path) -> None:
    settings.bridge.answers["MakeBackup"] = lambda command: SimpleNamespace(path=command.path, entries=48_211, files=1)
    settings.bridge.is_slow = True
    settings.page.ask_backup_passphrase(tmp_path / "all.legate-backup")
    dialog = settings.dialog(BackupDialog)
    settings.type("correct horse")
    settings.press(Key.Key_Tab)
    settings.type("correct house")
    settings.press(Key.Key_Return, CONTROL)
    assert dialog.problem.text() == "The two differ."
    dialog.again.setText("correct horse")
    settings.press(Key.Key_Return, CONTROL)
    assert (settings.sent[0].passphrase.reveal(), dialog.passphrase.text()) == ("correct horse", "")
    settings.click(settings.page.rows["backup"].control)
    assert settings.page.rows["backup"].problem.text() == "A copy is on its way"
    settings.bridge.release()
    assert settings.page.rows["backup"].problem.text() == ""
    assert settings.toasts() == [f"Backed up into {tmp_path / 'all.legate-backup'}: 48,211 entries and 1 file."]


def test_a_backup_that_cannot_be_restored_says_why_and_one_that_can_how_it_is_opened(
    settings: SettingsStage, tmp_path: Path
) -> None:
    def refuse(_query: object) -> None:
        raise LookupError

    settings.bridge.answers["RestoreBackup"] = refuse
    settings.page.ask_restore_passphrase(tmp_path / "all", tmp_path / "again")
    settings.dialog(RestoreDialog)
    settings.type("correct horse")
    settings.press(Key.Key_Return, CONTROL)
    assert len(settings.toasts()) == 1
    done = SimpleNamespace(entries=9, keys="passphrase", folder="/srv/again")
    settings.bridge.answers["RestoreBackup"] = lambda _query: done
    settings.page.ask_restore_passphrase(tmp_path / "all", tmp_path / "again")
    settings.dialog(RestoreDialog)
    settings.type("correct horse")
    settings.press(Key.Key_Return, CONTROL)
    assert "LEGATE_KEYS=passphrase legate --home /srv/again" in settings.toasts()[-1]


def test_the_first_passphrase_is_set_here_and_the_vault_locked_by_itself_as_wished(settings: SettingsStage) -> None:
    settings.vault.has_passphrase = False
    settings.page.state.visit()
    assert settings.page.rows["passphrase"].control.accessibleName() == "Passphrase: Set it…"
    settings.click(settings.page.rows["passphrase"].control)
    dialog = settings.dialog(PassphraseDialog)
    for field in (dialog.new, dialog.again):
        field.setText("battery staple")
    settings.press(Key.Key_Return, CONTROL)
    assert (settings.sent[0].passphrase, settings.sent[0].old) == ("battery staple", "")
    assert settings.page.rows["passphrase"].control.accessibleName() == "Passphrase: Change it…"
    settings.choice("vault_lock_minutes").chosen.emit("60")
    assert settings.context.prefs.now.vault_lock_minutes == 60
    settings.window.undo_last()
    assert settings.context.prefs.now.vault_lock_minutes == 15


def test_turning_a_rule_off_asks_who_it_is(settings: SettingsStage) -> None:
    settings.bridge.refusal = (Refusal("This needs a fresh proof.", NEEDS_PROOF), False)
    settings.click(settings.switch("ask_every_effect"))
    proof = settings.dialog(ProofDialog)
    assert settings.switch("ask_every_effect").isChecked()
    proof.passphrase.setText("correct horse")
    settings.press(Key.Key_Return, CONTROL)
    assert settings.sent_names() == ["Prove", "ChangePolicySettings"]


def test_how_long_a_question_waits_is_chosen_and_taken_back(settings: SettingsStage) -> None:
    assert settings.choice("question_hours").text() == "1 day"
    settings.choice("question_hours").chosen.emit("72")
    settings.window.undo_last()
    assert [command.question_hours for command in settings.sent] == [72, 24]
    settings.policy.question_hours = 36
    settings.page.state.visit()
    assert settings.choice("question_hours").text() == "36 hours"


def test_a_week_of_learning_is_switched_on_and_ends(settings: SettingsStage) -> None:
    settings.click(settings.switch("learn"))
    assert [command.learn for command in settings.sent] == [True]
    settings.policy.learning_until = settings.context.now() + 1
    settings.page.state.visit()
    assert settings.switch("learn").isChecked()
    settings.policy.learning_until = settings.context.now()
    settings.page.state.visit()
    assert not settings.switch("learn").isChecked()
