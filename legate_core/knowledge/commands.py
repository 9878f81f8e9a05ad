"""Making knowledge bases, adding documents to them, reading them again, taking them out."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from legate_core.errors import Conflict, Invalid, LegateError
from legate_core.kernel.context import Actor, Context, Ports, ReadContext
from legate_core.kernel.ids import new_id
from legate_core.kernel.messages import Command
from legate_core.kernel.registry import INTERNAL, command
from legate_core.knowledge import store
from legate_core.knowledge.below import is_text, open_file
from legate_core.knowledge.embed.open import DEFAULT, checked
from legate_core.knowledge.events import (
    BaseChanged,
    BaseCreated,
    BaseRemoved,
    DocumentAdded,
    DocumentChanged,
    DocumentTouched,
    FolderUnwatched,
    FolderWatched,
)
from legate_core.knowledge.model import MAX_FILE_BYTES, MAX_FILES_AT_ONCE, UNREAD, DocumentState
from legate_core.knowledge.originals import Originals, Stored
from legate_core.knowledge.readers import KINDS, kind_of
from legate_core.knowledge.tables import bases, documents, folders
from legate_core.storage import dialect

MAX_NAME = 120


@dataclass(frozen=True, slots=True)
class CreateBase(Command[str]):
    """Make an empty knowledge base; answers with its id. Without `embedder` the model that ships with Legate is used."""

    name: str
    embedder: Mapping[str, Any] = field(default_factory=dict[str, Any])


@command(CreateBase, permission="kb.create", route="POST /knowledge")
def create_base(ctx: Context, message: CreateBase) -> str:
    name = _name(ctx, message.name)
    base_id = new_id("kb")
    ctx.insert(
        bases,
        {
            "id": base_id,
            "name": name,
            "is_removed": False,
            "embedder": checked(message.embedder or DEFAULT),
            "next_embedder": {},
            "fingerprint": "",
            "next_fingerprint": "",
            "created_by": ctx.actor.id,
            "created_at": ctx.now,
            "changed_at": ctx.now,
        },
    )
    ctx.emit(BaseCreated(base_id))
    return base_id


@dataclass(frozen=True, slots=True)
class RenameBase(Command[None]):
    """Give a knowledge base another name. Agents that were given it by its id keep it."""

    base_id: str
    name: str


@command(RenameBase, permission="kb.edit", route="PUT /knowledge/{base_id}/name")
def rename_base(ctx: Context, message: RenameBase) -> None:
    base = store.load_base(ctx, message.base_id)
    name = _name(ctx, message.name, but=base["id"])
    ctx.update(bases, base["id"], {"name": name, "changed_at": ctx.now})
    ctx.emit(BaseChanged(base["id"]))


@dataclass(frozen=True, slots=True)
class ReindexBase(Command[None]):
    """Build a second index beside the one that answers, with another embedder if one is given, and swap once it is whole."""

    base_id: str
    embedder: Mapping[str, Any] = field(default_factory=dict[str, Any])


@command(ReindexBase, permission="kb.edit", route="POST /knowledge/{base_id}/reindex")
def reindex_base(ctx: Context, message: ReindexBase) -> None:
    base = store.load_base(ctx, message.base_id)
    settings = checked(message.embedder or base["embedder"])
    if not base["fingerprint"]:
        changes: dict[str, Any] = {"embedder": settings}
    else:
        changes = {"next_embedder": settings, "next_fingerprint": store.WANTED}
    ctx.update(bases, base["id"], {**changes, "changed_at": ctx.now})
    ctx.emit(BaseChanged(base["id"]))


@dataclass(frozen=True, slots=True)
class RemoveBase(Command[None]):
    """Take a knowledge base out with all its documents, their texts, vectors and originals. Watched folders stay as they are."""

    base_id: str


def _maker(ctx: ReadContext, message: RemoveBase) -> str:
    return str(store.load_base(ctx, message.base_id)["created_by"])


@command(RemoveBase, permission="documents.delete", route="DELETE /knowledge/{base_id}", owner=_maker)
def remove_base(ctx: Context, message: RemoveBase) -> None:
    base = store.load_base(ctx, message.base_id)
    rows = _documents(ctx, base["id"])
    for row in rows:
        store.remove_document(ctx, base, row)
    for folder in store.watched_folders(ctx):
        if folder["base_id"] == base["id"]:
            ctx.update(folders, folder["id"], {"is_watched": False})
            ctx.emit(FolderUnwatched(base["id"], folder["id"]))
    ctx.update(bases, base["id"], {"is_removed": True, "next_fingerprint": "", "changed_at": ctx.now})
    ctx.emit(BaseRemoved(base["id"], len(rows)))
    for fingerprint in {base["fingerprint"], base["next_fingerprint"]} - {"", store.WANTED}:
        store.owe(ctx, store.index_of(base["id"], fingerprint))


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not taken, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the files: ids of documents that are new, changed or at a new place, files that were there already, and
    refusals."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()
    moved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A file whose original is put away: what it is called, where it came from, and its bytes' digest."""

    name: str
    origin: str
    kind: str
    stored: Stored
    modified_us: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was read of the files before the transaction."""

    sources: tuple[Source, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class AddFiles(Command[Added]):
    """Add files of this computer by their absolute paths, at most 500 at once. A known path with other bytes is a change of
    its document; equal bytes are added once. Only for who sits at this computer, so no route leads here."""

    base_id: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FollowFiles(Command[Added]):
    """Add files of a watched folder, like `AddFiles`. A document of this folder whose file is `gone` and whose content is
    found at a new place moves there, so that it is found all the time."""

    base_id: str
    folder_id: str
    paths: tuple[str, ...]
    gone: tuple[str, ...] = ()


def put_files_away(ports: Ports, actor: Actor, message: AddFiles | FollowFiles) -> Prepared:
    """Keep the originals; outside of any transaction, because files may be large."""
    if len(message.paths) > MAX_FILES_AT_ONCE:
        raise Invalid(f"At most {MAX_FILES_AT_ONCE} files are added at once. Add the others after them.")
    sources: list[Source] = []
    refused: list[Refused] = []
    for path in message.paths:
        try:
            sources.append(_put_file_away(ports, path))
        except LegateError as error:
            refused.append(Refused(path, error.message))
        except OSError as error:
            reason = f"It cannot be opened ({error.strerror or type(error).__name__}). Check its name and its rights."
            refused.append(Refused(path, reason))
    return Prepared(tuple(sources), tuple(refused))


def _put_file_away(ports: Ports, given: str) -> Source:
    path = Path(given)
    if not path.is_absolute():
        raise Invalid("The path must be absolute. Write it from the root on.")
    kind = _kind(path.name)
    with open_file(given) as file:
        found = os.fstat(file.fileno())
        stored = ports.get(Originals).put(file, MAX_FILE_BYTES)
    return Source(path.name, str(path), kind, stored, found.st_mtime_ns // 1000)


@command(AddFiles, permission="documents.add", before=put_files_away)
def add_files(ctx: Context, message: AddFiles, prepared: Prepared) -> Added:
    base = store.load_base(ctx, message.base_id)
    return _add(ctx, base, prepared)


@command(FollowFiles, permission=INTERNAL, before=put_files_away)
def follow_files(ctx: Context, message: FollowFiles, prepared: Prepared) -> Added:
    base = store.load_base(ctx, message.base_id)
    return _add(ctx, base, prepared, message.folder_id, message.gone)


@dataclass(frozen=True, slots=True)
class UploadDocument(Command[Added]):
    """Add one document by its bytes, under the name its file had."""

    base_id: str
    name: str
    data: bytes


def put_upload_away(ports: Ports, actor: Actor, message: UploadDocument) -> Prepared:
    """Keep the original, outside of any transaction."""
    name = Path(message.name.replace("\\", "/")).name
    kind = _kind(name)
    stored = ports.get(Originals).put(io.BytesIO(message.data), MAX_FILE_BYTES)
    return Prepared((Source(name, "", kind, stored),), ())


@command(
    UploadDocument, permission="documents.add", route="POST /knowledge/{base_id}/documents", before=put_upload_away
)
def upload_document(ctx: Context, message: UploadDocument, prepared: Prepared) -> Added:
    return _add(ctx, store.load_base(ctx, message.base_id), prepared)


@dataclass(frozen=True, slots=True)
class RemoveDocuments(Command[int]):
    """Take documents out of a base, at most 500 at once: not found from now on, their texts, vectors and originals deleted;
    answers with how many."""

    base_id: str
    document_ids: tuple[str, ...]


def _adder(ctx: ReadContext, message: RemoveDocuments) -> str | None:
    """Whose documents these are; nobody's where they are of several people."""
    owners = {store.load_document(ctx, document_id)["added_by"] for document_id in message.document_ids}
    return str(owners.pop()) if len(owners) == 1 else None


