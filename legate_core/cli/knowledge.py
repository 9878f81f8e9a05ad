"""`legate kb`: knowledge bases, their documents, a search with its passages, folders that are watched."""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import legate_core as core
from legate_core.cli.ids import find
from legate_core.cli.options import Subparsers, add_command, add_words, given, object_of
from legate_core.cli.screen import Result, Screen
from legate_core.cli.session import Session, opened
from legate_core.cli.text import moment, one_line, table, wrap
from legate_core.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from legate_core.kernel.messages import LiveQuery
    from legate_core.knowledge.below import Look
    from legate_core.knowledge.commands import Added
    from legate_core.knowledge.model import BaseRow, DocumentRow, Found, Hit

Row = TypeVar("Row")

FILES_AT_ONCE = 50
UNREAD = ("pending", "processing")
EMBEDDER_HELP = (
    'An embedder is a JSON object: {"provider": "local"} is the model that ships with Legate, with "folder" one of your own\n'
    '(model.onnx, tokenizer.json); {"provider": "openai_compatible" or "ollama", "base_url", "model", "secret"}.'
)


def add(under: Subparsers) -> None:
    parser = add_command(under, "kb", "knowledge bases: what agents may look things up in", list_all)
    words = add_words(parser)
    listing = add_command(words, "list", "every knowledge base, or the documents of one", list_all)
    listing.add_argument("base", nargs="?", metavar="BASE", help="the base's name or id")
    make = add_command(words, "create", "make an empty knowledge base", create_one, more=EMBEDDER_HELP)
    make.add_argument("name", metavar="NAME", help="what it is called")
    make.add_argument("--embedder", metavar="JSON", help="what makes vectors of its passages; JSON, @file, or -")
    rename = add_command(words, "rename", "give a base another name; agents that were given it keep it", rename_one)
    rename.add_argument("base", metavar="BASE", help="the base's name or id")
    rename.add_argument("name", metavar="NAME", help="what it is called from now on")
    adding = add_command(words, "add", "add files, and wait until they are read", add_files)
    adding.add_argument("base", metavar="BASE", help="the base's name or id")
    adding.add_argument("paths", nargs="+", metavar="PATH", help="files, or folders with everything below them")
    adding.add_argument("--no-wait", action="store_false", dest="wait", help="do not wait until they are read")
    search = add_command(words, "search", "passages that answer a question, as an agent would see them", search_base)
    search.add_argument("base", metavar="BASE", help="the base's name or id")
    search.add_argument("question", metavar="QUESTION", help="a sentence or a few words; @file, or - for stdin")
    search.add_argument("--limit", type=int, default=5, metavar="N", help="at most so many passages (default: 5)")
    search.add_argument(
        "--about",
        action="append",
        default=[],
        metavar="NAME=TEXT",
        help="only documents whose name, author … holds this",
    )
    show = add_command(words, "show", "the passage that a citation means", show_passage)
    show.add_argument("citation", metavar="CITATION", help="its mark, such as 'doc_…#3'")
    remove = add_command(words, "remove", "take out documents, or with none named the whole base", remove_some)
    remove.add_argument("base", metavar="BASE", help="the base's name or id")
    remove.add_argument("documents", nargs="*", metavar="DOCUMENT", help="a document's id, or its name")
    remove.add_argument("--all", action="store_true", dest="is_whole", help="take out the whole base")
    for name, summary, run in (
        ("retry", "read failed documents again", retry),
        ("cancel", "stop reading what is not read yet", cancel),
    ):
        word = add_command(words, name, summary, run)
        word.add_argument("base", metavar="BASE", help="the base's name or id")
        word.add_argument("documents", nargs="*", metavar="DOCUMENT", help="only these; without, all of them")
    for name, summary, run in (
        ("watch", "keep a base in step with a folder", watch),
        ("unwatch", "look at a folder no longer; its documents stay", unwatch),
    ):
        word = add_command(words, name, summary, run)
        word.add_argument("base", metavar="BASE", help="the base's name or id")
        word.add_argument("folder", metavar="FOLDER", help="the folder")
    again = add_command(words, "reindex", "build a new index beside the old one", reindex, more=EMBEDDER_HELP)
    again.add_argument("base", metavar="BASE", help="the base's name or id")
    again.add_argument("--embedder", metavar="JSON", help="another embedder; JSON, @file, or -")


