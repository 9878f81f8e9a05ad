"""How notifications reach the desktop: ids and escapes, a slow or missing service, a tray instead."""

from __future__ import annotations

from typing import Any

import pytest

from legate_desktop.outside import channels, notes
from legate_desktop.outside.bus import NoBus, SessionBus
from legate_desktop.outside.channels import Channels, DesktopChannel, TrayChannel
from legate_desktop.outside.notes import Note
from tests.desktop.fakes_outside import FakeBus

ALL = (["actions", "body", "body-markup"],)
ONE = Note("apr_1", "A <b>wants</b> to", "x & <i>y</i>", (("review", "Review"), ("reject", "Reject")))


class Desk:
    def __init__(self, bus: FakeBus) -> None:
        self.bus = bus
        self.fallen_back: list[Note] = []
        self.channel = DesktopChannel(self.fallen_back.append, bus)  # type: ignore[arg-type]  # stands for a bus
        self.pressed: list[tuple[str, str]] = []
        self.channel.pressed.connect(lambda key, button: self.pressed.append((key, button)))


@pytest.fixture
def desk(app: Any) -> Desk:
    return Desk(FakeBus({"GetCapabilities": ALL}))


def test_a_note_goes_out_with_its_buttons_and_nothing_in_it_is_markup(desk: Desk) -> None:
    desk.channel.show(ONE)
    (body,) = desk.bus.of("Notify")
    name, replaces, icon, title, text, buttons, hints, timeout = body
    assert (name, replaces, icon, timeout) == ("Legate", 0, "legate", -1)
    # The title is never markup; the text is, for a service that says so.
    assert (title, text) == ("A <b>wants</b> to", "x &amp; &lt;i&gt;y&lt;/i&gt;")
    assert buttons == ["default", "Open", "review", "Review", "reject", "Reject"]
    assert hints["urgency"] == ("y", channels.NORMAL)


def test_a_service_without_markup_or_buttons_gets_plain_text(app: Any) -> None:
    desk = Desk(FakeBus({"GetCapabilities": (["body"],)}))
    desk.channel.show(Note("apr_1", "t", "x & y", (("review", "Review"),), is_urgent=True))
    (body,) = desk.bus.of("Notify")
    assert (body[4], body[5]) == ("x & y", [])
    assert body[6]["urgency"] == ("y", channels.CRITICAL)


def test_the_same_key_takes_the_place_of_the_one_before(desk: Desk) -> None:
    desk.channel.show(ONE)
    desk.channel.show(Note("apr_1", "again", ""))
    desk.channel.show(Note("apr_2", "other", ""))
    assert [body[1] for body in desk.bus.of("Notify")] == [0, 1, 0]


def test_a_press_names_the_note_and_the_button(desk: Desk) -> None:
    desk.channel.show(ONE)
    desk.bus.heard["ActionInvoked"]((1, "reject"))
    desk.bus.heard["ActionInvoked"]((77, "reject"))
    assert desk.pressed == [("apr_1", "reject")]


@pytest.mark.parametrize("reason", [1, 2, 3, 4])
def test_a_note_that_goes_away_is_no_answer(desk: Desk, reason: int) -> None:
    desk.channel.show(ONE)
    desk.bus.heard["NotificationClosed"]((1, reason))
    desk.bus.heard["NotificationClosed"]((1, reason))
    desk.bus.heard["ActionInvoked"]((1, "reject"))
    assert desk.pressed == []
    desk.channel.withdraw("apr_1")
    assert desk.bus.of("CloseNotification") == []


def test_a_note_is_taken_away_by_its_number(desk: Desk) -> None:
    desk.channel.show(ONE)
    desk.channel.withdraw("apr_1")
    desk.channel.withdraw("apr_1")
    assert desk.bus.of("CloseNotification") == [(1,)]