@command(
    RemoveDocuments, permission="documents.delete", route="POST /knowledge/{base_id}/documents/remove", owner=_adder
)
def remove_documents(ctx: Context, message: RemoveDocuments) -> int:
    base = store.load_base(ctx, message.base_id)
    rows = _chosen(ctx, base, message.document_ids)
    for row in rows:
        store.remove_document(ctx, base, row)
    return len(rows)


@dataclass(frozen=True, slots=True)
class RetryDocuments(Command[int]):
    """Read documents again, with no ids every failed one of the base; answers with how many."""

    base_id: str
    document_ids: tuple[str, ...] = ()


@command(RetryDocuments, permission="documents.add", route="POST /knowledge/{base_id}/documents/retry")
def retry_documents(ctx: Context, message: RetryDocuments) -> int:
    base = store.load_base(ctx, message.base_id)
    rows = (
        _chosen(ctx, base, message.document_ids)
        if message.document_ids
        else _documents(ctx, base["id"], DocumentState.FAILED)
    )
    count = 0
    for row in rows:
        if DocumentState(row["state"]) not in UNREAD:
            count += _read_again(ctx, row, {})
    return count


@dataclass(frozen=True, slots=True)
class CancelDocuments(Command[int]):
    """Stop reading documents, with no ids every unread one of the base; answers with how many. They count as failed until
    somebody retries them; what was found of them before is found still."""

    base_id: str
    document_ids: tuple[str, ...] = ()


