"""Bodies beside the journal: encrypted under a key per run, found by a keyed digest, gone when that key is erased.

A *scope* is a run id, or `WORKSPACE` for what belongs to no run. The journal only ever holds a body's reference, which
is an HMAC under the scope's key: equal bodies of one run share it, and after erasure nobody can guess what it was.
"""

from __future__ import annotations

import hmac
import json
from typing import Any

from sqlalchemy import Column, Connection, String, delete, select

from legate_core.crypto import bodies as sealing
from legate_core.crypto.bodies import BodyKey, BodyKeyRing
from legate_core.errors import Damaged, NotFound
from legate_core.storage import dialect
from legate_core.storage.prepared import Prepared
from legate_core.storage.schema import Blob, workspace_table

WORKSPACE = "workspace"

payloads = workspace_table(
    "payload",
    Column("scope_id", String(40), nullable=False, index=True),
    Column("blob", Blob, nullable=False),
    audited=False,
    key="ref",
)

body_keys = workspace_table("body_key", Column("wrapped", Blob, nullable=False), audited=False, key="scope_id")


_KEEP = Prepared(dialect.insert_or_ignoring(payloads, payloads.c.keys()))


class BodyKeys:
    """The opened keys of this process, by workspace and scope. Holds the ring that wraps them."""

    def __init__(self, ring: BodyKeyRing) -> None:
        self.ring = ring
        self._opened: dict[tuple[str, str], BodyKey] = {}

    def opened(self, workspace_id: str, scope_id: str) -> BodyKey | None:
        return self._opened.get((workspace_id, scope_id))

    def remember(self, workspace_id: str, scope_id: str, key: BodyKey) -> BodyKey:
        if len(self._opened) > 4096:
            self._opened.clear()
        self._opened[workspace_id, scope_id] = key
        return key

    def forget(self, workspace_id: str, scope_id: str) -> None:
        self._opened.pop((workspace_id, scope_id), None)


class Bodies:
    """Reads and writes bodies inside one transaction."""

    def __init__(self, connection: Connection, workspace_id: str, keys: BodyKeys) -> None:
        self._connection = connection
        self._workspace_id = workspace_id
        self._keys = keys

    def open_scope(self, scope_id: str) -> None:
        """Make the key of a new scope."""
        key = self._keys.ring.new_key(self._workspace_id, scope_id)
        wrapped = self._keys.ring.wrap(self._workspace_id, scope_id, key)
        self._connection.execute(
            body_keys.insert(), {"workspace_id": self._workspace_id, "scope_id": scope_id, "wrapped": wrapped}
        )
        self._keys.remember(self._workspace_id, scope_id, key)

    def put(self, scope_id: str, value: Any) -> str:
        """Store a JSON value encrypted; its reference. Storing an equal value again stores nothing."""
        data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        key = self._key(scope_id)
        ref = "b_" + hmac.digest(key.reference_key, data, "sha256").hex()[:40]
        blob = sealing.seal_body(key, ref, data)
        row = {"workspace_id": self._workspace_id, "ref": ref, "scope_id": scope_id, "blob": blob}
        _KEEP.run(self._connection, row)
        return ref

    def get(self, scope_id: str, ref: str) -> Any:
        """The value behind a reference. Raises `NotFound` once it was erased, `Damaged` where it was tampered with."""
        blob = self._connection.execute(
            select(payloads.c.blob).where(payloads.c.workspace_id == self._workspace_id, payloads.c.ref == ref)
        ).scalar_one_or_none()
        if blob is None:
            raise NotFound("The content of this record was erased; what remains is its place in the journal.")
        return self._open(scope_id, ref, blob)

    def all(self, scope_id: str) -> dict[str, Any]:
        """Every body of a scope by reference; what a run is rebuilt from, in one query."""
        rows = self._connection.execute(
            select(payloads.c.ref, payloads.c.blob).where(
                payloads.c.workspace_id == self._workspace_id, payloads.c.scope_id == scope_id
            )
        )
        return {ref: self._open(scope_id, ref, blob) for ref, blob in rows}

    def erase(self, scope_id: str) -> None:
        """Forget a scope's key and its bodies. The journal keeps its entries and still verifies."""
        for table, column in ((payloads, payloads.c.scope_id), (body_keys, body_keys.c.scope_id)):
            self._connection.execute(
                delete(table).where(table.c.workspace_id == self._workspace_id, column == scope_id)
            )
        self._keys.forget(self._workspace_id, scope_id)

    def salt(self, scope_id: str, seq: int) -> bytes | None:
        """The salt of the commitments in a journal entry; None once the scope was erased. Never stored: it is derived
        from the scope's key and dies with it."""
        try:
            return sealing.salt(self._key(scope_id), self._workspace_id, seq)
        except NotFound:
            return None

    def _open(self, scope_id: str, ref: str, blob: bytes) -> Any:
        key = self._key(scope_id)
        data = sealing.open_body(key, ref, blob)
        if "b_" + hmac.digest(key.reference_key, data, "sha256").hex()[:40] != ref:
            raise Damaged("A stored body does not match its reference. Run 'legate verify' and restore a backup.")
        return json.loads(data.decode("utf-8", "surrogatepass"))

    def _key(self, scope_id: str) -> BodyKey:
        key = self._keys.opened(self._workspace_id, scope_id)
        if key is not None:
            return key
        wrapped = self._connection.execute(
            select(body_keys.c.wrapped).where(
                body_keys.c.workspace_id == self._workspace_id, body_keys.c.scope_id == scope_id
            )
        ).scalar_one_or_none()
        if wrapped is None:
            raise NotFound("The content of this record was erased; what remains is its place in the journal.")
        key = self._keys.ring.unwrap(self._workspace_id, scope_id, wrapped)
        return self._keys.remember(self._workspace_id, scope_id, key)
