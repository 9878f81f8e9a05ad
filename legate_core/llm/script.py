"""The script of the scripted model: a readable TOML file, every mistake in it found when it is loaded.

    [[turn]]
    at = 0                          # how many replies were given so far
    when = "order A-\\d+"           # optional: a regular expression, searched in the results of the last calls
    say = "I look that up."         # text; a turn without calls is the final answer
    [[turn.call]]
    tool = "files.search"
    arguments = { folder = "documents", text = "A-20417" }

Of several turns with the same `at` the first that matches is played; one without `when` always matches. For tests a call
may have `raw = "{broken"` in place of `arguments`, and a turn may have a `fault`, with `times` for how often it befalls
the same conversation before the turn is played as it stands:

    fault = "cut"                   # cut, hang, empty, malformed_json, or a kind of failure: auth, refused, timeout …
    times = 1
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from legate_core.errors import Invalid
from legate_core.llm.base import FailureKind, ToolCall
from legate_core.llm.strict_json import JsonMistake, parse_object, shown

MAX_SCRIPT_BYTES = 1_000_000
MAX_SEARCHED = 200_000
FAULTS = frozenset({"cut", "hang", "empty", "malformed_json", *get_args(FailureKind)})
_TURN = frozenset({"at", "when", "say", "call", "fault", "times"})
_CALL = frozenset({"tool", "arguments", "raw"})
_HEADER = re.compile(r"^[ \t]*\[\[\s*turn\s*\]\]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Turn:
    """What the model says at one point of the conversation, if `when` is found."""

    at: int
    when: re.Pattern[str] | None = None
    say: str = ""
    calls: tuple[ToolCall, ...] = ()
    fault: str = ""
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """All turns, in the order they stand in the file; `source` is its name in words."""

    turns: tuple[Turn, ...]
    source: str

    def turn(self, at: int, observed: str) -> Turn:
        """The turn to play after `at` replies. Raises `Invalid` where the script has none."""
        here = [turn for turn in self.turns if turn.at == at]
        for turn in here:
            if turn.when is None or turn.when.search(observed[:MAX_SEARCHED]):
                return turn
        if not here:
            last = max(turn.at for turn in self.turns)
            raise Invalid(
                f"{self.source} has no turn at = {at}; its last is at = {last}. "
                "Add one, or end the script with a turn that calls no tool."
            )
        raise Invalid(
            f"{self.source} has no turn at = {at} that fits what the tools answered. "
            f"Add a turn at = {at} without `when` after the others."
        )


def load_script(path: Path) -> Script:
    """The script in a file. Raises `Invalid` that names file, turn and mistake."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SCRIPT_BYTES + 1)
    except OSError as error:
        raise Invalid(f"The script {path} cannot be read ({error.strerror}). Choose another under Model.") from error
    if len(data) > MAX_SCRIPT_BYTES:
        raise Invalid(f"The script {path.name} is larger than {MAX_SCRIPT_BYTES:,} bytes. Make it shorter.")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(f"The script {path.name} is not UTF-8 text (byte {error.start}). Save it as UTF-8.") from error
    return parse_script(text, f"The script {path.name}")


