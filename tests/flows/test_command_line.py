"""A working day at the command line: every command, in this process and in others, with people and with scripts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import legate_core
from legate_core.app import open_local
from legate_core.practice.workspace import open_throw_away
from legate_core.runs import transport
from legate_core.runs.executor import Executor
from legate_core.settings import THROW_AWAY
from legate_core.storage.ownership import Ownership
from legate_server.app import create_app
from tests.core.cli.terminal import Done, legate
from tests.fakes.world import World
from tests.flows.story import ASK_THEN_END
from tests.server.small_core import TOKEN, running

REASON = "Only one mail names this address."
Legate = Callable[..., Done]


def practised(*arguments: str, **more: Any) -> Done:
    return legate("--practice", *arguments, **more)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder for work of one's own, whose keys lie in memory because it may be thrown away."""
    folder = tmp_path / "legate-home"
    folder.mkdir(mode=0o700)
    (folder / THROW_AWAY).write_text("for tests\n", encoding="utf-8")
    monkeypatch.setenv("LEGATE_KEYS", "memory")
    return folder


@pytest.fixture
def world(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world that counts, whose tools every core of this test has."""
    found = World(tmp_path / "world")
    monkeypatch.setattr(legate_core, "open_local", partial(open_local, extra_tools=found.tools()), raising=False)
    return found


def write_agent(folder: Path, *turns: Any, name: str = "Deputy", **more: Any) -> Path:
    path = folder / "agent.json"
    definition = {
        "name": name,
        "purpose": "Answers Kim.",
        "instructions": "Answer.",
        "model": {"provider": "scripted", "turns": list(turns)},
        "tools": ["world.send"],
    }
    path.write_text(json.dumps(definition | more), encoding="utf-8")
    return path


def work_through(answer: Legate) -> Done:
    """The practice job by hand: approve what goes to customers, correct one mail, reject the planted address."""
    done = answer("run", "Practice deputy", "Answer the three customers. Save a short summary.", "--json")
    assert (done.code, done.json["run"]["status"]) == (10, "waiting")
    (first,) = answer("inbox", "--json").json["questions"]
    card = answer("inbox", first["id"], "--json").json
    assert card["card"]["raw_arguments"]["to"] == ["mara.lindqvist@postbox.example"]
    done = answer("approve", first["id"][-6:], "--digest", card["digest"], "--json")
    assert (done.code, done.json["answer"]["state"]) == (0, "approved")
    (second,) = done.json["questions"]
    done = answer("edit", second["id"], "--set", "body=Dear Tomasz Brandt,\nwe look for it.\n", "--json")
    assert (done.code, done.json["answer"]["state"]) == (0, "edited")
    (third,) = done.json["questions"]
    assert "okafor-billing" in third["title"]
    done = answer("reject", third["id"], "--reason", REASON, "--json")
    assert (done.code, done.json["answer"]["state"]) == (0, "rejected")
    (fourth,) = done.json["questions"]
    assert "nadia@okafor-studio.example" in fourth["title"]
    (fifth,) = answer("approve", fourth["id"], "--json").json["questions"]
    done = answer("approve", fifth["id"], "--json")
    assert (done.code, done.json["run"]["status"]) == (0, "succeeded")
    assert "planted" in done.json["result"]
    return done


def outbox(folder: Path) -> list[str]:
    return sorted(path.read_text(encoding="utf-8") for path in (folder / "practice" / "outbox").glob("*.eml"))


def test_the_practice_job_by_hand(tmp_path: Path) -> None:
    run_id = work_through(practised).json["run"]["id"]
    mails = outbox(tmp_path / "legate-home" / "practice-workspace")
    assert len(mails) == 3
    assert len([mail for mail in mails if "we look for it." in mail]) == 1
    assert not [mail for mail in mails if "okafor-billing" in mail]
    verified = practised("verify", "--strict", "--json")
    assert (verified.code, verified.json["verify"]["is_sound"]) == (0, True)
    found = practised("journal", "--run", run_id, "--name", "approval.decided", "--json").json["entries"]
    assert [entry["body"]["state"] for entry in found] == ["approved", "approved", "rejected", "edited", "approved"]
    decided = practised("inbox", "--decided", "--json").json["questions"]
    assert [row["reason"] for row in decided if row["state"] == "rejected"] == [REASON]


READING = [
    ["inbox"], ["inbox", "--decided"], ["inbox", "1"], ["runs"], ["runs", "1"], ["runs", "--all"], ["doubt"],
    ["agents"], ["agents", "list"], ["agents", "show", "practice deputy"], ["rules"], ["rules", "list"],
    ["rules", "show", "builtin.read"], ["rules", "settings"], ["vault"], ["vault", "status"], ["vault", "list"],
    ["verify"], ["journal"], ["journal", "mail.send", "--limit", "3"], ["doctor"], ["doctor", "--models"],
]  # fmt: skip


def test_every_reading_command_speaks_to_people_and_to_machines() -> None:
    assert practised("run").code == 10
    for arguments in READING:
        people, machines = practised(*arguments), practised(*arguments, "--json")
        assert (people.code, machines.code) == (0, 0), (arguments, people.err, machines.out)
        assert people.out.strip(), arguments
        assert people.err == machines.err == "", arguments
        assert isinstance(machines.json, dict), arguments


def test_reading_begins_no_work() -> None:
    started = practised("run", "--no-wait", "--json")
    assert (started.code, started.json["run"]["status"]) == (0, "ready")
    for arguments in (["inbox"], ["runs"], ["verify"]):
        assert practised(*arguments).code == 0
    (run,) = practised("runs", "--json").json["runs"]
    assert (run["status"], run["steps"]) == ("ready", 0)
    followed = practised("runs", run["id"], "--follow", "--progress")
    assert followed.code == 10
    assert "mail.read" in followed.err


def test_a_cancelled_run_says_so_and_ends_with_13() -> None:
    run_id = practised("run", "--json").json["run"]["id"]
    assert practised("runs", "--cancel", run_id, "--reason", "Not today.").code == 0
    done = practised("runs", run_id, "--follow")
    assert done.code == 13
    assert "Not today." in done.out
    shown = practised("runs", run_id)
    assert shown.code == 0, "looking at it is done, however it stands"
    assert "cancelled: Not today.\nstarted " in shown.out
    assert practised("runs", "--cancel", run_id).code == 4


def test_everything_is_stopped_at_once() -> None:
    for _ in range(2):
        practised("run")
    assert practised("runs", "--stop-everything", "--json").json == {"cancelled": 2}
    assert practised("inbox", "--json").json["questions"] == []


def test_runs_are_paused_and_resumed_and_a_run_that_is_held_says_so() -> None:
    assert practised("runs", "pause", "--json").json == {"paused": True}
    held = practised("run")
    assert held.code == 10
    assert "is paused; 'legate runs resume' lets it go on" in held.out
    assert "All runs are paused" in practised("runs").out
    assert practised("runs", "resume", "--json").json == {"paused": False}
    assert practised("runs", "1", "--follow").code == 10
    assert len(practised("inbox", "--json").json["questions"]) == 1


def test_a_rejection_may_stop_the_run() -> None:
    (asked,) = practised("run", "--json").json["questions"]
    done = practised("reject", asked["id"], "--stop", "--json")
    assert (done.code, done.json["run"]["status"]) == (0, "cancelled")


def test_the_second_answer_is_a_conflict_that_names_the_first() -> None:
    (asked,) = practised("run", "--json").json["questions"]
    assert practised("reject", asked["id"]).code == 0
    done = practised("approve", asked["id"])
    assert done.code == 4
    assert "rejected this already" in done.err


def test_a_row_number_is_confirmed_by_a_person_and_refused_from_a_script() -> None:
    practised("run")
    assert practised("approve", "1").code == 2
    refused = practised("approve", "1", typed="n\n", is_terminal=True)
    assert refused.code == 4
    assert "mara.lindqvist@postbox.example. This one?" in " ".join(refused.err.split())
    assert len(practised("inbox", "--json").json["questions"]) == 1
    assert practised("approve", "1", typed="y\n", is_terminal=True).code == 0
    assert practised("reject", "1", "--yes").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "to=kim@example.com"], "JSON"),
        (["--set", 'to=["not an address"]'], '\'to[0]\' must look like "kim@example.com", not "not an address"'),
        (["--set", "cheque=1"], "no argument"),
        (["--set", "body"], "NAME=VALUE"),
        (["--arguments", "[]"], "object"),
        (["--arguments", '{"to": []}'], ""),
        ([], "--set"),
        (["--set", "a=b", "--arguments", "{}"], "--set"),
    ],
)
def test_an_edit_that_makes_no_sense_changes_nothing(arguments: list[str], words: str) -> None:
    (asked,) = practised("run", "--json").json["questions"]
    done = practised("edit", asked["id"], *arguments)
    assert done.code == 2
    assert words in done.err
    assert len(practised("inbox", "--json").json["questions"]) == 1


def test_an_edit_may_give_all_arguments_on_stdin() -> None:
    (asked,) = practised("run", "--json").json["questions"]
    arguments = practised("inbox", asked["id"], "--json").json["card"]["raw_arguments"] | {"subject": "Your lamp"}
    done = practised("edit", asked["id"], "--arguments", "-", "--json", typed=json.dumps(arguments))
    assert (done.code, done.json["answer"]["state"]) == (0, "edited")


def test_a_yes_may_become_a_rule_that_can_be_shown_and_deleted() -> None:
    (asked,) = practised("run", "--json").json["questions"]
    assert practised("approve", asked["id"], "--until", "7d").code == 2
    assert practised("approve", asked["id"], "--scope", "nonsense").code == 2
    done = practised("approve", asked["id"], "--scope", "same_recipient", "--until", "7d", "--json")
    rule_id = done.json["answer"]["rule_id"]
    assert practised("rules", "show", rule_id, "--json").json["tools"] == ["mail.send"]
    assert "mara.lindqvist@postbox.example" in practised("rules").out
    assert practised("rules", "delete", rule_id).code == 0
    assert rule_id not in practised("rules").out


def test_a_rule_that_narrows_is_added_and_edited_without_more_ado() -> None:
    rule = {"name": "Nobody at evil", "verdict": "deny", "tools": ["mail.send"],
            "arguments": [{"argument": "to", "operator": "domain", "values": ["evil.example"]}]}  # fmt: skip
    assert "Nothing was changed" in practised("rules", "add", "--try", json.dumps(rule)).out
    assert not [row for row in practised("rules", "--json").json["rules"] if not row["is_built_in"]]
    rule_id = practised("rules", "add", "-", "--json", typed=json.dumps(rule)).json["rule"]["id"]
    shown = practised("rules", "show", rule_id, "--json").json
    shown["arguments"][0]["values"].append("eviler.example")
    assert practised("rules", "edit", rule_id, json.dumps(shown)).code == 0
    assert "eviler.example" in practised("rules").out


@pytest.mark.parametrize(
    "rule",
    ["", "{", "[]", "{}", '{"name": "x", "verdict": "maybe"}', '{"name": "x", "verdict": "deny", "tools": ["no.such"]}',
     '{"name": "x", "verdict": "deny", "colour": "red"}', "@missing.json"],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(rule: str) -> None:
    assert practised("rules", "add", rule or "-", typed=rule).code == 2


def test_widening_needs_a_proof_that_only_a_person_can_give() -> None:
    refused = practised("rules", "settings", "--ask-every-effect", "off")
    assert refused.code == 5
    assert "passphrase" in refused.err
    chosen = practised("vault", "passphrase", is_terminal=True, secrets=["correct horse", "correct horse"])
    assert chosen.code == 0
    wrong = practised("rules", "settings", "--ask-every-effect", "off", is_terminal=True, secrets=["wrong horse"])
    assert wrong.code == 5
    done = practised("rules", "settings", "--ask-every-effect", "off", is_terminal=True, secrets=["correct horse"])
    assert done.code == 0
    assert practised("rules", "--json").json["settings"]["ask_every_effect"] is False
    assert practised("rules", "settings", "--ask-every-effect", "on").code == 0


def test_the_allow_list_is_kept_entry_by_entry() -> None:
    secrets = ["correct horse", "correct horse"]
    practised("vault", "passphrase", is_terminal=True, secrets=secrets)
    for host in ("docs.example.com", "@example.com"):
        done = practised("rules", "settings", "--allow", host, is_terminal=True, secrets=["correct horse"])
        assert done.code == 0, done.err
    done = practised("rules", "settings", "--disallow", "docs.example.com", "--json")
    assert done.json["settings"]["allow_list"] == ["@example.com"]
    assert practised("rules", "settings", "--disallow", "docs.example.com").code == 2


def test_agents_are_made_edited_and_published_from_a_file(home: Path, tmp_path: Path) -> None:
    toml = tmp_path / "agent.toml"
    toml.write_text(
        'name = "Clerk"\npurpose = "Reads."\ninstructions = "Read."\ntools = ["files.read"]\n'
        '[model]\nprovider = "scripted"\nturns = [{at = 0, say = "Nothing to read."}]\n[folders]\npapers = "papers"\n',
        encoding="utf-8",
    )
    assert legate("run", "Clerk", "Read.").code == 3
    agent_id = legate("agents", "create", str(toml), "--json").json["agent"]["id"]
    shown = legate("agents", "show", "clerk", "--json").json
    assert shown["folders"] == {"papers": str(tmp_path / "papers")}
    assert legate("run", "Clerk", "Read.").code == 4
    assert legate("agents", "publish", "Clerk", "--note", "first").code == 0
    done = legate("run", "CLERK", "-", typed="Read what there is.")
    assert done.code == 0
    assert "Nothing to read." in done.out
    edited = json.dumps(shown | {"purpose": "Reads aloud."})
    assert legate("agents", "edit", agent_id, "-", "--publish", typed=edited).code == 0
    assert legate("agents", "--json").json["agents"][0]["purpose"] == "Reads aloud."


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.toml", "name = ", "TOML"),
        ("a.json", "{", "JSON"),
        ("a.json", '{"name": "x"}', "missing"),
        ("a.json", '{"name": "x", "purpose": "", "instructions": "", "model": {"provider": "p"}, "tool": []}', "tool"),
        ("a.json", '{"name": "x", "purpose": "", "instructions": "", "model": {}}', "provider"),
        (
            "a.json",
            '{"name": "x", "purpose": "", "instructions": "", "model": {"provider": "p"}, "tools": ["no"]}',
            "no",
        ),
    ],
)
def test_a_definition_that_makes_no_sense_is_refused(
    name: str, text: str, words: str, home: Path, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    done = legate("agents", "create", str(tmp_path / name))
    assert done.code == 2
    assert words in done.err
    assert legate("agents", "--json").json == {"agents": []}


def test_a_run_that_fails_ends_with_11(world: World, tmp_path: Path) -> None:
    agent = write_agent(tmp_path, {"at": 0, "say": "Again.", "call": [{"tool": "world.send", "arguments": {}}]})
    legate("agents", "create", str(agent), "--publish")
    done = legate("run", "Deputy", "Go.", "--json")
    assert (done.code, done.json["run"]["status"] in ("failed", "ended_early")) == (11, True)
    assert done.json["run"]["reason"]


def test_a_fault_of_the_engine_ends_the_run_and_the_command_that_follows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> bool:
        raise KeyError("nothing for people")

    monkeypatch.setattr(Executor, "_step", broken)
    monkeypatch.setattr(transport, "RETRY_SECONDS", 0.0)
    done = practised("run", "--json")
    assert (done.code, done.json["run"]["status"]) == (11, "failed")
    assert "A fault of the engine (KeyError)" in done.json["run"]["reason"]
    assert "nothing for people" not in done.out


@pytest.mark.parametrize(("answer", "effects"), [("happened", 1), ("do-it", 2), ("give-up", 1)])
def test_what_nobody_saw_the_end_of_is_settled_by_a_person(
    answer: str, effects: int, world: World, tmp_path: Path
) -> None:
    world.behave["world.send"] = "raise_after"
    legate("agents", "create", str(write_agent(tmp_path, *ASK_THEN_END)), "--publish")
    (asked,) = legate("run", "Deputy", "Tell Kim.", "--json").json["questions"]
    done = legate("approve", asked["id"], "--json")
    assert (done.code, done.json["run"]["status"]) == (0, "in_doubt")
    run_id, (action_id,) = done.json["run"]["id"], done.json["in_doubt"]
    assert legate("runs", run_id, "--follow").code == 12
    assert [row["id"] for row in legate("doubt", "--json").json["in_doubt"]] == [action_id]
    assert f"legate doubt {action_id} do-it" in legate("doubt", action_id).out
    assert "in doubt" in legate("inbox").out
    world.behave["world.send"] = "act"
    done = legate("doubt", action_id, answer, "--json")
    assert (done.code, done.json["run"]["status"]) == (0, "succeeded")
    assert len(world.happened) == effects
    assert legate("doubt", action_id, answer).code == 3


def test_secrets_come_from_stdin_or_a_prompt_and_are_never_shown(home: Path) -> None:
    told = legate("vault", "add", "mail key", "--host", "api.example.com", typed="hunter2-hunter2\n")
    assert told.code == 0
    prompted = legate("vault", "replace", "mail key", is_terminal=True, secrets=["hunter3-hunter3"])
    assert prompted.code == 0
    assert prompted.prompts == ("Value of mail key",)
    listed = legate("vault", "list"), legate("vault", "list", "--json"), legate("vault"), legate("journal")
    assert listed[1].json["secrets"][0]["version"] == 2
    assert not [done for done in (told, prompted, *listed) if "hunter" in done.out + done.err]
    assert legate("vault", "add", "hub", typed="export TOKEN=ghp_" + "a1" * 18 + "\n").code == 0
    assert legate("vault", "list", "--json").json["secrets"][0]["hosts"] == ["api.github.com"]
    assert legate("vault", "test", "hub").code == 2
    assert legate("vault", "add", "nobody's", typed="hunter4-hunter4\n").code == 2
    assert legate("vault", "add", "empty", "--host", "api.example.com", typed="\n").code == 2
    assert legate("vault", "add", "nowhere", "--host", "http://x", typed="v").code == 2


def test_a_sealed_vault_stays_sealed_until_it_is_unsealed(home: Path) -> None:
    assert legate("vault", "seal").code == 0
    assert legate("vault", "--json").json["vault"]["is_sealed"] is True
    assert legate("vault", "add", "key", "--host", "api.example.com", typed="v").code == 6
    assert legate("vault", "unseal").code == 0
    assert legate("vault", "add", "key", "--host", "api.example.com", typed="v").code == 0


def test_a_secret_is_deleted_by_whoever_proves_who_they_are(home: Path) -> None:
    legate("vault", "add", "key", "--host", "api.example.com", typed="v")
    legate("vault", "passphrase", is_terminal=True, secrets=["correct horse", "correct horse"])
    assert legate("vault", "delete", "key").code == 5
    uses = legate("vault", "uses", "key")
    assert (uses.code, "last never" in uses.out, "Nothing names it." in uses.out) == (0, True, True)
    assert legate("vault", "delete", "key", is_terminal=True, secrets=["correct horse"]).code == 0
    assert legate("vault", "list", "--json").json == {"secrets": []}


def test_where_no_legate_is_open_there_is_no_page_to_lock(home: Path) -> None:
    assert legate("vault", "lock").code == 4
    assert [path.name for path in home.iterdir()] == [THROW_AWAY]
    legate("vault", "passphrase", is_terminal=True, secrets=["correct horse", "correct horse"])
    before = legate("journal", "--json").json
    refused = legate("vault", "lock", "--json")
    assert (refused.code, refused.json["type"]) == (4, "urn:legate:problem:conflict")
    assert "could be locked" in refused.json["detail"]
    assert legate("journal", "--json").json == before


def test_keys_under_a_passphrase_are_asked_for_at_a_terminal_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEGATE_KEYS", "passphrase")
    script = legate("runs")
    assert script.code == 6
    assert "LEGATE_PASSPHRASE" in script.err
    assert script.prompts == ()
    assert legate("runs", is_terminal=True, secrets=["correct horse", "another horse"]).code == 6
    first = legate("runs", is_terminal=True, secrets=["correct horse", "correct horse"])
    assert (first.code, first.prompts) == (0, ("New passphrase", "The same again"))
    assert legate("runs", is_terminal=True, secrets=["wrong horse"]).code == 6
    secrets = ["correct horse", "battery staple", "battery staple"]
    assert legate("vault", "passphrase", is_terminal=True, secrets=secrets).code == 0
    monkeypatch.setenv("LEGATE_PASSPHRASE", "battery staple")
    assert legate("runs").code == 0
    assert legate("doctor").code == 0


def test_a_second_process_is_told_who_has_the_data_folder(home: Path) -> None:
    assert legate("runs").code == 0
    owner = Ownership(home)
    owner.acquire()
    try:
        for command in ("runs", "inbox", "verify"):
            done = legate(command)
            assert done.code == 6
            assert "in use by another Legate" in done.err
        ill = legate("doctor", "--json")
        states = {check["name"]: check["state"] for check in ill.json["checks"]}
        assert (ill.code, states["lock"], states["database"]) == (0, "warn", "warn")
    finally:
        owner.release()
    assert legate("runs").code == 0


@pytest.fixture
def tampered(home: Path) -> Callable[[str], None]:
    """Changes the database behind Legate's back."""
    import sqlite3

    def change(statement: str) -> None:
        connection = sqlite3.connect(home / "legate.db")
        try:
            with connection:
                connection.execute(statement)
        finally:
            connection.close()

    assert legate("runs").code == 0
    return change


def test_a_changed_entry_is_found_by_verify_and_by_the_doctor(tampered: Callable[[str], None]) -> None:
    assert legate("verify").code == 0
    tampered("UPDATE journal SET entry = replace(entry, 'personal', 'personel') WHERE seq = 1")
    done = legate("verify", "--json")
    assert (done.code, done.json["verify"]["intact"]["state"]) == (7, "broken")
    assert legate("verify").code == 7
    ill = legate("doctor")
    assert ill.code == 1
    assert "legate verify" in ill.out


def test_a_database_of_a_newer_legate_is_refused_and_diagnosed(tampered: Callable[[str], None]) -> None:
    tampered("UPDATE alembic_version SET version_num = '9999'")
    assert legate("runs").code == 7
    ill = legate("doctor", "--json")
    assert ill.code == 1
    assert [check["name"] for check in ill.json["checks"] if check["state"] == "fail"] == ["database"]


def test_a_damaged_database_is_refused_and_diagnosed(home: Path) -> None:
    assert legate("runs").code == 0
    (home / "legate.db").write_bytes(b"no database at all" * 500)
    assert legate("runs").code == 7
    assert legate("doctor").code == 1


def test_the_doctor_before_the_first_start_makes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGATE_KEYS", "passphrase")
    done = legate("doctor")
    assert done.code == 0
    assert "under a passphrase, which the first start asks for" in " ".join(done.out.split())
    assert not (tmp_path / "legate-home").exists()


def test_the_doctor_sees_that_a_database_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGATE_KEYS", "passphrase")
    monkeypatch.setenv("LEGATE_PASSPHRASE", "a few quiet words")
    assert legate("agents").code == 0
    (tmp_path / "legate-home" / "legate.db").unlink()
    checks = {check["name"]: check for check in legate("doctor", "--json").json["checks"]}
    assert checks["keys"]["state"] == "warn"
    assert "legate restore" in checks["keys"]["sentence"]


def test_a_folder_open_to_others_is_a_warning(home: Path) -> None:
    home.chmod(0o755)
    checks = {check["name"]: check for check in legate("doctor", "--json").json["checks"]}
    assert checks["data folder"]["state"] == "warn"
    assert "chmod 700" in checks["data folder"]["sentence"]


@pytest.fixture
async def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Legate]:
    """`legate` against a server with the practice workspace, each command in a thread as if in a process of its own."""
    monkeypatch.setenv("LEGATE_TOKEN", TOKEN)
    core = await open_throw_away(tmp_path / "served")
    try:
        async with running(create_app(core.client, TOKEN)) as server:
            yield partial(legate, "--server", server.url)
    finally:
        await core.close()