@command(CancelDocuments, permission="documents.add", route="POST /knowledge/{base_id}/documents/cancel")
def cancel_documents(ctx: Context, message: CancelDocuments) -> int:
    base = store.load_base(ctx, message.base_id)
    rows = _chosen(ctx, base, message.document_ids) if message.document_ids else _documents(ctx, base["id"], *UNREAD)
    count = 0
    for row in rows:
        if DocumentState(row["state"]) in UNREAD:
            count += store.fail_document(ctx, row, "cancelled", "Reading it was cancelled. Retry it to have it read.")
    return count


@dataclass(frozen=True, slots=True)
class WatchFolder(Command[str]):
    """Keep a base in step with a folder of this computer: new files are added, changed ones read again, deleted ones removed.
    Answers with the id of the watch. Only for who sits at this computer."""

    base_id: str
    path: str


@command(WatchFolder, permission="documents.add")
def watch_folder(ctx: Context, message: WatchFolder) -> str:
    base = store.load_base(ctx, message.base_id)
    path = Path(message.path)
    if not path.is_absolute() or "\0" in message.path or not is_text(message.path):
        raise Invalid(f"The folder {message.path[:200]!r} must be an absolute path. Write it from the root on.")
    for folder in store.watched_folders(ctx):
        if folder["base_id"] == base["id"] and folder["path"] == str(path):
            return str(folder["id"])
    folder_id = new_id("fld")
    row = {"id": folder_id, "base_id": base["id"], "path": str(path), "is_watched": True, "created_at": ctx.now}
    ctx.insert(folders, row)
    ctx.emit(FolderWatched(base["id"], folder_id))
    return folder_id


