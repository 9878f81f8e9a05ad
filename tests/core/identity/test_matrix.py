"""Every door, for every role, own and another's, alone and in a team, held against the matrix; the matrix against its table."""

from __future__ import annotations

import asyncio
import dataclasses
import types
import typing
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

import pytest

from legate_core.crypto.bodies import BodyKeyRing
from legate_core.crypto.secret import Secret
from legate_core.errors import Forbidden, NeedsReauthentication, NotFound
from legate_core.features import features
from legate_core.identity.authorize import FRESH_MS, MatrixAuthorizer, Sessions
from legate_core.identity.bootstrap import create_personal_workspace
from legate_core.identity.events import MemberAdded
from legate_core.identity.permissions import MATRIX, ROLES
from legate_core.identity.tables import members
from legate_core.kernel import journal
from legate_core.kernel.clock import ManualClock
from legate_core.kernel.context import Actor, Context, ReadContext
from legate_core.kernel.dispatch import Kernel
from legate_core.kernel.messages import Tick
from legate_core.kernel.payloads import BodyKeys
from legate_core.kernel.registry import INTERNAL, Door
from legate_core.runs.events import RunCreated
from legate_core.runs.store import new_run_row
from legate_core.runs.tables import runs
from legate_core.storage.engine import Database

# The product's table, the other way round: who holds what, then all the permissions held that way. Letters as in the
# matrix, for owner, admin, builder, operator, viewer.
TABLE = {
    "A A A A A": "workspace.view session.prove members.view definitions.view runs.view policy.view",
    "A A A A -": "runs.start vault.view vault.lock",
    "A A A - -": (
        "drafts.view drafts.create drafts.edit "
        "definitions.import definitions.export runs.start.rehearsal runs.fork policy.simulate"
    ),
    "A A A G -": "kb.create kb.edit documents.add",
    "A A O A -": (
        "runs.cancel runs.retry runs.resolve_in_doubt schedules.pause schedules.resume mandates.suspend approvals.view "
        "approvals.decide.low approvals.edit.low approvals.snooze approvals.delegate"
    ),
    "A A O O O": "usage.view_own devices.revoke",
    "A A O O -": "apikeys.revoke mandates.draft audit.view audit.verify audit.export",
    "A A O - -": (
        "definitions.publish definitions.delete definitions.restore runs.start.draft schedules.create schedules.edit "
        "triggers.webhook.rotate kb.label.raise documents.delete"
    ),
    "A A OG OG -": "runs.view.payloads",
    "A A OG G -": "approvals.view.payload",
    "A A G G G": "kb.search",
    "A A G G -": "credentials.test",
    "A A G - -": "mandates.accept.low credentials.bind",
    "A A - A -": "recall.workspace server.metrics",
    "A A - - -": (
        "workspace.settings.edit billing.view usage.view_all members.invite members.remove roles.assign "
        "devices.approve runs.resolve_in_doubt.grave policy.tighten connectors.install connectors.configure mcp.review "
        "credentials.create.shared credentials.replace vault.unlock"
    ),
    "A - - - -": "billing.manage",
    "AN AN GN GN -": "approvals.decide.high approvals.edit.high",
    "ARN GRN - GRN -": "approvals.decide.grave approvals.edit.grave",
    "AN AN - - -": "mandates.accept.high",
    "AR AR O O -": "runs.export credentials.delete",
    "AR AR - - -": "break_glass audit.view.payloads",
    "AR A - - -": "backup.run",
    "AR - - - -": (
        "workspace.delete ownership.transfer roles.assign.admin sso.configure vault.rotate_master "
        "vault.export_encrypted backup.restore"
    ),
    "P P P - -": "definitions.publish.wider",
    "P P - - -": "policy.loosen kb.label.lower",
    "PR PR - - -": "runs.erase mandates.accept.grave",
    "PR - - - -": "roles.assign.owner policy.floor",
    "OR OR OR OR -": "apikeys.create_own",
    "O O O O O": "devices.enrol_own",
    "O O O O -": "recall.own rules.create.personal credentials.create.personal",
    "- - - - -": "credentials.reveal audit.delete",
}
CELLS = {
    (name, role): letters
    for row, names in TABLE.items()
    for name in names.split()
    for role, letters in zip(ROLES, row.split(), strict=True)
}


