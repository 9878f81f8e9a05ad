"""Files: nothing leaves the folder, nothing is replaced, nothing is lost."""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from legate_core.connectors import files as files_module
from legate_core.connectors import keeping, rooted
from legate_core.connectors.base import Surroundings
from legate_core.connectors.files import Files
from legate_core.errors import Invalid
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import Invocation, Observation, ProbeResult, ToolFailed


class Desk:
    """A chosen folder, a run's folder, and the file tools on them."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.documents = base / "documents"
        self.documents.mkdir()
        self.run = base / "runs" / "r1"
        self.catalog = Catalog(Files(Surroundings({"documents": self.documents})).tools())

    def call(self, key: str = "r1:1", **arguments: Any) -> Invocation:
        return Invocation("a1", "r1", arguments, key, str(self.run))

    async def do(self, tool: str, key: str = "r1:1", **arguments: Any) -> Observation:
        return await self.catalog.get(tool).invoke(self.call(key, **arguments))

    async def probe(self, tool: str, key: str = "r1:1", **arguments: Any) -> ProbeResult:
        return await self.catalog.get(tool).probe(self.call(key, **arguments))


@pytest.fixture(params=["by descriptor", "by path"])
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    if request.param == "by path":
        monkeypatch.setattr(files_module, "open_root", lambda path: rooted.open_root(path, by_descriptor=False))
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    yield Desk(tmp_path)
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before, "a descriptor was left open"


OUTSIDE = [
    "../secret.txt",
    "a/../../secret.txt",
    "/etc/passwd",
    "..",
    "a/..",
    "\\\\server\\share\\x",
    "C:\\Windows\\x",
    "a\\..\\b",
    "x\0.txt",
    "line\nbreak",
    "a/" * 60 + "x",
    "n" * 300,
    "x" * 2_001,
    "\ud800.txt",
    ".legate-trash/x",
    ".Legate-Trash/x",
    ".legate-tr\uff41sh/x",
    "",
    ".",
    "/",
]


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize(
    ("tool", "more"),
    [
        ("files.read", {}),
        ("files.create", {"text": "x"}),
        ("files.write", {"text": "x"}),
        ("files.move", {"new_path": "b.txt"}),
        ("files.trash", {}),
    ],
)
async def test_paths_that_leave_are_refused_in_words(desk: Desk, tool: str, more: dict[str, Any], path: str):
    (desk.base / "secret.txt").write_text("secret")
    (desk.documents / "a").mkdir()
    arguments = {"path": path, **more} if tool == "files.create" else {"folder": "documents", "path": path, **more}
    with pytest.raises(ToolFailed):
        await desk.do(tool, **arguments)
    assert (desk.base / "secret.txt").read_text() == "secret"
    assert sorted(os.listdir(desk.documents)) == ["a"]


@pytest.mark.parametrize("path", [path for path in OUTSIDE if path not in {"", ".", "/"}])
async def test_moving_to_a_path_that_leaves_is_refused(desk: Desk, path: str):
    (desk.documents / "here.txt").write_text("here")
    with pytest.raises(ToolFailed):
        await desk.do("files.move", folder="documents", path="here.txt", new_path=path)
    assert (desk.documents / "here.txt").read_text() == "here"


async def test_links_are_never_followed(desk: Desk):
    outside = desk.base / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    (desk.documents / "way").symlink_to(outside)
    (desk.documents / "file.txt").symlink_to(outside / "secret.txt")
    (desk.documents / "loop").symlink_to("loop")
    for path in ("way/secret.txt", "file.txt", "loop", "loop/x"):
        with pytest.raises(ToolFailed, match="link"):
            await desk.do("files.read", folder="documents", path=path)
    with pytest.raises(ToolFailed):
        await desk.do("files.write", folder="documents", path="way/new.txt", text="x")
    with pytest.raises(ToolFailed):
        await desk.do("files.write", folder="documents", path="file.txt", text="x", replace=True)
    with pytest.raises(ToolFailed):
        await desk.do("files.list", folder="documents", path="way")
    with pytest.raises(ToolFailed):
        await desk.do("files.trash", folder="documents", path="file.txt")
    with pytest.raises(ToolFailed):
        await desk.do("files.move", folder="documents", path="file.txt", new_path="way/gone.txt")
    found = await desk.do("files.search", folder="documents", text="secret")
    assert "secret.txt" not in found.content
    assert os.listdir(outside) == ["secret.txt"]
    assert (outside / "secret.txt").read_text() == "secret"


async def test_a_trash_that_is_a_link_is_refused(desk: Desk):
    elsewhere = desk.base / "elsewhere"
    elsewhere.mkdir()
    (desk.documents / ".legate-trash").symlink_to(elsewhere)
    (desk.documents / "a.txt").write_text("a")
    with pytest.raises(ToolFailed, match="link"):
        await desk.do("files.trash", folder="documents", path="a.txt")
    assert (desk.documents / "a.txt").exists()
    assert os.listdir(elsewhere) == []


@pytest.mark.skipif(not rooted.HAS_DESCRIPTORS, reason="the race is closed by descriptors only")
def test_a_folder_exchanged_for_a_link_after_opening_stays_the_folder(tmp_path: Path):
    inside, outside = tmp_path / "root" / "sub", tmp_path / "outside"
    inside.mkdir(parents=True)
    outside.mkdir()
    with rooted.open_root(tmp_path / "root") as root, rooted.opened(root, ("sub",)) as sub:
        inside.rename(tmp_path / "root" / "was")
        inside.symlink_to(outside)
        assert keeping.write_new(sub, "note.txt", b"note")
    assert (tmp_path / "root" / "was" / "note.txt").read_bytes() == b"note"
    assert os.listdir(outside) == []


async def test_pipes_and_folders_are_not_read(desk: Desk):
    os.mkfifo(desk.documents / "pipe")
    (desk.documents / "sub").mkdir()
    for path in ("pipe", "sub"):
        with pytest.raises(ToolFailed, match="not a file"):
            await desk.do("files.read", folder="documents", path=path)


async def test_listing_shows_names_kinds_and_sizes(desk: Desk):
    (desk.documents / "b.txt").write_text("12345")
    (desk.documents / "a").mkdir()
    (desk.documents / "new\nline").write_text("")
    listed = await desk.do("files.list", folder="documents")
    assert "a/  a folder" in listed.content
    assert "b.txt  5 bytes" in listed.content
    assert "'new\\nline'" in listed.content
    folders = await desk.do("files.list")
    assert folders.data == {"folders": ["run", "documents"]}
    assert (await desk.do("files.list", folder="run")).content == "Nothing is here yet."


async def test_a_long_listing_says_how_much_is_left_out(desk: Desk):
    for number in range(510):
        (desk.documents / f"{number:03}.txt").touch()
    listed = await desk.do("files.list", folder="documents")
    assert "[510 names; the first 500 are shown.]" in listed.content


async def test_only_what_legate_is_about_to_write_is_passed_over(desk: Desk):
    for name in (".legate-0123456789abcdef.tmp", ".legate-plans.tmp"):
        (desk.documents / name).write_text("x")
    assert (await desk.do("files.list", folder="documents")).data["entries"] == [".legate-plans.tmp"]


async def test_an_offset_beyond_every_file_does_not_fit(desk: Desk):
    (desk.documents / "a.txt").write_text("x")
    with pytest.raises(ToolFailed, match="do not fit"):
        await desk.do("files.read", folder="documents", path="a.txt", offset=10**30)


async def test_an_unknown_folder_names_the_known(desk: Desk):
    with pytest.raises(ToolFailed, match="The folders are: run, documents"):
        await desk.do("files.list", folder="letters")
    with pytest.raises(ToolFailed, match=r"Use files\.list"):
        await desk.do("files.read", folder="documents", path="absent.txt")


async def test_reading_goes_in_windows_that_never_halve_a_character(desk: Desk):
    text = "äöü€🙂" * 700
    (desk.documents / "long.txt").write_text(text, encoding="utf-8")
    offset, seen = 0, ""
    for _ in range(200):
        part = await desk.do("files.read", folder="documents", path="long.txt", offset=offset, limit=101)
        seen += part.content.split("\n[Bytes")[0]
        offset = part.data["end"]
        if offset >= part.data["size_bytes"]:
            break
    assert seen == text
    assert part.source == "file long.txt in documents"
    assert not part.trusted


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8-sig"])
async def test_other_encodings_are_read(desk: Desk, encoding: str):
    (desk.documents / "old.txt").write_bytes("Grüße aus Köln".encode(encoding))
    assert (await desk.do("files.read", folder="documents", path="old.txt")).content == "Grüße aus Köln"


async def test_binary_is_refused_in_words(desk: Desk):
    (desk.documents / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(range(256)))
    with pytest.raises(ToolFailed, match="not a text file"):
        await desk.do("files.read", folder="documents", path="photo.jpg")


async def test_a_huge_file_is_only_looked_into(desk: Desk):
    with (desk.documents / "huge.txt").open("wb") as file:
        file.write(b"first line\n" * 1_000)
        file.truncate(3_000_000_000)
    seen = await desk.do("files.read", folder="documents", path="huge.txt", limit=11)
    assert seen.content.startswith("first line\n")
    assert "of 3000000000" in seen.content


async def test_search_finds_lines_and_names(desk: Desk):
    (desk.documents / "sub").mkdir()
    (desk.documents / "sub" / "prices.csv").write_text("item,price\nLamp,19\n")
    (desk.documents / "lamp.txt").write_text("nothing here")
    found = await desk.do("files.search", folder="documents", text="LAMP")
    assert "sub/prices.csv:2: Lamp,19" in found.content
    assert "lamp.txt:0:" in found.content
    only = await desk.do("files.search", folder="documents", text="lamp", path="sub")
    assert only.source == "file sub/prices.csv in documents"
    assert (await desk.do("files.search", folder="documents", text="zebra")).content == "Nothing holds 'zebra'."


async def test_search_is_bounded_and_says_so(desk: Desk):
    (desk.documents / "many.txt").write_text("hit\n" * 1_000)
    found = await desk.do("files.search", folder="documents", text="hit")
    assert found.content.count("many.txt:") == files_module.MAX_MATCHES
    assert "Not everything was searched or shown" in found.content


async def test_create_never_replaces_and_numbers_the_versions(desk: Desk):
    first = await desk.do("files.create", path="out/summary.md", text="one")
    second = await desk.do("files.create", path="out/summary.md", text="two")
    again = await desk.do("files.create", path="out/summary.md", text="two")
    assert first.data["path"] == "out/summary.md"
    assert second.data["path"] == again.data["path"] == "out/summary (2).md"
    assert sorted(os.listdir(desk.run / "out")) == ["summary (2).md", "summary.md"]
    assert (desk.run / "out" / "summary.md").read_text() == "one"
    assert (await desk.do("files.read", folder="run", path="out/summary.md")).content == "one"


async def test_create_can_be_asked_what_happened(desk: Desk):
    arguments = {"path": "summary.md", "text": "one"}
    assert await desk.probe("files.create", **arguments) is ProbeResult.DID_NOT_HAPPEN
    await desk.do("files.create", **arguments)
    assert await desk.probe("files.create", **arguments) is ProbeResult.HAPPENED
    assert await desk.probe("files.create", path="summary.md", text="two") is ProbeResult.DID_NOT_HAPPEN
    await desk.do("files.create", path="summary.md", text="two")
    assert await desk.probe("files.create", path="summary.md", text="two") is ProbeResult.HAPPENED


async def test_write_refuses_to_replace_unless_asked_and_keeps_the_old(desk: Desk):
    target = desk.documents / "plan.txt"
    await desk.do("files.write", folder="documents", path="plan.txt", text="old")
    with pytest.raises(ToolFailed, match="exists already"):
        await desk.do("files.write", folder="documents", path="plan.txt", text="new")
    assert target.read_text() == "old"
    written = await desk.do("files.write", folder="documents", path="plan.txt", text="new", replace=True)
    assert target.read_text() == "new"
    entry = written.content.split(" kept as ")[1].split(" ")[0]
    assert (desk.documents / ".legate-trash" / entry / "item" / "plan.txt").read_text() == "old"
    assert stat.S_IMODE(target.stat().st_mode) & 0o400
    assert await desk.probe("files.write", folder="documents", path="plan.txt", text="new") is ProbeResult.HAPPENED
    assert not [name for name in os.listdir(desk.documents) if name.endswith(".tmp")]


async def test_write_into_the_run_folder_points_to_create(desk: Desk):
    with pytest.raises(ToolFailed, match=r"files\.create"):
        await desk.do("files.write", folder="run", path="x.txt", text="x")


async def test_move_keeps_what_is_there(desk: Desk):
    (desk.documents / "a.txt").write_text("a")
    (desk.documents / "b.txt").write_text("b")
    with pytest.raises(ToolFailed, match="name is taken"):
        await desk.do("files.move", folder="documents", path="a.txt", new_path="b.txt")
    moving = {"folder": "documents", "path": "a.txt", "new_path": "sub/c.txt"}
    assert await desk.probe("files.move", **moving) is ProbeResult.DID_NOT_HAPPEN
    await desk.do("files.move", **moving)
    assert await desk.probe("files.move", **moving) is ProbeResult.HAPPENED
    assert (desk.documents / "sub" / "c.txt").read_text() == "a"
    assert (desk.documents / "b.txt").read_text() == "b"
    with pytest.raises(ToolFailed, match="is not there"):
        await desk.do("files.move", **moving)


async def test_a_folder_moves_but_not_into_itself(desk: Desk):
    (desk.documents / "sub" / "deep").mkdir(parents=True)
    with pytest.raises(ToolFailed, match="same place or inside"):
        await desk.do("files.move", folder="documents", path="sub", new_path="sub/deep/sub")
    await desk.do("files.move", folder="documents", path="sub", new_path="other")
    assert (desk.documents / "other" / "deep").is_dir()


@pytest.mark.parametrize("what", ["file", "folder"])
async def test_trash_and_restore(desk: Desk, what: str):
    thing = desk.documents / "sub" / "thing"
    thing.parent.mkdir()
    if what == "file":
        thing.write_text("dear")
    else:
        thing.mkdir()
        (thing / "inner.txt").write_text("dear")
    trashing = {"folder": "documents", "path": "sub/thing"}
    assert await desk.probe("files.trash", **trashing) is ProbeResult.DID_NOT_HAPPEN
    gone = await desk.do("files.trash", **trashing)
    assert not thing.exists()
    assert await desk.probe("files.trash", **trashing) is ProbeResult.HAPPENED
    assert await desk.probe("files.trash", key="r1:2", **trashing) is ProbeResult.UNKNOWN
    assert ".legate-trash" not in (await desk.do("files.list", folder="documents")).content
    thing.parent.rmdir()
    await desk.do("files.restore", folder="documents", entry=gone.data["entry"])
    assert (thing if what == "file" else thing / "inner.txt").read_text() == "dear"
    with pytest.raises(ToolFailed, match="restored already"):
        await desk.do("files.restore", folder="documents", entry=gone.data["entry"])


async def test_restore_never_replaces(desk: Desk):
    (desk.documents / "a.txt").write_text("old")
    gone = await desk.do("files.trash", folder="documents", path="a.txt")
    (desk.documents / "a.txt").write_text("new")
    with pytest.raises(ToolFailed, match="name is taken"):
        await desk.do("files.restore", folder="documents", entry=gone.data["entry"])
    assert (desk.documents / "a.txt").read_text() == "new"


@pytest.mark.parametrize("entry", ["../x", "x", "20260101T000000Z-0123456789abcdef", "", "\ud800"])
async def test_restore_of_nothing_is_said_in_words(desk: Desk, entry: str):
    with pytest.raises(ToolFailed):
        await desk.do("files.restore", folder="documents", entry=entry)


async def test_a_damaged_or_forged_record_restores_nothing(desk: Desk):
    (desk.documents / "a.txt").write_text("a")
    gone = await desk.do("files.trash", folder="documents", path="a.txt")
    record = desk.documents / ".legate-trash" / gone.data["entry"] / "where-it-was.json"
    for forged in ("{", "[]", '{"path": "../../a.txt"}', '{"path": ".legate-trash/x"}'):
        record.write_text(forged)
        with pytest.raises(ToolFailed):
            await desk.do("files.restore", folder="documents", entry=gone.data["entry"])
    assert not (desk.base / "a.txt").exists()


async def test_a_full_disk_changes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (desk.documents / "a.txt").write_text("old")
    monkeypatch.setattr(keeping.os, "fsync", full)
    for arguments in ({"path": "new.txt"}, {"path": "a.txt", "replace": True}):
        with pytest.raises(ToolFailed, match="No space left on device"):
            await desk.do("files.write", folder="documents", text="new", **arguments)
    assert os.listdir(desk.documents) == ["a.txt"]
    assert (desk.documents / "a.txt").read_text() == "old"


async def test_a_file_system_without_links_still_never_replaces(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    def no_links(*_: object, **__: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(rooted.os, "link", no_links)
    await desk.do("files.write", folder="documents", path="a.txt", text="one")
    with pytest.raises(ToolFailed, match="exists already"):
        await desk.do("files.write", folder="documents", path="a.txt", text="two")
    await desk.do("files.move", folder="documents", path="a.txt", new_path="b.txt")
    with pytest.raises(ToolFailed, match="keep the earlier version"):
        await desk.do("files.write", folder="documents", path="b.txt", text="two", replace=True)
    assert (desk.documents / "b.txt").read_text() == "one"


async def test_an_error_after_the_write_is_left_in_doubt(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    def broken(_: object) -> None:
        raise OSError(5, "Input/output error")

    for kind in (rooted.FdDirectory, rooted.PathDirectory):
        monkeypatch.setattr(kind, "sync", broken)
    with pytest.raises(OSError, match="Input/output error"):
        await desk.do("files.write", folder="documents", path="a.txt", text="one")
    assert await desk.probe("files.write", folder="documents", path="a.txt", text="one") is ProbeResult.HAPPENED


async def test_a_folder_that_is_gone_is_said_in_words(desk: Desk):
    desk.documents.rmdir()
    for tool, arguments in (
        ("files.list", {}),
        ("files.write", {"path": "a", "text": "a"}),
        ("files.trash", {"path": "a"}),
    ):
        with pytest.raises(ToolFailed, match="open the folder"):
            await desk.do(tool, folder="documents", **arguments)


async def test_too_much_text_is_refused(desk: Desk):
    with pytest.raises(ToolFailed, match="at most 4,000,000"):
        await desk.do("files.create", path="a.txt", text="x" * 4_000_001)


async def test_the_saved_digest_is_that_of_the_file(desk: Desk):
    saved = await desk.do("files.create", path="a.txt", text="Grüße")
    assert saved.data["sha256"] == hashlib.sha256((desk.run / "a.txt").read_bytes()).hexdigest()


def test_the_run_folder_cannot_be_given_away(tmp_path: Path):
    with pytest.raises(Invalid, match="the run's own"):
        Surroundings({"run": tmp_path})
    with pytest.raises(Invalid, match="absolute"):
        Surroundings({"documents": Path("documents")})


@pytest.mark.parametrize(
    ("documents", "outbox"), [("a", "a"), ("a", "a/outbox"), ("a/documents", "a"), ("link", "real/outbox")]
)
def test_no_file_tool_reaches_the_outbox(tmp_path: Path, documents: str, outbox: str):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    with pytest.raises(Invalid, match="lie one in the other"):
        Surroundings({"documents": tmp_path / documents, "outbox": tmp_path / outbox})
    Surroundings({"documents": tmp_path / "a", "outbox": tmp_path / "ab", "mailbox": tmp_path / "mail"})
