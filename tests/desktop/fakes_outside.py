"""What stands for the world outside the window in tests: a channel, a bus, a clock, a registry of Windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from PySide6.QtCore import QObject, Signal

from legate_desktop.outside import requests
from legate_desktop.outside.notes import Note
from tests.desktop.fake_core import NOW, SURFACE, FakeBridge, approval, detail, message

OUTSIDE = SimpleNamespace(
    **(
        vars(SURFACE)
        | {
            "Runs": message("Runs", since=0),
            "Run": message("Run", "run_id"),
            "AgentDraft": message("AgentDraft", "agent_id"),
        }
    )
)


def install(replace: Callable[[Any, str, Any], None]) -> None:
    """Put the fake surface where the outside looks for the core's."""
    replace(requests, "core", OUTSIDE)


class FakeChannel(QObject):
    """Keeps what stands on the screen, by key, and everything that was ever shown."""

    pressed = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self.standing: dict[str, Note] = {}
        self.shown: list[Note] = []

    def show(self, note: Note) -> None:
        self.standing[note.key] = note
        self.shown.append(note)

    def withdraw(self, key: str) -> None:
        self.standing.pop(key, None)

    def press(self, key: str, button: str) -> None:
        """As some services do: what was pressed is told, and the note stays until it is taken away."""
        self.pressed.emit(key, button)


@dataclass
class WallClock:
    """Milliseconds since the epoch that pass only when told to."""

    at: int = NOW

    def __call__(self) -> int:
        return self.at

    def pass_by(self, milliseconds: int) -> None:
        self.at += milliseconds


def question(number: int, **changes: Any) -> SimpleNamespace:
    """A waiting question as the core lists it."""
    return approval(number, **changes)


def card(row: SimpleNamespace, **changes: Any) -> SimpleNamespace:
    """Its card; undoable and with an outline unless a test says otherwise."""
    given: dict[str, Any] = {"undo": "within 6 seconds", "outline": f"outline of {row.id}"} | changes
    return detail(row, **given)


@dataclass
class FakeBus:
    """A session bus whose answers a test gives."""

    answers: dict[str, Any] = field(default_factory=dict[str, Any])
    calls: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list[Any])
    pending: list[Callable[[], None]] = field(default_factory=list[Any])
    heard: dict[str, Callable[[tuple[Any, ...]], None]] = field(default_factory=dict[str, Any])
    is_slow: bool = False
    next_id: int = 1

    class _Lost(QObject):
        lost = Signal()

    def __post_init__(self) -> None:
        self._signals = self._Lost()

    @property
    def lost(self) -> Any:
        return self._signals.lost

    def call(
        self,
        service: str,
        path: str,
        interface: str,
        method: str,
        signature: str = "",
        body: tuple[Any, ...] = (),
        *,
        then: Callable[[tuple[Any, ...]], None] = lambda _body: None,
        failed: Callable[[str], None] = lambda _message: None,
    ) -> None:
        self.calls.append((method, body))
        if method == "Notify":
            number = body[1] or self.next_id
            self.next_id = max(self.next_id, number + 1)
            answer: Any = self.answers.get(method, (number,))
        else:
            answer = self.answers.get(method, ())

        def deliver() -> None:
            if isinstance(answer, str):
                failed(answer)
            else:
                then(answer)

        if self.is_slow:
            self.pending.append(deliver)
        else:
            deliver()

    def hear(self, service: str, path: str, interface: str, signal: str, heard: Any) -> None:
        self.heard[signal] = heard

    def release(self) -> None:
        pending, self.pending = self.pending, []
        for deliver in pending:
            deliver()

    def of(self, method: str) -> list[tuple[Any, ...]]:
        """The bodies of every call of a method."""
        return [body for name, body in self.calls if name == method]


class FakeRegistry:
    """As much of winreg as is used: keys by path, values by name."""

    HKEY_CURRENT_USER, KEY_SET_VALUE, REG_SZ = "HKCU", 2, 1

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, str]] = {}

    class _Key:
        def __init__(self, values: dict[str, str]) -> None:
            self.values = values

        def __enter__(self) -> FakeRegistry._Key:
            return self

        def __exit__(self, *_error: object) -> None:
            return None

    def OpenKey(self, _root: str, path: str, _reserved: int = 0, _access: int = 0) -> FakeRegistry._Key:
        if path not in self.keys:
            raise FileNotFoundError(path)
        return self._Key(self.keys[path])

    def CreateKey(self, _root: str, path: str) -> FakeRegistry._Key:
        return self._Key(self.keys.setdefault(path, {}))

    def QueryValueEx(self, key: FakeRegistry._Key, name: str) -> tuple[str, int]:
        if name not in key.values:
            raise FileNotFoundError(name)
        return key.values[name], self.REG_SZ

    def SetValueEx(self, key: FakeRegistry._Key, name: str, _reserved: int, _kind: int, value: str) -> None:
        key.values[name] = value

    def DeleteValue(self, key: FakeRegistry._Key, name: str) -> None:
        if name not in key.values:
            raise FileNotFoundError(name)
        del key.values[name]


def bridge_with(*rows: SimpleNamespace) -> FakeBridge:
    """A bridge with these questions and their cards, and no run."""
    bridge = FakeBridge()
    bridge.tables = {"PendingApprovals": {row.id: row for row in rows}, "InDoubt": {}, "Runs": {}}
    bridge.cards = {row.id: card(row) for row in rows}
    return bridge
