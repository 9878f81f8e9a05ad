"""The tray: what the icon and the menu say, and that nothing in them decides."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtGui import QAction, QColor, QImage
from PySide6.QtWidgets import QLabel, QMenu, QSystemTrayIcon, QWidget
from pytestqt.qtbot import QtBot

from legate_desktop.outside.pausing import Pausing
from legate_desktop.outside.state import OutsideState
from legate_desktop.theme import tokens
from legate_desktop.theme.style import style_sheet
from legate_desktop.tray import tray as tray_module
from legate_desktop.tray.icon import SIZES_PX, mark, tooltip, tray_icon
from legate_desktop.tray.menu import MOST_LISTED, TrayMenu, TrayVerbs
from legate_desktop.tray.tray import Tray
from legate_desktop.verbs import rights
from tests.desktop import fakes_outside
from tests.desktop.fake_core import HOSTILE, NOW, FakeBridge, run
from tests.desktop.fakes_outside import WallClock, bridge_with, question


@pytest.fixture(autouse=True)
def _surface(monkeypatch: pytest.MonkeyPatch) -> None:
    fakes_outside.install(monkeypatch.setattr)


class Desk:
    def __init__(self, *rows: Any, runs: Any = ()) -> None:
        self.did: list[tuple[str, str]] = []
        self.bridge: FakeBridge = bridge_with(*rows)
        self.bridge.tables["Runs"] = {row.id: row for row in runs}
        self.state = OutsideState(self.bridge, clock=WallClock())
        self.pausing = Pausing(self.bridge)
        names = ("open_window", "open_inbox", "run", "pause", "resume", "lock_vault", "quit")
        plain = {name: lambda name=name: self.did.append((name, "")) for name in names}
        keyed = {
            name: lambda key, name=name: self.did.append((name, key))
            for name in ("open_question", "open_run", "stop_run")
        }
        self.verbs = TrayVerbs(**plain, **keyed)
        self.state.open()
        self.pausing.open()
        self.menu = TrayMenu(self.state, self.pausing, self.verbs)

    def paused(self, is_paused: bool) -> None:
        self.bridge.tables["RunsPause"] = {"runs": SimpleNamespace(is_paused=is_paused, since=NOW, by="usr_me")}
        self.bridge.publish("RunsPause")


def actions(menu: QMenu) -> dict[str, QAction]:
    return {action.text(): action for action in menu.actions() if not action.isSeparator()}


def test_the_menu_counts_what_waits_and_runs(app: Any) -> None:
    desk = Desk(question(1), question(2), runs=[run(1), run(2, status="waiting"), run(3, status="ready")])
    assert list(actions(desk.menu)) == [
        "2 waiting for you", "2 running", "Run…", "Pause all runs", "Lock vault", "Open Legate", "Quit"
    ]  # fmt: skip


def test_what_was_put_off_or_is_a_colleagues_counts_when_it_waits_for_this_person(app: Any, qtbot: QtBot) -> None:
    clock = WallClock()
    later, theirs, mine = question(2, snoozed_until=NOW + 20), question(3, assigned_to="usr_2"), question(4)
    bridge = bridge_with(question(1), later, theirs, mine)
    bridge.answers["WhoAmI"] = lambda _query: SimpleNamespace(person_id="usr_me")
    state = OutsideState(bridge, clock=clock)
    tray = Tray(state, Pausing(bridge), Desk().verbs)
    state.open()
    assert tray.icon.toolTip().startswith("Legate: 2 waiting for you")
    assert "2 waiting for you" in actions(tray.menu)
    clock.at += 20
    qtbot.waitUntil(lambda: "3 waiting for you" in actions(tray.menu))
    assert tray.icon.toolTip().startswith("Legate: 3 waiting for you")


def test_an_entry_opens_its_card_and_says_no_content(app: Any) -> None:
    one = question(1, title="send “Your diagnosis”", why="Your diagnosis", effect="spend")
    desk = Desk(one)
    (text,) = actions(desk.menu.waiting)
    assert text == "Reply desk · mail.send · MONEY"
    actions(desk.menu.waiting)[text].trigger()
    assert desk.did == [("open_question", one.id)]
    assert desk.bridge.sent == []


def test_a_run_can_be_opened_and_stopped(app: Any) -> None:
    desk = Desk(runs=[run(1)])
    (entry,) = actions(desk.menu.running).values()
    submenu = entry.menu()
    assert isinstance(submenu, QMenu)
    for action in submenu.actions():
        action.trigger()
    assert desk.did == [("open_run", run(1).id), ("stop_run", run(1).id)]


def test_every_other_entry_does_what_it_says(app: Any) -> None:
    desk = Desk(question(1))
    for text in ("Run…", "Pause all runs", "Lock vault", "Open Legate", "Quit"):
        actions(desk.menu)[text].trigger()
    assert [name for name, _ in desk.did] == ["run", "pause", "lock_vault", "open_window", "quit"]


def test_while_runs_are_paused_the_menu_resumes_them_and_the_icon_says_so(app: Any) -> None:
    desk = Desk(runs=[run(1)])
    tray = Tray(desk.state, desk.pausing, desk.verbs)
    desk.paused(True)
    assert "Pause all runs" not in actions(desk.menu)
    actions(desk.menu)["Resume all runs"].trigger()
    assert desk.did == [("resume", "")]
    assert tray.icon.toolTip() == "Legate: 0 waiting for you, all runs are paused"
    desk.paused(False)
    assert tray.icon.toolTip() == "Legate: 0 waiting for you, 1 running"
    assert "Pause all runs" in actions(desk.menu)


def test_who_may_not_pause_everything_is_not_offered_it(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "_refusals", {"recall.workspace": "Needs Operator"})
    assert not actions(Desk().menu)["Pause all runs"].isEnabled()


def test_nothing_waiting_is_no_submenu_to_nowhere(app: Any) -> None:
    desk = Desk()
    assert actions(desk.menu)["0 waiting for you"].isEnabled() is False
    assert actions(desk.menu)["0 running"].isEnabled() is False


def test_a_long_list_ends_with_the_way_to_all_of_it(app: Any) -> None:
    desk = Desk(*(question(number) for number in range(MOST_LISTED + 30)))
    listed = actions(desk.menu.waiting)
    assert list(listed)[-1] == "30 more…"
    list(listed.values())[-1].trigger()
    assert desk.did == [("open_inbox", "")]


def test_hostile_names_are_short_and_underline_nothing(app: Any) -> None:
    desk = Desk(question(1, agent=HOSTILE), runs=[run(1, name=HOSTILE)])
    for menu in (desk.menu.waiting, desk.menu.running):
        (action,) = [action for action in menu.actions() if not action.isSeparator()]
        assert "\u202e" not in action.text()
        assert "&" not in action.text().replace("&&", "")
        assert len(action.text()) < 60


def test_the_menu_follows_what_happens(app: Any) -> None:
    desk = Desk()
    desk.bridge.tables["PendingApprovals"] = {"apr_1": question(1, id="apr_1")}
    desk.bridge.publish("PendingApprovals")
    assert "1 waiting for you" in actions(desk.menu)
    desk.state.engine_went("gone")
    assert not actions(desk.menu)["Run…"].isEnabled()
    desk.state.engine_came()
    assert actions(desk.menu)["Run…"].isEnabled()


def colours(image: QImage) -> set[str]:
    return {
        QColor(image.pixel(x, y)).name()
        for x in range(image.width())
        for y in range(image.height())
        if QColor.fromRgba(image.pixel(x, y)).alpha() == 255
    }


@pytest.mark.parametrize("side", SIZES_PX)
@pytest.mark.parametrize("is_panel_dark", [True, False])
def test_the_dot_says_what_the_count_says(app: Any, side: int, is_panel_dark: bool) -> None:
    theme = tokens.DARK if is_panel_dark else tokens.LIGHT
    ink, amber, red = (QColor(value).name() for value in (theme.text, theme.amber, theme.red))

    def seen(count: int, is_away: bool) -> set[str]:
        picture = mark(side, count, is_away=is_away, is_panel_dark=is_panel_dark)
        return colours(picture.toImage()) & {ink, amber, red}

    assert seen(0, False) == {ink}
    assert seen(3, False) == {ink, amber}
    assert seen(3, True) == {ink, red}


def test_every_size_is_there(app: Any) -> None:
    icon = tray_icon(120, is_away=False, is_panel_dark=True)
    assert sorted(size.width() for size in icon.availableSizes()) == sorted(SIZES_PX)


def test_the_tip_is_a_sentence() -> None:
    assert tooltip("3 waiting for you", "2 running", "") == "Legate: 3 waiting for you, 2 running"
    assert tooltip("3 waiting for you", "2 running", "the engine is away") == "Legate: the engine is away"


@pytest.fixture
def tray(app: Any, monkeypatch: pytest.MonkeyPatch) -> Tray:
    desk = Desk(question(1))
    found = Tray(desk.state, desk.pausing, desk.verbs)
    found.desk = desk  # type: ignore[attr-defined]  # kept as long as the tray
    return found


def test_a_click_opens_and_the_menu_button_does_not(tray: Tray) -> None:
    clicks: list[int] = []
    tray.clicked.connect(lambda: clicks.append(1))
    for reason in QSystemTrayIcon.ActivationReason:
        tray.icon.activated.emit(reason)
    assert len(clicks) == len(tray_module.CLICKS)


def test_the_icon_is_made_anew_only_when_it_would_be_another(tray: Tray, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr(
        tray_module,
        "tray_icon",
        lambda count, **_more: made.append(count) or tray_icon(1, is_away=False, is_panel_dark=True),
    )
    for _ in range(3):
        tray._state.changed.emit()
    assert made == []
    tray._state.engine_went("gone")
    assert made == [1]


def test_a_tray_that_comes_later_is_waited_for_and_not_for_ever(tray: Tray, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[int] = []
    is_there = False
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", staticmethod(lambda: is_there))
    monkeypatch.setattr(
        tray_module.QTimer, "singleShot", staticmethod(lambda pause, _owner, call: (waits.append(pause), call()))
    )
    tray.begin()
    assert waits == list(tray_module.LOOK_AGAIN_MS)
    assert not tray.icon.isVisible()
    came: list[int] = []
    tray.came.connect(lambda: came.append(1))
    is_there = True
    tray.begin()
    assert came == [1]
    tray.end()
    assert not tray.icon.isVisible()


@pytest.mark.parametrize("theme", [tokens.DARK, tokens.LIGHT])
def test_what_qt_writes_on_its_own_yellow_balloon_is_dark_in_every_look(
    app: Any, qtbot: QtBot, theme: tokens.Theme
) -> None:
    # Qt's own class is not to be had here; the style sheet finds it by this name.
    balloon = type("QBalloonTip", (QWidget,), {})()
    qtbot.addWidget(balloon)
    label = QLabel("Legate's engine stopped", balloon)
    balloon.setStyleSheet(style_sheet(theme))
    label.ensurePolished()
    assert label.palette().color(label.foregroundRole()) == QColor(tokens.LIGHT.text)
