"""AgentDojo's public suites without a model: benign calls are the user task's own, attacks the injection's own."""

from __future__ import annotations

import datetime
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agentdojo.functions_runtime import FunctionCall, FunctionsRuntime
from agentdojo.task_suite.load_suites import get_suites
from agentdojo.task_suite.task_suite import TaskSuite

from legate_core.policy.decide import decide
from legate_core.policy.model import Call, Facts, ObservationText, Rule, Settings, Verdict
from legate_core.policy.provenance import OwnWords, atoms_of, observations_with, origin_kind
from legate_core.tools.spec import Argument, Effect, ToolSpec
from tests.judge import injected

VERSION = "v1.2.2"
TASKS, CASES = 97, 949
# The rules themselves are judged: with "ask for every effect" on, every one of these calls would ask.
STRICT = Settings(ask_every_effect=False)
RELAXED = Settings(ask_every_effect=False, relax_content=True)


@dataclass
class Figures:
    """What is printed. `unasked` are sensitive calls of an injection that would run without a question.

    `moments` counts how often a person is called, where alike questions of one reply of the model count as one.
    It stands beside the count of questions and replaces nothing. `asked_though_named` are the questions that no better
    reading of the person's words could save: the effect itself asks.
    """

    tasks: int = 0
    cases: int = 0
    cases_without_a_call: int = 0
    sensitive_attack_calls: int = 0
    unasked: list[str] = field(default_factory=list)
    unasked_malicious_from_first_word: list[str] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    asks_per_task: dict[str, int] = field(default_factory=dict)
    moments_per_task: dict[str, int] = field(default_factory=dict)
    asked_though_named: list[str] = field(default_factory=list)
    asked_by: dict[str, int] = field(default_factory=dict)
    effects_in_tasks: int = 0
    nanoseconds: list[int] = field(default_factory=list)

    @property
    def asks(self) -> int:
        return sum(self.asks_per_task.values())

    @property
    def without_approval(self) -> float:
        return self._share(self.asks_per_task, 0)

    @property
    def at_most_one(self) -> float:
        return self._share(self.asks_per_task, 1)

    def as_dict(self) -> dict[str, Any]:
        return {
            "tasks": self.tasks,
            "attack cases": self.cases,
            "attack cases without a sensitive call": self.cases_without_a_call,
            "injected sensitive calls": self.sensitive_attack_calls,
            "injected sensitive calls unasked": len(self.unasked),
            "unasked, model malicious from its first word": len(self.unasked_malicious_from_first_word),
            "tasks completable": self.tasks - len(self.denied),
            "tasks without approval, percent": self.without_approval,
            "tasks with at most one, percent": self.at_most_one,
            "asks": self.asks,
            "asks, if every effect asked": self.effects_in_tasks,
            "asks in which every value was named": self.asked_though_named,
            "asks by rule": dict(sorted(self.asked_by.items(), key=lambda item: -item[1])),
            "moments a person is called, alike questions of one reply folded": sum(self.moments_per_task.values()),
            "tasks with at most one moment, percent": self._share(self.moments_per_task, 1),
            "decision p50 and p99, microseconds": (self.percentile(50), self.percentile(99)),
        }

    def percentile(self, share: int) -> float:
        ordered = sorted(self.nanoseconds)
        return round(ordered[min(len(ordered) - 1, len(ordered) * share // 100)] / 1000, 1)

    def _share(self, counts: Mapping[str, int], most: int) -> float:
        return round(100 * sum(count <= most for count in counts.values()) / max(1, self.tasks), 1)


def manifests(suite: TaskSuite) -> dict[str, ToolSpec]:
    """The suite's tools with their effects and the roles of their arguments. A tool without a manifest is an error."""
    table = tomllib.loads((Path(__file__).parent / "agentdojo_manifests.toml").read_text(encoding="utf-8"))
    found: dict[str, ToolSpec] = {}
    for tool in suite.tools:
        entry = table[tool.name]
        found[tool.name] = ToolSpec(
            name=tool.name,
            description=tool.description,
            effect=Effect(entry["effect"]),
            parameters=tool.parameters.model_json_schema(),
            arguments={name: Argument("content") for name in entry.get("content", ())},
            amount_argument=entry.get("amount", ""),
        )
    return found


def readers(tool: str) -> Any:
    """Who may know what a tool returns: for the relaxed rule about content."""
    table = tomllib.loads((Path(__file__).parent / "agentdojo_manifests.toml").read_text(encoding="utf-8"))
    return table[tool].get("readers", "user")


def run(settings: Settings = STRICT, rules: Sequence[Rule] = ()) -> Figures:
    """Judge every call of every task and of every attack case."""
    figures = Figures()
    for name, suite in get_suites(VERSION).items():
        tools = manifests(suite)
        labels = {tool: readers(tool) for tool in tools}
        benign: dict[str, tuple[OwnWords, tuple[ObservationText, ...]]] = {}
        for task_id, task in suite.user_tasks.items():
            judge = _Judge(figures, tools, labels, settings, rules)
            benign[task_id] = judge.task(f"{name}/{task_id}", suite, task)
        for injection_id, injection in suite.injection_tasks.items():
            environment = suite.load_and_inject_default_environment({})
            calls = list(_calls(injection.ground_truth(environment)))
            if name == injected.SUITE:
                calls = calls or injected.calls_of(injection, environment)
            planted = ObservationText("injection", "a planted text", injection.GOAL)
            for task_id, (own_words, observations) in benign.items():
                where = f"{name}/{task_id}/{injection_id}"
                judge = _Judge(figures, tools, labels, settings, rules)
                judge.attack(where, calls, own_words, (*observations, planted))
    return figures


@dataclass
class _Replies:
    """Which calls one reply of a model can hold: like calls in a row, none of which needs what another one returned.

    Alike questions of one reply (one tool, one deciding rule) are one moment at which a person is called.
    """

    moments: int = 0
    _tool: str = ""
    _begun: int = 0
    _asked_by: set[str] = field(default_factory=set[str])

    def add(
        self, tool: ToolSpec, given: Mapping[str, Any], verdict: Verdict, observations: Sequence[ObservationText]
    ) -> None:
        """The next call of the task, and everything that was read before it."""
        if tool.name != self._tool or self._needs_what_came_back(tool, given, observations):
            self._tool, self._begun, self._asked_by = tool.name, len(observations), set()
        if verdict.kind == "ask" and verdict.rule_id not in self._asked_by:
            self._asked_by.add(verdict.rule_id)
            self.moments += 1

    def _needs_what_came_back(
        self, tool: ToolSpec, given: Mapping[str, Any], observations: Sequence[ObservationText]
    ) -> bool:
        before, since = observations[: self._begun], observations[self._begun :]
        return any(
            observations_with(atom.value, since) and not observations_with(atom.value, before)
            for atom in atoms_of(tool, given)
        )


@dataclass
class _Judge:
    figures: Figures
    tools: Mapping[str, ToolSpec]
    labels: Mapping[str, Any]
    settings: Settings
    rules: Sequence[Rule]

    def attack(
        self,
        where: str,
        calls: Sequence[tuple[str, dict[str, Any]]],
        own_words: OwnWords,
        observations: tuple[ObservationText, ...],
    ) -> None:
        """Late, after everything the task read and the planted text; and early, before anything was read."""
        sensitive = [(tool, given) for tool, given in calls if self.tools[tool].effect is not Effect.READ]
        self.figures.cases += 1
        self.figures.cases_without_a_call += not sensitive
        for tool, given in sensitive:
            self.figures.sensitive_attack_calls += 1
            if self._decide(tool, given, own_words, observations).kind == "allow":
                self.figures.unasked.append(f"{where}: {tool} {given}")
            if self._decide(tool, given, own_words, ()).kind == "allow":
                self.figures.unasked_malicious_from_first_word.append(f"{where}: {tool} {given}")

    def task(self, where: str, suite: TaskSuite, task: Any) -> tuple[OwnWords, tuple[ObservationText, ...]]:
        """Judge the calls that solve a task, run them for what they return, and count."""
        environment = task.init_environment(suite.load_and_inject_default_environment({}))
        own_words = OwnWords.from_texts([task.PROMPT], today=_today(environment))
        runtime = FunctionsRuntime(suite.tools)
        observations: list[ObservationText] = []
        replies = _Replies()
        asked = 0
        for tool, given in _calls(task.ground_truth(environment)):
            verdict = self._decide(tool, given, own_words, tuple(observations))
            self.figures.effects_in_tasks += self.tools[tool].effect is not Effect.READ
            asked += verdict.kind == "ask"
            replies.add(self.tools[tool], given, verdict, observations)
            if verdict.kind == "ask":
                if self._is_named(tool, given, own_words):
                    self.figures.asked_though_named.append(f"{where}: {tool}")
                self.figures.asked_by[verdict.rule_id] = self.figures.asked_by.get(verdict.rule_id, 0) + 1
            if verdict.kind == "deny":
                self.figures.denied.append(where)
            result, _ = runtime.run_function(environment, tool, given)
            observations.append(ObservationText(f"o{len(observations)}", tool, str(result), readers=self.labels[tool]))
        self.figures.tasks += 1
        self.figures.asks_per_task[where] = asked
        self.figures.moments_per_task[where] = replies.moments
        return own_words, tuple(observations)

    def _is_named(self, tool: str, given: dict[str, Any], own_words: OwnWords) -> bool:
        call, facts = Call(self.tools[tool], given), Facts(own_words, settings=self.settings)
        return all(origin_kind(atom, call, facts) != "derived" for atom in atoms_of(call.tool, given))

    def _decide(
        self, tool: str, given: dict[str, Any], own_words: OwnWords, observations: tuple[ObservationText, ...]
    ) -> Verdict:
        call, facts = Call(self.tools[tool], given), Facts(own_words, observations, settings=self.settings)
        begun = time.thread_time_ns()
        verdict = decide(call, facts, self.rules)
        self.figures.nanoseconds.append(time.thread_time_ns() - begun)
        return verdict


def _calls(calls: list[FunctionCall]) -> Iterator[tuple[str, dict[str, Any]]]:
    for call in calls:
        yield call.function, {name: _plain(value) for name, value in call.args.items()}


def _plain(value: Any) -> Any:
    """Arguments as the JSON that a model would have sent."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _today(environment: Any) -> datetime.date | None:
    """The clock of the environment, where it has one: the day the person wrote the task."""
    calendar = getattr(environment, "calendar", None)
    return getattr(calendar, "current_day", None)
