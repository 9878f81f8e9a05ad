"""When a notification is shown, folded, taken away, and what a press on it does. Imports no widget.

Nothing here decides by itself: an answer is sent only for a press on the button that says so, and never for a click on
the text, a notification that went away, or one that nobody saw.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from PySide6.QtCore import QDateTime, QLocale, QObject, QTimer, Signal

from legate_desktop.notice import wall_ms
from legate_desktop.outside import notes, quiet, requests
from legate_desktop.outside.choices import Choices
from legate_desktop.outside.notes import Note
from legate_desktop.outside.state import OutsideState
from legate_desktop.outside.view import Outline, Question, RunState
from legate_desktop.theme.tokens import TOAST_MS
from legate_desktop.words import DAY, MINUTE, SECOND, one_line, tr

FOLD_MS = 20 * SECOND
WARN_MS = 10 * MINUTE
LONG_RUN_MS = 2 * MINUTE
AWAY_AFTER_MS = 2 * SECOND
"""The engine counts as away once it was for so long; a connection that comes back at once is nothing to tell."""


class Channel(Protocol):
    """What shows notifications. `pressed` carries the key of one and what was pressed on it."""

    @property
    def pressed(self) -> Any: ...

    def show(self, note: Note) -> None:
        """Show it, in the place of one with the same key."""
        ...

    def withdraw(self, key: str) -> None:
        """Take it away, where it still stands."""
        ...


class Speaker(QObject):
    """One per process. `is_in_front` says whether the person looks at the window, which then needs no notification."""

    open_question = Signal(str)
    open_inbox = Signal()
    open_run = Signal(str)
    open_audit = Signal()
    open_window = Signal()
    open_log = Signal()
    restart = Signal()

    def __init__(
        self,
        state: OutsideState,
        bridge: Any,
        channel: Channel,
        choices: Choices,
        *,
        is_in_front: Callable[[], bool] = lambda: False,
        clock: Callable[[], int] = wall_ms,
        has_log: bool = False,
    ) -> None:
        super().__init__()
        self._state, self._bridge, self._channel, self._choices = state, bridge, channel, choices
        self._is_in_front, self._clock, self._has_log = is_in_front, clock, has_log
        self._group: list[str] = []
        self._grouped_at = 0
        self._offered: dict[str, tuple[Question, Outline, frozenset[str]]] = {}
        self._undoable: dict[str, tuple[Question, Outline]] = {}
        self._warned: set[str] = set()
        self._has_missed = False
        self._wakes = QTimer(self, singleShot=True)
        self._wakes.timeout.connect(self._look_at_the_clock)
        self._goes_away = QTimer(self, singleShot=True, interval=AWAY_AFTER_MS)
        self._goes_away.timeout.connect(self._tell_away)
        state.asked.connect(self._on_asked)
        state.settled.connect(self._on_settled)
        state.ended.connect(self._on_ended)
        state.changed.connect(self._on_changed)
        choices.changed.connect(lambda _name: self._look_at_the_clock())
        channel.pressed.connect(self._on_pressed)

    def seen(self) -> None:
        """The person looks at the window: what waits is told there."""
        for key in list(self._offered):
            self._forget(key)
        self._group = []
        self._channel.withdraw(notes.QUESTIONS)

    def say_journal(self, broken: str) -> None:
        """The journal does not verify; told in quiet hours too, but not to who looks at the window, which says it.

        Nothing is broken any more where there are no words: then what was told is taken away.
        """
        if not broken:
            self._channel.withdraw(notes.CHAIN)
        elif not self._is_in_front():
            self._channel.show(notes.of_chain(broken))

    def say_background(self) -> None:
        """Legate goes on behind its tray; told once."""
        if not self._choices.now.was_told_of_background:
            self._choices.choose("was_told_of_background", True)
            self._channel.show(notes.of_background())

    def withdraw_all(self) -> None:
        """Legate ends: a button of a notification that stayed would do nothing."""
        for key in [*self._offered, *self._undoable, notes.QUESTIONS, notes.ENGINE]:
            self._channel.withdraw(key)

    # Questions.

    def _on_asked(self, new: list[Question]) -> None:
        wanted = [question for question in new if self._is_wanted(question)]
        if wanted and self._may_speak():
            now = self._clock()
            if now - self._grouped_at > FOLD_MS:
                self._group = []
            self._grouped_at = now
            self._group += [question.id for question in wanted]
            self._tell(self._group)
        self._look_at_the_clock()

    def _is_wanted(self, question: Question) -> bool:
        return self._choices.now.notifications and question.effect in self._choices.now.effects

    def _may_speak(self) -> bool:
        if self._is_quiet():
            self._has_missed = True
            return False
        return not self._is_in_front()

    def _is_quiet(self) -> bool:
        return quiet.is_quiet(self._minute(), self._choices.now.quiet_from, self._choices.now.quiet_to)

    def _minute(self) -> int:
        now = datetime.fromtimestamp(self._clock() / SECOND)
        return now.hour * 60 + now.minute

    def _tell(self, ids: list[str]) -> None:
        questions = [found for key in ids if (found := self._state.question(key)) is not None]
        if len(questions) == 1:
            self._ask_card(questions[0], self._show_question)
        elif questions:
            for question in questions:
                self._forget(question.id)
            self._channel.show(notes.of_several(questions, self._clock()))

    def _ask_card(self, question: Question, then: Callable[[Question, Outline], None]) -> None:
        """A question that cannot be read is not told: it was answered meanwhile, or is not for this person."""

        def found(card: Any) -> None:
            if self._state.question(question.id) is not None:
                then(question, requests.outline(card))

        self._bridge.ask(requests.card(question), found, lambda _message, _is_away: None)

    def _show_question(self, question: Question, outline: Outline) -> None:
        if len([key for key in self._group if self._state.question(key) is not None]) > 1:
            # Others came while the card was on its way; they are told together.
            return
        may_approve = self._choices.now.approve_on_notifications
        self._offer(question, outline, notes.of_question(question, outline, self._when, may_approve=may_approve))

    def _offer(self, question: Question, outline: Outline, note: Note) -> None:
        self._offered[question.id] = (question, outline, frozenset(button for button, _ in note.buttons))
        self._channel.show(note)

    def _forget(self, question_id: str) -> None:
        if self._offered.pop(question_id, None) is not None:
            self._channel.withdraw(question_id)

    def _on_settled(self, ids: list[str]) -> None:
        for key in ids:
            self._warned.discard(key)
            if key not in self._undoable:
                self._forget(key)
        self._group = [key for key in self._group if key not in ids]
        if not self._group:
            self._channel.withdraw(notes.QUESTIONS)
        self._look_at_the_clock()

    def _when(self, at: int) -> str:
        """A moment as a person says it, by the clock of this machine."""
        then, now = QDateTime.fromMSecsSinceEpoch(at), QDateTime.fromMSecsSinceEpoch(self._clock())
        short = QLocale.FormatType.ShortFormat
        time = QLocale().toString(then.time(), short)
        days = now.date().daysTo(then.date())
        if days == 0:
            return time
        if days == 1:
            return tr("tomorrow {time}").format(time=time)
        return tr("{day} {time}").format(day=QLocale().toString(then.date(), short), time=time)

    # Time.

    def _look_at_the_clock(self) -> None:
        """Warn of what expires soon, tell what quiet hours held back, and wake again when the next is due."""
        now = self._clock()
        if self._choices.now.expiry:
            for question in self._state.waiting:
                if 0 < question.expires_at - now <= WARN_MS:
                    self._warn(question, now)
        if self._has_missed and not self._is_quiet():
            self._has_missed = False
            self._group = [question.id for question in self._state.waiting if self._is_wanted(question)]
            self._grouped_at = now
            self._tell(self._group)
        due = [question.expires_at - WARN_MS - now for question in self._state.waiting if question.expires_at]
        due = [left for left in due if left > 0]
        if self._has_missed:
            due.append(quiet.minutes_left(self._minute(), self._choices.now.quiet_to) * MINUTE or MINUTE)
        if due:
            # A timer of Qt counts to 24 days; a day is enough to look again.
            self._wakes.start(min(DAY, max(SECOND, min(due))))
        else:
            self._wakes.stop()

    def _warn(self, question: Question, now: int) -> None:
        if question.id in self._warned:
            return
        self._warned.add(question.id)
        # What was asked for ten minutes or less says when it expires itself.
        if question.expires_at - question.asked_at <= WARN_MS or not self._is_wanted(question) or not self._may_speak():
            return
        minutes = max(1, round((question.expires_at - now) / MINUTE))
        self._ask_card(
            question, lambda asked, outline: self._offer(asked, outline, notes.of_expiry(asked, outline, minutes))
        )

    # Runs and the engine.

    def _on_ended(self, run: RunState) -> None:
        chosen = self._choices.now
        is_long = run.state == "succeeded" and run.finished_at - run.started_at > LONG_RUN_MS and chosen.long_runs
        is_bad = run.state in ("failed", "ended_early") and chosen.failures
        if (is_long or is_bad) and chosen.notifications and not self._is_quiet() and not self._is_in_front():
            self._channel.show(notes.of_end(run))

    def _on_changed(self) -> None:
        if self._state.away and not self._goes_away.isActive():
            self._goes_away.start()
        elif not self._state.away:
            self._goes_away.stop()
            self._channel.withdraw(notes.ENGINE)

    def _tell_away(self) -> None:
        chosen = self._choices.now
        if self._state.away and chosen.notifications and chosen.engine and not self._is_quiet():
            self._channel.show(notes.of_engine(self._state.away, self._state.open_count, has_log=self._has_log))

    # Presses.

    def _on_pressed(self, key: str, button: str) -> None:
        if button == notes.UNDO and key in self._undoable:
            self._take_back(key)
        elif key in self._offered:
            self._on_question(key, button)
        elif key == notes.ENGINE:
            meant = {notes.RESTART: self.restart, notes.LOG: self.open_log}
            meant.get(button, self.open_window).emit()
        else:
            # Not every service takes a note away of which something was opened.
            self._channel.withdraw(key)
            self._open(key)

    def _open(self, key: str) -> None:
        if key == notes.QUESTIONS:
            self.open_inbox.emit()
        elif key == notes.CHAIN:
            self.open_audit.emit()
        elif key.startswith("run_"):
            self.open_run.emit(key)
        else:
            self.open_window.emit()

    def _on_question(self, key: str, button: str) -> None:
        question, outline, buttons = self._offered[key]
        # What shows notifications is another program: it can press only what was offered on this very question.
        if button == notes.APPROVE and button in buttons:
            command = requests.approve(question, outline.digest, hold_seconds=TOAST_MS // SECOND)
            self._answer(question, outline, command, tr("Approved"))
        elif button == notes.REJECT and button in buttons:
            self._answer(question, outline, requests.reject(question, hold_seconds=TOAST_MS // SECOND), tr("Rejected"))
        else:
            self._forget(key)
            self.open_question.emit(key)

    def _answer(self, question: Question, outline: Outline, command: Any, said: str) -> None:
        self._offered.pop(question.id, None)
        self._undoable[question.id] = (question, outline)

        def done(answer: Any) -> None:
            left = max(0, int(getattr(answer, "hold_until", 0)) - self._clock())
            self._channel.show(notes.of_answer(question, outline, said, may_undo=left > 0))
            QTimer.singleShot(left, self, lambda: self._close_undo(question.id))

        def refused(message: str, _is_away: bool) -> None:
            self._undoable.pop(question.id, None)
            self._channel.show(notes.of_refusal(question, message))

        self._bridge.send(command, done, refused)

    def _close_undo(self, question_id: str) -> None:
        if self._undoable.pop(question_id, None) is not None:
            self._channel.withdraw(question_id)

    def _take_back(self, question_id: str) -> None:
        question, outline = self._undoable.pop(question_id)

        def done(_answer: Any) -> None:
            self._channel.show(notes.of_answer(question, outline, tr("Taken back. It waits again."), may_undo=False))

        def refused(message: str, _is_away: bool) -> None:
            self._channel.show(notes.of_refusal(question, one_line(message)))

        self._bridge.send(requests.undo(question_id), done, refused)
