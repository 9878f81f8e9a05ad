"""What is kept on the machine: choices, the entry that starts with the session, the entry that opens links."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path

import pytest

from legate_desktop.outside import scheme
from legate_desktop.outside.choices import ALL_EFFECTS, Choices, Chosen, default_file
from legate_desktop.outside.login import LaunchAgent, RunKey, XdgAutostart, start_at_login, write_whole
from legate_desktop.outside.scheme import ClassesKey, XdgScheme
from tests.desktop.fakes_outside import FakeRegistry


def test_without_a_file_everything_is_as_it_ships(tmp_path: Path) -> None:
    choices = Choices(tmp_path / "none" / "outside.json")
    assert choices.now == Chosen()
    assert not choices.now.approve_on_notifications
    assert choices.now.closing == "ask"
    assert not (tmp_path / "none").exists()


def test_a_choice_acts_at_once_is_told_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "legate" / "outside.json"
    choices = Choices(file)
    told: list[str] = []
    choices.changed.connect(told.append)
    assert choices.choose("quiet_from", "22:00") == ""
    assert choices.choose("effects", ["grant", "write"]) == ALL_EFFECTS
    assert choices.now.effects == ("write", "grant")
    assert choices.choose("quiet_from", "22:00") == "22:00"
    assert told == ["quiet_from", "effects"]
    assert Choices(file).now == choices.now


@pytest.mark.parametrize(
    ("name", "value"),
    [("nothing", 1), ("closing", "never"), ("notifications", "yes"), ("effects", ["write", "fly"]), ("quiet_from", 22)],
)
def test_what_is_no_choice_is_refused(tmp_path: Path, name: str, value: object) -> None:
    choices = Choices(tmp_path / "outside.json")
    with pytest.raises(ValueError, match=name):
        choices.choose(name, value)
    assert choices.now == Chosen()


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"closing": "never", "notifications": false, "new": 1}', "\xff"])
def test_a_broken_file_is_no_reason_not_to_start(tmp_path: Path, text: str) -> None:
    file = tmp_path / "outside.json"
    file.write_bytes(text.encode("latin-1"))
    choices = Choices(file)
    assert choices.now.closing == "ask"
    choices.choose("closing", "stay")
    assert json.loads(file.read_text())["closing"] == "stay"


def test_what_fits_of_a_file_counts(tmp_path: Path) -> None:
    file = tmp_path / "outside.json"
    file.write_text('{"closing": "never", "notifications": false}')
    assert Choices(file).now == Chosen(notifications=False)


def test_where_nothing_can_be_written_the_choice_still_holds(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "legate").write_text("a file where a folder should be")
    choices = Choices(tmp_path / "legate" / "outside.json")
    with caplog.at_level(logging.WARNING):
        choices.choose("closing", "quit")
    assert choices.now.closing == "quit"
    assert "holds until Legate is closed" in caplog.text


def test_without_a_place_choices_hold_and_are_not_kept(tmp_path: Path) -> None:
    choices = Choices(None)
    choices.choose("closing", "stay")
    assert choices.now.closing == "stay"
    assert not default_file().exists()


def test_choices_are_kept_where_the_desktop_keeps_such_things(tmp_path: Path) -> None:
    assert default_file() == tmp_path / "xdg-config" / "legate" / "outside.json"


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a" / "b.txt"
    write_whole(file, "one")

    def fail(source: object, target: object) -> None:
        raise OSError("no")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="no"):
        write_whole(file, "two")
    assert file.read_text() == "one"


def test_a_session_of_freedesktop_starts_it_in_the_background(tmp_path: Path) -> None:
    login = XdgAutostart(tmp_path)
    assert not login.is_on()
    login.turn_on()
    assert login.is_on()
    text = login.file.read_text()
    assert text.startswith("[Desktop Entry]\n")
    (line,) = [line for line in text.splitlines() if line.startswith("Exec=")]
    assert line.endswith('"-m" "legate_desktop.app" "--background"')
    login.turn_off()
    login.turn_off()
    assert not login.is_on()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "line", ["Hidden=true", "X-GNOME-Autostart-enabled=false", "X-GNOME-Autostart-enabled = false"]
)
def test_an_entry_that_the_desktop_switched_off_is_off(tmp_path: Path, line: str) -> None:
    login = XdgAutostart(tmp_path)
    login.turn_on()
    login.file.write_text(login.file.read_text().replace("X-GNOME-Autostart-enabled=true", line))
    assert not login.is_on()
    login.turn_on()
    assert login.is_on()


def test_a_session_of_macos_starts_it_in_the_background(tmp_path: Path) -> None:
    login = LaunchAgent(tmp_path)
    assert not login.is_on()
    login.turn_on()
    assert login.is_on()
    login.turn_off()
    assert not login.is_on()
    login.file.write_text("no property list")
    assert not login.is_on()


def test_a_session_of_windows_starts_it_in_the_background() -> None:
    registry = FakeRegistry()
    login = RunKey(registry)
    assert not login.is_on()
    login.turn_off()
    login.turn_on()
    assert login.is_on()
    assert registry.keys[RunKey.KEY]["Legate"].endswith("--background")
    login.turn_off()
    login.turn_off()
    assert not login.is_on()


def test_each_system_has_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert isinstance(start_at_login(), XdgAutostart)
    monkeypatch.setattr("sys.platform", "darwin")
    assert isinstance(start_at_login(), LaunchAgent)


@pytest.fixture
def no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)


def test_the_desktop_learns_who_opens_links_and_only_once(tmp_path: Path, no_tools: None) -> None:
    entry = XdgScheme(tmp_path)
    assert entry.register()
    assert not entry.register()
    text = entry.file.read_text()
    assert "MimeType=x-scheme-handler/legate;\n" in text
    (line,) = [line for line in text.splitlines() if line.startswith("Exec=")]
    assert line.endswith('"legate_desktop.app" %u')
    assert entry.icon.read_text().startswith("<svg")
    entry.file.write_text(text.replace("Exec=", "Exec=/elsewhere/"))
    assert entry.register()
    assert entry.file.read_text() == text


def test_the_tools_of_the_desktop_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "told"
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("xdg-mime", "update-desktop-database"):
        tool = tools / name
        tool.write_text(f'#!/bin/sh\necho "{name} $*" >> "{told}"\nexit 1\n')
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tools}:/bin:/usr/bin")
    XdgScheme(tmp_path / "data").register()
    assert told.read_text().splitlines() == [
        f"update-desktop-database -q {tmp_path / 'data' / 'applications'}",
        "xdg-mime default legate.desktop x-scheme-handler/legate",
    ]


def test_a_desktop_that_cannot_be_told_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_tools: None, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "xdg-data").write_text("a file where a folder should be")
    with caplog.at_level(logging.WARNING):
        assert not scheme.register_scheme()
    assert "do not lead here" in caplog.text


def test_windows_learns_who_opens_links_and_only_once() -> None:
    registry = FakeRegistry()
    entry = ClassesKey(registry)
    assert entry.register()
    assert not entry.register()
    assert registry.keys[r"Software\Classes\legate"]["URL Protocol"] == ""
    assert registry.keys[r"Software\Classes\legate\shell\open\command"][""].endswith('legate_desktop.app "%1"')
