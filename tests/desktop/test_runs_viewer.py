"""The viewer of one run: log and bars, the step whole, following, folding, going on from a step, sharing as a file."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit
from pytestqt.qtbot import QtBot

from legate_desktop.live import Refusal
from legate_desktop.pages.runs import saving
from legate_desktop.pages.runs.dialogs import ForkDialog, ShareDialog
from legate_desktop.pages.runs.viewer_state import MOST_STREAMED, ViewerState
from legate_desktop.pages.vault.dialogs import PassphraseDialog
from legate_desktop.widgets.proof import ProofDialog
from tests.desktop.fake_core import HOSTILE, MINUTE, NOW, SURFACE, changed, practice_bridge, step
from tests.desktop.fakes_runs import detail_of
from tests.desktop.stage import Stage, make_states

Key = Qt.Key


@pytest.fixture
def viewing(stage: Stage) -> Stage:
    stage.window.go("runs")
    return stage


def labels(stage: Stage) -> list[str]:
    return [line.step.label for line in stage.runs.viewer.state.lines if line.step is not None]


def pane_texts(stage: Stage) -> list[str]:
    body = stage.runs.viewer.pane.body.widget()
    return [text.toPlainText() for text in body.findChildren(QPlainTextEdit)]


def test_the_log_of_the_chosen_run_is_shown_and_followed(viewing: Stage) -> None:
    assert labels(viewing)[:2] == ["scripted", "mail.list"]
    assert viewing.runs.viewer.state.step_id == "stp_6"
    viewing.bridge.tables["RunLog"]["stp_7"] = step(7, label="files.create", kind="tool", state="confirmed")
    viewing.bridge.publish("RunLog")
    assert labels(viewing)[-1] == "files.create"
    assert viewing.runs.viewer.state.step_id == "stp_7"


def test_the_log_of_a_run_left_behind_is_followed_no_longer(viewing: Stage) -> None:
    first = next(w for w in viewing.bridge.watches if w.query == SURFACE.RunLog("run_01cd7371", outline=True))
    viewing.press(Key.Key_J)
    assert first.is_closed
    assert viewing.runs.viewer.state.run_id == "run_02cd7371"


def test_only_what_changed_of_a_long_log_is_made_anew(qtbot: QtBot) -> None:
    bridge = practice_bridge()
    bridge.tables["RunLog"] = {f"stp_{n}": step(n, label=f"s{n}") for n in range(2_000)}
    runs = make_states(bridge)[1]
    runs.open()
    state = ViewerState(bridge, runs)
    state.show("run_01cd7371")
    before = {row.id: row for row in state.steps}
    bridge.tables["RunLog"]["stp_5"] = changed(bridge.tables["RunLog"]["stp_5"], state="failed")
    bridge.publish("RunLog")
    assert [row.id for row in state.steps if row is not before[row.id]] == ["stp_5"]


def test_a_log_is_a_model_without_fault(viewing: Stage) -> None:
    fatal = QAbstractItemModelTester.FailureReportingMode.Fatal
    tester = QAbstractItemModelTester(viewing.runs.viewer.steps_model, fatal)
    for key in (Key.Key_H, Key.Key_L, Key.Key_H):
        viewing.runs.viewer.state.select("stp_2")
        viewing.press(key)
    viewing.bridge.tables["RunLog"] = {}
    viewing.bridge.publish("RunLog")
    assert viewing.runs.viewer.empty.title.text() == "No step yet"
    del tester


def test_streamed_text_is_shown_as_it_comes_bounded_and_gone_with_its_step(viewing: Stage) -> None:
    viewer = viewing.runs.viewer
    say = viewing.bridge.tick_listeners["run_01cd7371"]
    say([SimpleNamespace(kind="text", text="Dear "), SimpleNamespace(kind="progress", text="")])
    say([SimpleNamespace(kind="text", text=f"Kim {HOSTILE}")])
    assert viewer.stream.isVisible()
    assert viewer.stream.toPlainText().startswith("Dear Kim pay⟨U+202E⟩")
    say([SimpleNamespace(kind="text", text="x" * 100_000)])
    assert len(viewer.state.stream_text) == MOST_STREAMED
    viewing.bridge.tables["RunLog"]["stp_7"] = step(7)
    viewing.bridge.publish("RunLog")
    assert not viewer.stream.isVisible()


def test_what_is_said_besides_the_steps_is_shown_and_loading_until_the_model_speaks(viewing: Stage) -> None:
    viewer = viewing.runs.viewer
    say = viewing.bridge.tick_listeners["run_01cd7371"]
    say([SimpleNamespace(kind="loading", text=f"small{HOSTILE}.gguf", done=45, total=100)])
    assert viewer.aside.isVisible()
    assert viewer.aside.toPlainText().startswith("Loading smallpay⟨U+202E⟩")
    assert viewer.aside.toPlainText().endswith(": 45 %")
    assert not viewer.stream.isVisible()
    say([SimpleNamespace(kind="text", text="Dear ")])
    assert not viewer.aside.isVisible()
    say([SimpleNamespace(kind="loading", text="small.gguf", done=100, total=100)])
    viewing.bridge.tables["RunLog"]["stp_7"] = step(7)
    viewing.bridge.publish("RunLog")
    assert not viewer.aside.isVisible(), "it could not be loaded, say"
    told = "90 % of the run's money limit of $0.05 is used."
    say([SimpleNamespace(kind="budget", text=told), SimpleNamespace(kind="text", text="And ")])
    assert (viewer.aside.toPlainText(), viewer.stream.toPlainText()) == (told, "And ")
    viewing.press(Key.Key_J)
    assert not viewer.aside.isVisible()


def test_following_stops_when_the_person_goes_up_and_comes_back_on_f(viewing: Stage) -> None:
    viewer = viewing.runs.viewer
    assert viewer.state.is_following
    viewer.steps.setFocus()
    viewing.press(Key.Key_K)
    assert not viewer.state.is_following
    chosen = viewer.state.step_id
    viewing.bridge.tables["RunLog"]["stp_7"] = step(7)
    viewing.bridge.publish("RunLog")
    assert viewer.state.step_id == chosen
    viewing.press(Key.Key_F)
    assert viewer.state.is_following


def test_h_folds_the_calls_of_a_reply_and_l_shows_them_again(viewing: Stage) -> None:
    state = viewing.runs.viewer.state
    state.select("stp_3")
    viewing.press(Key.Key_H)
    assert state.step_id == "stp_2"
    assert labels(viewing) == ["scripted", "mail.list", "scripted", "scripted", "mail.send"]
    viewing.press(Key.Key_L)
    assert len(labels(viewing)) == 7
    viewing.runs.viewer.steps.activated.emit(viewing.runs.viewer.steps_model.index(2, 0))
    assert len(labels(viewing)) == 5


def test_a_step_is_shown_whole_in_four_ways(viewing: Stage) -> None:
    viewing.runs.viewer.state.select("stp_3")
    assert pane_texts(viewing) == ["M-2 from kim@example.com: “May I have …”"]
    viewing.press(Key.Key_2)
    assert pane_texts(viewing)[0] == "kim@example.com"
    viewing.press(Key.Key_3)
    assert pane_texts(viewing)[1] == "Answer the three waiting customers."
    viewing.press(Key.Key_4)
    assert json.loads(pane_texts(viewing)[0])["label"] == "mail.read"
    pane = viewing.runs.viewer.pane
    assert pane.chain.toPlainText() == "seq 48,203   9f2c41…e1a7"
    viewing.click(pane.copy)
    assert QGuiApplication.clipboard().text().endswith("e1a7")
    assert len(QGuiApplication.clipboard().text()) == 64


def test_an_edited_call_shows_both_versions(viewing: Stage) -> None:
    viewing.bridge.answers["Step"] = lambda _query: detail_of(
        step(6, kind="tool"), arguments={"to": "edited@example.com"}, proposed={"to": "kim@example.com"}
    )
    viewing.runs.viewer.state.select("stp_5")
    viewing.press(Key.Key_2)
    assert pane_texts(viewing) == ["edited@example.com", "kim@example.com"]


def test_what_may_not_be_read_says_so(viewing: Stage) -> None:
    viewing.bridge.answers["Step"] = lambda _query: detail_of(step(5), is_shown=False, raw=None, context=())
    viewing.runs.viewer.state.select("stp_5")
    assert pane_texts(viewing) == []


def test_hostile_and_huge_content_is_shown_and_hurts_nothing(viewing: Stage) -> None:
    huge = {"body": HOSTILE + "x" * 5_000_000, "deep": [[{"a": HOSTILE}]]}
    viewing.bridge.answers["Step"] = lambda _query: detail_of(step(5), arguments=huge, proposed=huge, output=HOSTILE)
    viewing.runs.viewer.state.select("stp_5")
    viewing.press(Key.Key_2)
    assert "⟨U+202E⟩" in pane_texts(viewing)[0]
    assert len(pane_texts(viewing)[0]) < 30_000


def test_a_slow_step_is_not_shown_under_another(viewing: Stage) -> None:
    viewing.bridge.is_slow = True
    viewing.runs.viewer.state.select("stp_1")
    viewing.runs.viewer.state.select("stp_3")
    assert viewing.runs.viewer.state.detail is None
    viewing.bridge.release()
    assert viewing.runs.viewer.state.detail is not None
    assert viewing.runs.viewer.state.detail.id == "stp_3"


def test_enter_gives_the_log_the_page_and_esc_brings_the_list_back(viewing: Stage) -> None:
    viewing.press(Key.Key_Return)
    assert viewing.runs.is_wide
    assert not viewing.runs.left.isVisible()
    viewing.press(Key.Key_K)
    assert viewing.runs.viewer.state.step_id == "stp_5"
    viewing.press(Key.Key_Escape)
    assert viewing.runs.left.isVisible()
    viewing.press(Key.Key_J)
    assert viewing.runs.state.selected_id == "run_02cd7371"


def test_retry_begins_from_the_chosen_step_and_shows_the_new_run(viewing: Stage) -> None:
    viewing.runs.state.select("run_05cd7371")
    viewing.runs.viewer.state.select("stp_4")
    viewing.press(Key.Key_R)
    assert viewing.sent == [SURFACE.RetryRun("run_05cd7371", 4)]
    assert viewing.runs.state.selected_id == "run_01cd7371"
    assert viewing.toasts() == ["Trying again from step 5"]


def test_what_is_not_over_is_forked_and_not_retried(viewing: Stage) -> None:
    viewing.press(Key.Key_R)
    assert viewing.sent == []
    assert "cancel it first" in viewing.runs.viewer.buttons["retry"].toolTip()
    viewing.runs.viewer.state.select("stp_4")
    viewing.press(Key.Key_B)
    dialog = viewing.dialog(ForkDialog)
    dialog.words.setPlainText("Use the ledger.")
    dialog.published.setChecked(True)
    viewing.click(dialog.send_button)
    assert viewing.sent == [SURFACE.ForkRun("run_01cd7371", 4, say="Use the ledger.", version="published")]


def test_a_refused_fork_says_why_and_may_be_tried_again(viewing: Stage) -> None:
    viewing.runs.viewer.state.select("stp_4")
    viewing.bridge.refusal = ("Step 3 is still open (waiting). Go on from it or from an earlier one.", False)
    viewing.runs.viewer.state.fork(4, "", is_published=False)
    assert viewing.toasts() == ["Step 3 is still open (waiting). Go on from it or from an earlier one."]
    assert viewing.runs.viewer.state.why_not_go_on() == ""


def test_a_run_is_shared_as_a_file_masked_as_was_chosen(
    viewing: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "shared.json"
    monkeypatch.setattr(saving, "ask_where", lambda _parent, name, then: then(str(target)))
    viewing.press(Key.Key_S)
    dialog = viewing.dialog(ShareDialog)
    dialog.boxes["number"].setChecked(False)
    dialog.boxes["text"].setChecked(True)
    viewing.click(dialog.send_button)
    assert viewing.sent[-1].mask == ("address", "link", "path", "text")
    assert json.loads(target.read_text(encoding="utf-8")) == {"format": "legate/run/1"}
    assert target.stat().st_mode & 0o077 == 0
    assert viewing.toasts() == [f"Saved as {target}"]


def test_sharing_asks_who_is_there_only_where_the_core_wants_to_know(
    viewing: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "shared.json"
    monkeypatch.setattr(saving, "ask_where", lambda _parent, name, then: then(str(target)))
    viewing.bridge.refusal = (Refusal("This needs a fresh proof.", "needs-reauthentication"), False)
    viewing.runs.viewer.state.share(("address",))
    dialog = viewing.dialog(ProofDialog)
    assert not target.exists()
    dialog.passphrase.setText("correct horse")
    viewing.click(dialog.send_button)
    assert viewing.sent_names() == ["Prove", "ExportRun"]
    assert target.exists()


def test_where_no_passphrase_is_set_sharing_asks_for_a_new_one_instead(
    viewing: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "shared.json"
    monkeypatch.setattr(saving, "ask_where", lambda _parent, name, then: then(str(target)))
    viewing.bridge.answers["VaultStatus"] = lambda _query: SimpleNamespace(has_passphrase=False, needs_passphrase=False)
    viewing.bridge.refusal = (Refusal("This needs a fresh proof.", "needs-reauthentication"), False)
    viewing.runs.viewer.state.share(())
    assert viewing.dialogs(ProofDialog) == []
    dialog = viewing.dialog(PassphraseDialog)
    for field in (dialog.new, dialog.again):
        field.setText("correct horse battery")
    viewing.click(dialog.send_button)
    assert viewing.sent_names() == ["SetPassphrase", "Prove", "ExportRun"]
    assert (viewing.sent[0].passphrase, viewing.sent[1].passphrase) == ("correct horse battery",) * 2
    assert target.exists()


def test_a_file_that_cannot_be_written_leaves_none_and_says_so(viewing: Stage, tmp_path: Path) -> None:
    assert "cannot be written" in saving.write(str(tmp_path / "nowhere" / "run.json"), "{}")
    assert list(tmp_path.iterdir()) == []


def test_where_to_save_is_asked_without_blocking(viewing: Stage, tmp_path: Path) -> None:
    chosen: list[str] = []
    dialog = saving.ask_where(viewing.runs, "run.json", chosen.append)
    assert isinstance(dialog, QFileDialog)
    assert dialog.isVisible()
    dialog.fileSelected.emit(str(tmp_path / "run.json"))
    assert chosen == [str(tmp_path / "run.json")]
    dialog.close()


def test_id_and_link_are_copied(viewing: Stage) -> None:
    viewing.press(Key.Key_Y)
    assert QGuiApplication.clipboard().text() == "run_01cd7371"
    viewing.press(Key.Key_Y, Qt.KeyboardModifier.ShiftModifier)
    assert QGuiApplication.clipboard().text() == "legate://run/run_01cd7371"


def test_a_run_in_its_own_window_follows_by_itself(viewing: Stage) -> None:
    viewing.press(Key.Key_W)
    (torn,) = viewing.window.torn
    assert torn.windowTitle() == "Reply desk · Run"
    viewer = torn.centralWidget().viewer  # type: ignore[attr-defined]
    assert viewer.state.run_id == "run_01cd7371"
    viewing.runs.state.select("run_02cd7371")
    assert viewer.state.run_id == "run_01cd7371"
    viewing.bridge.tables["Runs"]["run_01cd7371"] = changed(
        viewing.bridge.tables["Runs"]["run_01cd7371"], status="failed", finished_at=NOW + MINUTE, reason="out of time"
    )
    viewing.bridge.publish("Runs")
    assert viewer.words.text() == "Failed · out of time"


def test_a_question_opens_from_its_step(viewing: Stage) -> None:
    table = viewing.bridge.tables["RunLog"]
    table["stp_6"] = changed(table["stp_6"], approval_id="apr_0001f61d7b5", effect="send")
    viewing.bridge.publish("RunLog")
    viewing.click(viewing.runs.viewer.pane.question)
    assert viewing.window.page_id == "approvals"
    assert viewing.state.selected_id == "apr_0001f61d7b5"


def test_where_a_run_came_from_is_said_and_opened(viewing: Stage) -> None:
    table = viewing.bridge.tables["Runs"]
    table["run_01cd7371"] = changed(table["run_01cd7371"], origin_run_id="run_05cd7371", origin_steps=3)
    viewing.bridge.publish("Runs")
    origin = viewing.runs.viewer.origin
    assert origin.text() == "Goes on from run_05cd7371 at step 4"
    viewing.click(origin)
    assert viewing.runs.state.selected_id == "run_05cd7371"
