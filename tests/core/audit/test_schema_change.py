"""A later schema does not break what the journal committed to."""

from __future__ import annotations

import sqlalchemy as sa

from legate_core.audit.checkpoint import checkpoint_now
from legate_core.audit.queries import VerifyJournal
from legate_core.crypto.bodies import commitment
from legate_core.kernel import rows
from legate_core.storage.schema import metadata
from tests.core.audit.filling import fill
from tests.core.audit.house import WORKSPACE, House


def test_a_column_that_is_added_empty_leaves_a_commitment_as_it_was() -> None:
    before, after = {"id": "x", "name": "n"}, {"id": "x", "name": "n", "added": None}
    assert commitment(b"salt", rows.state(before)) == commitment(b"salt", rows.state(after))
    filled = after | {"added": ""}
    assert commitment(b"salt", rows.state(before)) != commitment(b"salt", rows.state(filled))


def test_a_binary_column_is_written_as_hexadecimal() -> None:
    assert rows.state({"id": "x", "blob": b"\x00\xff", "count": 0, "flag": False}) == {
        "id": "x",
        "blob": "00ff",
        "count": 0,
        "flag": False,
    }


async def test_every_kind_of_column_comes_back_as_it_was_committed(house: House) -> None:
    """Numbers, truth values, lists and empty columns, on both databases."""
    await fill(house, 1)
    await checkpoint_now(house.kernel, WORKSPACE)
    kinds = {type(column.type) for name in ("run", "secret", "member") for column in metadata.tables[name].c}
    assert {sa.Boolean, sa.Integer, sa.BigInteger, sa.String} <= kinds
    assert (await house.ask(VerifyJournal())).findings == ()
