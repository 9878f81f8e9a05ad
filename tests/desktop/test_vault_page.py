"""The Vault page on real widgets and real keys: adding, removing, locking, sealing; nothing of a value stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPlainTextEdit
from pytestqt.qtbot import QtBot

from legate_desktop.live import NEEDS_PROOF, Refusal
from legate_desktop.pages.vault.dialogs import (
    NewSecretDialog,
    PassphraseDialog,
    RemoveDialog,
    ReplaceDialog,
    SealDialog,
    UnsealDialog,
)
from legate_desktop.pages.vault.page import VaultPage
from legate_desktop.widgets.proof import ProofDialog
from tests.desktop.fakes_vault import stand, vault_bridge
from tests.desktop.stage import CONTROL, SHIFT, Stage, page_of

Key = Qt.Key
TOKEN = "ghp_" + "a1" * 18


class VaultStage(Stage):
    """The window with the vault in front."""

    def __init__(self, qtbot: QtBot, **changes: Any) -> None:
        super().__init__(qtbot, vault_bridge(**changes))
        self.show()
        self.window.go("vault")
        self.page = page_of(self.window, "vault", VaultPage)

    def paste(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.press(Key.Key_V, CONTROL)

    def send(self) -> None:
        self.press(Key.Key_Return, CONTROL)

    def come_back(self) -> None:
        super().come_back()
        if self.window.page_id == "vault":
            self.window.page("vault").take_focus()

    def texts(self) -> str:
        found = [label.text() for label in self.page.findChildren(QLabel)]
        found += [text.toPlainText() for text in self.page.findChildren(QPlainTextEdit)]
        return "\n".join(found + [field.text() for field in self.page.findChildren(QLineEdit)])


@pytest.fixture
def vault(app: QApplication, qtbot: QtBot) -> Iterator[VaultStage]:
    yield VaultStage(qtbot)
    QGuiApplication.clipboard().clear()


def test_the_keys_walk_over_the_list_and_the_detail_follows(vault: VaultStage) -> None:
    QAbstractItemModelTester(vault.page.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert "api.anthropic.com" in vault.texts()
    vault.press(Key.Key_J)
    assert vault.page.state.selected_id == "sec_3"
    assert "yours: lent for your own runs only" in vault.texts()
    vault.press(Key.Key_K)
    vault.press(Key.Key_O)
    assert vault.window.page_id == "runs"


def test_a_pasted_token_fills_in_its_name_and_host_and_leaves_the_clipboard(vault: VaultStage) -> None:
    vault.press(Key.Key_N)
    dialog = vault.dialog(NewSecretDialog)
    vault.paste(f"export TOKEN={TOKEN}\n")
    assert (dialog.name.text(), dialog.hosts.text(), dialog.kind.current) == ("GitHub", "api.github.com", "token")
    assert dialog.found.text() == "Recognised: GitHub, for api.github.com"
    dialog.name.setFocus()
    assert TOKEN not in dialog.value.displayText()
    vault.send()
    [stored] = vault.sent
    assert (stored.name, stored.value.reveal(), stored.hosts, stored.connector) == (
        "GitHub",
        TOKEN,
        ("api.github.com",),
        "github",
    )
    assert QGuiApplication.clipboard().text() == ""
    assert TOKEN not in vault.texts()


def test_what_was_copied_since_stays_on_the_clipboard(vault: VaultStage) -> None:
    vault.press(Key.Key_N)
    vault.dialog(NewSecretDialog)
    vault.paste(TOKEN)
    QGuiApplication.clipboard().setText("something else")
    vault.send()
    assert QGuiApplication.clipboard().text() == "something else"


def test_what_is_missing_is_said_and_what_is_refused_is_asked_again_as_it_was(vault: VaultStage) -> None:
    vault.press(Key.Key_N)
    dialog = vault.dialog(NewSecretDialog)
    vault.send()
    assert dialog.problem.text() == "Paste the secret."
    dialog.value.setText("hunter2-hunter2")
    dialog.name.setText("Mail")
    vault.send()
    assert dialog.problem.text() == "Name a host that it may be sent to."
    dialog.hosts.setText("imap.example.org, smtp.example.org")
    vault.bridge.refusal = ("There is a secret called 'Mail' already. Choose another name.", False)
    vault.send()
    again = vault.dialog(NewSecretDialog)
    assert again is not dialog
    assert (again.value.text(), again.name.text()) == ("hunter2-hunter2", "Mail")
    assert "already" in again.problem.text()
    vault.type("Mail 2")
    assert (again.value.text(), again.name.text()) == ("hunter2-hunter2", "Mail 2")
    vault.send()
    assert vault.sent[0].hosts == ("imap.example.org", "smtp.example.org")


def test_replacing_warns_of_a_key_for_another_host(vault: VaultStage) -> None:
    vault.press(Key.Key_E)
    dialog = vault.dialog(ReplaceDialog)
    vault.paste(TOKEN)
    assert dialog.found.text().startswith("This looks like one for api.github.com, but this secret goes to")
    vault.send()
    assert (vault.sent[0].secret_id, vault.sent[0].value.reveal()) == ("sec_1", TOKEN)
    assert QGuiApplication.clipboard().text() == ""


def test_removing_says_what_fails_and_asks_who_it_is(vault: VaultStage) -> None:
    vault.press(Key.Key_Delete)
    dialog = vault.dialog(RemoveDialog)
    assert any("2 agents" in label.text() for label in dialog.findChildren(QLabel))
    vault.bridge.refusal = (Refusal("This needs a fresh proof.", NEEDS_PROOF), False)
    vault.send()
    proof = vault.dialog(ProofDialog)
    proof.passphrase.setText("wrong horse")
    vault.bridge.refusal = ("The passphrase is wrong. Nothing was changed; try again.", False)
    vault.send()
    again = vault.dialog(ProofDialog)
    assert again.problem.text().startswith("The passphrase is wrong")
    again.passphrase.setText("correct horse")
    vault.send()
    assert vault.sent_names() == ["Prove", "DeleteSecret"]


def test_where_no_passphrase_could_prove_it_one_is_set_and_the_grave_thing_goes_on(
    app: QApplication, qtbot: QtBot
) -> None:
    vault = VaultStage(qtbot, has_passphrase=False)
    vault.press(Key.Key_Delete)
    vault.dialog(RemoveDialog)
    vault.bridge.refusal = (Refusal("This needs a fresh proof.", NEEDS_PROOF), False)
    vault.send()
    dialog = vault.dialog(PassphraseDialog)
    vault.type("battery staple")
    vault.send()
    assert dialog.problem.text() == "The two new ones differ."
    vault.press(Key.Key_Tab)
    vault.type("battery staple")
    vault.send()
    assert vault.sent_names() == ["SetPassphrase", "Prove", "DeleteSecret"]
    assert (vault.sent[0].passphrase, vault.sent[0].old) == ("battery staple", "")


def test_the_vault_is_locked_from_any_page_and_unlocked_in_its_one_field(vault: VaultStage) -> None:
    vault.window.go("runs")
    vault.press(Key.Key_L, CONTROL | SHIFT)
    assert vault.sent_names() == ["LockVault"]
    stand(vault.bridge, is_page_closed=True)
    vault.window.go("vault")
    assert QApplication.focusWidget() is vault.page.locked.field
    assert "Anthropic" not in vault.texts()
    vault.bridge.refusal = ("The passphrase is wrong. Nothing was changed; try again.", False)
    vault.type("wrong horse")
    vault.press(Key.Key_Return)
    assert (vault.page.locked.field.text(), vault.page.locked.problem.isVisible()) == ("", True)
    vault.type("correct horse")
    vault.press(Key.Key_Return)
    assert vault.sent[-1].passphrase == "correct horse"
    stand(vault.bridge, is_page_closed=False)
    assert "Anthropic" in vault.texts()
    assert "horse" not in vault.texts()
    assert QApplication.focusWidget() is vault.page.list


def test_sealing_says_what_stops_and_unsealing_needs_the_passphrase_of_the_keys(
    app: QApplication, qtbot: QtBot
) -> None:
    vault = VaultStage(qtbot, needs_passphrase=True, keys="passphrase")
    vault.press(Key.Key_S, SHIFT)
    dialog = vault.dialog(SealDialog)
    assert any(label.text().startswith("2 runs may need a secret") for label in dialog.findChildren(QLabel))
    vault.send()
    assert vault.sent_names() == ["SealVault"]
    stand(vault.bridge, is_sealed=True, sealed_by="usr_me", sealed_at=1)
    assert vault.page.buttons["unseal"].isVisible()
    assert not vault.page.buttons["replace"].isEnabled()
    vault.come_back()
    vault.press(Key.Key_U, SHIFT)
    unseal = vault.dialog(UnsealDialog)
    unseal.passphrase.setText("correct horse")
    vault.send()
    assert vault.sent[-1].passphrase.reveal() == "correct horse"


def test_a_sealed_vault_that_is_locked_too_does_not_say_that_runs_go_on(vault: VaultStage) -> None:
    stand(vault.bridge, is_sealed=True, sealed_by="usr_me", sealed_at=1)
    vault.press(Key.Key_L, CONTROL | SHIFT)
    stand(vault.bridge, is_sealed=True, sealed_by="usr_me", sealed_at=1, is_page_closed=True)
    assert vault.toasts() == ["The vault is locked, and it stays sealed. Runs that need a secret wait."]
    assert "runs that need a secret wait" in vault.page.words.text()
    assert vault.page.locked.words.text().endswith("It stays sealed until it is unsealed.")
    stand(vault.bridge, is_page_closed=True, is_sealed=False)
    assert vault.page.locked.words.text().endswith("Runs go on meanwhile.")


def test_an_empty_vault_says_what_lives_here_and_offers_to_add(app: QApplication, qtbot: QtBot) -> None:
    stage = Stage(qtbot)
    stage.bridge.tables["VaultStanding"] = vault_bridge().tables["VaultStanding"]
    stage.show()
    stage.window.go("vault")
    page = page_of(stage.window, "vault", VaultPage)
    assert (page.empty.title.text(), page.empty.action.isVisible()) == ("Nothing is kept yet", True)
    page.empty.action.fired.emit()
    assert len(stage.dialogs(NewSecretDialog)) == 1


def test_the_palette_finds_secrets_by_name_and_host_and_none_while_it_is_locked(vault: VaultStage) -> None:
    spec = vault.window.specs["vault"]
    found = list(spec.find(vault.context))
    assert [each.title for each in found][:2] == ["Anthropic", "GitHub"]
    vault.window.go("runs")
    found[1].deeds[0].run()
    assert (vault.window.page_id, vault.page.state.selected_id) == ("vault", "sec_3")
    stand(vault.bridge, is_page_closed=True)
    assert list(spec.find(vault.context)) == []


def test_a_link_to_a_secret_waits_for_the_list(app: QApplication, qtbot: QtBot) -> None:
    stage = Stage(qtbot, vault_bridge(), is_open=False)
    stage.show()
    stage.window.go("vault", "sec_2")
    stage.context.engine_opened()
    assert page_of(stage.window, "vault", VaultPage).state.selected_id == "sec_2"
