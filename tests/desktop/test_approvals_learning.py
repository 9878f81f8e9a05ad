"""Rules that answers propose stand among the rules, marked as proposed, until a person puts one in force with a proof."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPlainTextEdit
from pytestqt.qtbot import QtBot

from legate_desktop.live import NEEDS_PROOF, Refusal
from legate_desktop.widgets.proof import ProofDialog
from tests.desktop.fake_core import NOW, SURFACE, practice_bridge
from tests.desktop.stage import CONTROL, Stage

RULE = SimpleNamespace(verdict="allow", name="mail.send with the same target for this agent")


def proposal(**changes: Any) -> SimpleNamespace:
    """A proposed rule as the core says it."""
    given: dict[str, Any] = {"id": "proposed.1", "rule": RULE, "effect": "send", "ends": "in 30 days", "approved": 4}
    given |= {"conditions": "Allow mail.send, when to is kim@example.com.", "last_at": NOW - 60_000}
    return SimpleNamespace(**(given | changes))


@pytest.fixture
def stage(app: QApplication, qtbot: QtBot) -> Stage:
    bridge = practice_bridge()
    bridge.answers["ProposedRules"] = lambda _query: (proposal(),)
    stage = Stage(qtbot, bridge)
    stage.show()
    stage.window.go("approvals")
    stage.click(stage.approvals.tabs.tabs["rules"])
    return stage


def test_a_proposal_stands_first_and_says_what_it_rests_on_and_that_it_is_not_in_force(stage: Stage) -> None:
    assert stage.shown_ids()[0] == "proposed.1"
    stage.state.select("proposed.1")
    body = stage.approvals.rule.widget()
    assert body is not None
    said = [text.toPlainText() for text in body.findChildren(QPlainTextEdit)]
    assert any(text.startswith("4 times alike, last 1m ago") for text in said)
    assert "It is not in force. Until you put it there, each of these is asked as before." in said
    assert stage.approvals.adopt_rule.isVisible()
    assert not stage.approvals.delete_rule.isVisible()
    stage.press(Qt.Key.Key_Delete)
    assert stage.sent == []


def test_putting_it_in_force_asks_who_it_is_and_it_is_proposed_no_more(stage: Stage) -> None:
    stage.state.select("proposed.1")
    stage.bridge.refusal = (Refusal("This needs a fresh proof.", NEEDS_PROOF), False)
    stage.approvals.take_focus()
    stage.press(Qt.Key.Key_Return, CONTROL)
    proof = stage.dialog(ProofDialog)
    assert stage.sent == []
    stage.bridge.answers["ProposedRules"] = lambda _query: ()
    proof.passphrase.setText("correct horse")
    stage.press(Qt.Key.Key_Return, CONTROL)
    assert stage.sent_names() == ["Prove", "AddRule"]
    assert stage.sent[1] == SURFACE.AddRule(RULE)
    stage.bridge.publish("Rules")
    assert "proposed.1" not in stage.shown_ids()
    assert not stage.state.is_answering("proposed.1")


def test_a_rule_that_is_in_force_is_not_put_there_again(stage: Stage) -> None:
    stage.state.select("rul_1")
    assert not stage.approvals.adopt_rule.isVisible()
    stage.state.adopt_rule()
    assert stage.sent == []