@dataclass(frozen=True, slots=True)
class UnwatchFolder(Command[None]):
    """Look at a folder no longer. The documents that came from it stay."""

    base_id: str
    path: str


@command(UnwatchFolder, permission="documents.add", route="POST /knowledge/{base_id}/unwatch")
def unwatch_folder(ctx: Context, message: UnwatchFolder) -> None:
    base = store.load_base(ctx, message.base_id)
    for folder in store.watched_folders(ctx):
        if folder["base_id"] == base["id"] and message.path in (folder["path"], folder["id"]):
            ctx.update(folders, folder["id"], {"is_watched": False})
            ctx.emit(FolderUnwatched(base["id"], folder["id"]))
            return
    raise Invalid(f"{base['name']} watches no folder {message.path[:200]!r}. 'legate kb' shows which it does.")


# Adding.


def _add(
    ctx: Context, base: Mapping[str, Any], prepared: Prepared, folder_id: str = "", gone: Sequence[str] = ()
) -> Added:
    new: list[str] = []
    changed: list[str] = []
    known: list[str] = []
    moved: list[str] = []
    homeless = _homeless(ctx, base["id"], prepared.sources, folder_id, frozenset(gone))
    for source in prepared.sources:
        here = _at_origin(ctx, base["id"], source.origin) if source.origin else None
        same = _with_content(ctx, base["id"], source.stored.content)
        if (here is None or here["content"] != source.stored.content) and homeless.get(source.stored.content):
            row = homeless[source.stored.content].pop()
            if here is not None:
                store.remove_document(ctx, base, here)
            _move(ctx, row, source)
            moved.append(row["id"])
        elif here is not None and here["content"] != source.stored.content:
            if _read_again(ctx, here, _facts(source)):
                changed.append(here["id"])
        elif here is not None or same is not None:
            if here is not None and here["modified_us"] != source.modified_us:
                # Touched, not changed: remembered, so that the next look at its folder does not read it again.
                ctx.update(documents, here["id"], {"modified_us": source.modified_us})
                ctx.emit(DocumentTouched(base["id"], here["id"]))
            known.append(source.name)
        else:
            new.append(_insert(ctx, base["id"], source, folder_id))
    return Added(tuple(new), tuple(changed), tuple(known), prepared.refused, tuple(moved))


def _homeless(
    ctx: ReadContext, base_id: str, sources: Sequence[Source], folder_id: str, gone: frozenset[str]
) -> dict[str, list[Mapping[str, Any]]]:
    """The documents of a folder whose files are gone, by the digest of their bytes where one of these files has the same."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    if gone:
        statement = select(documents).where(
            documents.c.workspace_id == ctx.workspace_id,
            documents.c.base_id == base_id,
            documents.c.folder_id == folder_id,
            documents.c.content.in_({source.stored.content for source in sources}),
            documents.c.state != DocumentState.REMOVED.value,
        )
        for row in ctx.rows(dialect.locked(statement.order_by(documents.c.id), ctx.connection)):
            if row["id"] in gone:
                found.setdefault(row["content"], []).append(row)
    return found


def _move(ctx: Context, row: Mapping[str, Any], source: Source) -> None:
    """Say where a document's file lies now. Under a name that makes it another kind it is read again."""
    place = {"name": source.name[:400], "origin": source.origin, "modified_us": source.modified_us}
    if row["kind"] == source.kind:
        ctx.update(documents, row["id"], place)
        ctx.emit(DocumentTouched(row["base_id"], row["id"]))
    else:
        _read_again(ctx, row, {**place, "kind": source.kind})


def _facts(source: Source) -> dict[str, Any]:
    return {
        "content": source.stored.content,
        "size_bytes": source.stored.size_bytes,
        "modified_us": source.modified_us,
        "kind": source.kind,
    }