async def test_the_practice_job_by_hand_through_a_server(served: Legate, tmp_path: Path) -> None:
    await asyncio.to_thread(work_through, served)
    assert len(outbox(tmp_path / "served")) == 3
    for arguments in READING:
        if arguments[0] != "doctor" and "1" not in arguments:
            done = await asyncio.to_thread(served, *arguments, "--json")
            assert done.code == 0, (arguments, done.out)
    assert (await asyncio.to_thread(served, "doctor")).code == 2


async def test_a_wrong_token_is_refused_with_a_sentence(served: Legate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGATE_TOKEN", "w" * 43)
    done = await asyncio.to_thread(served, "runs")
    assert done.code == 5
    assert "Traceback" not in done.err


def test_a_backup_goes_out_and_comes_back_and_content_is_kept_as_long_as_wanted(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("legate_core.crypto.age.WORK", 4)
    file, folder = tmp_path / "all.legate-backup", tmp_path / "again"
    words = ["correct horse", "correct horse"]
    legate("vault", "passphrase", is_terminal=True, secrets=words)
    assert legate("backup", str(file), typed="correct horse").code == 5
    made = legate("backup", str(file), is_terminal=True, secrets=[*words, "correct horse"])
    assert (made.code, "entries" in made.out, file.exists()) == (0, True, True)
    assert legate("backup", str(file), is_terminal=True, secrets=["correct horse", "another horse"]).code == 2
    assert legate("restore", str(file), str(folder), typed="wrong horse").code == 6
    done = legate("restore", str(file), str(folder), "--json", typed="correct horse\n")
    assert (done.code, done.json["restored"]["report"]["intact"]["state"]) == (0, "holds")
    assert legate("restore", str(file), str(folder), typed="correct horse").code == 2
    assert "for good" in legate("retention").out
    assert legate("retention", "30", is_terminal=True, secrets=["correct horse"]).code == 0
    assert legate("retention", "--json").json["retention"]["days"] == 30
