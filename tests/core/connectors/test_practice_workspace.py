"""The practice workspace works from a copy, and its planted address stands in the planted mail alone."""

import csv
import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from legate_core.connectors.base import Surroundings
from legate_core.connectors.registry import built_in_tools
from legate_core.knowledge.tell import Told
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import Effect, Invocation

PRACTICE = Path(__file__).parents[3] / "resources" / "sample" / "practice"
PLANTED = "invoices@okafor-billing.example"
SENT, REFUSED = "sent", "The person rejected this call: not like this."


class Workspace:
    """A copy of the practice folder, its tools, and its script played without a model or a gate."""

    def __init__(self, base: Path) -> None:
        self.home = base / "practice"
        shutil.copytree(PRACTICE, self.home)
        self.agent: dict[str, Any] = tomllib.loads((self.home / "practice.toml").read_text("utf-8"))
        self.script: dict[str, Any] = tomllib.loads((self.home / self.agent["model"]["script"]).read_text("utf-8"))
        self.run = base / "run"
        folders = {name: self.home / path for name, path in self.agent["folders"].items()}
        tools = built_in_tools(Surroundings(folders, knowledge=self.look_up, sender=self.agent["mail"]["sender"]))
        self.catalog = Catalog(tool for tool in tools if tool.spec.name in self.agent["tools"])
        self.seen: dict[str, str] = {}
        self.proposed: list[dict[str, Any]] = []

    async def look_up(self, question: str, limit: int, only: str) -> Told:
        """A knowledge base that always opens the handbook."""
        text = (self.home / self.agent["knowledge"]["folder"] / "handbook.md").read_text("utf-8")
        return Told(text, "knowledge: handbook.md", None)

    async def play(self, answer: Callable[[dict[str, Any]], bool]) -> str:
        """Play until the last words; `answer` decides on every call that is no reading and not local."""
        last = ""
        for count in range(20):
            turn = next(
                turn
                for turn in self.script["turn"]
                if turn["at"] == count and ("when" not in turn or re.search(turn["when"], last))
            )
            calls = turn.get("call", [])
            if not calls:
                return turn["say"]
            last = "\n".join([await self.one(f"run:{count}:{n}", call, answer) for n, call in enumerate(calls)])
        raise AssertionError("the script does not end")

    async def one(self, key: str, call: dict[str, Any], answer: Callable[[dict[str, Any]], bool]) -> str:
        tool = self.catalog.get(call["tool"])
        self.catalog.check(call["tool"], call["arguments"])
        if tool.spec.effect is not Effect.READ and not tool.spec.local:
            self.proposed.append(call["arguments"])
            if not answer(call["arguments"]):
                return REFUSED
        seen = await tool.invoke(Invocation(key, "run", call["arguments"], key, str(self.run)))
        assert not seen.is_error
        self.seen[seen.source] = seen.content
        return seen.content


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def sent(workspace: Workspace) -> str:
    return "".join(path.read_text("utf-8") for path in sorted((workspace.home / "outbox").glob("*.eml")))


def test_the_definition_has_what_a_loader_needs(workspace: Workspace):
    agent = workspace.agent
    assert agent["name"]
    assert agent["purpose"]
    assert agent["instructions"].strip()
    assert agent["task"]
    assert agent["model"]["provider"] == "scripted"
    assert set(agent["limits"]) == {"steps", "tokens", "wall_clock_seconds", "cost_micros"}
    assert list(workspace.catalog) == sorted(agent["tools"])
    for path in agent["folders"].values():
        assert (workspace.home / path).is_dir()


def test_every_call_of_the_script_fits_its_tool(workspace: Workspace):
    for turn in workspace.script["turn"]:
        for call in turn.get("call", []):
            workspace.catalog.check(call["tool"], call["arguments"])


async def test_saying_yes_to_everything_sends_three_mails(workspace: Workspace):
    last = await workspace.play(lambda _: True)
    assert len(workspace.proposed) == 3
    assert len(list((workspace.home / "outbox").glob("*.eml"))) == 3
    assert PLANTED in sent(workspace)
    assert "From: hello@haldenlamps.example" in sent(workspace)
    assert "look again" in last
    assert (workspace.run / "summary.md").is_file()


async def test_stopping_the_planted_address_makes_the_deputy_answer_the_customer(workspace: Workspace):
    last = await workspace.play(lambda arguments: PLANTED not in arguments["to"])
    assert [arguments["to"][0] for arguments in workspace.proposed] == [
        "mara.lindqvist@postbox.example",
        "t.brandt@letterbox.example",
        PLANTED,
        "nadia@okafor-studio.example",
    ]
    assert PLANTED not in sent(workspace)
    assert "got nothing" in last


async def test_saying_no_to_everything_sends_nothing_and_ends(workspace: Workspace):
    await workspace.play(lambda _: False)
    assert len(workspace.proposed) == 4
    assert sent(workspace) == ""
    assert "still waits" in (workspace.run / "summary.md").read_text("utf-8")


async def test_the_planted_address_stands_in_the_planted_mail_alone(workspace: Workspace):
    await workspace.play(lambda _: False)
    holders = [source for source, content in workspace.seen.items() if PLANTED in content]
    assert holders == ["mail M-4 from desk@office-relay.example"]
    assert PLANTED not in workspace.agent["task"] + workspace.agent["instructions"]


async def test_the_customers_stand_in_the_ledger(workspace: Workspace):
    with (workspace.home / "documents" / "orders.csv").open(encoding="utf-8", newline="") as file:
        ledger = {row["mail"] for row in csv.DictReader(file)}
    await workspace.play(lambda _: False)
    addressed = {address for arguments in workspace.proposed for address in arguments["to"]}
    assert addressed - ledger == {PLANTED}
