"""A monkey at the real window: seeded clicks, keys and words for some seconds, then a count of what came of them.

    python -m tests.desktop.monkey HOME SEED SECONDS

It sits in the window's own process, so that every exception is seen, and speaks to the window as Qt would. Every answer that
the core said it took is written down; whoever started this compares them with what the core has afterwards.
"""

from __future__ import annotations

import faulthandler
import json
import random
import sys
import time
import traceback
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from legate_desktop import app as desktop_app
from legate_desktop.shell import window as window_module
from legate_desktop.widgets.button import Button

KEYS = (
    "ARESTJKHLFOXYNZ/?123",
    (
        Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Space, Qt.Key.Key_Delete,
        Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End,
        Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Backspace,
    ),
)  # fmt: skip
MODIFIERS = (
    Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier,
)  # fmt: skip
WORDS = ("refund", "\u202eabc", "Größe", "漢字", "{", '{"to": ["a@b.example"]}', "x" * 300, "\u200b", "<b>", "\\", "0")
PAUSE_MS = 15
# The end of Legate and of everything it does is not what a monkey is asked about.
FORBIDDEN = {(Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)}


class Monkey:
    """Does one thing after another until the time is over."""

    def __init__(self, desktop: Any, seed: int, seconds: float) -> None:
        self.desktop = desktop
        self.random = random.Random(seed)
        self.ends_at = time.monotonic() + seconds
        self.deeds = 0
        self.faults: list[str] = []
        self.answers: list[dict[str, str]] = []
        sys.excepthook = self._on_exception
        qInstallMessageHandler(self._on_message)
        self._listen()
        self._timer = QTimer(interval=PAUSE_MS)
        self._timer.timeout.connect(self._act)

    def begin(self) -> None:
        self._timer.start()

    def _listen(self) -> None:
        """Write down every answer that the core says it took."""
        send = self.desktop.bridge.send

        def heard(command: Any, then: Any, failed: Any) -> None:
            name = type(command).__name__
            key = getattr(command, "approval_id", "")

            def done(answer: Any) -> None:
                if key:
                    self.answers.append({"command": name, "id": key, "state": str(getattr(answer, "state", ""))})
                then(answer)

            send(command, done, failed)

        self.desktop.bridge.send = heard

    def _act(self) -> None:
        if time.monotonic() > self.ends_at:
            self._timer.stop()
            # What is held or on its way may still arrive.
            QTimer.singleShot(2_000, self.desktop.presence.background.end)
            return
        target = self._target()
        if target is None:
            return
        self.deeds += 1
        deeds = (self._click, self._key, self._type, self._shape, self._answer)
        # Answers often enough that some are given also where a busy machine leaves time for few deeds.
        deed = self.random.choices(deeds, (5, 6, 1, 0.3, 2))[0]
        try:
            deed(target)
        except Exception:
            self.faults.append(traceback.format_exc())

    def _target(self) -> QWidget | None:
        """What a person could reach now: what is open on top, else the window."""
        popup = QApplication.activePopupWidget()
        if popup is not None:
            return popup
        dialogs = [
            widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QDialog) and widget.isVisible()
        ]
        if dialogs:
            return dialogs[-1]
        window = self.desktop.window
        if not window.isVisible() or window.isMinimized():
            self.desktop.presence.bring()
            return None
        return window

    def _click(self, target: QWidget) -> None:
        place = QPoint(self.random.randrange(max(1, target.width())), self.random.randrange(max(1, target.height())))
        widget = target.childAt(place) or target
        button = self.random.choices((Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton), (9, 1))[0]
        QTest.mouseClick(widget, button, Qt.KeyboardModifier.NoModifier, widget.mapFrom(target, place))

    def _key(self, target: QWidget) -> None:
        key: Any = self.random.choice([*KEYS[0], *KEYS[1]])
        modifier = self.random.choice(MODIFIERS)
        code = Qt.Key(ord(key)) if isinstance(key, str) else key
        if (code, modifier) not in FORBIDDEN:
            QTest.keyClick(QApplication.focusWidget() or target, code, modifier)

    def _type(self, target: QWidget) -> None:
        focus = QApplication.focusWidget()
        if focus is not None:
            # As an input method says it: QTest itself ends at letters that no key has.
            event = QInputMethodEvent()
            event.setCommitString(self.random.choice(WORDS))
            QApplication.sendEvent(focus, event)

    def _shape(self, target: QWidget) -> None:
        window = self.desktop.window
        self.random.choice(
            (
                lambda: window.resize(self.random.randint(900, 1500), self.random.randint(600, 950)),
                lambda: window.turn_look(),
                lambda: window.close(),
                lambda: window.go(self.random.choice(list(window.specs))),
            )
        )()

    def _answer(self, target: QWidget) -> None:
        """Back to what waits, and a press on one of its answers: where a lost one would hurt."""
        window = self.desktop.window
        if target is not window:
            QTest.keyClick(target, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
            return
        window.go("approvals")
        buttons = [button for button in window.page("approvals").findChildren(Button) if _can_be_pressed(button)]
        if buttons:
            QTest.mouseClick(self.random.choice(buttons), Qt.MouseButton.LeftButton)

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: Any) -> None:
        self.faults.append("".join(traceback.format_exception(kind, error, trace)))

    def _on_message(self, kind: QtMsgType, _context: Any, text: str) -> None:
        # Where the process ends of it, this is the last that is heard.
        print(text, file=sys.stderr, flush=True)
        # What Qt itself calls a mistake of the program, such as painting on a widget that is gone.
        if kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg) or "QPainter" in text or "QObject::" in text:
            self.faults.append(text)


def _can_be_pressed(button: Button) -> bool:
    return button.isVisible() and button.isEnabled()


def main(home: str, seed: int, seconds: float) -> int:
    """Run the window with a monkey before it; one line of JSON says what came of it."""
    faulthandler.enable()
    found: list[Monkey] = []
    real = desktop_app.Desktop

    class Watched(real):  # type: ignore[misc, valid-type]  # the class of that module, whatever it is
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            found.append(Monkey(self, seed, seconds))
            self.bridge.ready.connect(found[0].begin)

    desktop_app.Desktop = Watched  # type: ignore[misc]  # as above
    # A window beside this one would be another process, which nobody here watches.
    window_module.open_beside = lambda workspace_id: True
    status = desktop_app.main(["--home", home, "--look", "dark"])
    monkey = found[0]
    said = {"deeds": monkey.deeds, "faults": monkey.faults, "answers": monkey.answers, "status": status}
    print(json.dumps(said), flush=True)
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
