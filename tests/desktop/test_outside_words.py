"""What is said outside the window, and what is taken from there: notes, links, quiet hours, commands."""

from __future__ import annotations

import subprocess

import pytest

from legate_desktop.outside import links, notes
from legate_desktop.outside.commands import as_command_line, as_exec, start_command
from legate_desktop.outside.links import Link
from legate_desktop.outside.quiet import is_quiet, minute_of, minutes_left
from legate_desktop.outside.view import Outline, Question, RunState

NOW = 1_764_000_000_000
MINUTE = 60_000


def question(effect: str = "write", **changes: object) -> Question:
    given: dict[str, object] = {"id": "apr_1", "run_id": "run_1", "tool": "github.create_release", "effect": effect}
    given |= {"agent": "Release captain", "asked_at": NOW, "expires_at": NOW + 30 * MINUTE}
    return Question(**(given | changes))  # type: ignore[arg-type]  # the fields of the test


def outline(**changes: object) -> Outline:
    given: dict[str, object] = {"title": "publish v2.14.0", "reach": "legate/desktop", "can_be_undone": True}
    given |= {"digest": "d", "may_answer": True, "needs_proof": False}
    return Outline(**(given | changes))  # type: ignore[arg-type]  # the fields of the test


def buttons(note: notes.Note) -> set[str]:
    return {button for button, _ in note.buttons}


def test_a_question_says_who_and_what_and_until_when() -> None:
    note = notes.of_question(question(), outline(reach="legate/desktop."), lambda at: "09:30", may_approve=False)
    assert note.title == "Release captain wants to publish v2.14.0"
    assert note.text == "github.create_release · legate/desktop · expires 09:30"
    assert buttons(note) == {"review", "reject"}
    assert not note.is_urgent


APPROVES = [
    # effect, whether it can be undone, whether switched on, other facts, whether Approve is offered
    ("write", True, True, {}, True),
    ("send", True, True, {}, True),
    ("write", True, False, {}, False),
    ("write", False, True, {}, False),
    ("send", False, True, {}, False),
    ("spend", True, True, {}, False),
    ("destroy", True, True, {}, False),
    ("grant", True, True, {}, False),
    ("read", True, True, {}, False),
    ("teleport", True, True, {}, False),
    ("write", True, True, {"needs_proof": True}, False),
    ("write", True, True, {"may_answer": False}, False),
    ("write", True, True, {"digest": ""}, False),
]


@pytest.mark.parametrize(("effect", "undo", "is_on", "facts", "offered"), APPROVES)
def test_approve_is_offered_only_where_switched_on_and_undoable_and_never_for_what_is_grave(
    effect: str, undo: bool, is_on: bool, facts: dict[str, object], offered: bool
) -> None:
    asked = outline(can_be_undone=undo, **facts)
    note = notes.of_question(question(effect), asked, lambda at: "", may_approve=is_on)
    assert ("approve" in buttons(note)) is offered


def test_who_may_not_answer_is_offered_no_answer() -> None:
    for facts in ({"may_answer": False}, {"needs_proof": True}):
        note = notes.of_question(question(), outline(**facts), lambda at: "", may_approve=True)
        assert buttons(note) == {"review"}


def test_what_is_in_doubt_can_only_be_looked_at() -> None:
    asked = question("send", is_in_doubt=True)
    note = notes.of_question(asked, outline(), lambda at: "", may_approve=True)
    assert buttons(note) == {"review"}
    assert "in doubt" in note.title
    assert note.is_urgent


@pytest.mark.parametrize("effect", ["spend", "destroy", "grant", "teleport"])
def test_what_is_grave_is_urgent(effect: str) -> None:
    assert notes.of_question(question(effect), outline(), lambda at: "", may_approve=True).is_urgent
    assert notes.of_several([question("teleport"), question(effect)], NOW).is_urgent is (effect != "teleport")


def test_several_are_counted_by_what_they_do_the_gravest_first() -> None:
    asked = [question("write"), question("write"), question("write"), question("spend"), question("send")]
    old = question("write", asked_at=NOW - 12 * MINUTE)
    note = notes.of_several([*asked, old], NOW)
    assert note.title == "6 approvals wait"
    assert note.text == "oldest 12 minutes · 1 MONEY, 4 WRITES, 1 SENDS"
    assert buttons(note) == {"review"}


def test_what_expires_soon_says_that_nothing_will_run() -> None:
    note = notes.of_expiry(question(), outline(title="refund 48.20 EUR"), 10)
    assert (note.title, note.text) == ("Expires in 10 min: refund 48.20 EUR", "nothing will run")
    assert buttons(note) == {"review"}


def test_a_run_says_how_it_ended() -> None:
    failed = RunState("run_1", "Refund desk", "failed", "stripe.lookup_policy: 401", 6, NOW - MINUTE, NOW)
    note = notes.of_end(failed)
    assert (note.title, note.text) == ("Refund desk failed", "stripe.lookup_policy: 401 · at step 6")
    done = RunState("run_2", "Research desk", "succeeded", "", 9, NOW - 200_000, NOW)
    assert notes.of_end(done).title == "Research desk is done"
    assert notes.of_end(done).text == "9 steps · 3 m 20 s"
    early = RunState("run_3", "Desk", "ended_early", "limit", 1, NOW, NOW)
    assert notes.of_end(early).title == "Desk ended early"


