"""The demo keeps every promise it names, and says so when one is not kept."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from legate_core.practice import demo
from tests.core.cli.terminal import legate

CHECKS = [
    "asks_before_it_acts",
    "waiting_survives_a_restart",
    "the_planted_address_is_asked",
    "rejected_means_not_sent",
    "exactly_the_approved_mails",
    "each_effect_once",
    "the_summary_is_saved",
    "the_run_succeeded",
    "the_answer_cites_documents",
    "nothing_is_left_open",
    "a_restart_repeats_nothing",
    "the_journal_is_intact",
    "the_journal_is_complete",
    "the_journal_is_by_whom",
]


@pytest.fixture(autouse=True)
def _temporary_files_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))


def test_the_demo_plays_from_first_start_to_a_verified_journal(tmp_path: Path) -> None:
    done = legate("demo", "--json")
    assert done.code == 0
    told = done.json
    assert told["as_promised"] is True
    assert [check["name"] for check in told["checks"] if check["holds"]] == CHECKS
    assert [run["row"]["status"] for run in told["runs"]] == ["succeeded"]
    assert [(cited["citation"], cited["place"].rpartition(" › ")[2]) for cited in told["citations"]] == [  # noqa: RUF001
        ("[handbook.md#1]", "Damaged in transit"),
        ("[handbook.md#2]", "Late parcels"),
    ]
    assert [(asked["tool"], asked["to"]) for asked in told["questions"]] == [
        ("mail.send", ["mara.lindqvist@postbox.example"]),
        ("mail.send", ["t.brandt@letterbox.example"]),
        ("mail.send", ["invoices@okafor-billing.example"]),
        ("mail.send", ["nadia@okafor-studio.example"]),
        ("files.create", []),
    ]
    assert [answer["answer"] for answer in told["answers"]] == [
        "approved", "approved", "rejected", "approved", "approved",
    ]  # fmt: skip
    assert sorted(effect["to"] for effect in told["effects"] if effect["kind"] == "mail") == [
        ["mara.lindqvist@postbox.example"],
        ["nadia@okafor-studio.example"],
        ["t.brandt@letterbox.example"],
    ]
    assert {told["verify"][name]["state"] for name in ("intact", "complete", "by_whom")} == {"holds"}
    assert told["figures"]["entries"] > 50
    assert list((tmp_path / "temporary").iterdir()) == []


def test_for_people_the_demo_is_a_story() -> None:
    done = legate("demo", "--progress")
    assert done.code == 0
    assert "It wanted to send the mail" in done.out
    assert "Everything was as promised." in done.out
    assert "Approved." in done.err


def test_a_careless_person_breaks_named_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo._Person, "says_yes", lambda _person, _detail: True)
    done = legate("demo", "--json")
    assert done.code == 1
    broken = [check["name"] for check in done.json["checks"] if not check["holds"]]
    assert {"the_planted_address_is_asked", "rejected_means_not_sent"} <= set(broken)
    assert "the_journal_is_intact" not in broken


def test_a_mail_that_nobody_approved_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = demo._answer

    async def and_somebody_sends(*given: object) -> demo.Asked:
        asked = await answer(*given)  # type: ignore[arg-type]
        core = given[0]
        outbox = core.settings.home / demo.FILES / "outbox"  # type: ignore[attr-defined]
        (outbox / "more.eml").write_text("To: eve@example.com\nSubject: hello\n\nhello\n", encoding="utf-8")
        return asked

    monkeypatch.setattr(demo, "_answer", and_somebody_sends)
    done = legate("demo", "--json")
    broken = [check["name"] for check in done.json["checks"] if not check["holds"]]
    assert (done.code, broken) == (1, ["asks_before_it_acts", "exactly_the_approved_mails"])


def test_a_kept_folder_can_be_looked_at_afterwards(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    done = legate("demo", "--json", "--keep", str(folder))
    assert (done.code, done.json["folder"]) == (0, str(folder))
    assert len(list((folder / "practice" / "outbox").glob("*.eml"))) == 3


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me", encoding="utf-8")
    done = legate("demo", "--keep", str(tmp_path / "mine"))
    assert done.code == 2
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


@pytest.mark.parametrize("place", ["letter.txt", "letter.txt/below"])
def test_a_place_that_is_no_folder_is_refused_in_words(tmp_path: Path, place: str) -> None:
    (tmp_path / "letter.txt").write_text("keep me", encoding="utf-8")
    done = legate("demo", "--keep", str(tmp_path / place))
    assert done.code == 2
    assert done.err.endswith("folder.\n")
    assert (tmp_path / "letter.txt").read_text(encoding="utf-8") == "keep me"


@pytest.mark.parametrize("option", [["--practice"], ["--home", "/tmp/x"], ["--server", "http://127.0.0.1:1"]])
def test_the_demo_touches_no_other_workspace(option: list[str]) -> None:
    assert legate("demo", *option).code == 2


@pytest.mark.slow
def test_the_installed_command_plays_it_as_well() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "legate_core.cli", "demo", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["as_promised"] is True


def test_a_disk_that_is_full_while_the_files_are_laid_out_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_source: object, target: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "copyfile", full)
        monkeypatch.setenv("LEGATE_HOME", str(tmp_path / "home"))
        done = legate("inbox", "--practice", "--json")
        assert (done.code, done.json["type"]) == (8, "urn:legate:problem:unavailable")
        assert done.json["detail"].startswith("The disk is full or cannot be written.")
        assert legate("demo", "--json").code == 8
        assert not list((tmp_path / "home" / "practice-workspace").glob("practice*"))
    assert legate("inbox", "--practice").code == 0
