"""`legate models` as it is typed: looking, adding, a key on stdin, prices, limits and their words, a recording that plays."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legate_core.llm import discovery
from legate_core.settings import THROW_AWAY
from tests.core.cli.terminal import Done, legate
from tests.fakes.gguf import gguf
from tests.fakes.local_servers import LLAMA_CPP, OLLAMA, answers
from tests.fakes.model_server import ModelServer, said

KEY = "a-key-without-a-form-0123456789"
LISTED = {"data": [{"id": "one", "pricing": {"prompt": "0.000001", "completion": "0.000005"}}, {"id": "two"}]}
SERVICE = answers({"/v1/models": LISTED, "/v1/chat/completions": lambda asked: said("Hi.")})


class Beside:
    """Servers that answer beside a command line, which has a loop of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._servers: list[ModelServer] = []
        self._thread.start()

    def serve(self, play: Any) -> str:
        server = ModelServer(play)
        asyncio.run_coroutine_threadsafe(server.__aenter__(), self._loop).result()
        self._servers.append(server)
        return server.base_url

    def end(self) -> None:
        for server in self._servers:
            asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), self._loop).result()
        self._servers = []

    def close(self) -> None:
        self.end()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def beside() -> Iterator[Beside]:
    servers = Beside()
    yield servers
    servers.close()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(discovery, "USUAL", ())
    monkeypatch.setenv("LEGATE_KEYS", "memory")
    folder = tmp_path / "legate-home"
    folder.mkdir(mode=0o700)
    (folder / THROW_AWAY).write_text("for tests\n", encoding="utf-8")
    monkeypatch.setenv("LEGATE_HOME", str(folder))
    return folder


def models(*arguments: str, **more: Any) -> Done:
    return legate("models", *arguments, **more)


def good(*arguments: str, **more: Any) -> Any:
    """What a command that succeeds says to machines, once it was seen to say something to people."""
    done = models(*arguments, "--json", **more)
    assert (done.code, done.err) == (0, ""), done.err or done.out
    return done.json


def test_servers_are_looked_for_added_checked_and_taken_off_the_list(beside: Beside) -> None:
    assert "No models are known" in models().out
    ollama, llama = beside.serve(OLLAMA), beside.serve(LLAMA_CPP)
    address = ollama.removeprefix("http://").removesuffix("/v1")
    assert models("look", address).out.startswith("1 model servers answer")
    added = good("add", llama)["source"]
    assert (added["who"], [model["name"] for model in added["models"]]) == ("llama.cpp", ["smol.gguf"])
    listed = models()
    assert "qwen3:4b" in listed.out
    assert "smol.gguf" in listed.out
    assert models("check", added["id"][:12]).code == 0
    beside.end()
    gone = models("check", added["id"])
    assert (gone.code, "Start it" in gone.out) == (8, True)
    assert "(not there)" in models("list").out
    assert good("remove", added["id"]) == {"removed": added["id"]}
    assert "smol.gguf" not in models().out
    assert models("remove", added["id"]).code == 3
    assert models("add", llama).code == 8
    assert models("add", "ftp://x").code == 2


def test_a_file_of_ones_own_is_added(tmp_path: Path) -> None:
    file = tmp_path / "tiny.gguf"
    file.write_bytes(gguf())
    assert "tiny" in models("file", str(file)).out
    assert models("file", str(tmp_path)).code == 2


def test_a_key_comes_on_stdin_or_is_asked_for_and_is_never_an_argument(beside: Beside) -> None:
    url = beside.serve(SERVICE)
    done = models("key", "--base-url", url, "--name", "Team key", typed=f"{KEY}\n")
    assert (done.code, "for 0.000035 dollars" in done.out) == (0, True), done.err
    assert KEY not in done.out + done.err
    again = models("key", "--base-url", url, "--name", "Mine", secrets=[KEY], is_terminal=True)
    assert (again.code, again.prompts) == (0, ("Key",)), again.err
    assert models("key", "--base-url", url, typed="no\n").code == 2
    assert models("key", typed=f"{KEY}\n").code == 2, "nobody can see whose it is"
    assert models("key", KEY).code == 2
    (place, _) = good("list")["sources"]
    refused = models("remove", place["id"])
    assert (refused.code, "proof" in refused.err) == (5, True)