async def list_all(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire

    async with opened(options, screen) as session:
        if getattr(options, "base", None):
            base = await _base(session, options.base)
            rows = list((await session.ask(core.Documents(base.id))).values())
            agents = (await session.ask(core.Agents())).values()
            readers = [row.name for row in agents if {base.id, base.name} & set(row.knowledge)]
            data = {"base": wire.encode(base), "agents": readers, "documents": wire.encode(rows)}
            return Result(data, [*_about(base, readers, screen), *_documents(rows, screen)])
        bases = list((await session.ask(core.KnowledgeBases())).values())
    cells = [
        (row.id, str(row.documents), str(row.failed or ""), str(row.chunks), moment(row.indexed_at), _name_of(row))
        for row in bases
    ]
    lines = table(("id", "documents", "failed", "passages", "read", "name"), cells, screen.width)
    return Result({"bases": wire.encode(bases)}, lines)


def _about(base: BaseRow, readers: Sequence[str], screen: Screen) -> list[str]:
    """The base in a few lines: its index, and the one that is built beside it; its folders; who may read it."""
    said = [f"{one_line(base.name)}: {_many(base.chunks, 'passage')}, index by {base.embedder}"]
    if base.is_rebuilding:
        said.append(f"A second index by {base.next_embedder} is being built; the first answers until it is whole.")
    if base.hindrance:
        said.append(f"It cannot be built now, and is tried again: {one_line(base.hindrance)}")
    said += [f"Follows {path}" for path in base.folders]
    said.append(f"Read by {', '.join(one_line(name) for name in readers)}" if readers else "No agent may read it.")
    return [line for item in said for line in wrap(item, screen.width)]


def _name_of(row: BaseRow) -> str:
    parts = [row.name, *(f"watches {path}" for path in row.folders)]
    if row.hindrance:
        return "; ".join([*parts, f"its new index cannot be built now: {one_line(row.hindrance)}"])
    return "; ".join([*parts, "building an index"] if row.is_rebuilding else parts)


def _documents(rows: Sequence[DocumentRow], screen: Screen) -> list[str]:
    cells = [
        (row.id, row.state, str(row.chunks), moment(row.used_at), one_line(row.name), one_line(row.reason))
        for row in rows
    ]
    return table(("id", "state", "passages", "used", "name", "note"), cells, screen.width)


async def create_one(options: Namespace, screen: Screen) -> Result:
    embedder = object_of(given(options.embedder, screen.read), "The embedder") if options.embedder else {}
    async with opened(options, screen) as session:
        base_id = await session.send(core.CreateBase(options.name, embedder))
    return Result({"base_id": base_id}, [f"{one_line(options.name)} is there as {base_id}, and empty."])


async def rename_one(options: Namespace, screen: Screen) -> Result:
    async with opened(options, screen) as session:
        base = await _base(session, options.base)
        await session.send(core.RenameBase(base.id, options.name))
    return Result({"base_id": base.id}, [f"{one_line(base.name)} is called {one_line(options.name)} from now on."])


async def add_files(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire

    looks = [_below(given_path) for given_path in options.paths]
    paths = list(dict.fromkeys(seen.path for look in looks for seen in look.files))
    left_out = [core.Refused(item.place, item.why) for look in looks for item in look.left_out]
    if not paths and not left_out:
        raise Invalid("There is nothing to add there. Name files, or folders that hold some.")
    async with opened(options, screen, works=True) as session:
        base = await _base(session, options.base)
        outcomes: list[Added] = []
        for start in range(0, len(paths), FILES_AT_ONCE):
            outcomes.append(await _send(session, base.id, paths[start : start + FILES_AT_ONCE], options.server))
            screen.moving("Taking files in", min(start + FILES_AT_ONCE, len(paths)), len(paths))
        ids = [key for outcome in outcomes for key in (*outcome.new, *outcome.changed)]
        rows = await _until_read(session, base.id, ids) if options.wait else {}
    refused = [*left_out, *(item for outcome in outcomes for item in outcome.refused)]
    known = sum(len(outcome.known) for outcome in outcomes)
    failed = [row for row in rows.values() if row.state == "failed"]
    there = f"; there already: {known}" if known else ""
    said = [f"Added: {_many(len(ids), 'document')}{there}."]
    if rows:
        said.append(f"Read, and can be searched: {sum(row.state == 'ready' for row in rows.values())}.")
    said += _outcomes(rows.values())
    said += [f"Not taken: {one_line(item.name)}: {one_line(item.reason)}" for item in refused]
    data = {
        "added": ids,
        "known": known,
        "refused": wire.encode(refused),
        "documents": wire.encode(list(rows.values())),
    }
    return Result(data, [line for item in said for line in wrap(item, screen.width)], 1 if failed or refused else 0)


async def _send(session: Session, base_id: str, paths: Sequence[str], server: str) -> Added:
    """Where the core is on this computer it reads the files itself; a server is sent their bytes."""
    if not server:
        return await session.send(core.AddFiles(base_id, tuple(paths)))
    new, changed, known, refused = list[str](), list[str](), list[str](), list[Any]()
    for path in paths:
        try:
            with core.open_file(path) as file:
                data = file.read()
            outcome = await session.send(core.UploadDocument(base_id, Path(path).name, data))
        except OSError as error:
            refused.append(
                core.Refused(path, f"It cannot be opened ({error.strerror}). Check its name and its rights.")
            )
            continue
        except Invalid as error:
            refused.append(core.Refused(path, error.message))
            continue
        new += outcome.new
        changed += outcome.changed
        known += outcome.known
        refused += outcome.refused
    return core.Added(tuple(new), tuple(changed), tuple(known), tuple(refused))


def _outcomes(rows: Iterable[DocumentRow]) -> list[str]:
    """What a person should know of documents once they were read: which failed and why, and what was noticed of others."""
    said = {"failed": "Failed", "ready": "Read, but"}
    return [
        f"{said.get(row.state, row.state)}: {one_line(row.name)}: {one_line(row.reason)}" for row in rows if row.reason
    ]


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


async def _until_read(session: Session, base_id: str, ids: Sequence[str]) -> dict[str, DocumentRow]:
    """The documents once none of them waits to be read."""
    wanted = set(ids)
    found: dict[str, DocumentRow] = {}
    if not wanted:
        return found

    def is_read(rows: Mapping[str, DocumentRow]) -> bool:
        found.clear()
        found.update({key: row for key, row in rows.items() if key in wanted})
        unread = sum(row.state in UNREAD for row in found.values())
        session.screen.moving("Reading", len(found) - unread, len(wanted))
        return not unread

    await _until(session, core.Documents(base_id), is_read)
    session.screen.end_line()
    return found


async def _until(session: Session, query: LiveQuery[Row], is_enough: Callable[[Mapping[str, Row]], bool]) -> None:
    """Follow a live query until its rows are enough. Cancelled then, not left: so that the connection is closed here."""
    enough = asyncio.Event()

    async def follow() -> None:
        async for rows in core.follow(session.client, query):
            if is_enough(rows):
                enough.set()

    following, waiting = asyncio.ensure_future(follow()), asyncio.ensure_future(enough.wait())
    try:
        await asyncio.wait({following, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if following.done():
            await following
    finally:
        for task in (following, waiting):
            task.cancel()
        await asyncio.gather(following, waiting, return_exceptions=True)


def _below(given_path: str) -> Look:
    """A file itself; of a folder every file below it that can be read, hidden ones and links left out; and what cannot."""
    path = Path(given_path).expanduser().absolute()
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise Invalid(f"There is no file or folder {path}. Check its name.") from error
    except OSError as error:
        reason = f"It cannot be opened ({error.strerror}). Check its name and its rights."
        return core.Look(left_out=[core.LeftOut(str(path), reason)])
    return core.look_below(str(path))


async def search_base(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire

    about: dict[str, str] = {}
    for pair in options.about:
        name, mark, text = pair.partition("=")
        if not mark:
            raise Invalid(f"--about {pair[:60]!r} has no value. Write it as name=text.")
        about[name.strip()] = text
    question = given(options.question, screen.read)
    async with opened(options, screen, works=True) as session:
        base = await _base(session, options.base)
        found = await session.ask(core.SearchKnowledge(question, (base.id,), options.limit, about))
    return Result(wire.encode(found), _hits(found, screen))


def _hits(found: Found, screen: Screen) -> list[str]:
    lines: list[str] = []
    for number, hit in enumerate(found.hits, 1):
        place = ", ".join(part for part in (hit.passage.document, hit.passage.place) if part)
        heading = f"{number}. {one_line(place)}"
        lines += [screen.style(heading, "bold"), f"   {hit.passage.citation}  score {hit.score:.3f}, by {hit.by}"]
        lines += [*wrap(_around(hit), screen.width, indent="   "), ""]
    if not found.hits:
        lines.append("Nothing fits.")
    if found.unread:
        lines.append(f"{found.unread} documents are still being read and were not searched.")
    return [*lines, *wrap(found.notice, screen.width)] if found.notice else lines


def _around(hit: Hit, most: int = 500) -> str:
    """The part of a passage that holds the most of the words asked for."""
    text = hit.passage.text
    if len(text) <= most:
        return text
    starts = [start for start, _ in hit.highlights] or [0]
    best = max(starts, key=lambda at: sum(at <= start < at + most for start in starts))
    begin = max(0, min(best - 40, len(text) - most))
    return ("… " if begin else "") + text[begin : begin + most] + (" …" if begin + most < len(text) else "")


async def show_passage(options: Namespace, screen: Screen) -> Result:
    from legate_core import wire

    async with opened(options, screen) as session:
        passage = await session.ask(core.CitedPassage(options.citation))
    place = ", ".join(part for part in (passage.document, passage.place) if part)
    return Result(
        wire.encode(passage), [screen.style(one_line(place), "bold"), *wrap(passage.text, screen.width, indent="   ")]
    )


async def remove_some(options: Namespace, screen: Screen) -> Result:
    if bool(options.documents) == options.is_whole:
        raise Invalid("Say what to take out: documents by id or name, or the whole base with --all.")
    async with opened(options, screen, works=True) as session:
        base = await _base(session, options.base)
        if options.is_whole:
            await session.send(core.RemoveBase(base.id))
            return Result(
                {"removed": base.id}, [f"{one_line(base.name)} is gone, with {_many(base.documents, 'document')}."]
            )
        ids = await _document_ids(session, base.id, options.documents)
        count = await session.send(core.RemoveDocuments(base.id, tuple(ids)))
    return Result({"removed": ids}, [f"Gone from {one_line(base.name)}: {_many(count, 'document')}."])


async def retry(options: Namespace, screen: Screen) -> Result:
    async with opened(options, screen, works=True) as session:
        base = await _base(session, options.base)
        ids = await _document_ids(session, base.id, options.documents)
        failed = [row.id for row in (await session.ask(core.Documents(base.id))).values() if row.state == "failed"]
        count = await session.send(core.RetryDocuments(base.id, tuple(ids)))
        rows = await _until_read(session, base.id, ids or failed)
    ready = sum(row.state == "ready" for row in rows.values())
    again = f"Read again: {_many(count, 'document')}; ready: {ready}." if count else "There is nothing to read again."
    said = [again, *_outcomes(rows.values())]
    return Result({"retried": count, "ready": ready}, [line for item in said for line in wrap(item, screen.width)])


async def cancel(options: Namespace, screen: Screen) -> Result:
    async with opened(options, screen) as session:
        base = await _base(session, options.base)
        ids = await _document_ids(session, base.id, options.documents)
        count = await session.send(core.CancelDocuments(base.id, tuple(ids)))
    said = (
        f"Not read: {_many(count, 'document')}. 'legate kb retry' reads them after all." if count else "Nothing waits."
    )
    return Result({"cancelled": count}, [said])


async def watch(options: Namespace, screen: Screen) -> Result:
    folder = Path(options.folder).expanduser().absolute()
    if not os.path.isdir(folder):
        raise Invalid(f"There is no folder {folder}. Check its name.")
    async with opened(options, screen) as session:
        base = await _base(session, options.base)
        folder_id = await session.send(core.WatchFolder(base.id, str(folder)))
    said = f"{one_line(base.name)} follows {folder} whenever Legate is open."
    return Result({"folder_id": folder_id}, wrap(said, screen.width))


async def unwatch(options: Namespace, screen: Screen) -> Result:
    async with opened(options, screen) as session:
        base = await _base(session, options.base)
        path = options.folder if options.folder in base.folders else str(Path(options.folder).expanduser().absolute())
        await session.send(core.UnwatchFolder(base.id, path))
    return Result({"unwatched": path}, wrap(f"{one_line(base.name)} looks at {path} no longer.", screen.width))


async def reindex(options: Namespace, screen: Screen) -> Result:
    embedder = object_of(given(options.embedder, screen.read), "The embedder") if options.embedder else {}
    async with opened(options, screen, works=True) as session:
        base = await _base(session, options.base)
        await session.send(core.ReindexBase(base.id, embedder))

        hindrance = ""

        def is_whole(rows: Mapping[str, BaseRow]) -> bool:
            nonlocal hindrance
            hindrance = rows[base.id].hindrance if base.id in rows else ""
            return base.id not in rows or not rows[base.id].is_rebuilding or bool(hindrance)

        await _until(session, core.KnowledgeBases(), is_whole)
    if hindrance:
        raise Unavailable(
            f"The new index of {one_line(base.name)} cannot be built now. {hindrance} The first one answers meanwhile, and it "
            "is tried again whenever Legate is open."
        )
    return Result({"base_id": base.id}, [f"The new index of {one_line(base.name)} answers from now on."])


async def _base(session: Session, word: str) -> BaseRow:
    rows = await session.ask(core.KnowledgeBases())
    named = [row for row in rows.values() if row.name == word]
    return named[0] if len(named) == 1 else rows[find(word, list(rows), "knowledge base", "legate kb")]


async def _document_ids(session: Session, base_id: str, words: Sequence[str]) -> list[str]:
    if not words:
        return []
    rows = await session.ask(core.Documents(base_id))
    found: list[str] = []
    for word in words:
        named = [row.id for row in rows.values() if row.name == word]
        found.append(named[0] if len(named) == 1 else find(word, list(rows), "document", "legate kb list BASE"))
    return found