def test_of_many_changes_before_the_answer_the_last_one_counts(desk: Desk) -> None:
    desk.channel.show(Note("apr_1", "first", ""))
    desk.bus.is_slow = True
    for title in ("second", "third", "fourth"):
        desk.channel.show(Note("apr_1", title, ""))
    desk.bus.is_slow = False
    desk.bus.release()
    assert [body[3] for body in desk.bus.of("Notify")] == ["first", "second", "fourth"]


def test_a_note_taken_away_before_its_number_came_goes_when_it_comes(desk: Desk) -> None:
    desk.channel.show(Note("other", "makes the service known", ""))
    desk.bus.is_slow = True
    desk.channel.show(ONE)
    desk.channel.withdraw("apr_1")
    desk.bus.release()
    assert desk.bus.of("CloseNotification") == [(2,)]
    desk.bus.release()
    assert desk.pressed == []


def test_notes_shown_before_the_service_answered_wait_for_it(app: Any) -> None:
    desk = Desk(FakeBus({"GetCapabilities": ALL}, is_slow=True))
    desk.channel.show(ONE)
    desk.channel.show(Note("apr_2", "two", ""))
    desk.channel.withdraw("apr_2")
    assert desk.bus.of("Notify") == []
    desk.bus.release()
    assert [body[3] for body in desk.bus.of("Notify")] == [ONE.title]
    assert len(desk.bus.of("GetCapabilities")) == 1


def test_without_a_service_the_tray_shows_it_and_the_service_is_asked_again(app: Any) -> None:
    desk = Desk(FakeBus({"GetCapabilities": "no such service"}))
    desk.channel.show(ONE)
    assert desk.fallen_back == [ONE]
    desk.bus.answers["GetCapabilities"] = ALL
    desk.channel.show(ONE)
    assert len(desk.bus.of("Notify")) == 1


def test_a_service_that_fails_lets_the_tray_show_it(desk: Desk) -> None:
    desk.bus.answers["Notify"] = "died"
    desk.channel.show(ONE)
    assert desk.fallen_back == [ONE]


# The tray, and both together.


def test_a_click_on_a_message_of_the_tray_opens_and_never_decides(app: Any) -> None:
    shown: list[tuple[str, str]] = []
    pressed: list[tuple[str, str]] = []
    tray = TrayChannel(lambda title, text: shown.append((title, text)))
    tray.pressed.connect(lambda key, button: pressed.append((key, button)))
    tray.show(ONE)
    tray.on_clicked()
    assert shown == [(ONE.title, ONE.text)]
    tray.withdraw("another")
    tray.on_clicked()
    tray.withdraw("apr_1")
    tray.on_clicked()
    assert pressed == [("apr_1", notes.OPEN), ("apr_1", notes.OPEN), ("window", notes.OPEN)]


def test_without_a_bus_there_is_the_tray(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_arguments: object) -> DesktopChannel:
        raise NoBus("none")

    monkeypatch.setattr(channels, "DesktopChannel", none)
    shown: list[str] = []
    both = Channels(TrayChannel(lambda title, text: shown.append(title)))
    both.show(ONE)
    both.withdraw(ONE.key)
    assert shown == [ONE.title]


def test_a_bus_that_goes_away_leaves_the_tray(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bus = FakeBus({"GetCapabilities": ALL})
    monkeypatch.setattr(channels, "SessionBus", lambda: bus)
    shown: list[str] = []
    both = Channels(TrayChannel(lambda title, text: shown.append(title)))
    pressed: list[tuple[str, str]] = []
    both.pressed.connect(lambda key, button: pressed.append((key, button)))
    both.show(ONE)
    bus.heard["ActionInvoked"]((1, "review"))
    assert (pressed, shown) == ([("apr_1", "review")], [])
    bus._signals.lost.emit()
    both.show(ONE)
    assert shown == [ONE.title]


@pytest.mark.parametrize("address", ["", "unix:path=/nowhere/bus", "nonsense"])
def test_a_bus_that_is_not_there_is_named_as_that(app: Any, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    with pytest.raises(NoBus):
        SessionBus()
