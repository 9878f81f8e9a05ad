"""The first three minutes: every step can be done and skipped, by keyboard, and once with a real practice workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QObject, QPoint, QRect, Qt, QThreadPool, Signal
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from legate_desktop.first_run import requests
from legate_desktop.first_run import tour as tour_module
from legate_desktop.first_run.guide import Guide
from legate_desktop.first_run.practice import ThrowAway
from legate_desktop.first_run.tour import Tour
from legate_desktop.theme.look import look
from legate_desktop.theme.tokens import FRAME_ROOM_PX, WINDOW_MIN
from legate_desktop.words import language
from tests.desktop.fake_core import PRACTICE, SURFACE, FakeBridge, practice_bridge, step
from tests.desktop.stage import Stage

Key = Qt.Key
LONGEST_MS = 60_000
SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "sample" / "practice"


class Signals(QObject):
    """What a bridge of a core says about it."""

    ready = Signal()
    away = Signal(str)


class PracticeBridge(FakeBridge):
    """A bridge to a practice workspace that has one deputy and its questions."""

    def __init__(self) -> None:
        given = practice_bridge()
        super().__init__(tables=given.tables, cards=given.cards, answers=given.answers)
        self.signals = Signals()
        self.ready, self.away = self.signals.ready, self.signals.away
        self.practice = PRACTICE
        self.answers["StartRun"] = lambda _command: "run_1"
        self.tables["RunLog"] = {
            row.id: row for row in (step(0), step(1, kind="tool", label="mail.send", state="waiting", effect="send"))
        }
        verdict = SimpleNamespace(state="holds", sentence="All of them are as they were written.")
        self.answers["VerifyJournal"] = lambda _query: SimpleNamespace(
            intact=verdict, complete=verdict, by_whom=verdict, entries=71
        )
        broken = SimpleNamespace(sentence="Entry 38 was changed.")
        self.answers["VerifyChangedCopy"] = lambda _query: SimpleNamespace(
            seq=38,
            name="action.proposed",
            before="abc",
            after="abd",
            report=SimpleNamespace(findings=(broken,), intact=broken),
        )

    def start(self) -> None:
        self.ready.emit()


class Places:
    """Makes practice bridges, and counts what was taken away."""

    def __init__(self) -> None:
        self.made: list[PracticeBridge] = []
        self.closed: list[Any] = []

    def make(self) -> PracticeBridge:
        self.made.append(PracticeBridge())
        return self.made[-1]

    def close(self, bridge: Any) -> None:
        self.closed.append(bridge)


class TourStage(Stage):
    """The window, and over it the first run."""

    def __init__(self, qtbot: QtBot) -> None:
        super().__init__(qtbot)
        self.show()
        self.places = Places()
        self.guide = Guide(self.window, self.context, self.places)
        self.guide.greet(is_new=True)
        assert self.guide.tour is not None
        self.tour: Tour = self.guide.tour
        self.first = self.tour.state

    def to(self, lesson_id: str) -> Any:
        """Go to a step; what is shown there."""
        ids = [lesson.id for lesson in self.first.lessons]
        self.first.go(ids.index(lesson_id))
        self.clock.let_keys_wake()
        return self.tour.parts[lesson_id]


@pytest.fixture
def surface(monkeypatch: pytest.MonkeyPatch) -> None:
    extra = SimpleNamespace(VerifyChangedCopy=type("VerifyChangedCopy", (), {}), ModelCatalogue=type("M", (), {}))
    monkeypatch.setattr(requests, "core", SimpleNamespace(**(vars(SURFACE) | vars(extra))))


@pytest.fixture
def tour(app: QApplication, qtbot: QtBot, surface: None) -> Iterator[TourStage]:
    stage = TourStage(qtbot)
    yield stage
    stage.guide.close()


def test_it_opens_by_itself_once_and_only_where_nothing_ever_happened(
    app: QApplication, qtbot: QtBot, surface: None
) -> None:
    stage = Stage(qtbot)
    stage.show()
    guide = Guide(stage.window, stage.context, Places())
    guide.greet(is_new=False)
    assert guide.tour is None
    guide.greet(is_new=True)
    assert guide.tour is not None
    guide.tour.reject()
    assert stage.context.prefs.now.first_run_done
    guide.greet(is_new=True)
    assert guide.tour is None
    stage.context.tour_wanted.emit()
    assert guide.tour is not None


@pytest.mark.parametrize("came_for", ["", "approvals"])
def test_after_a_start_in_the_background_it_comes_with_the_window_unless_that_opens_something(
    app: QApplication, qtbot: QtBot, surface: None, came_for: str
) -> None:
    stage = Stage(qtbot)
    guide = Guide(stage.window, stage.context, Places(), is_at_home=lambda: stage.window.page_id == "deck")
    stage.window.go("deck")
    guide.greet(is_new=True)
    QApplication.processEvents()
    assert guide.tour is None
    stage.window.show()
    if came_for:
        stage.window.go(came_for)
    QApplication.processEvents()
    assert (guide.tour is None) == bool(came_for)
    guide.close()


def test_every_step_can_be_skipped_and_nothing_is_opened_then(tour: TourStage) -> None:
    for _ in tour.first.lessons:
        tour.click(tour.tour.next)
    assert (tour.window.page_id, tour.places.made) == ("deck", [])
    assert tour.guide.tour is None


@pytest.mark.parametrize(("scale", "tongue"), [(1.0, "en"), (1.5, "de")])
def test_it_fits_a_screen_of_the_smallest_size(
    app: QApplication, qtbot: QtBot, surface: None, monkeypatch: pytest.MonkeyPatch, scale: float, tongue: str
) -> None:
    space = QRect(0, 0, WINDOW_MIN[0], WINDOW_MIN[1] - FRAME_ROOM_PX)
    monkeypatch.setattr(tour_module, "room", lambda _widget: space)
    language.choose(tongue)
    look.choose_scale(scale)
    try:
        tour = TourStage(qtbot)
        for lesson in tour.first.lessons:
            part = tour.to(lesson.id)
            QApplication.processEvents()
            assert tour.tour.width() <= space.width()
            assert tour.tour.height() <= space.height()
            for button in (tour.tour.skip_all, tour.tour.back, tour.tour.next):
                assert tour.tour.rect().contains(QRect(button.mapTo(tour.tour, QPoint()), button.size()))
            assert part.width() <= part.parentWidget().width(), lesson.id
        tour.guide.close()
    finally:
        language.choose("en")


def test_esc_skips_all(tour: TourStage) -> None:
    tour.bot.keyClick(tour.tour, Key.Key_Escape)
    assert tour.window.page_id == "deck"
    assert not tour.tour.isVisible()


def test_the_deputy_works_and_its_log_is_explained(tour: TourStage) -> None:
    part = tour.to("deputy")
    part.begin.fired.emit()
    assert [line.meaning for line in part.model.rows] == [
        "It thinks, and says what it wants to do next.",
        "This would have an effect, and no rule allows it: it waits for you.",
    ]
    assert "deputy" in tour.first.done
    part.begin.fired.emit()
    tour.first.begin()
    assert len(tour.places.made) == 1


def test_the_first_question_is_decided_by_the_person(tour: TourStage) -> None:
    part = tour.to("card")
    assert not part.approve.isEnabled()
    tour.first.begin()
    approvals = tour.first.approvals
    assert approvals is not None
    approvals.select("apr_0001f61d7b5")
    tour.clock.let_keys_wake()
    assert part.card.card is not None
    tour.click(part.approve)
    assert [type(command).__name__ for command in tour.places.made[0].sent][-1] == "ApproveAction"
    assert "card" in tour.first.done
    assert not part.approve.isEnabled()
    assert QApplication.focusWidget() is not tour.tour.skip_all
    assert tour.sent == []


def test_a_rule_is_made_from_an_answer_with_its_preview(tour: TourStage) -> None:
    tour.first.begin()
    approvals = tour.first.approvals
    assert approvals is not None
    approvals.select("apr_0001f61d7b5")
    part = tour.to("rule")
    assert [choice.scope.id for choice in part.choices] == ["this_run", "same_domain"]
    assert not part.approve.isEnabled()
    part.choices[1].radio.setChecked(True)
    part.choices[0].radio.setChecked(True)
    assert [choice.radio.isChecked() for choice in part.choices] == [True, False]
    assert part.preview.isVisible()
    part.approve.fired.emit()
    command = tour.places.made[0].sent[-1]
    assert (type(command).__name__, command.scope) == ("ApproveAction", "this_run")
    assert "rule" in tour.first.done


def test_the_journal_is_verified_and_one_byte_on_a_copy_is_found(tour: TourStage) -> None:
    part = tour.to("verify")
    part.verify.fired.emit()
    assert tour.tour.problem.text().startswith("Let the practice deputy work first")
    tour.first.begin()
    part.verify.fired.emit()
    assert part.verdict.text() == "71 entries. All of them are as they were written."
    assert not part.difference.isVisible()
    part.change.fired.emit()
    assert part.difference.toPlainText() == "- abc\n+ abd"
    assert part.found.text() == "Entry 38 was changed."
    assert "verify" in tour.first.done


def test_what_fails_is_said_and_the_way_on_stays_open(tour: TourStage) -> None:
    tour.first.begin()
    tour.places.made[0].away.emit("The engine stopped.")
    assert tour.tour.problem.text() == "The engine stopped."
    assert tour.tour.next.isEnabled()
    tour.to("card")
    assert tour.tour.problem.text() == "The engine stopped."


def test_what_went_wrong_on_one_step_is_not_said_on_the_next(tour: TourStage) -> None:
    tour.to("verify").verify.fired.emit()
    assert tour.tour.problem.text().startswith("Let the practice deputy work first")
    tour.to("deputy").begin.fired.emit()
    assert not tour.tour.problem.isVisible()


def test_a_model_is_not_ticked_for_having_been_passed_by(tour: TourStage) -> None:
    tour.to("model")
    assert tour.tour.next.text() == "Skip this step"
    tour.to("outside")
    assert "model" not in tour.first.done


def test_as_many_mails_as_it_reads_are_announced(tour: TourStage) -> None:
    mails = list((SAMPLE / "mailbox").iterdir())
    number = {3: "three", 4: "four"}[len(mails)]
    assert f"reads {number} sample mails" in {lesson.id: lesson.title for lesson in tour.first.lessons}["deputy"]


def test_the_practice_workspace_is_taken_away_at_the_end(tour: TourStage) -> None:
    tour.first.begin()
    tour.tour.reject()
    assert tour.places.closed == tour.places.made


def test_the_way_to_the_models_ends_there(tour: TourStage) -> None:
    tour.to("model").open.fired.emit()
    assert tour.window.page_id == "models"


def test_every_control_of_every_step_has_a_name(tour: TourStage) -> None:
    tour.first.begin()
    for lesson in tour.first.lessons:
        tour.to(lesson.id)
        tour.tour.activateWindow()
        tour.tour.next.setFocus()
        stops = []
        for _ in range(80):
            tour.bot.keyClick(QApplication.focusWidget() or tour.tour, Key.Key_Tab)
            focus = QApplication.focusWidget()
            if focus is None or (stops and focus is stops[0]):
                break
            stops.append(focus)
        assert [type(stop).__name__ for stop in stops if not stop.accessibleName()] == []
        assert tour.tour.skip_all in stops


@pytest.mark.slow
def test_with_a_real_practice_workspace_from_the_deputy_to_the_byte(
    app: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    import legate_core
    from legate_desktop.pages.approvals import requests as approval_requests

    monkeypatch.setattr(approval_requests, "core", legate_core)
    stage = Stage(qtbot)
    place = ThrowAway()
    guide = Guide(stage.window, stage.context, place)
    guide.open()
    assert guide.tour is not None
    first = guide.tour.state
    first.begin()
    folder = place._folder
    assert folder is not None
    qtbot.waitUntil(lambda: "deputy" in first.done, timeout=LONGEST_MS)
    approvals = first.approvals
    assert approvals is not None
    qtbot.waitUntil(lambda: approvals.card is not None, timeout=LONGEST_MS)
    assert approvals.card is not None
    assert approvals.card.row.tool == "mail.send"
    first.verify()
    qtbot.waitUntil(lambda: first.verdict is not None, timeout=LONGEST_MS)
    assert first.verdict is not None
    assert first.verdict.is_sound
    first.change_byte()
    qtbot.waitUntil(lambda: first.changed_byte is not None, timeout=LONGEST_MS)
    assert first.changed_byte is not None
    assert str(first.changed_byte.seq) in first.changed_byte.sentence
    guide.tour.reject()
    assert QThreadPool.globalInstance().waitForDone(LONGEST_MS)
    assert not folder.exists()