def test_the_matrix_says_what_the_product_says() -> None:
    spelled = {
        (name, role): "".join(
            letter
            for letter, holds in zip(
                "AOGPRN",
                (cell.everything, cell.own, cell.granted, cell.proposes, cell.reauthenticate, cell.not_own),
                strict=True,
            )
            if holds
        )
        for name, row in MATRIX.items()
        for role, cell in row.items()
    }
    assert spelled == {key: letters.strip("-") for key, letters in CELLS.items()}


def test_no_role_reads_a_secret_or_changes_the_audit() -> None:
    assert not any(MATRIX[name][role].holds for name in ("credentials.reveal", "audit.delete") for role in ROLES)


def test_every_door_asks_for_a_permission_of_the_matrix() -> None:
    doors = list(features())
    assert len(doors) > 30
    assert [door.name for door in doors if door.permission != INTERNAL and door.permission not in MATRIX] == []


class Room:
    """A kernel with one workspace, and people of every role in it if it is a team."""

    def __init__(self, kernel: Kernel, authorizer: MatrixAuthorizer, clock: ManualClock) -> None:
        self.kernel, self.authorizer, self.clock = kernel, authorizer, clock
        self.workspace_id = "ws_one"
        self.owner = self.person("owner")

    def person(self, role: str) -> Actor:
        return Actor("person", f"per_{role}", self.workspace_id, role=role)

    async def found(self) -> None:
        def work(ctx: Context) -> None:
            create_personal_workspace(ctx, self.owner.id, "Owner", name="One")

        await self.kernel.change(self.kernel.system(self.workspace_id), work, "test")

    async def become_a_team(self) -> None:
        def work(ctx: Context) -> None:
            for role in ROLES:
                for number in (1, 2):
                    person_id = f"per_{role}_{number}"
                    ctx.insert(members, {"person_id": person_id, "name": role, "role": role, "created_at": ctx.now})
                    ctx.emit(MemberAdded(person_id, role))

        await self.kernel.change(self.kernel.system(self.workspace_id), work, "test")

    async def verdict(self, actor: Actor, door: Door, owner: str) -> str:
        """yes, proof or no: what this person is told at this door about an object of `owner`."""
        bound = dataclasses.replace(door, owner=(lambda _ctx, _message: owner) if door.owner is not None else None)

        def look(ctx: ReadContext) -> str:
            try:
                self.authorizer.check(ctx, bound, object())
            except NeedsReauthentication:
                return "proof"
            except Forbidden:
                return "no"
            return "yes"

        return await self.kernel.look(actor, look)


@pytest.fixture
async def room(database_url: str) -> AsyncIterator[Room]:
    features()
    clock, sessions = ManualClock(), Sessions()
    authorizer = MatrixAuthorizer(sessions)
    kernel = Kernel(Database(database_url), BodyKeys(BodyKeyRing(bytes(32))), authorizer, clock)
    kernel.ports.add(MatrixAuthorizer, authorizer)
    made = Room(kernel, authorizer, clock)
    try:
        await made.found()
        yield made
    finally:
        await kernel.close()


def expected(door: Door, role: str, *, is_own: bool, is_alone: bool) -> str:
    """The matrix read by its words: A all, O own, P proposes (alone: A R), R fresh proof, - no."""
    if door.permission == INTERNAL:
        return "no"
    letters = CELLS[door.permission, role]
    # A list is asked for as a whole and narrowed by its handler, so holding the permission for one's own is enough.
    is_list = door.owner is None and door.kind != "command"
    holds = (
        "A" in letters
        or ("O" in letters and (is_list or (is_own and door.owner is not None)))
        or ("P" in letters and is_alone)
    )
    if not holds:
        return "no"
    return "proof" if "R" in letters or "P" in letters else "yes"


@pytest.mark.parametrize("is_alone", [True, False])
async def test_every_door_answers_every_role_as_the_matrix_says(room: Room, is_alone: bool) -> None:
    if not is_alone:
        await room.become_a_team()
    wrong: list[str] = []
    for door in features():
        for role in ROLES:
            actor = room.person(role)
            # Alone in the workspace there is only its owner.
            if is_alone and role != "owner":
                continue
            for owner in (actor.id, "per_somebody_else"):
                wanted = expected(door, role, is_own=owner == actor.id, is_alone=is_alone)
                found = await room.verdict(actor, door, owner)
                if found != wanted:
                    wrong.append(f"{door.name} {role} of {owner}: {found}, not {wanted}")
    assert wrong == []


