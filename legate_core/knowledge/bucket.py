"""Originals in a bucket of an S3-compatible store, for servers: one object for each, named by what is in it.

What is read of a bucket is checked against its name, so a store that answers with other bytes is noticed. A copy stays on
this machine for a while, because readers are given files.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from legate_core.errors import Invalid, Unavailable
from legate_core.knowledge.model import MAX_FILE_BYTES
from legate_core.knowledge.originals import FolderOriginals, Originals, Source, Stored
from legate_core.knowledge.signing import REGION, AccessKey, encoded, query_of, signed

if TYPE_CHECKING:
    import httpx

EMPTY = hashlib.sha256(b"").hexdigest()
CONNECT_SECONDS, SECONDS = 10.0, 60.0
COPIES_SECONDS = 3_600.0
"""A copy on this machine that is younger may be about to be read."""

COPIES_BETWEEN_LOOKS = 256
PIECE_BYTES = 1 << 20
MISSING = 404
REFUSING = (401, 403)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where a bucket is: the origin of its store, its name as the first part of the path, and what every key begins with."""

    origin: str
    host: str
    name: str
    prefix: str
    key: AccessKey


def open_originals(setting: str, key: str, region: str, folder: Path, workspace_id: str) -> Originals:
    """Nothing said: a folder. An address `https://store/bucket/prefix`: that bucket, each workspace under its own id. Raises
    `Invalid` for an address that names no bucket, or a key that is none."""
    if not setting:
        return FolderOriginals(folder)
    place = urlsplit(setting)
    name, _, prefix = unquote(place.path).strip("/").partition("/")
    key_id, mark, secret = key.partition(":")
    if place.scheme not in ("http", "https") or not place.hostname or not name or place.query or place.username:
        raise Invalid(
            "LEGATE_ORIGINALS names no bucket. Write it as https://store/bucket, or leave it out for a folder."
        )
    if not mark or not key_id or not secret:
        raise Invalid("LEGATE_ORIGINALS_KEY is no key of a bucket. Write it as its id, a colon and its secret.")
    below = "/".join(part for part in (prefix.strip("/"), workspace_id) if part)
    origin = f"{place.scheme}://{place.netloc}"
    bucket = Bucket(origin, place.netloc, name, below, AccessKey(key_id, secret, region or REGION))
    return BucketOriginals(bucket, FolderOriginals(folder))


class BucketOriginals:
    """The port on a bucket. Nothing is connected before the first call.

    This is infrastructure that whoever runs the server names, so it does not go through the broker.
    """

    def __init__(self, bucket: Bucket, copies: FolderOriginals) -> None:
        self._bucket = bucket
        self._copies = copies
        self._lock = threading.Lock()
        self._opened: httpx.Client | None = None
        self._copied = 0

    def put(self, source: Source, most_bytes: int) -> Stored:
        stored = self._copied_here(source, most_bytes)
        with open(self._copies.path(stored.content), "rb") as file:
            # Also where it is there already: its age says that somebody is about to use it.
            given = {"content-length": str(stored.size_bytes)}
            with self._asked("PUT", self._path_of(stored.content), headers=given, body=file, sha256=stored.content):
                return stored

    def path(self, content: str) -> Path:
        try:
            return self._copies.path(content)
        except Unavailable:
            self._fetch(content)
        return self._copies.path(content)

    def discard(self, content: str) -> None:
        self._delete(self._path_of(content))
        self._copies.discard(content)

    def keep_only(self, contents: Collection[str], older_than_seconds: float) -> int:
        self._copies.keep_only((), COPIES_SECONDS)
        kept, limit, count = set(contents), time.time() - older_than_seconds, 0
        for key, changed in self._objects():
            if key.rpartition("/")[2] not in kept and changed <= limit:
                self._delete(self._path(key))
                count += 1
        return count

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _fetch(self, content: str) -> None:
        """Copy an object here. Raises `Unavailable` where it is gone, or is not what its name says."""
        with self._asked("GET", self._path_of(content)) as answer:
            is_there = answer.status_code != MISSING
            found = self._copied_here(_Pieces(answer.iter_bytes(PIECE_BYTES)), MAX_FILE_BYTES) if is_there else None
        if found is None or found.content != content:
            if found is not None:
                self._copies.discard(found.content)
            raise Unavailable("The original of this document is gone. Add the file again.")

    def _copied_here(self, source: Source, most_bytes: int) -> Stored:
        with self._lock:
            self._copied += 1
            is_time = self._copied % COPIES_BETWEEN_LOOKS == 0
        if is_time:
            self._copies.keep_only((), COPIES_SECONDS)
        return self._copies.put(source, most_bytes)

    def _delete(self, path: str) -> None:
        with self._asked("DELETE", path):
            return

    def _objects(self) -> Iterator[tuple[str, float]]:
        """Every key below the prefix, with the time of its last change."""
        asked = {"list-type": "2", "prefix": f"{self._bucket.prefix}/"}
        while True:
            with self._asked("GET", self._path(""), asked) as answer:
                page = _listed(answer.read())
            space = page.tag.partition("}")[0] + "}" if page.tag.startswith("{") else ""
            for item in page.iter(f"{space}Contents"):
                changed = item.findtext(f"{space}LastModified", "").replace("Z", "+00:00")
                yield item.findtext(f"{space}Key", ""), datetime.fromisoformat(changed).timestamp()
            token = page.findtext(f"{space}NextContinuationToken", "")
            if not token:
                return
            asked = {**asked, "continuation-token": token}

    def _path_of(self, content: str) -> str:
        return self._path(f"{self._bucket.prefix}/{content[:2]}/{content}")

    def _path(self, key: str) -> str:
        return "/" + encoded(f"{self._bucket.name}/{key}" if key else self._bucket.name, keep_slashes=True)

    @contextmanager
    def _asked(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        body: BinaryIO | None = None,
        sha256: str = EMPTY,
    ) -> Generator[httpx.Response]:
        """A good answer, or one that there is no such object. Raises `Unavailable` for any other, with what to do."""
        import httpx

        words = query_of(query or {})
        given = {"host": self._bucket.host, **(headers or {})}
        whole = signed(self._bucket.key, method, path, words, given, sha256, datetime.now(UTC))
        url = f"{self._bucket.origin}{path}{'?' + words if words else ''}"
        try:
            with self._client().stream(method, url, headers=whole, content=body) as answer:
                _check(answer)
                yield answer
        except httpx.HTTPError as error:
            raise Unavailable(
                f"The bucket of documents cannot be reached ({type(error).__name__}). Check LEGATE_ORIGINALS, then try again."
            ) from error

    def _client(self) -> httpx.Client:
        import httpx

        with self._lock:
            if self._opened is None:
                times = httpx.Timeout(SECONDS, connect=CONNECT_SECONDS)
                self._opened = httpx.Client(timeout=times, trust_env=False, follow_redirects=False)
            return self._opened


class _Pieces:
    """An answer that is read like a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, size: int, /) -> bytes:
        return next(self._pieces, b"")


def _check(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    if answer.status_code == MISSING and b"NoSuchBucket" not in answer.read():
        return
    if answer.status_code in REFUSING:
        raise Unavailable("The bucket of documents refuses this key. Check LEGATE_ORIGINALS_KEY, then try again.")
    raise Unavailable(f"The bucket of documents answered {answer.status_code}. Check LEGATE_ORIGINALS, then try again.")


def _listed(body: bytes) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise Unavailable(
            "The bucket of documents does not answer as S3 does. Check LEGATE_ORIGINALS, then try again."
        ) from error
