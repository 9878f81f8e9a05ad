"""Twenty secrets go through everything that happens, crashes included; then every byte there is is searched for them."""

from __future__ import annotations

import base64
import logging
import secrets as randomness
import shutil
import tempfile
import urllib.parse
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from legate_core.agents.commands import Agents, CreateAgent, PublishAgent
from legate_core.agents.files import ExportAgent
from legate_core.agents.model import AgentDefinition
from legate_core.app import Core, open_local
from legate_core.approvals.queries import DecidedApprovals, PendingApprovals
from legate_core.audit.export import ExportJournal, SignJournal
from legate_core.audit.queries import JournalEntries, VerifyJournal
from legate_core.backup.commands import MakeBackup
from legate_core.crypto.secret import Secret
from legate_core.errors import LegateError
from legate_core.identity.prove import Prove
from legate_core.runs.commands import StartRun
from legate_core.runs.export import ExportRun
from legate_core.runs.queries import Run, RunLog, Runs
from legate_core.settings import Settings
from legate_core.vault.commands import DeleteSecret, ReplaceSecret, SealVault, StoreSecret, UnsealVault
from legate_core.vault.queries import Secrets, VaultStatus
from legate_server.app import create_app
from tests.fakes.model_server import Asked, ModelServer, refused, said
from tests.server.small_core import TOKEN, browser

COUNT = 20
PLACES = ("sqlite", pytest.param("postgresql", marks=[pytest.mark.postgresql]))


