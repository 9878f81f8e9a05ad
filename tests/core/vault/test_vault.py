"""Storing, replacing, deleting and lending: a secret goes in, and comes out for the host it is bound to and no other."""

from __future__ import annotations

import asyncio
import base64
import threading
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from legate_core.crypto.secret import Secret
from legate_core.errors import Conflict, Damaged, Forbidden, Invalid, Locked, NeedsReauthentication, NotFound
from legate_core.identity.bootstrap import remember
from legate_core.identity.prove import PASSPHRASE
from legate_core.storage.schema import metadata
from legate_core.vault import store
from legate_core.vault.commands import DeleteSecret, LockVault, ReplaceSecret, SealVault, StoreSecret, UnsealVault
from legate_core.vault.keys import Vault
from legate_core.vault.lend import lend
from legate_core.vault.queries import Secrets, VaultStatus
from legate_core.vault.tables import records, secrets
from tests.core.audit.house import OWNER, WORKSPACE, House, Intruder

HOST = "api.example.com"


def key(text: str = "sk-canary-4711", **changes: Any) -> StoreSecret:
    return StoreSecret(**({"name": "Model key", "value": Secret(text), "hosts": (HOST,)} | changes))


async def set_passphrase(house: House) -> None:
    """As if a passphrase had been set; nothing here proves by it."""
    await house.change(lambda ctx: remember(ctx.connection, PASSPHRASE, "kept"))


async def lent(house: House, secret_id: str, host: str = HOST, **who: str) -> str:
    secret: Secret = await house.change(lambda ctx: lend(ctx, secret_id, host, **who), cause="run run_1")
    return secret.reveal()


async def test_a_stored_secret_is_lent_for_its_host(house: House) -> None:
    secret_id = await house.send(key())
    assert await lent(house, secret_id) == "sk-canary-4711"


async def test_what_is_known_of_a_secret_is_everything_but_its_value(house: House) -> None:
    secret_id = await house.send(key(kind="token", connector="github", hosts=("API.Example.com:443", "b.example")))
    house.clock.advance(5)
    await lent(house, secret_id)
    [row] = (await house.ask(Secrets())).values()
    assert (row.id, row.name, row.kind, row.connector) == (secret_id, "Model key", "token", "github")
    assert row.hosts == (HOST, "b.example")
    assert (row.version, row.owner_id, row.created_by, row.replaced_at) == (1, "", OWNER, 0)
    assert row.last_used_at == row.created_at + 5000
    assert "canary" not in repr(row)


async def test_the_journal_says_what_happened_and_never_what_it_is(house: House) -> None:
    secret_id = await house.send(key())
    await lent(house, secret_id)
    await house.send(ReplaceSecret(secret_id, Secret("another")))
    house.prove()
    await house.send(DeleteSecret(secret_id))
    facts = await house.facts("secret.stored", "secret.lent", "secret.replaced", "secret.deleted")
    assert [fact.name.partition(".")[2] for fact in facts] == ["stored", "lent", "replaced", "deleted"]
    assert [fact.body.get("version") for fact in facts] == [1, 1, 2, None]
    assert facts[1].body == {"secret_id": secret_id, "version": 1}
    assert facts[1].cause == "run run_1"
    assert facts[0].body["digest"] != facts[2].body["digest"]


async def test_a_read_lends_without_leaving_a_mark(house: House) -> None:
    secret_id = await house.send(key())
    before = await house.facts()
    secret = await house.look(lambda ctx: lend(ctx, secret_id, HOST))
    assert secret.reveal() == "sk-canary-4711"
    assert await house.facts() == before


@pytest.mark.parametrize(
    "host", ["example.com", "evil.example", "api.example.com.evil.example", "xapi.example.com", "api.example.com:8443"]
)
async def test_it_is_not_lent_for_another_host(house: House, host: str) -> None:
    secret_id = await house.send(key())
    with pytest.raises(Forbidden, match="not lent for"):
        await lent(house, secret_id, host)
    assert await house.facts("secret.lent") == []


