"""Outside the window on a real desktop: a tray, a notification service, a keyring, a second start, a killed window."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage

from legate_core.approvals.commands import ApproveAction
from legate_core.approvals.queries import ApprovalCard
from legate_core.audit.queries import VerifyJournal
from legate_core.runs.model import FINAL
from legate_desktop.theme import tokens
from tests.desktop.real_core import RealCore
from tests.desktop.real_desktop import PATIENCE_SECONDS, RealDesktop, wait_until

pytestmark = [
    pytest.mark.alone,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the programs of this desktop are those of Linux"),
]


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDesktop]:
    found = RealDesktop(tmp_path_factory.mktemp("desk"))
    try:
        yield found
    finally:
        found.end()


@pytest.fixture
def core(desk: RealDesktop) -> RealCore:
    return RealCore(desk.folder / "home")


def opened(desk: RealDesktop, core: RealCore, *options: str) -> int:
    """A window that holds the folder; its process."""
    process = desk.legate("--home", str(core.home), *options)
    wait_until(core.is_held, "the window holds the folder: " + desk.log())
    return process.pid


def dot(desk: RealDesktop) -> list[tuple[int, int]]:
    """Where the tray, at the top right, is amber."""
    picture: QImage = desk.picture()
    wanted = QColor(tokens.DARK.amber).rgb()
    return [(x, y) for y in range(40) for x in range(1_150, picture.width()) if picture.pixel(x, y) == wanted]


def test_the_tray_shows_the_count_and_a_click_brings_the_window_back(desk: RealDesktop, core: RealCore) -> None:
    desk.begin_tray()
    opened(desk, core)
    window = desk.past_first_steps()
    assert dot(desk) == []
    core.begin()
    core.next_question()
    x, y = wait_until(lambda: dot(desk), "the dot came")[0]
    desk.xdotool("windowactivate", "--sync", window, "key", "ctrl+w")
    wait_until(lambda: not desk.windows(), "the window went to the background")
    assert core.is_held()
    desk.xdotool("mousemove", str(x), str(y), "click", "1")
    wait_until(lambda: desk.windows(), "the window came back")
    assert len(core.pending()) == 1
    assert not core.decided()


def test_a_notification_says_no_content_and_its_buttons_do_what_they_say(desk: RealDesktop, core: RealCore) -> None:
    desk.begin_tray()
    desk.begin_notifications()
    opened(desk, core, "--background")
    core.begin()
    question = core.next_question()
    wait_until(lambda: desk.shown() == 1, "the notification came")
    desk.choose("Reject")
    wait_until(lambda: question.id in core.decided(), "the question was rejected")
    assert core.decided()[question.id].state == "rejected"
    second = core.next_question(frozenset({question.id}))

    def reviewed() -> list[str]:
        # Whatever stands there now: only what is offered can be chosen, and Approve is not.
        desk.choose("Approve")
        desk.choose("Review")
        return desk.windows()

    wait_until(reviewed, "the window came with the card")
    assert second.id not in core.decided()
    said = desk.notifications()
    assert any("wants to send the mail “…” to" in note["summary"] for note in said), said
    card = core.ask(ApprovalCard(second.id)).card
    for note in said:
        assert card.raw_arguments["subject"] not in note["summary"] + note["body"]
        assert card.why not in note["summary"] + note["body"]


def test_a_click_on_a_notification_or_its_end_decides_nothing(desk: RealDesktop, core: RealCore) -> None:
    desk.begin_tray()
    desk.begin_notifications()
    opened(desk, core, "--background")
    core.begin()
    core.next_question()
    wait_until(lambda: desk.shown() == 1, "the notification came")
    desk.click_notification()
    wait_until(lambda: desk.windows(), "the window came")
    desk.notifications()
    assert len(core.pending()) == 1
    assert core.decided() == {}


def test_without_any_desktop_service_the_window_works(desk: RealDesktop, core: RealCore) -> None:
    desk.environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"
    opened(desk, core)
    window = desk.past_first_steps()
    core.begin()
    core.next_question()
    # No tray: closing asks, and the window stays until it is answered.
    desk.xdotool("windowactivate", "--sync", window, "key", "ctrl+w")
    wait_until(lambda: desk.windows("Go on in the background"), "it asks")
    desk.xdotool("key", "--window", desk.windows("Go on in the background")[0], "ctrl+Return")
    wait_until(lambda: not desk.windows(), "the window went to the background")
    assert core.is_held()
    assert "Traceback" not in desk.log()


def test_a_second_start_brings_the_first_window_and_ends(desk: RealDesktop, core: RealCore) -> None:
    first = opened(desk, core, "--background")
    assert not desk.windows()
    second = desk.legate("--home", str(core.home), "legate://audit/1")
    assert second.wait(PATIENCE_SECONDS) == 0
    wait_until(lambda: desk.windows(), "the first window came")
    assert len(desk.windows()) == 1
    assert desk.xdotool("getwindowpid", desk.windows()[0]) == str(first)


def test_two_starts_at_once_end_with_one_window(desk: RealDesktop, core: RealCore) -> None:
    both = [desk.legate("--home", str(core.home)) for _ in range(2)]
    wait_until(core.is_held, "one of them holds the folder: " + desk.log())
    wait_until(lambda: sum(process.poll() is None for process in both) == 1, "the other one ended")
    assert [process.poll() for process in both if process.poll() is not None] == [0]


def test_a_window_killed_at_any_time_loses_nothing(desk: RealDesktop, core: RealCore) -> None:
    pid = opened(desk, core)
    run_id = core.begin()
    answered: list[str] = []
    for _ in range(3):
        question = core.next_question(frozenset(answered))
        detail = core.ask(ApprovalCard(question.id))
        core.send(ApproveAction(question.id, digest=detail.digest))
        answered.append(question.id)
        # At once: what the answer set off is under way.
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not core.is_held(), "the window is gone")
        pid = opened(desk, core)
        assert {core.decided()[key].state for key in answered} == {"approved"}
    # The run asks for the next thing, or ends, only when the last one is done.
    wait_until(lambda: core.pending() or core.runs()[run_id].status in FINAL, "the run went on by itself")
    outbox = sorted((core.home / "practice" / "outbox").rglob("*.eml"))
    assert len(outbox) == len({file.read_bytes() for file in outbox}) == 3
    assert core.ask(VerifyJournal()).intact.state.value == "holds"


def test_the_keys_are_kept_in_the_secret_service(desk: RealDesktop) -> None:
    desk.begin_keyring()
    desk.environment["LEGATE_KEYS"] = "keyring"
    home = desk.folder / "kept"
    process = desk.legate("--home", str(home), "--background")
    command = [sys.executable, "-m", "legate_core.cli", "--home", str(home)]
    wait_until(lambda: (home / "link.sock").exists(), "the window holds the folder: " + desk.log())
    desk.run(*command, "vault", "list")
    process.terminate()
    assert process.wait(PATIENCE_SECONDS) == 0
    done = desk.run(*command, "verify", "--json")
    assert done.returncode == 0, done.stderr
    found = desk.call(
        "org.freedesktop.secrets", "/org/freedesktop/secrets", "org.freedesktop.Secret.Service", "SearchItems",
        "a{ss}", ({},),
    )  # fmt: skip
    assert found[0], "the keys are in the keyring"
    desk.environment["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nowhere"
    refused = desk.run(*command, "verify", "--json")
    assert refused.returncode != 0
    assert "keyring" in refused.stderr + refused.stdout


def test_the_folder_of_the_desktop_is_this_one(desk: RealDesktop, core: RealCore) -> None:
    """A start with a link finds the entry that was written for it."""
    opened(desk, core, "--background")
    entry = Path(desk.environment["XDG_DATA_HOME"]) / "applications" / "legate.desktop"
    wait_until(entry.exists, "the desktop knows who opens links")
    assert "x-scheme-handler/legate" in entry.read_text()
