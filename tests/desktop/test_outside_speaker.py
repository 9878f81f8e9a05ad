"""When notifications come and go, and what a press on one does: nothing is decided but by the button that says so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from legate_desktop.outside import notes, speaker
from legate_desktop.outside.choices import Choices
from legate_desktop.outside.speaker import Speaker
from legate_desktop.outside.state import OutsideState
from tests.desktop import fakes_outside
from tests.desktop.fake_core import NOW, FakeBridge, run
from tests.desktop.fakes_outside import FakeChannel, WallClock, bridge_with, card, question

MINUTE, SECOND = 60_000, 1_000


class Desk:
    """Somebody away from the window, with the notifications before them."""

    def __init__(self, tmp_path: Any, *rows: SimpleNamespace) -> None:
        self.bridge: FakeBridge = bridge_with(*rows)
        self.clock = WallClock()
        self.choices = Choices(tmp_path / "outside.json")
        self.channel = FakeChannel()
        self.state = OutsideState(self.bridge, clock=self.clock)
        self.is_in_front = False
        self.speaker = Speaker(
            self.state,
            self.bridge,
            self.channel,
            self.choices,
            is_in_front=lambda: self.is_in_front,
            clock=self.clock,
            has_log=True,
        )
        self.opened: list[tuple[str, str]] = []
        self.speaker.open_question.connect(lambda key: self.opened.append(("question", key)))
        self.speaker.open_run.connect(lambda key: self.opened.append(("run", key)))
        self.speaker.open_inbox.connect(lambda: self.opened.append(("inbox", "")))
        self.speaker.open_window.connect(lambda: self.opened.append(("window", "")))
        self.speaker.open_audit.connect(lambda: self.opened.append(("audit", "")))
        self.speaker.open_log.connect(lambda: self.opened.append(("log", "")))
        self.speaker.restart.connect(lambda: self.opened.append(("restart", "")))

    def ask(self, *rows: SimpleNamespace, **on_card: Any) -> None:
        """These questions come."""
        for row in rows:
            self.bridge.tables["PendingApprovals"][row.id] = row
            self.bridge.cards[row.id] = card(row, **on_card)
        self.bridge.publish("PendingApprovals")

    def settle(self, row: SimpleNamespace) -> None:
        """Somebody answered it."""
        self.bridge.drop(row.id)

    @property
    def titles(self) -> list[str]:
        return [note.title for note in self.channel.standing.values()]

    def buttons(self, key: str) -> list[str]:
        return [button for button, _ in self.channel.standing[key].buttons]

    @property
    def sent(self) -> list[str]:
        return [type(command).__name__ for command in self.bridge.sent]


@pytest.fixture(autouse=True)
def _surface(monkeypatch: pytest.MonkeyPatch) -> None:
    fakes_outside.install(monkeypatch.setattr)


@pytest.fixture
def desk(tmp_path: Any, app: Any) -> Desk:
    found = Desk(tmp_path)
    found.state.open()
    return found


def test_a_question_is_told_once_with_review_and_reject(desk: Desk) -> None:
    one = question(1)
    desk.ask(one)
    assert desk.titles == [f"Reply desk wants to outline of {one.id}"]
    assert desk.buttons(one.id) == ["review", "reject"]
    desk.bridge.publish("PendingApprovals")
    assert len(desk.channel.shown) == 1


def test_the_content_of_a_question_is_in_no_notification(desk: Desk) -> None:
    secret = "Your diagnosis"
    one = question(1, title=f"send the mail “{secret}”", why=secret)
    desk.ask(one, outline="send the mail “…”", sentence=secret, raw_arguments={"subject": secret})
    desk.ask(question(2, title=secret, why=secret))
    for note in desk.channel.shown:
        assert secret not in note.title + note.text


def test_questions_within_twenty_seconds_are_told_together(desk: Desk) -> None:
    desk.ask(question(1))
    desk.clock.pass_by(5 * SECOND)
    desk.ask(question(2))
    assert desk.titles == ["2 approvals wait"]
    desk.clock.pass_by(19 * SECOND)
    desk.ask(question(3), question(4))
    assert desk.titles == ["4 approvals wait"]
    desk.clock.pass_by(21 * SECOND)
    desk.ask(question(5))
    assert desk.titles[-1].startswith("Reply desk wants to")


def test_what_waited_already_is_told_together_at_the_start(tmp_path: Any, app: Any) -> None:
    desk = Desk(tmp_path, question(1), question(2), question(3))
    desk.state.open()
    assert desk.titles == ["3 approvals wait"]
    desk.state.open()
    assert len(desk.channel.shown) == 1


def test_questions_that_came_while_the_card_was_on_its_way_are_told_together(desk: Desk) -> None:
    desk.bridge.is_slow = True
    desk.ask(question(1))
    desk.ask(question(2))
    desk.bridge.release()
    assert desk.titles == ["2 approvals wait"]


def test_a_question_answered_meanwhile_is_not_told(desk: Desk) -> None:
    one = question(1)
    desk.bridge.is_slow = True
    desk.ask(one)
    desk.settle(one)
    desk.bridge.release()
    assert desk.channel.shown == []


def test_a_question_that_this_person_may_not_see_is_not_told(desk: Desk) -> None:
    one = question(1)
    desk.bridge.tables["PendingApprovals"][one.id] = one
    desk.bridge.publish("PendingApprovals")
    assert desk.channel.shown == []


def test_a_notification_goes_when_its_question_was_answered_elsewhere(desk: Desk) -> None:
    one, two = question(1), question(2)
    desk.ask(one)
    desk.settle(one)
    assert desk.titles == []
    desk.clock.pass_by(MINUTE)
    desk.ask(two, question(3))
    desk.settle(two)
    assert desk.titles == ["2 approvals wait"]
    desk.settle(question(3))
    assert desk.titles == []


def test_whoever_looks_at_the_window_is_not_told(desk: Desk) -> None:
    desk.is_in_front = True
    desk.ask(question(1))
    assert desk.channel.shown == []


def test_what_stands_goes_when_the_window_comes_to_the_front(desk: Desk) -> None:
    desk.ask(question(1))
    desk.speaker.seen()
    assert desk.titles == []
    desk.ask(question(2), question(3))
    desk.speaker.seen()
    assert desk.titles == []


@pytest.mark.parametrize(("name", "value"), [("notifications", False), ("effects", ["write", "spend"])])
def test_what_was_switched_off_is_not_told(desk: Desk, name: str, value: Any) -> None:
    desk.choices.choose(name, value)
    desk.ask(question(1))
    assert desk.channel.shown == []
    desk.choices.choose(name, True if name == "notifications" else ["send"])
    desk.ask(question(2))
    assert len(desk.channel.shown) == 1


# Presses.


def test_a_click_on_the_text_opens_and_decides_nothing(desk: Desk) -> None:
    one = question(1)
    desk.choices.choose("approve_on_notifications", True)
    desk.ask(one)
    desk.channel.press(one.id, notes.OPEN)
    assert (desk.opened, desk.sent) == ([("question", one.id)], [])


def test_review_opens_the_card(desk: Desk) -> None:
    one = question(1)
    desk.ask(one)
    desk.channel.press(one.id, notes.REVIEW)
    assert (desk.opened, desk.sent, desk.channel.standing) == ([("question", one.id)], [], {})


def test_several_open_the_inbox_whatever_is_pressed(desk: Desk) -> None:
    desk.ask(question(1), question(2))
    for button in (notes.OPEN, notes.REVIEW, notes.APPROVE, notes.REJECT):
        desk.channel.press(notes.QUESTIONS, button)
    assert (desk.opened, desk.sent, desk.channel.standing) == ([("inbox", "")] * 4, [], {})


def test_reject_rejects_with_time_to_undo(desk: Desk) -> None:
    one = question(1)
    desk.ask(one)
    desk.channel.press(one.id, notes.REJECT)
    (command,) = desk.bridge.sent
    assert (type(command).__name__, command.approval_id, command.hold_seconds) == ("RejectAction", one.id, 6)
    assert (desk.titles, desk.buttons(one.id)) == (["Rejected"], ["undo"])
    desk.settle(one)
    assert desk.titles == ["Rejected"]
    desk.channel.press(one.id, notes.UNDO)
    assert desk.sent == ["RejectAction", "UndoAnswer"]
    assert desk.titles == ["Taken back. It waits again."]
    assert desk.opened == []


def test_approve_is_bound_to_what_was_told(desk: Desk) -> None:
    one = question(1, effect="write")
    desk.choices.choose("approve_on_notifications", True)
    desk.ask(one)
    assert desk.buttons(one.id) == ["review", "reject", "approve"]
    desk.bridge.cards[one.id] = card(one, digest="another by now")
    desk.channel.press(one.id, notes.APPROVE)
    (command,) = desk.bridge.sent
    assert (type(command).__name__, command.digest, command.hold_seconds) == ("ApproveAction", f"digest-{one.id}", 6)


@pytest.mark.parametrize("effect", ["spend", "destroy", "grant", "read", "teleport"])
def test_what_is_grave_is_never_approved_from_a_notification(desk: Desk, effect: str) -> None:
    one = question(1, effect=effect)
    desk.choices.choose("approve_on_notifications", True)
    desk.choices.choose("effects", list(desk.choices.now.effects))
    desk.ask(one)
    desk.channel.press(one.id, notes.APPROVE)
    assert desk.sent == []


def test_a_press_on_a_button_that_was_not_offered_decides_nothing(desk: Desk) -> None:
    """What shows notifications is another program and may say anything."""
    one = question(1)
    desk.ask(one, needs_proof=True)
    assert desk.buttons(one.id) == ["review"]
    for button in (notes.APPROVE, notes.REJECT, notes.UNDO, "yes", ""):
        desk.channel.press(one.id, button)
    desk.channel.press("apr_unknown", notes.APPROVE)
    desk.channel.press("", notes.REJECT)
    assert desk.sent == []


def test_a_second_press_does_not_answer_twice(desk: Desk) -> None:
    one = question(1)
    desk.ask(one)
    desk.channel.press(one.id, notes.REJECT)
    desk.channel.press(one.id, notes.REJECT)
    assert desk.sent == ["RejectAction"]


def test_after_the_time_to_undo_the_note_goes(desk: Desk, qtbot: Any) -> None:
    one = question(1)
    desk.bridge.hold_until = NOW + 1
    desk.ask(one)
    desk.channel.press(one.id, notes.REJECT)
    qtbot.waitUntil(lambda: desk.titles == [])
    desk.channel.press(one.id, notes.UNDO)
    assert desk.sent == ["RejectAction"]


@pytest.mark.parametrize("is_away", [False, True])
def test_an_answer_that_was_not_taken_says_so(desk: Desk, is_away: bool) -> None:
    one = question(1)
    desk.ask(one)
    desk.bridge.refusal = ("Anna answered first. Nothing was changed.", is_away)
    desk.channel.press(one.id, notes.REJECT)
    assert desk.titles == ["Nothing was answered"]
    assert desk.channel.standing[one.id].text == "Anna answered first. Nothing was changed."
    assert desk.buttons(one.id) == ["review"]


def test_an_undo_that_came_too_late_says_so(desk: Desk) -> None:
    one = question(1)
    desk.ask(one)
    desk.channel.press(one.id, notes.REJECT)
    desk.bridge.refusal = ("It is under way already.", False)
    desk.channel.press(one.id, notes.UNDO)
    assert desk.channel.standing[one.id].text == "It is under way already."


# Time.


def test_what_expires_soon_is_told_once(desk: Desk) -> None:
    one = question(1, expires_at=NOW + 30 * MINUTE)
    desk.ask(one)
    desk.clock.pass_by(20 * MINUTE)
    desk.speaker._look_at_the_clock()
    assert desk.titles == [f"Expires in 10 min: outline of {one.id}"]
    assert desk.buttons(one.id) == ["review"]
    desk.clock.pass_by(MINUTE)
    desk.speaker._look_at_the_clock()
    assert len(desk.channel.shown) == 2


def test_the_next_expiry_is_waited_for_and_nothing_else(desk: Desk) -> None:
    assert not desk.speaker._wakes.isActive()
    one = question(1, expires_at=NOW + 30 * MINUTE)
    desk.ask(one, question(2, expires_at=NOW + 90 * MINUTE))
    assert desk.speaker._wakes.isActive()
    assert desk.speaker._wakes.interval() == 20 * MINUTE
    desk.settle(one)
    assert desk.speaker._wakes.interval() == 80 * MINUTE
    desk.settle(question(2))
    assert not desk.speaker._wakes.isActive()


def test_what_was_asked_for_ten_minutes_says_when_it_expires_itself(desk: Desk) -> None:
    desk.ask(question(1, asked_at=NOW, expires_at=NOW + 10 * MINUTE))
    assert len(desk.channel.shown) == 1
    assert "expires" in desk.channel.shown[0].text


def quiet_now(desk: Desk) -> None:
    """Quiet hours around now, whatever the time zone of the machine."""
    minute = desk.speaker._minute()
    desk.choices.choose("quiet_from", f"{(minute - 5) % 1440 // 60:02}:{(minute - 5) % 60:02}")
    desk.choices.choose("quiet_to", f"{(minute + 5) % 1440 // 60:02}:{(minute + 5) % 60:02}")


def test_quiet_hours_hold_everything_back_and_end_with_one_note(desk: Desk) -> None:
    quiet_now(desk)
    desk.ask(question(1))
    desk.clock.pass_by(MINUTE)
    desk.ask(question(2))
    desk.state.ended.emit(SimpleNamespace(state="failed", finished_at=NOW, started_at=NOW))
    assert desk.channel.shown == []
    assert desk.speaker._wakes.interval() == 4 * MINUTE
    desk.clock.pass_by(4 * MINUTE)
    desk.speaker._look_at_the_clock()
    assert desk.titles == ["2 approvals wait"]


def test_quiet_hours_in_which_all_was_answered_end_without_a_note(desk: Desk) -> None:
    quiet_now(desk)
    one = question(1)
    desk.ask(one)
    desk.settle(one)
    desk.clock.pass_by(6 * MINUTE)
    desk.speaker._look_at_the_clock()
    assert desk.channel.shown == []


def test_a_broken_chain_is_told_in_quiet_hours_too(desk: Desk) -> None:
    quiet_now(desk)
    desk.speaker.say_journal("first bad entry: seq 48,102")
    assert desk.titles == ["Audit chain does not verify"]
    desk.channel.press(notes.CHAIN, notes.OPEN)
    assert desk.opened == [("audit", "")]
    desk.speaker.say_journal("first bad entry: seq 48,102")
    desk.speaker.say_journal("")
    assert desk.titles == []


def test_a_broken_chain_is_not_told_twice_to_who_looks_at_the_window(desk: Desk) -> None:
    desk.is_in_front = True
    desk.speaker.say_journal("first bad entry: seq 48,102")
    assert desk.titles == []


@pytest.mark.parametrize(
    ("at", "said"), [(NOW + MINUTE, "{time}"), (NOW + 1_440 * MINUTE, "tomorrow {time}"), (NOW + 2_880 * MINUTE, " ")]
)
def test_a_moment_is_said_as_a_person_says_it(desk: Desk, at: int, said: str) -> None:
    found = desk.speaker._when(at)
    time = found.rpartition(" ")[2] if "M" not in found else " ".join(found.split()[-2:])
    assert said.format(time=time) in found


# Runs and the engine.

ENDS = [
    ({"status": "failed"}, 1),
    ({"status": "ended_early"}, 1),
    ({"status": "cancelled"}, 0),
    ({"status": "succeeded", "started_at": NOW - MINUTE, "finished_at": NOW}, 0),
    ({"status": "succeeded", "started_at": NOW - 3 * MINUTE, "finished_at": NOW}, 1),
]


@pytest.mark.parametrize(("how", "told"), ENDS)
def test_a_run_is_told_when_it_failed_or_took_long(desk: Desk, how: dict[str, Any], told: int) -> None:
    desk.bridge.tables["Runs"] = {"run_1": run(1, id="run_1")}
    desk.bridge.publish("Runs")
    desk.bridge.tables["Runs"] = {"run_1": run(1, id="run_1", **how)}
    desk.bridge.publish("Runs")
    desk.bridge.publish("Runs")
    assert len(desk.channel.shown) == told
    if told:
        desk.channel.press("run_1", notes.OPEN)
        assert desk.opened == [("run", "run_1")]


def test_runs_that_had_ended_before_are_not_told(tmp_path: Any, app: Any) -> None:
    desk = Desk(tmp_path)
    desk.bridge.tables["Runs"] = {"run_1": run(1, id="run_1", status="failed")}
    desk.state.open()
    assert desk.channel.shown == []


def test_a_run_that_began_and_failed_between_two_looks_is_told(desk: Desk) -> None:
    desk.bridge.tables["Runs"] = {"run_9": run(9, id="run_9", status="failed")}
    desk.bridge.publish("Runs")
    assert desk.titles == ["Reply desk failed"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaker, "AWAY_AFTER_MS", 1)


def test_an_engine_that_stays_away_is_told_and_taken_back(impatient: None, desk: Desk, qtbot: Any) -> None:
    desk.state.engine_went("The engine stopped.")
    qtbot.waitUntil(lambda: desk.titles == ["Legate's engine stopped"])
    assert desk.channel.standing[notes.ENGINE].text == "The engine stopped", "how many runs pause is said where some do"
    assert notes.of_engine("The engine stopped.", 2).text.startswith("2 runs paused; nothing is lost")
    assert desk.buttons(notes.ENGINE) == [notes.RESTART, notes.LOG]
    desk.channel.press(notes.ENGINE, notes.RESTART)
    desk.channel.press(notes.ENGINE, notes.OPEN)
    desk.channel.press(notes.ENGINE, notes.LOG)
    assert desk.opened == [("restart", ""), ("window", ""), ("log", "")]
    desk.channel.show(notes.of_engine("", 0))
    assert desk.buttons(notes.ENGINE) == [notes.RESTART], "without a log there is none to open"
    desk.state.engine_came()
    assert desk.titles == []


def test_an_engine_that_comes_back_at_once_is_nothing_to_tell(desk: Desk) -> None:
    desk.state.engine_went("gone")
    assert desk.speaker._goes_away.isActive()
    desk.state.engine_came()
    assert not desk.speaker._goes_away.isActive()
    assert desk.channel.shown == []


def test_going_on_in_the_background_is_told_once(desk: Desk) -> None:
    desk.speaker.say_background()
    desk.speaker.say_background()
    assert desk.titles == ["Legate goes on in the background"]
    assert desk.choices.now.was_told_of_background


def test_at_the_end_nothing_with_a_dead_button_stays(desk: Desk) -> None:
    one, two = question(1), question(2)
    desk.ask(one)
    desk.channel.press(one.id, notes.REJECT)
    desk.clock.pass_by(MINUTE)
    desk.ask(two)
    assert len(desk.titles) == 2
    desk.speaker.withdraw_all()
    assert desk.titles == []


def test_what_is_in_doubt_is_told_and_only_looked_at(desk: Desk) -> None:
    doubt = question(8, id="act_8", state="in_doubt", expires_at=0)
    desk.bridge.tables["InDoubt"] = {doubt.id: doubt}
    desk.bridge.cards[doubt.id] = card(doubt)
    desk.bridge.publish("InDoubt")
    assert desk.buttons("act_8") == ["review"]
    desk.channel.press("act_8", notes.APPROVE)
    assert (desk.opened, desk.sent) == ([("question", "act_8")], [])