HOSTILE = "pay\u202egpj\u200b <b>now</b> &amp; \x1b[31m\nsecond line"


def test_names_from_outside_are_shown_in_one_line_and_hide_nothing() -> None:
    note = notes.of_question(
        question(agent=HOSTILE, tool=HOSTILE), outline(title=HOSTILE, reach=HOSTILE), lambda at: "", may_approve=False
    )
    for text in (note.title, note.text):
        assert "\n" not in text
        assert not {"\u202e", "\u200b", "\x1b"} & set(text)
        assert "⟨U+202E⟩" in text
    assert notes.escaped("<b>a</b> & c") == "&lt;b&gt;a&lt;/b&gt; &amp; c"


def test_nothing_is_longer_than_anybody_reads() -> None:
    note = notes.of_question(question(), outline(title="x" * 5_000), lambda at: "", may_approve=False)
    assert len(note.title) <= notes.LONGEST
    assert note.title.endswith("…")


LINKS = [
    ("legate://approval/apr_1m884fh7", Link("approval", "apr_1m884fh7")),
    ("legate://run/run_2/", Link("run", "run_2")),
    ("legate:run/run_2", Link("run", "run_2")),
    (" legate://audit/48102\n", Link("audit", "48102")),
    ("legate://agent/agt-1_x", Link("agent", "agt-1_x")),
    ("legate://workflow/wf_1", Link("workflow", "wf_1")),
    ("legate://audit/first", None),
    ("legate://approval/apr_1/approve", None),
    ("legate://approval/apr_1?do=approve", None),
    ("legate://approval/apr_1#approve", None),
    ("legate://approve/apr_1", None),
    ("legate://approval/", None),
    ("legate://approval/../run", None),
    ("legate://approval/" + "a" * 81, None),
    ("legate://run/run_1 run_2", None),
    ("LEGATE://run/run_1", None),
    ("https://legate/run/run_1", None),
    ("javascript:legate://run/run_1", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "expected"), LINKS)
def test_a_link_names_one_thing_and_nothing_to_do_with_it(text: str, expected: Link | None) -> None:
    assert links.parse(text) == expected


def test_a_link_says_itself_again() -> None:
    assert links.parse(str(Link("run", "run_1"))) == Link("run", "run_1")
    assert links.is_link("LEGATE:anything")
    assert not links.is_link("mailto:legate@example.com")


QUIET = [
    ("22:00", "07:00", "23:30", True),
    ("22:00", "07:00", "06:59", True),
    ("22:00", "07:00", "07:00", False),
    ("22:00", "07:00", "21:59", False),
    ("22:00", "07:00", "22:00", True),
    ("12:00", "13:30", "12:45", True),
    ("12:00", "13:30", "13:30", False),
    ("08:00", "08:00", "08:00", False),
    ("", "", "03:00", False),
    ("late", "07:00", "03:00", False),
    ("24:00", "07:00", "03:00", False),
]


@pytest.mark.parametrize(("begin", "end", "at", "expected"), QUIET)
def test_quiet_hours_may_go_over_midnight(begin: str, end: str, at: str, expected: bool) -> None:
    minute = minute_of(at)
    assert minute is not None
    assert is_quiet(minute, begin, end) is expected


def test_the_end_of_quiet_hours_is_known() -> None:
    assert minutes_left(23 * 60, "07:00") == 8 * 60
    assert minutes_left(6 * 60 + 59, "07:00") == 1
    assert minutes_left(7 * 60, "07:00") == 0
    assert minutes_left(0, "whenever") == 0


def test_a_command_survives_the_quoting_of_a_desktop_file() -> None:
    command = ["/opt/my apps/python3", "-m", "x", 'a"b', "$HOME", "`id`", "50%", "back\\slash"]
    line = as_exec(command, "%u")
    assert line.endswith(" %u")
    # The value's own escapes come off first, then the argument's, which are those of a shell's double quotes.
    value = line.removesuffix(" %u").replace("\\\\", "\\").replace("%%", "%")
    said = subprocess.run(["sh", "-c", f"printf '%s\n' {value}"], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == command


def test_this_interpreter_starts_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/opt/legate/bin/python3")
    assert start_command("--background") == ["/opt/legate/bin/python3", "-m", "legate_desktop.app", "--background"]
    monkeypatch.setattr("sys.frozen", True, raising=False)
    assert start_command("--background") == ["/opt/legate/bin/python3", "--background"]


def test_windows_gets_a_command_line() -> None:
    assert as_command_line([r"C:\Program Files\Legate\legate.exe", "--background"]) == (
        r'"C:\Program Files\Legate\legate.exe" --background'
    )
