"""The window and what is outside it: closing and quitting, links, files dropped on it, a second start."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from legate_desktop.outside import notes
from legate_desktop.outside import startup as startup_module
from legate_desktop.outside.channels import Channels
from legate_desktop.outside.choices import Choices
from legate_desktop.outside.opener import LinkOpener
from legate_desktop.outside.startup import data_folder, handed_over, link_in
from legate_desktop.shell import presence as presence_module
from legate_desktop.shell.background import Background
from legate_desktop.shell.dropping import files_in
from legate_desktop.shell.dropping import link_in as link_in_drag
from legate_desktop.shell.presence import Presence
from legate_desktop.shell.window import Window
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.dialog import Dialog
from legate_desktop.words import language
from tests.desktop import fakes_outside
from tests.desktop.fake_core import FakeBridge, practice_bridge, run
from tests.desktop.fakes_outside import FakeChannel, card
from tests.desktop.stage import make_window


@pytest.fixture(autouse=True)
def _surface(monkeypatch: pytest.MonkeyPatch) -> None:
    fakes_outside.install(monkeypatch.setattr)


class Desk:
    """A window with everything outside it, on fakes."""

    def __init__(self, bot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, may_stay: bool = True) -> None:
        self.bot = bot
        self.bridge: FakeBridge = practice_bridge()
        for key, found in list(self.bridge.cards.items()):
            self.bridge.cards[key] = card(found.row)
        self.window: Window
        self.window, _ = make_window(self.bridge)
        bot.addWidget(self.window, before_close_func=lambda _window: setattr(self.background, "is_ending", True))
        self.channel = FakeChannel()
        monkeypatch.setattr(presence_module, "Channels", lambda _tray: self.channel)
        self.registered: list[int] = []
        monkeypatch.setattr(presence_module, "register_scheme", lambda: self.registered.append(1))
        self.quits: list[int] = []
        monkeypatch.setattr(QApplication, "quit", staticmethod(lambda: self.quits.append(1)))
        self.choices = Choices(tmp_path / "outside.json")
        self.pages: list[Any] = [None]
        self.presence = Presence(
            self.window,
            self.window.context,
            may_stay=may_stay,
            show_window=self.window.show,
            choices=self.choices,
            current_page=lambda: self.pages[0],
            open_palette=lambda: self.opened.append(("palette", "")),
        )
        self.opened: list[tuple[str, str]] = []
        self.window.context.wanted.connect(lambda page, key: self.opened.append((page, key)))
        self.said: list[str] = []
        self.window.context.said.connect(lambda notice: self.said.append(notice.text))
        self.window.show()
        bot.waitExposed(self.window)

    @property
    def background(self) -> Background:
        return self.presence.background

    def with_tray(self, is_there: bool) -> None:
        self.background._has_tray = lambda: is_there

    def press(self, text: str) -> None:
        """A button of the dialog that is open."""
        dialog = self.background.dialog
        assert dialog is not None
        (button,) = [found for found in dialog.findChildren(Button) if found.text() == text]
        button.fired.emit()
        self.bot.waitUntil(lambda: self.background.dialog is None)


@pytest.fixture
def desk(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, app: QApplication) -> Desk:
    return Desk(qtbot, monkeypatch, tmp_path)


def test_menu_and_icon_of_the_tray_follow_the_language(desk: Desk) -> None:
    try:
        desk.window.context.prefs.wish("language", "de")
        said = [action.text() for action in desk.presence.tray.menu.actions() if not action.isSeparator()]
        assert said[2:] == ["Starten…", "Alle Läufe ruhen lassen", "Tresor verschließen", "Legate öffnen", "Beenden"]
        assert "warten auf Sie" in desk.presence.tray.icon.toolTip()
        assert [text.endswith(end) for text, end in zip(said, ("warten auf Sie", "laufen"), strict=False)] == [True] * 2
    finally:
        language.choose("en")


# Closing and quitting.


def test_with_a_tray_closing_goes_to_the_background_and_says_so_once(desk: Desk) -> None:
    desk.with_tray(True)
    desk.window.close()
    assert (desk.window.isVisible(), desk.quits) == (False, [])
    desk.window.show()
    desk.window.close()
    assert [note.key for note in desk.channel.shown].count("background") == 1


def test_without_a_tray_closing_asks_once_and_going_on_is_remembered(desk: Desk) -> None:
    desk.with_tray(False)
    desk.window.close()
    assert desk.window.isVisible()
    desk.press("Go on in the background")
    desk.bot.waitUntil(lambda: not desk.window.isVisible())
    assert (desk.choices.now.closing, desk.quits) == ("stay", [])
    desk.window.show()
    desk.window.close()
    assert (desk.window.isVisible(), desk.background.dialog) == (False, None)


def test_without_a_tray_quitting_may_be_chosen_for_good(desk: Desk) -> None:
    desk.bridge.tables["Runs"] = {}
    desk.bridge.publish("Runs")
    desk.with_tray(False)
    desk.window.close()
    desk.press("Quit")
    desk.bot.waitUntil(lambda: desk.quits == [1])
    assert desk.choices.now.closing == "quit"


def test_the_question_on_closing_can_be_left_unanswered(desk: Desk) -> None:
    desk.with_tray(False)
    desk.window.close()
    desk.window.close()
    dialog = desk.background.dialog
    assert dialog is not None
    desk.bot.keyClick(dialog, Qt.Key.Key_Escape)
    assert (desk.window.isVisible(), desk.quits, desk.choices.now.closing) == (True, [], "ask")


def test_quitting_asks_while_runs_are_going(desk: Desk) -> None:
    desk.background.ask_to_end()
    desk.background.ask_to_end()
    dialog = desk.background.dialog
    assert dialog is not None
    words = " ".join(label.text() for label in dialog.findChildren(presence_module.QObject) if hasattr(label, "text"))
    assert "4 runs have not ended" in words
    desk.bot.keyClick(dialog, Qt.Key.Key_Escape)
    assert desk.quits == []
    desk.bot.waitUntil(lambda: desk.background.dialog is None)
    desk.background.ask_to_end()
    desk.press("Quit")
    desk.bot.waitUntil(lambda: desk.quits == [1])


def test_quitting_with_nothing_going_ends_at_once(desk: Desk) -> None:
    desk.bridge.tables["Runs"] = {"run_1": run(1, id="run_1", status="succeeded")}
    desk.bridge.publish("Runs")
    desk.background.ask_to_end()
    assert desk.quits == [1]


def test_the_end_of_the_session_is_not_held_up(desk: Desk) -> None:
    desk.background.session_ends()
    assert desk.background.is_ending
    assert desk.window.close()
    assert desk.background.dialog is None


def test_the_practice_workspace_ends_with_its_window(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, app: QApplication
) -> None:
    desk = Desk(qtbot, monkeypatch, tmp_path, may_stay=False)
    desk.with_tray(True)
    desk.presence.begin()
    desk.window.close()
    assert (desk.quits, desk.background.dialog) == ([1], None)
    assert desk.registered == []


def test_at_the_end_notifications_go_with_their_buttons(desk: Desk) -> None:
    desk.channel.show(notes.of_engine("", 1))
    desk.background.end()
    assert desk.channel.standing == {}


# Coming to the front.


def test_a_second_start_brings_the_window_back_with_its_link(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_ACTIVATION_TOKEN", "")
    desk.window.hide()
    desk.presence.bring("legate://run/run_01cd7371", "t0ken")
    assert desk.window.isVisible()
    assert presence_module.os.environ["XDG_ACTIVATION_TOKEN"] == "t0ken"


def test_a_minimised_window_comes_back(desk: Desk) -> None:
    desk.window.showMinimized()
    desk.presence.bring()
    assert not desk.window.isMinimized()


def test_a_dialog_over_the_window_is_the_window_to_whoever_looks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    above, alone = Dialog("Above", "Go on", parent=desk.window), Dialog("Alone", "Go on")
    higher = Dialog("Higher", "Go on", parent=above)
    looks = {desk.window: True, above: True, higher: True, alone: False, None: False}
    for active, is_in_front in looks.items():
        monkeypatch.setattr(QApplication, "activeWindow", staticmethod(lambda active=active: active))
        assert desk.presence._is_in_front() is is_in_front, active
    desk.window.hide()
    monkeypatch.setattr(QApplication, "activeWindow", staticmethod(lambda: desk.window))
    assert not desk.presence._is_in_front()


def test_presses_outside_lead_to_the_pages(desk: Desk) -> None:
    speaker = desk.presence.speaker
    desk.window.hide()
    speaker.open_question.emit("apr_1")
    speaker.open_inbox.emit()
    speaker.open_run.emit("run_1")
    speaker.open_audit.emit()
    assert desk.opened == [("approvals", "apr_1"), ("approvals", ""), ("runs", "run_1"), ("audit", "")]
    assert desk.window.isVisible()


def test_the_tray_stops_a_run_locks_the_vault_and_asks_what_to_run(desk: Desk) -> None:
    verbs = desk.presence._verbs()
    verbs.stop_run("run_1")
    verbs.lock_vault()
    verbs.run()
    assert [type(command).__name__ for command in desk.bridge.sent] == ["CancelRun", "LockVault"]
    assert desk.said == ["The vault is locked. Runs go on."]
    assert desk.opened == [("palette", "")]
    desk.bridge.refusal = ("It has ended already.", False)
    verbs.stop_run("run_1")
    assert desk.said[-1] == "It has ended already."


def test_restarting_ends_this_process_and_becomes_the_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[Any] = []
    monkeypatch.setattr("os.execv", lambda path, command: became.append(command))
    assert desk.presence.end(3) == 3
    desk.presence.speaker.restart.emit()
    assert desk.quits == [1]
    desk.presence.end(0)
    assert became[0][1:3] == ["-m", "legate_desktop.app"]


def test_the_desktop_is_told_who_opens_links(desk: Desk) -> None:
    desk.presence.begin()
    desk.bot.waitUntil(lambda: desk.registered == [1])


# Links.


@pytest.mark.parametrize(
    ("link", "page", "key"),
    [
        ("legate://run/run_5", "runs", "run_5"),
        ("legate://agent/agt_5", "agents", "agt_5"),
        ("legate://workflow/wf_5", "workflows", "wf_5"),
        ("legate://audit/48102", "audit", "48102"),
    ],
)
def test_a_link_opens_what_it_names(link: str, page: str, key: str) -> None:
    opened: list[tuple[str, str]] = []
    asked: list[Any] = []
    bridge = SimpleNamespace(ask=lambda query, then, failed: (asked.append(query), then(None)))
    LinkOpener(bridge, lambda page, key: opened.append((page, key)), lambda text, is_error=False: None).open(link)
    assert opened == [(page, key)]


def test_a_link_to_a_question_opens_its_card(desk: Desk) -> None:
    key = next(iter(desk.bridge.tables["PendingApprovals"]))
    desk.presence.open_link(f"legate://approval/{key}")
    assert (desk.opened, desk.said, desk.bridge.sent) == ([("approvals", key)], [], [])


def test_an_unknown_id_says_so_and_shows_the_list(desk: Desk) -> None:
    desk.presence.open_link("legate://approval/apr_nobody")
    assert desk.opened == [("approvals", "")]
    assert desk.said == ["There is no legate://approval/apr_nobody here. This is the list."]


def test_what_is_no_link_opens_nothing(desk: Desk) -> None:
    desk.presence.open_link("legate://approve/apr_1?yes=\u202e1")
    assert desk.opened == []
    assert "is no link that Legate knows" in desk.said[0]
    assert "\u202e" not in desk.said[0]


def test_a_link_waits_for_the_engine(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, app: QApplication
) -> None:
    desk = Desk(qtbot, monkeypatch, tmp_path)
    desk.window.context.is_open = False
    desk.presence.open_link("legate://audit/7")
    assert desk.opened == []
    desk.window.context.engine_opened()
    assert desk.opened == [("audit", "7")]


def test_only_a_link_is_taken_from_a_command_line() -> None:
    assert link_in(["--x", "file.txt", "legate://run/run_1", "legate://run/run_2"]) == "legate://run/run_1"
    assert link_in(["https://example.com"]) == ""


# Files.


class Takes:
    """A page that takes text files."""

    def __init__(self) -> None:
        self.taken: list[Path] = []

    def takes_files(self, paths: list[Path]) -> str:
        good = [path for path in paths if path.suffix == ".txt"]
        return f"Add {len(good)} to the base" if good == paths else ""

    def take_files(self, paths: list[Path]) -> None:
        self.taken += paths


def dragged(*urls: str, text: str = "") -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl(url) for url in urls])
    if text:
        data.setText(text)
    return data


def drag(desk: Desk, data: QMimeData, *, and_drop: bool) -> bool:
    """Whether the window took it."""
    actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    keys = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(400, 300), actions, data, *keys)
    QApplication.sendEvent(desk.window, enter)
    if and_drop and enter.isAccepted():
        drop = QDropEvent(QPointF(400, 300), actions, data, *keys)
        QApplication.sendEvent(desk.window, drop)
        assert drop.dropAction() == Qt.DropAction.CopyAction
        return drop.isAccepted()
    return enter.isAccepted()


def test_a_page_takes_the_files_it_says_it_takes(desk: Desk) -> None:
    page = desk.pages[0] = Takes()
    assert drag(desk, dragged("file:///srv/a.txt", "file:///srv/b%20c.txt"), and_drop=False)
    assert desk.presence.dropping.zone.isVisible()
    assert desk.presence.dropping.zone.accessibleName() == "Add 2 to the base"
    assert page.taken == []
    assert drag(desk, dragged("file:///srv/a.txt", "file:///srv/b%20c.txt"), and_drop=True)
    assert page.taken == [Path("/srv/a.txt"), Path("/srv/b c.txt")]
    assert not desk.presence.dropping.zone.isVisible()


@pytest.mark.parametrize("data", [("file:///srv/a.exe",), ("https://example.com/a.txt",), ()])
def test_what_a_page_does_not_take_is_not_taken(desk: Desk, data: tuple[str, ...]) -> None:
    page = desk.pages[0] = Takes()
    assert not drag(desk, dragged(*data), and_drop=True)
    assert page.taken == []
    assert not desk.presence.dropping.zone.isVisible()


def test_a_page_that_takes_no_files_takes_none(desk: Desk) -> None:
    desk.pages[0] = object()
    assert not drag(desk, dragged("file:///srv/a.txt"), and_drop=True)


def test_leaving_the_window_takes_the_zone_away(desk: Desk) -> None:
    desk.pages[0] = Takes()
    drag(desk, dragged("file:///srv/a.txt"), and_drop=False)
    QApplication.sendEvent(desk.window, QDragLeaveEvent())
    assert not desk.presence.dropping.zone.isVisible()


def test_a_link_dropped_anywhere_opens(desk: Desk) -> None:
    assert drag(desk, dragged(text="see legate://audit/7 please"), and_drop=True)
    assert desk.opened == [("audit", "7")]
    assert link_in_drag(dragged("legate://run/run_1")) == "legate://run/run_1"
    assert link_in_drag(dragged(text="legate://run/run_1?do=it")) == ""
    assert files_in(dragged("https://example.com/x")) == []


# A second start.


def test_the_folder_is_the_one_whose_window_it_would_be(tmp_path: Path) -> None:
    assert data_folder(tmp_path, practice=False) == tmp_path
    assert data_folder(tmp_path, practice=True) == tmp_path / "practice-workspace"


def test_settings_that_make_no_sense_are_left_to_the_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGATE_PORT", "many")
    assert not handed_over(None, "", practice=False)


def test_a_start_that_ends_because_of_another_window_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(startup_module.core, "hand_over", lambda *_given: True)
    assert handed_over(tmp_path, "", practice=False)
    assert [record.getMessage() for record in caplog.records] == [startup_module.ENDS]


def test_the_channels_of_this_process_are_the_real_ones() -> None:
    assert presence_module.Channels is Channels