def test_a_price_is_set_shown_and_left_to_the_list_again(beside: Beside) -> None:
    place = good("add", beside.serve(SERVICE))["source"]["id"]
    assert "2.50 in and 10 out" in models("price", place, "two", "2.50", "10").out
    assert "2.5 / 10" in models().out
    good("price", place, "two", "2.50", "10", "--cached", "0.000001")
    two = good("list")["sources"][0]["models"][1]
    assert (two["input_price"], two["cached_price"], two["priced_by"]) == (2_500_000, 1, "you")
    good("unprice", place, "two")
    assert models("unprice", place, "two").code == 3
    for amount in ("two", "-1", "NaN", "0.0000001", "1e99"):
        assert models("price", place, "two", amount, "1").code == 2, amount
    assert models("price", place, "three", "1", "1").code == 3


def published(path: Path) -> None:
    """The agent of a file, as a version that can run."""
    done = legate("agents", "create", str(path), "--publish")
    assert done.code == 0, done.err


def write_agent(folder: Path, model: dict[str, Any], name: str = "Deputy") -> Path:
    path = folder / f"{name}.json"
    definition = {"name": name, "purpose": "x", "instructions": "Answer.", "model": model, "tools": []}
    path.write_text(json.dumps(definition), encoding="utf-8")
    return path


COSTLY = {"provider": "scripted", "turns": [{"at": 0, "say": "Done."}], "price": {"input": "3", "output": "15"}}


def test_a_run_at_a_limit_says_that_it_waits_for_money_and_ends_the_command(tmp_path: Path) -> None:
    assert "No limits on money" in models("budgets").out
    assert good("limit", "0.001", "--per", "day") == {"budget": "workspace.day"}
    published(write_agent(tmp_path, COSTLY))
    done = legate("run", "Deputy", "Do it.")
    assert (done.code, "waits for money; 'legate models limit'" in done.out) == (10, True), done.out + done.err
    assert "waits for money" in legate("runs").out
    shown = models("budgets").out
    assert "workspace.day" in shown
    assert "a day" in shown
    assert good("budgets")["budgets"][0]["waiting"] == 1
    assert good("unlimit", "workspace.day") == {"removed": "workspace.day"}
    (run,) = legate("runs", "--json").json["runs"]
    assert legate("runs", run["id"], "--follow").code == 0
    assert models("unlimit", "workspace.day").code == 3
    assert models("limit", "-1").code == 2
    assert models("limit", "1", "--agent", "a", "--run", "b").code == 2


def test_a_runs_traffic_is_saved_and_not_over_a_file_that_is_there(tmp_path: Path) -> None:
    published(write_agent(tmp_path, COSTLY))
    run_id = legate("run", "Deputy", "Do it.", "--json").json["run"]["id"]
    target = tmp_path / "run.json"
    assert models("record", run_id, str(target)).code == 5, "it leaves the machine, so it wants a proof"
    proof = "correct horse"
    legate("vault", "passphrase", is_terminal=True, secrets=[proof, proof])
    done = models("record", run_id, str(target), is_terminal=True, secrets=[proof])
    assert done.code == 0, done.err
    assert [entry["reply"]["text"] for entry in json.loads(target.read_text())["entries"]] == ["Done."]
    assert models("record", run_id, str(target), is_terminal=True, secrets=[proof]).code == 2, "it is there already"
    played = write_agent(tmp_path, {"provider": "recorded", "recording": str(target)}, name="Player")
    published(played)
    again = legate("run", "Player", "Do it.", "--json")
    assert (again.code, again.json["result"]) == (0, "Done."), again.out