class Canaries:
    """Values that no chance could write: each with a passphrase's worth of randomness, in several alphabets."""

    def __init__(self) -> None:
        self.passphrase = f"pass-{randomness.token_hex(16)}"
        kinds = (
            lambda: f"sk-{randomness.token_urlsafe(24)}",
            lambda: randomness.token_hex(20),
            lambda: f"p@ss/{randomness.token_urlsafe(16)}+&=?ü",
            lambda: base64.b64encode(randomness.token_bytes(24)).decode(),
        )
        self.values = [kinds[number % len(kinds)]() for number in range(COUNT)]
        self.replacements = [f"{value[::-1]}" for value in self.values[:4]]

    def forms(self) -> Iterator[tuple[str, bytes]]:
        """Every spelling a leak might have: plain, base64 at each offset, hexadecimal, URL, JSON-escaped, UTF-16."""
        for value in (self.passphrase, *self.values, *self.replacements):
            plain = value.encode()
            yield "plain", plain
            yield "hex", plain.hex().encode()
            yield "url", urllib.parse.quote(value, safe="").encode()
            yield "url+", urllib.parse.quote_plus(value).encode()
            yield "json", value.encode("unicode_escape")
            yield "utf-16", value.encode("utf-16-le")
            for offset in range(3):
                # What of base64 does not depend on the bytes around it.
                coded = base64.b64encode(b"\0" * offset + plain)
                yield f"base64+{offset}", coded[4 if offset else 0 : len(coded) // 4 * 4 - 4]


def leaks(canaries: Canaries, places: Iterable[tuple[str, bytes]]) -> list[str]:
    """Where a canary stands, and in which form."""
    forms = list(canaries.forms())
    return [f"{form} in {name}" for name, data in places for form, needle in forms if needle in data]


def files_below(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.name.encode() + path.read_bytes()


def rows_of(url: str) -> Iterator[tuple[str, bytes]]:
    """Everything a PostgreSQL database holds, as text; binary columns come as hexadecimal and as bytes."""
    engine = sa.create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            for table in sa.inspect(connection).get_table_names():
                for row in connection.execute(sa.text(f'SELECT * FROM "{table}"')):
                    for value in row:
                        yield table, bytes(value) if isinstance(value, bytes | memoryview) else repr(value).encode()
    finally:
        engine.dispose()


@pytest.fixture(params=PLACES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return Settings(tmp_path / "home", url, keys="passphrase")


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of its own, so that it can be searched."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


async def spoken(core: Core, canaries: Canaries, captured: list[tuple[str, bytes]]) -> list[str]:
    """Store every secret over HTTP, and keep every answer; the ids."""
    ids: list[str] = []
    async with browser(create_app(core.client, TOKEN)) as http:
        for number, value in enumerate(canaries.values):
            body = {"name": f"key {number}", "value": value, "hosts": ["api.example.com"]}
            answer = await http.post("/v1/vault/secrets", json=body)
            assert answer.status_code in (200, 201), answer.text
            ids.append(str(answer.json()))
            captured.append((f"answer {number}", answer.content + str(answer.headers).encode()))
        for path, body in (
            ("/v1/vault/secrets", {"name": "key 0", "value": canaries.values[0], "hosts": ["api.example.com"]}),
            ("/v1/vault/secrets", {"name": "x", "value": canaries.values[1], "hosts": ["not a host"]}),
            ("/v1/vault/secrets", {"name": "x", "value": canaries.values[2], "unknown": canaries.values[3]}),
            ("/v1/vault/secrets", {"name": "x", "value": [canaries.values[4]], "hosts": ["api.example.com"]}),
        ):
            answer = await http.post(path, json=body)
            assert answer.status_code >= 400
            captured.append((f"refusal of {path}", answer.content))
        for path in ("/v1/vault/secrets", "/v1/vault", "/v1/audit/entries", "/v1/runs", "/v1/openapi.json"):
            captured.append((path, (await http.get(path)).content))
    return ids


async def work(core: Core, server: ModelServer, canaries: Canaries, captured: list[tuple[str, bytes]]) -> None:
    """Runs whose model needs a key: one that answers, one whose server throws the key back, one on a sealed vault."""
    place = server.base_url.removeprefix("http://").removesuffix("/v1")
    key = canaries.values[0]
    secret_id = await core.client.send(StoreSecret("the model's key", Secret(key), (place,)))
    model = {"provider": "openai_compatible", "base_url": server.base_url, "model": "m", "secret": secret_id}
    agent_id = await core.client.send(CreateAgent(AgentDefinition("Deputy", "", "Answer.", model)))
    await core.client.send(PublishAgent(agent_id))

    def echo(asked: Asked) -> object:
        return refused(400, {"message": f"bad key {asked.headers.get('authorization', '')}", "key": key})

    server.answers = [said("Done."), echo, said(f"Your key is {key}.")]  # type: ignore[list-item]
    for _ in range(3):
        await core.client.send(StartRun(agent_id, "Say that you are done."))
        await core.settled()
    assert any(key in asked.headers.get("authorization", "") for asked in server.requests), "the key reached its host"
    await core.client.send(SealVault())
    run_id = await core.client.send(StartRun(agent_id, "Say that you are done."))
    await core.settled()
    assert (await core.client.ask(Run(run_id))).row.waiting_for == "vault"
    for wrong in (canaries.values[5], ""):
        with pytest.raises(LegateError) as caught:
            await core.client.send(UnsealVault(Secret(wrong)))
        captured.append(("a wrong passphrase", repr(caught.value).encode() + repr(caught.value.details).encode()))
    await core.client.send(UnsealVault(Secret(canaries.passphrase)))
    await core.settled()
    assert (await core.client.ask(Run(run_id))).row.status != "waiting"


async def look_everywhere(core: Core, captured: list[tuple[str, bytes]]) -> None:
    for query in (
        Secrets(),
        VaultStatus(),
        Agents(),
        Runs(),
        PendingApprovals(),
        DecidedApprovals(),
        JournalEntries(),
        VerifyJournal(),
    ):
        captured.append((type(query).__name__, repr(await core.client.ask(query)).encode()))
    for run_id in await core.client.ask(Runs()):
        captured.append((run_id, repr(await core.client.ask(RunLog(run_id))).encode()))


async def take_away(core: Core, canaries: Canaries, folder: Path, captured: list[tuple[str, bytes]]) -> None:
    """Everything that may leave in a file: the journal, every run with as little masked as can be, every agent."""
    await core.client.send(SignJournal())
    part = await core.client.ask(ExportJournal())
    while True:
        captured.append(("the exported journal", "\n".join(part.lines).encode()))
        if not part.after:
            break
        part = await core.client.ask(ExportJournal(after=part.after, until=part.until))
    await core.client.send(Prove(canaries.passphrase))
    for run_id in await core.client.ask(Runs()):
        captured.append((f"exported {run_id}", repr(await core.client.send(ExportRun(run_id, ()))).encode()))
    for agent_id in await core.client.ask(Agents()):
        captured.append((f"exported {agent_id}", (await core.client.ask(ExportAgent(agent_id))).encode()))
    if not core.settings.database_url:  # a server's database is backed up with the server's own tools
        await core.client.send(MakeBackup(str(folder / "backup.age"), Secret(f"other {randomness.token_hex(8)}")))


async def test_no_secret_is_anywhere_but_in_its_one_request(
    settings: Settings, scratch: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canaries, captured = Canaries(), list[tuple[str, bytes]]()
    opened = Settings(settings.home, settings.database_url, keys="passphrase", passphrase=canaries.passphrase)
    captured.append(("settings", repr(opened).encode()))
    core = await open_local(opened)
    try:
        ids = await spoken(core, canaries, captured)
        for number, value in enumerate(canaries.replacements):
            await core.client.send(ReplaceSecret(ids[number], Secret(value)))
        with suppress(LegateError):
            await core.client.send(DeleteSecret(ids[-1]))
        async with ModelServer() as server:
            await work(core, server, canaries, captured)
        await look_everywhere(core, captured)
        # As a power cut would leave it: the write-ahead log not yet folded in, nothing closed.
        shutil.copytree(settings.home, tmp_path / "crashed")
    finally:
        await core.close()
    core = await open_local(opened)
    taken = tmp_path / "taken"
    taken.mkdir()
    try:
        await look_everywhere(core, captured)
        await take_away(core, canaries, taken, captured)
    finally:
        await core.close()

    captured.append(("the log", caplog.text.encode()))
    places = [*captured, *files_below(settings.home), *files_below(tmp_path / "crashed"), *files_below(scratch)]
    places += files_below(taken)
    if settings.database_url:
        places += rows_of(settings.database_url)
    assert len(places) > 40
    assert leaks(canaries, places) == []


def test_the_search_would_find_a_leak(tmp_path: Path) -> None:
    canaries = Canaries()
    for number, (_, needle) in enumerate(canaries.forms()):
        (tmp_path / f"{number}.bin").write_bytes(b"\x00\x01noise" + needle + b"noise")
    found = leaks(canaries, files_below(tmp_path))
    assert len({line.partition(" in ")[2] for line in found}) == len(list(canaries.forms()))