@functools.lru_cache(maxsize=64)
def parse_script(text: str, source: str = "The script") -> Script:
    """The script in a text. Kept, because a model is opened for every call."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{source} is not valid TOML: {error}. Correct it there.") from error
    if unknown := sorted(set(data) - {"turn"}):
        raise Invalid(f"{source} has an unknown key {unknown[0]!r}. It holds [[turn]] tables only.")
    lines = [text.count("\n", 0, match.start()) + 1 for match in _HEADER.finditer(text)]
    return script_of(data.get("turn", []), source, lines)


def script_of(turns: Any, source: str = "The script", lines: Sequence[int] = ()) -> Script:
    """The script of turns given as data. `lines` are where they start, if there is one line for each."""
    if not isinstance(turns, list) or not turns:
        raise Invalid(f"{source} has no turns. Give it at least one [[turn]] with at = 0.")
    entries = cast("list[Any]", turns)
    known_lines = lines if len(lines) == len(entries) else [0] * len(entries)
    found: list[Turn] = []
    for number, (entry, line) in enumerate(zip(entries, known_lines, strict=True), 1):
        where = f"{source}, turn {number}" + (f" (line {line})" if line else "")
        found.append(_turn(entry, where))
        if any(other.at == found[-1].at and other.when is None for other in found[:-1]):
            raise Invalid(
                f"{where}, is never played: an earlier turn at = {found[-1].at} has no `when`. "
                "Move it before that one, or take it out."
            )
    places = {turn.at for turn in found}
    if (gap := next((at for at in range(max(places)) if at not in places), None)) is not None:
        raise Invalid(f"{source} has no turn at = {gap}, so what comes later is never played. Add one.")
    return Script(tuple(found), source)


def _turn(entry: Any, where: str) -> Turn:
    fields = _table(entry, _TURN, where)
    at = fields.get("at")
    if not isinstance(at, int) or isinstance(at, bool) or at < 0:
        raise Invalid(f"{where}: `at` must be a whole number from 0, the replies given so far. Correct it.")
    calls = fields.get("call", [])
    if not isinstance(calls, list):
        raise Invalid(f"{where}: write a call as [[turn.call]], with two brackets. Correct it.")
    turn = Turn(
        at=at,
        when=_pattern(fields.get("when"), where),
        say=_text(fields, "say", where),
        calls=tuple(
            _call(call, at, number, f"{where}, call {number + 1}")
            for number, call in enumerate(cast("list[Any]", calls))
        ),
        fault=_text(fields, "fault", where),
        times=fields.get("times"),
    )
    _check_fault(turn, where)
    if not (turn.say.strip() or turn.calls or turn.fault):
        raise Invalid(f"{where} says nothing and calls nothing. Give it `say`, a [[turn.call]] or a `fault`.")
    return turn


def _check_fault(turn: Turn, where: str) -> None:
    if turn.fault and turn.fault not in FAULTS:
        raise Invalid(f"{where}: there is no fault {turn.fault!r}. The faults are {', '.join(sorted(FAULTS))}.")
    if turn.fault == "malformed_json" and not turn.calls:
        raise Invalid(f"{where}: the fault malformed_json breaks a call, and there is none. Add a [[turn.call]].")
    times: Any = turn.times
    if times is not None and (not turn.fault or not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise Invalid(f"{where}: `times` is a whole number from 1 and belongs to a `fault`. Correct it.")


def _call(entry: Any, at: int, number: int, where: str) -> ToolCall:
    fields = _table(entry, _CALL, where)
    tool = _text(fields, "tool", where)
    if not tool.strip():
        raise Invalid(f"{where}: `tool` must name a tool, like mail.send. Add it.")
    if ("arguments" in fields) == ("raw" in fields):
        raise Invalid(f"{where}: give either `arguments` or, to play a broken call, `raw`.")
    if "raw" in fields:
        return ToolCall.parsed(call_id(at, number), tool, _text(fields, "raw", where))
    arguments = fields["arguments"]
    if not isinstance(arguments, dict):
        raise Invalid(f'{where}: `arguments` must be a table like {{ id = "M-1" }}. Correct it.')
    try:
        # Read back as a model's own words would be, so that a script cannot say what no model could.
        return ToolCall.of(call_id(at, number), tool, parse_object(shown(arguments)))
    except (TypeError, JsonMistake) as error:
        raise Invalid(f"{where}: the arguments are not JSON ({error}). Write dates and the like as text.") from error


def call_id(at: int, number: int) -> str:
    """The id of a scripted call; it tells which turn it belongs to, also after the transcript was trimmed."""
    return f"s{at}-{number}"


def _pattern(given: Any, where: str) -> re.Pattern[str] | None:
    if given is None:
        return None
    if not isinstance(given, str):
        raise Invalid(f"{where}: `when` must be text, a regular expression. Correct it.")
    try:
        return re.compile(given)
    except re.error as error:
        raise Invalid(f"{where}: `when` is no regular expression: {error}. Correct it.") from error


def _text(fields: Mapping[str, Any], name: str, where: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise Invalid(f"{where}: `{name}` must be text. Correct it.")
    return value


def _table(entry: Any, known: frozenset[str], where: str) -> Mapping[str, Any]:
    if not isinstance(entry, dict):
        raise Invalid(f"{where} must be a table. Correct it.")
    fields = cast("dict[str, Any]", entry)
    if unknown := sorted(set(fields) - known):
        raise Invalid(f"{where} has an unknown key {unknown[0]!r}. It may have {', '.join(sorted(known))}.")
    return fields
