"""The script of the scripted model: every mistake is found on load, in words that say where."""

from pathlib import Path
from typing import Any

import pytest

from legate_core.errors import Invalid
from legate_core.llm.script import MAX_SCRIPT_BYTES, load_script, parse_script, script_of

PRACTICE = Path(__file__).parents[3] / "resources" / "sample" / "practice" / "deputy.toml"

MISTAKES = [
    ("", "no turns"),
    ("turn = 3", "no turns"),
    ("turn = [3]", "turn 1 must be a table"),
    ("[[turn]]\nat = 0\nsay = 'x", "not valid TOML"),
    ("name = 'x'\n[[turn]]\nat = 0\nsay = 'x'", "unknown key 'name'"),
    ("[[turn]]\nsay = 'x'", "`at` must be a whole number"),
    ("[[turn]]\nat = -1\nsay = 'x'", "`at` must be a whole number"),
    ("[[turn]]\nat = true\nsay = 'x'", "`at` must be a whole number"),
    ("[[turn]]\nat = 0\nsays = 'x'", "unknown key 'says'"),
    ("[[turn]]\nat = 0", "says nothing and calls nothing"),
    ("[[turn]]\nat = 0\nsay = ' '", "says nothing and calls nothing"),
    ("[[turn]]\nat = 0\nsay = 3", "`say` must be text"),
    ("[[turn]]\nat = 0\nwhen = '('\nsay = 'x'", "no regular expression"),
    ("[[turn]]\nat = 0\nwhen = 3\nsay = 'x'", "must be text, a regular expression"),
    ("[[turn]]\nat = 0\n[turn.call]\ntool = 'a.b'\narguments = {}", "two brackets"),
    ("[[turn]]\nat = 0\n[[turn.call]]\narguments = {}", "call 1: `tool` must name"),
    ("[[turn]]\nat = 0\n[[turn.call]]\ntool = 'a.b'", "either `arguments` or"),
    ("[[turn]]\nat = 0\n[[turn.call]]\ntool = 'a.b'\nraw = ''\narguments = {}", "either `arguments` or"),
    ("[[turn]]\nat = 0\n[[turn.call]]\ntool = 'a.b'\narguments = 'x'", "must be a table"),
    ("[[turn]]\nat = 0\n[[turn.call]]\ntool = 'a.b'\narguments = { d = 2026-01-01 }", "are not JSON"),
    ("[[turn]]\nat = 0\n[[turn.call]]\ntool = 'a.b'\narguments = { n = nan }", "are not JSON"),
    ("[[turn]]\nat = 0\n[[turn.call]]\ntool = 'a.b'\nargs = {}", "unknown key 'args'"),
    ("[[turn]]\nat = 0\nfault = 'explode'", "no fault 'explode'"),
    ("[[turn]]\nat = 0\nsay = 'x'\nfault = 'malformed_json'", "there is none"),
    ("[[turn]]\nat = 0\nsay = 'x'\ntimes = 2", "`times` is a whole number"),
    ("[[turn]]\nat = 0\nfault = 'cut'\ntimes = 0", "`times` is a whole number"),
    ("[[turn]]\nat = 0\nsay = 'x'\n[[turn]]\nat = 0\nsay = 'y'", "turn 2 (line 4), is never played"),
    ("[[turn]]\nat = 0\nsay = 'x'\n[[turn]]\nat = 2\nsay = 'y'", "no turn at = 1"),
    ("[[turn]]\nat = 1\nsay = 'x'", "no turn at = 0"),
]


@pytest.mark.parametrize(("text", "words"), MISTAKES)
def test_a_mistake_is_found_when_the_script_is_loaded(text: str, words: str):
    with pytest.raises(Invalid) as caught:
        parse_script(text)
    assert words in caught.value.message
    assert caught.value.message.endswith(".")


def test_a_mistake_is_told_with_its_line():
    text = "# A comment.\n\n[[turn]]\nat = 0\nsay = 'x'\nwhen = 'a'\n\n[[turn]]\nat = 0\nfault = 'no'\n"
    with pytest.raises(Invalid, match=r"turn 2 \(line 8\)"):
        parse_script(text)


def test_the_practice_script_loads():
    script = load_script(PRACTICE)
    assert max(turn.at for turn in script.turns) == 8
    assert script.turn(0, "").calls[0].name == "mail.list"


def test_the_first_turn_that_matches_is_played():
    script = script_of(
        [
            {"at": 0, "when": "red", "say": "r"},
            {"at": 0, "when": "(?i)BLUE", "say": "b"},
            {"at": 0, "say": "else"},
        ]
    )
    assert [script.turn(0, seen).say for seen in ("a red one", "blue", "red blue", "")] == ["r", "b", "r", "else"]


@pytest.mark.parametrize(
    ("at", "words"), [(0, "fits what the tools answered"), (1, "no turn at = 1; its last is at = 0")]
)
def test_a_script_that_runs_out_says_where(at: int, words: str):
    script = script_of([{"at": 0, "when": "never", "say": "x"}])
    with pytest.raises(Invalid, match=words):
        script.turn(at, "something")


@pytest.mark.parametrize("turns", [None, [], "x", [3], [[]], {"at": 0}])
def test_turns_given_as_data_are_checked_too(turns: Any):
    with pytest.raises(Invalid):
        script_of(turns)


def test_a_file_that_cannot_be_a_script_is_refused(tmp_path: Path):
    (tmp_path / "huge.toml").write_bytes(b"#" * (MAX_SCRIPT_BYTES + 1))
    (tmp_path / "latin.toml").write_bytes("say = 'ü'".encode("latin-1"))
    for name, words in (("missing.toml", "cannot be read"), ("huge.toml", "larger than"), ("latin.toml", "not UTF-8")):
        with pytest.raises(Invalid, match=words):
            load_script(tmp_path / name)
    with pytest.raises(Invalid, match="cannot be read"):
        load_script(tmp_path)


def test_a_changed_file_is_read_again(tmp_path: Path):
    path = tmp_path / "script.toml"
    path.write_text("[[turn]]\nat = 0\nsay = 'one'", "utf-8")
    assert load_script(path).turn(0, "").say == "one"
    path.write_text("[[turn]]\nat = 0\nsay = 'two'", "utf-8")
    assert load_script(path).turn(0, "").say == "two"
