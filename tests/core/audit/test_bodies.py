"""Bodies and their keys are part of what is verified: one that is gone, changed or moved shows, and an erased one does not."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from legate_core.audit.checkpoint import checkpoint_now
from legate_core.audit.contents import references, scope_of
from legate_core.audit.queries import VerifyJournal
from legate_core.audit.report import Kind, Report, State
from legate_core.audit.rows import audited_tables
from legate_core.errors import Damaged, NotFound
from legate_core.kernel.payloads import WORKSPACE as OF_NO_RUN
from legate_core.kernel.payloads import body_keys, payloads
from legate_core.runs.tables import runs
from tests.core.audit.filling import erase, fill
from tests.core.audit.house import WORKSPACE, House, Intruder


async def strictly(house: House) -> Report:
    return await house.ask(VerifyJournal(bodies=True))


def places(report: Report) -> list[tuple[Kind, str, str]]:
    return [(finding.kind, finding.table, finding.key) for finding in report.findings]


async def filled(house: House) -> str:
    """The first of two runs in a signed journal."""
    first, _ = await fill(house)
    assert await checkpoint_now(house.kernel, WORKSPACE) is not None
    return first


async def test_bodies_that_are_there_and_open_are_counted(house: House) -> None:
    await filled(house)
    report = await strictly(house)
    assert (report.findings, report.opened_bodies) == ((), 2)
    assert "every body that they name opens" in report.intact.sentence
    report = await house.ask(VerifyJournal())
    assert (report.findings, report.opened_bodies) == ((), 0)
    assert "every body that they name is there" in report.intact.sentence


@pytest.mark.parametrize("bodies", [False, True])
async def test_a_body_that_was_taken_away_is_missed(house: House, intruder: Intruder, bodies: bool) -> None:
    first = await filled(house)
    intruder.execute(payloads.delete().where(payloads.c.scope_id == first))
    report = await house.ask(VerifyJournal(bodies=bodies))
    assert places(report) == [(Kind.BODY_MISSING, "run", first)]
    assert report.intact.state is State.BROKEN


async def test_a_body_that_was_given_to_another_run_is_missed(house: House, intruder: Intruder) -> None:
    first, second = await fill(house)
    intruder.execute(payloads.update().where(payloads.c.scope_id == first).values(scope_id=second))
    kinds = {finding.kind for finding in (await strictly(house)).findings}
    assert kinds == {Kind.BODY_MISSING, Kind.BODY_CHANGED, Kind.NO_CHECKPOINT}


@pytest.mark.parametrize("blob", [b"", b"something else entirely", None])
async def test_a_body_that_was_changed_is_found_by_opening_it(
    house: House, intruder: Intruder, blob: bytes | None
) -> None:
    first = await filled(house)

    def change(connection: sa.Connection) -> str:
        other = sa.select(payloads.c.blob).where(payloads.c.scope_id != first).scalar_subquery()
        connection.execute(
            payloads.update().where(payloads.c.scope_id == first).values(blob=other if blob is None else blob)
        )
        return connection.execute(sa.select(runs.c.task_ref).where(runs.c.id == first)).scalar_one()

    ref = intruder.run(change)
    report = await strictly(house)
    assert places(report) == [(Kind.BODY_CHANGED, "payload", ref)]
    assert report.opened_bodies == 1


@pytest.mark.parametrize("bodies", [False, True])
async def test_a_key_that_was_changed_is_named_though_it_was_opened_before(
    house: House, intruder: Intruder, bodies: bool
) -> None:
    first = await filled(house)
    intruder.execute(body_keys.update().where(body_keys.c.scope_id == first).values(wrapped=bytes(60)))
    report = await house.ask(VerifyJournal(bodies=bodies))
    assert places(report) == [(Kind.KEY_CHANGED, "", first)]
    assert report.intact.state is State.BROKEN
    assert "Restore the latest backup." in report.intact.sentence


async def test_a_changed_key_of_the_workspace_ends_in_a_verdict(house: House, intruder: Intruder) -> None:
    await filled(house)
    intruder.execute(body_keys.update().where(body_keys.c.scope_id == OF_NO_RUN).values(wrapped=b"x"))
    assert places(await strictly(house)) == [(Kind.KEY_CHANGED, "", OF_NO_RUN)]


async def test_a_key_that_was_taken_away_is_named_though_it_was_opened_before(house: House, intruder: Intruder) -> None:
    first = await filled(house)
    intruder.execute(body_keys.delete().where(body_keys.c.scope_id == first))
    assert places(await strictly(house)) == [(Kind.KEY_MISSING, "", first)]


async def test_an_erased_run_misses_no_bodies(house: House) -> None:
    first = await filled(house)
    await erase(house, first)
    report = await strictly(house)
    assert {finding.kind for finding in report.findings} <= {Kind.NO_CHECKPOINT}
    assert report.opened_bodies == 1


async def test_a_body_that_is_missing_is_not_called_erased(house: House, intruder: Intruder) -> None:
    first, second = await fill(house)
    refs: dict[str, str] = dict(
        intruder.run(lambda connection: connection.execute(sa.select(runs.c.id, runs.c.task_ref)).tuples().all())
    )
    intruder.execute(payloads.delete())
    await erase(house, second)
    with pytest.raises(Damaged, match="was not erased"):
        await house.look(lambda ctx: ctx.bodies.get(first, refs[first]))
    with pytest.raises(NotFound, match="was erased"):
        await house.look(lambda ctx: ctx.bodies.get(second, refs[second]))


def test_every_column_that_names_a_body_lies_in_a_table_of_runs() -> None:
    """Whose key a body lies under is read from the row; what belongs to no run would need another rule."""
    naming = [table for table in audited_tables() if references(table)]
    assert len(naming) == 4
    assert all(table.info["of_run"] for table in naming)
    assert {str(scope_of(table).name) for table in naming} == {"run_id", "id"}