async def test_a_proof_opens_what_asks_for_one_and_goes_stale(room: Room) -> None:
    door = next(door for door in features() if expected(door, "owner", is_own=True, is_alone=True) == "proof")
    assert await room.verdict(room.owner, door, room.owner.id) == "proof"
    room.authorizer.sessions.prove(room.owner, room.clock.now())
    assert await room.verdict(room.owner, door, room.owner.id) == "yes"
    room.clock.advance(FRESH_MS / 1000 + 0.001)
    assert await room.verdict(room.owner, door, room.owner.id) == "proof"


async def test_agents_and_strangers_pass_no_door_at_all(room: Room) -> None:
    agent = Actor("agent", "agt_1", room.workspace_id, role="owner")
    stranger = Actor("person", "per_stranger", room.workspace_id, role="")
    invented = Actor("person", "per_king", room.workspace_id, role="king")
    for door in features():
        for actor in (agent, stranger, invented):
            assert await room.verdict(actor, door, actor.id) == "no", (door.name, actor)


async def test_a_door_that_is_closed_to_a_role_changes_nothing_when_it_knocks(room: Room) -> None:
    await room.become_a_team()
    before = await room.kernel.look(room.owner, lambda ctx: journal.head(ctx.connection, ctx.workspace_id).seq)
    knocked = 0
    for door in features():
        for role in ROLES:
            if door.permission != INTERNAL and MATRIX[door.permission][role].holds:
                continue
            message = _sample(door.message)
            with pytest.raises((Forbidden, NotFound)):
                await (room.kernel.send if door.kind == "command" else room.kernel.ask)(room.person(role), message)
            knocked += 1
    after = await room.kernel.look(room.owner, lambda ctx: journal.head(ctx.connection, ctx.workspace_id).seq)
    assert after == before
    assert knocked > 30


def _sample(kind: Any) -> Any:
    """Some message of this type: enough for whoever is turned away at the door."""
    hints = typing.get_type_hints(kind)
    given = {
        field.name: _value(hints[field.name])
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    return kind(**given)


def _value(hint: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin is typing.Literal:
        return typing.get_args(hint)[0]
    if origin in (typing.Union, types.UnionType):
        return _value(typing.get_args(hint)[0])
    if origin is tuple:
        return ()
    if hint is Any or origin is Mapping or origin is dict:
        return {"provider": "scripted"}
    if dataclasses.is_dataclass(hint):
        return _sample(hint)
    return {str: "x", bytes: b"x", int: 1, float: 1.0, bool: False, Secret: Secret("x")}[hint]


async def test_what_streams_is_heard_by_those_whom_its_door_lets_in_and_by_nobody_else(room: Room) -> None:
    await room.become_a_team()

    def begin(ctx: Context) -> str:
        row = new_run_row(
            agent_id="agt_1",
            definition_hash="0" * 64,
            name="T",
            trigger="manual",
            started_by="per_builder",
            now=ctx.now,
        )
        ctx.insert(runs, row | {"task_ref": "b_0"})
        ctx.emit(RunCreated(row["id"], "agt_1", "0" * 64, "manual"))
        return str(row["id"])

    run_id = await room.kernel.change(room.kernel.system(room.workspace_id), begin, "test")
    heard = {role: await hears(room, room.person(role), run_id) for role in ROLES}
    heard["another builder"] = await hears(room, Actor("person", "per_b", room.workspace_id, "builder"), run_id)
    heard["another workspace"] = await hears(room, Actor("person", "per_x", "ws_two", "owner"), run_id)
    assert {who for who, has in heard.items() if has} == {"owner", "admin", "builder"}
    assert await hears(room, room.owner, "vrf_1")
    for nothing in ("run_unknown", "kb_unknown", "act_1", "", "*"):
        assert not await hears(room, room.owner, nothing)


async def hears(room: Room, actor: Actor, about: str) -> bool:
    """Whether this person is told what is streamed under an id, right after they began to listen."""
    async with aclosing(room.kernel.listen(actor, about)) as ticks:
        coming = asyncio.ensure_future(anext(ticks))
        while not coming.done():
            room.kernel.ticks.publish(Tick(about, "text", "a secret word"))
            await asyncio.sleep(0)
        try:
            return coming.result().text == "a secret word"
        except (Forbidden, NotFound):
            return False