def _insert(ctx: Context, base_id: str, source: Source, folder_id: str) -> str:
    document_id = new_id("doc")
    ctx.insert(
        documents,
        {
            "id": document_id,
            "base_id": base_id,
            "folder_id": folder_id,
            "name": source.name[:400],
            "origin": source.origin,
            **_facts(source),
            "state": DocumentState.PENDING.value,
            "reason": "",
            "attempt": 0,
            "revision": 0,
            "chunks": 0,
            "pages": 0,
            "about": {},
            "added_by": ctx.actor.id,
            "added_at": ctx.now,
            "changed_at": ctx.now,
        },
    )
    ctx.emit(DocumentAdded(base_id, document_id, source.stored.content))
    return document_id


def _read_again(ctx: Context, row: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    """Let a document be read again, perhaps with other bytes; whoever reads it now is overtaken."""
    changes = {**facts, "state": DocumentState.PENDING.value, "reason": "", "changed_at": ctx.now}
    if row["state"] == DocumentState.PROCESSING.value:
        changes["attempt"] = row["attempt"] + 1
    changed = ctx.update(documents, row["id"], changes, expect={"state": row["state"], "attempt": row["attempt"]})
    if changed is None:
        return False
    ctx.emit(DocumentChanged(row["base_id"], row["id"], changed["content"]))
    return True


def _at_origin(ctx: ReadContext, base_id: str, origin: str) -> Mapping[str, Any] | None:
    statement = select(documents).where(
        documents.c.workspace_id == ctx.workspace_id,
        documents.c.base_id == base_id,
        documents.c.origin == origin,
        documents.c.state != DocumentState.REMOVED.value,
    )
    return next(iter(ctx.rows(statement.limit(1))), None)


def _with_content(ctx: ReadContext, base_id: str, content: str) -> Mapping[str, Any] | None:
    statement = select(documents).where(
        documents.c.workspace_id == ctx.workspace_id,
        documents.c.base_id == base_id,
        documents.c.content == content,
        documents.c.state != DocumentState.REMOVED.value,
    )
    return next(iter(ctx.rows(statement.limit(1))), None)


def _documents(ctx: ReadContext, base_id: str, *states: DocumentState) -> list[Mapping[str, Any]]:
    statement = select(documents).where(
        documents.c.workspace_id == ctx.workspace_id,
        documents.c.base_id == base_id,
        documents.c.state != DocumentState.REMOVED.value,
    )
    if states:
        statement = statement.where(documents.c.state.in_([state.value for state in states]))
    # Locked, so that one which is claimed at this very moment is either before or after, not missed.
    return list(ctx.rows(dialect.locked(statement.order_by(documents.c.id), ctx.connection)))


def _chosen(ctx: ReadContext, base: Mapping[str, Any], ids: Sequence[str]) -> list[Mapping[str, Any]]:
    if len(ids) > MAX_FILES_AT_ONCE:
        raise Invalid(f"At most {MAX_FILES_AT_ONCE} documents are named at once. Name the others after them.")
    known = {row["id"]: row for row in _documents(ctx, base["id"])}
    rows = [known.get(document_id) or store.load_document(ctx, document_id) for document_id in dict.fromkeys(ids)]
    for row in rows:
        if row["base_id"] != base["id"]:
            raise Invalid(f"The document {row['id']} is of another knowledge base. Name that one.")
    return rows


def _kind(name: str) -> str:
    kind = kind_of(name)
    if not kind:
        endings = ", ".join(sorted(KINDS))
        raise Invalid(f"Files like {name[-60:]!r} are not read. Add one of these: {endings}.")
    return kind


def _name(ctx: ReadContext, given: str, but: str = "") -> str:
    name = " ".join(given.split())
    if not name or len(name) > MAX_NAME:
        raise Invalid(f"A knowledge base needs a name of at most {MAX_NAME} characters.")
    statement = select(bases.c.id).where(
        bases.c.workspace_id == ctx.workspace_id, bases.c.name == name, bases.c.is_removed.is_(False), bases.c.id != but
    )
    if ctx.rows(statement):
        raise Conflict(f"There is a knowledge base {name!r} already. Choose another name.")
    return name