async def test_it_is_not_lent_to_another_connector(house: House) -> None:
    secret_id = await house.send(key(connector="github"))
    assert await lent(house, secret_id, connector="github")
    with pytest.raises(Forbidden, match="not lent to slack"):
        await lent(house, secret_id, connector="slack")


async def test_a_personal_secret_is_lent_for_its_owners_runs_only(house: House) -> None:
    secret_id = await house.send(key(is_personal=True))
    assert await lent(house, secret_id, on_behalf_of=OWNER)
    for somebody in ("per_bob", ""):
        with pytest.raises(Forbidden, match="belongs to one person"):
            await lent(house, secret_id, on_behalf_of=somebody)


async def test_a_replaced_secret_has_the_new_value_only(house: House) -> None:
    secret_id = await house.send(key())
    house.clock.advance(1)
    assert await house.send(ReplaceSecret(secret_id, Secret("new"))) == 2
    assert await lent(house, secret_id) == "new"
    [row] = (await house.ask(Secrets())).values()
    assert (row.version, row.replaced_at) == (2, house.clock.now())


async def test_a_deleted_secret_is_gone_and_its_name_is_free(house: House) -> None:
    secret_id = await house.send(key())
    house.prove()
    await house.send(DeleteSecret(secret_id))
    assert await house.ask(Secrets()) == {}
    assert await house.look(lambda ctx: store.load_envelope(ctx, secret_id)) is None
    for act in (ReplaceSecret(secret_id, Secret("x")), DeleteSecret(secret_id)):
        with pytest.raises(NotFound):
            await house.send(act)
    with pytest.raises(NotFound):
        await lent(house, secret_id)
    assert await house.send(key()) != secret_id


async def test_deleting_needs_a_fresh_proof(house: House) -> None:
    secret_id = await house.send(key())
    with pytest.raises(NeedsReauthentication):
        await house.send(DeleteSecret(secret_id))


