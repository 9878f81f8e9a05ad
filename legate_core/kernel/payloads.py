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

MOST_OPENED = 4096
"""Opened keys that are kept at a time; more are opened again."""

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
        if len(self._opened) > MOST_OPENED:
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
        ref = reference(key, data)
        blob = sealing.seal_body(key, ref, data)
        row = {"workspace_id": self._workspace_id, "ref": ref, "scope_id": scope_id, "blob": blob}
        _KEEP.run(self._connection, row)
        return ref

    def get(self, scope_id: str, ref: str) -> Any:
        """The value behind a reference. Raises `NotFound` once it was erased, `Damaged` where it is missing without that or
        was tampered with."""
        blob = self._connection.execute(
            select(payloads.c.blob).where(payloads.c.workspace_id == self._workspace_id, payloads.c.ref == ref)
        ).scalar_one_or_none()
        if blob is None:
            # With its scope's key the body would be gone too, so that a body without one was not erased.
            self._key(scope_id)
            raise Damaged("A stored body is missing, and was not erased. Run 'legate verify' and restore a backup.")
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

    def stored_keys(self) -> StoredKeys:
        """The keys of every scope as they lie in the database now; for verification, which believes no opened key."""
        return StoredKeys(self._connection, self._workspace_id, self._keys.ring)

    def _open(self, scope_id: str, ref: str, blob: bytes) -> Any:
        return json.loads(opened(self._key(scope_id), ref, blob).decode("utf-8", "surrogatepass"))

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


class StoredKeys:
    """The keys of a workspace's scopes, read afresh and opened when they are asked for. `damaged` are those that do not."""

    def __init__(self, connection: Connection, workspace_id: str, ring: BodyKeyRing) -> None:
        statement = select(body_keys.c.scope_id, body_keys.c.wrapped).where(body_keys.c.workspace_id == workspace_id)
        self._wrapped: dict[str, bytes] = dict(connection.execute(statement).tuples().all())
        self._workspace_id = workspace_id
        self._ring = ring
        self._opened: dict[str, BodyKey] = {}
        self.damaged: set[str] = set()

    def key(self, scope_id: str) -> BodyKey:
        """The key of a scope. Raises `NotFound` where there is none, `Damaged` where it does not open."""
        key = self._opened.get(scope_id)
        if key is not None:
            return key
        wrapped = self._wrapped.get(scope_id)
        if wrapped is None:
            raise NotFound("The content of this record was erased; what remains is its place in the journal.")
        try:
            key = self._ring.unwrap(self._workspace_id, scope_id, wrapped)
        except Damaged:
            self.damaged.add(scope_id)
            raise
        if len(self._opened) > MOST_OPENED:
            self._opened.clear()
        self._opened[scope_id] = key
        return key

    def salt(self, scope_id: str, seq: int) -> bytes:
        """The salt of the commitments in a journal entry, by this scope's key. Raises as `key` does."""
        return sealing.salt(self.key(scope_id), self._workspace_id, seq)


def reference(key: BodyKey, data: bytes) -> str:
    """What a body is known by: nobody can guess from it what the body says without the scope's key."""
    return "b_" + hmac.digest(key.reference_key, data, "sha256").hex()[:40]


def opened(key: BodyKey, ref: str, blob: bytes) -> bytes:
    """The data of a body. Raises `Damaged` for anything but what this reference was made from."""
    data = sealing.open_body(key, ref, blob)
    if reference(key, data) != ref:
        raise Damaged("A stored body does not match its reference. Run 'legate verify' and restore a backup.")
    return data
