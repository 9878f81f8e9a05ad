"""The Models page in a window, by real keys: a key recognised and tried, an address, a price, limits, what is gone."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from legate_desktop.live import NEEDS_PROOF, Refusal
from legate_desktop.pages.models.dialogs import AddressDialog, KeyDialog, LimitDialog, PriceDialog
from legate_desktop.pages.models.page import ModelsPage
from legate_desktop.widgets.proof import ProofDialog
from tests.desktop.stage import CONTROL, SHIFT, Stage, page_of

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal
KEY = Qt.Key
ADDED = SimpleNamespace(who="OpenAI", models=3, asked="gpt-6-luna", cost_micros=18, source_id="src_2")


@pytest.fixture
def stage(app: QApplication, qtbot: QtBot) -> Stage:
    stage = Stage(qtbot)
    stage.show()
    stage.window.go("models")
    page(stage).take_focus()
    return stage


def page(stage: Stage) -> ModelsPage:
    return page_of(stage.window, "models", ModelsPage)


def test_keys_walk_the_places_and_their_models(stage: Stage) -> None:
    shown = page(stage)
    testers = [QAbstractItemModelTester(model, FATAL) for model in (shown.model, shown.limit_model, shown.pane.model)]
    assert len(testers) == 3
    for _ in range(3):
        stage.press(KEY.Key_J)
    assert shown.state.selected_id == "src_2"
    assert [row.name for row in shown.pane.model.rows] == ["gpt-6-sol", "gpt-6-luna", "gpt-6-nova"]
    stage.press(KEY.Key_Return)
    assert shown.pane.table.hasFocus()
    stage.press(KEY.Key_Down)
    assert shown.state.model_name == "gpt-6-luna"
    assert "0.10 $" in shown.pane.facts.values["price"].text()
    stage.press(KEY.Key_Slash)
    stage.type("qwen")
    assert [row.id for row in shown.model.rows] == ["src_1"]
    assert [row.name for row in shown.pane.model.rows] == ["qwen3:4b"]


def test_a_place_that_is_gone_says_why_and_offers_what_helps(stage: Stage) -> None:
    shown = page(stage)
    shown.state.select("src_5")
    assert shown.pane.words.text().startswith("Not there")
    assert shown.pane.problem.text() == "Nothing answers there. Start it, then look again."
    assert not shown.pane.table.isVisible()
    assert not shown.pane.buttons["price"].isVisible()
    stage.bridge.answers["CheckModelSource"] = lambda _command: ""
    stage.press(KEY.Key_R)
    assert stage.toasts()[-1] == "llama.cpp answers."


def test_a_pasted_key_is_recognised_tried_and_kept_while_its_dialog_stands(stage: Stage) -> None:
    stage.press(KEY.Key_N)
    dialog = stage.dialog(KeyDialog)
    stage.type("ghp_abc")
    assert "GitHub" in dialog.found.text()
    stage.press(KEY.Key_Return, CONTROL)
    assert "GitHub" in dialog.problem.text()
    dialog.key.selectAll()
    stage.type("something")
    assert (dialog.address.isVisible(), "cannot be seen" in dialog.found.text()) == (True, True)
    dialog.key.selectAll()
    stage.type("sk-proj-abc")
    assert (dialog.found.text(), dialog.address.isVisible()) == ("A key for OpenAI.", False)
    stage.bridge.refusal = ("api.openai.com did not accept the key (401). Check it.", False)
    stage.press(KEY.Key_Return, CONTROL)
    assert dialog.isVisible()
    assert "401" in dialog.problem.text()
    stage.bridge.answers["AddModelKey"] = lambda _command: ADDED
    stage.bridge.is_slow = True
    stage.press(KEY.Key_Return, CONTROL)
    stage.press(KEY.Key_Return, CONTROL)
    assert "cheapest call" in dialog.problem.text()
    stage.bridge.release()
    assert stage.dialogs(KeyDialog) == []
    assert stage.sent_names() == ["AddModelKey"]
    assert stage.toasts()[-1] == "OpenAI: 3 models. gpt-6-luna said a word, for 0.000018 $."
    assert page(stage).state.selected_id == "src_2"


def test_a_dialog_that_was_closed_meanwhile_loses_no_word(stage: Stage) -> None:
    stage.press(KEY.Key_A)
    stage.dialog(AddressDialog)
    stage.press(KEY.Key_Return, CONTROL)
    assert stage.sent == [], "an empty address is not asked"
    stage.type("workshop:8080")
    asked: list[object] = []
    page(stage).state.add_server = lambda address, ended: asked.append((address, ended))  # type: ignore[method-assign]
    stage.press(KEY.Key_Return, CONTROL)
    stage.press(KEY.Key_Escape)
    ((address, ended),) = asked  # type: ignore[misc]
    ended("workshop cannot be reached. Check the address.")  # type: ignore[operator]
    assert address == "workshop:8080"
    assert stage.toasts()[-1] == "workshop cannot be reached. Check the address."


def test_a_price_is_set_by_keys_and_undone(stage: Stage) -> None:
    page(stage).state.select("src_2")
    stage.press(KEY.Key_E)
    dialog = stage.dialog(PriceDialog)
    assert [field.text() for field in dialog.fields.values()] == ["2.00", "10.00", "0.20"]
    stage.type("two")
    stage.press(KEY.Key_Return, CONTROL)
    assert dialog.problem.text() == "Write dollars like 2.50."
    dialog.fields["sent"].selectAll()
    stage.type("3,5")
    dialog.fields["cached"].clear()
    stage.press(KEY.Key_Return, CONTROL)
    command = stage.sent[-1]
    assert (command.source_id, command.model, command.input, command.output, command.cached) == (
        "src_2",
        "gpt-6-sol",
        3_500_000,
        10_000_000,
        -1,
    )
    stage.come_back()
    stage.window.go("models")
    stage.press(KEY.Key_Z, CONTROL)
    assert stage.sent_names()[-1] == "RemoveModelPrice"


def test_removing_a_key_asks_who_it_is(stage: Stage) -> None:
    page(stage).state.select("src_2")
    stage.bridge.refusal = (Refusal("This needs a fresh proof.", NEEDS_PROOF), False)
    stage.press(KEY.Key_Delete)
    stage.dialog(ProofDialog)
    stage.type("my passphrase")
    stage.press(KEY.Key_Return, CONTROL)
    assert stage.sent_names() == ["Prove", "RemoveModelSource"]


def test_a_limit_is_made_and_changed_by_keys(stage: Stage) -> None:
    shown = page(stage)
    stage.bridge.answers["SetBudget"] = lambda _command: "agent.agt_2.month"
    stage.press(KEY.Key_2)
    assert shown.limit_list.isVisible()
    stage.press(KEY.Key_N, SHIFT)
    dialog = stage.dialog(LimitDialog)
    stage.type("7.5")
    dialog.period.choose("month")
    dialog.whom.choose("agt_2")
    stage.press(KEY.Key_Return, CONTROL)
    command = stage.sent[-1]
    assert (command.scope, command.subject_id, command.period, command.limit_micros) == (
        "agent",
        "agt_2",
        "month",
        7_500_000,
    )
    stage.window.activateWindow()
    stage.bot.waitUntil(lambda: QApplication.activeWindow() is stage.window)
    shown.limits.select("workspace.month")
    stage.press(KEY.Key_E, SHIFT)
    assert stage.dialog(LimitDialog).amount.text() == "50.00"
    stage.type("60")
    stage.press(KEY.Key_Return, CONTROL)
    assert (stage.sent[-1].period, stage.sent[-1].limit_micros) == ("month", 60_000_000)


def test_a_file_is_chosen_or_dropped(stage: Stage) -> None:
    shown = page(stage)
    stage.bridge.answers["AddModelFile"] = lambda _command: "src_4"
    stage.press(KEY.Key_F)
    dialogs = shown.findChildren(QFileDialog)
    assert len(dialogs) == 1
    dialogs[0].reject()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/models/tiny.gguf"), QUrl.fromLocalFile("/models/notes.txt")])
    action, button, modifier = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    shown.dropEvent(QDropEvent(QPointF(5, 5), action, data, button, modifier))
    assert [command.file for command in stage.sent] == ["/models/tiny.gguf"]
    stage.bridge.refusal = ("tiny.gguf is no GGUF file. Choose another.", False)
    shown.add_file("/models/tiny.gguf")
    assert stage.toasts()[-1] == "tiny.gguf is no GGUF file. Choose another."


def test_without_any_place_it_says_what_to_do(stage: Stage) -> None:
    stage.bridge.tables["ModelCatalogue"] = {}
    stage.bridge.publish("ModelCatalogue")
    shown = page(stage)
    assert shown.stack.currentWidget() is shown.empty
    assert "Start Ollama" in shown.empty.text.text()
    assert shown.empty.action.isVisible()
    stage.bridge.tables["Budgets"] = {}
    stage.bridge.publish("Budgets")
    stage.press(KEY.Key_2)
    assert shown.limit_stack.currentWidget() is shown.no_limit