async def test_two_secrets_do_not_share_a_name(house: House) -> None:
    await house.send(key())
    with pytest.raises(Conflict, match="already"):
        await house.send(key(name="  Model key "))
    assert len(await house.ask(Secrets())) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "right\u202eleft"}, "name"),
        ({"value": Secret("")}, "empty"),
        ({"value": Secret("x" * 65_537)}, "longer"),
        ({"value": Secret("\ud800")}, "no text"),
        ({"hosts": ()}, "1 to 20 hosts"),
        ({"hosts": tuple(f"h{number}.example" for number in range(21))}, "1 to 20 hosts"),
        ({"hosts": ("*.example.com",)}, "no host"),
        ({"hosts": ("https://example.com",)}, "no host"),
        ({"hosts": ("user@example.com",)}, "no host"),
        ({"hosts": ("example.com:0",)}, "no host"),
        ({"hosts": ("exa mple.com",)}, "no host"),
        ({"hosts": ("",)}, "no host"),
        ({"kind": "API key"}, "short word"),
        ({"connector": "../x"}, "short word"),
    ],
)
async def test_what_cannot_be_a_secret_is_refused_and_not_repeated(
    house: House, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        await house.send(key(**changes))
    assert "canary" not in str(caught.value)
    assert await house.ask(Secrets()) == {}


async def test_personal_secrets_of_others_are_not_listed_for_who_may_not_delete_them(house: House) -> None:
    bob, eve = await house.person("per_bob", "builder"), await house.person("per_eve", "operator")
    await house.send(key(name="shared"))
    await house.send(key(name="bob's", is_personal=True), bob)

    async def names(actor: Any) -> list[str]:
        return [row.name for row in (await house.ask(Secrets(), actor)).values()]

    assert await names(house.owner) == ["bob's", "shared"]
    assert await names(bob) == ["bob's", "shared"]
    assert await names(eve) == ["shared"]


async def test_roles_may_do_what_the_matrix_says(house: House) -> None:
    bob = await house.person("per_bob", "builder")
    viewer = await house.person("per_vic", "viewer")
    shared = await house.send(key())
    own = await house.send(key(name="own", is_personal=True), bob)
    for actor, message in [
        (bob, key(name="shared 2")),
        (bob, ReplaceSecret(shared, Secret("x"))),
        (bob, DeleteSecret(shared)),
        (bob, UnsealVault()),
        (viewer, key(name="own 2", is_personal=True)),
        (viewer, SealVault()),
    ]:
        with pytest.raises(Forbidden):
            await house.send(message, actor)
    with pytest.raises(Forbidden):
        await house.ask(Secrets(), viewer)
    await house.send(DeleteSecret(own), bob)


async def test_a_sealed_vault_lends_nothing_and_takes_nothing(house: House) -> None:
    secret_id = await house.send(key())
    await house.send(SealVault())
    await house.send(SealVault())
    for act in (house.send(key(name="x")), house.send(ReplaceSecret(secret_id, Secret("x"))), lent(house, secret_id)):
        with pytest.raises(Locked, match="sealed"):
            await act
    status = await house.ask(VaultStatus())
    assert (status.is_sealed, status.sealed_by, status.sealed_at) == (True, OWNER, house.clock.now())
    assert [row.name for row in (await house.ask(Secrets())).values()] == ["Model key"]
    await house.send(UnsealVault())
    assert await lent(house, secret_id) == "sk-canary-4711"
    assert not (await house.ask(VaultStatus())).is_sealed
    assert [fact.name for fact in await house.facts("vault.sealed", "vault.unsealed")] == [
        "vault.sealed",
        "vault.unsealed",
    ]


async def test_a_keyring_that_takes_its_time_to_unseal_holds_up_nobody_else(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.send(SealVault())
    asked, answered = threading.Event(), threading.Event()

    def unlock(passphrase: Secret | None = None) -> None:
        asked.set()
        assert answered.wait(60), "nobody else could write meanwhile"

    monkeypatch.setattr(house.keys, "unlock", unlock)
    unsealing = asyncio.ensure_future(house.send(UnsealVault()))
    assert await asyncio.to_thread(asked.wait, 60)
    async with asyncio.timeout(30):
        await house.change(lambda ctx: remember(ctx.connection, PASSPHRASE, "kept"))
    assert (await house.ask(VaultStatus())).is_sealed
    monkeypatch.undo()
    house.keys.unlock()
    answered.set()
    await unsealing
    assert not (await house.ask(VaultStatus())).is_sealed


async def test_a_vault_that_was_sealed_while_its_keys_were_brought_stays_sealed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.send(SealVault())
    vault = house.kernel.ports.get(Vault)
    unseal = Vault.unseal

    def and_somebody_seals_it(self: Vault, passphrase: Secret) -> None:
        unseal(self, passphrase)
        vault.forget()

    monkeypatch.setattr(Vault, "unseal", and_somebody_seals_it)
    with pytest.raises(Conflict, match="sealed again"):
        await house.send(UnsealVault())
    assert (await house.ask(VaultStatus())).is_sealed


async def test_a_locked_page_shows_nothing_and_stops_no_run(house: House) -> None:
    secret_id = await house.send(key())
    await set_passphrase(house)
    house.prove()
    await house.send(LockVault())
    for act in (
        house.ask(Secrets()),
        house.send(key(name="x")),
        house.send(ReplaceSecret(secret_id, Secret("x"))),
    ):
        with pytest.raises(Locked, match="Confirm that it is you"):
            await act
    with pytest.raises(NeedsReauthentication):
        await house.send(DeleteSecret(secret_id))
    assert (await house.ask(VaultStatus())).is_page_closed
    assert await lent(house, secret_id) == "sk-canary-4711"
    house.prove()
    assert len(await house.ask(Secrets())) == 1
    assert not (await house.ask(VaultStatus())).is_page_closed


async def test_a_page_is_locked_for_one_person(house: House) -> None:
    bob = await house.person("per_bob", "admin")
    await set_passphrase(house)
    await house.send(LockVault())
    assert await house.ask(Secrets(), bob) == {}


async def test_a_page_that_nothing_could_open_again_is_not_locked(house: House) -> None:
    assert not (await house.ask(VaultStatus())).has_passphrase
    with pytest.raises(Conflict, match="Set one first"):
        await house.send(LockVault())
    assert await house.ask(Secrets()) == {}
    await set_passphrase(house)
    assert (await house.ask(VaultStatus())).has_passphrase


async def test_a_secret_knows_the_run_that_it_was_lent_to_last(house: House) -> None:
    secret_id = await house.send(key())
    assert [row.last_used_by for row in (await house.ask(Secrets())).values()] == [""]
    await lent(house, secret_id, run_id="run_1")
    assert [row.last_used_by for row in (await house.ask(Secrets())).values()] == ["run_1"]
    await lent(house, secret_id)
    assert [row.last_used_by for row in (await house.ask(Secrets())).values()] == [""]


@pytest.fixture
def intruder(database_url: str) -> Any:
    intruder = Intruder(database_url)
    yield intruder
    intruder.close()


async def test_an_older_record_put_back_is_not_lent_and_shows(house: House, intruder: Intruder) -> None:
    secret_id = await house.send(key())
    old = intruder.run(lambda connection: connection.execute(sa.select(records)).mappings().one())
    await house.send(ReplaceSecret(secret_id, Secret("new")))
    intruder.execute(records.update().values(**old))
    with pytest.raises(Damaged, match="not the one that was last written"):
        await lent(house, secret_id)
    assert (await house.ask(VaultStatus())).stale == (secret_id,)
    await house.send(ReplaceSecret(secret_id, Secret("newer")))
    assert await lent(house, secret_id) == "newer"
    assert (await house.ask(VaultStatus())).stale == ()


@pytest.mark.parametrize("column", ["salt", "commitment", "wrapped", "nonce", "content", "version", "master"])
async def test_a_changed_record_is_not_lent(house: House, intruder: Intruder, column: str) -> None:
    secret_id = await house.send(key())
    row = intruder.run(lambda connection: connection.execute(sa.select(records)).mappings().one())
    value = row[column]
    intruder.execute(records.update().values({column: value + 1 if isinstance(value, int) else bytes(len(value))}))
    with pytest.raises(Damaged):
        await lent(house, secret_id)
    assert (await house.ask(VaultStatus())).stale == (secret_id,)


async def test_a_secret_bound_to_another_host_by_force_does_not_become_another_secret(
    house: House, intruder: Intruder
) -> None:
    """Who swaps the records of two secrets, digests and all, gets neither: each is sealed to its own id."""
    one, two = await house.send(key("one", name="one")), await house.send(key("two", name="two"))
    row = intruder.run(lambda c: c.execute(sa.select(records).where(records.c.id == one)).mappings().one())
    digest = intruder.run(lambda c: c.execute(sa.select(secrets.c.digest).where(secrets.c.id == one)).scalar_one())
    intruder.execute(records.update().where(records.c.id == two).values(**(dict(row) | {"id": two})))
    intruder.execute(secrets.update().where(secrets.c.id == two).values(digest=digest))
    with pytest.raises(Damaged, match="changed or moved"):
        await lent(house, two)


async def test_no_byte_of_the_database_holds_a_secret(house: House, intruder: Intruder) -> None:
    canary = "sk-canary-0815"
    secret_id = await house.send(key(canary))
    await lent(house, secret_id)

    def everything(connection: sa.Connection) -> bytes:
        return b"".join(
            str(value).encode() if not isinstance(value, bytes) else value
            for table in metadata.sorted_tables
            for row in connection.execute(sa.select(table))
            for value in row
        )

    held = intruder.run(everything)
    assert WORKSPACE.encode() in held
    raw = canary.encode()
    for form in (raw, base64.b64encode(raw), raw.hex().encode(), quote(canary).encode()):
        assert form not in held
