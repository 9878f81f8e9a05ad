"""One contract for every place of originals: a folder, and a bucket of an S3-compatible store; and how requests are signed."""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from legate_core.errors import Invalid, Unavailable
from legate_core.knowledge.bucket import open_originals
from legate_core.knowledge.originals import FolderOriginals, Originals
from legate_core.knowledge.signing import AccessKey, encoded, query_of, signed
from tests.fakes.bucket import BucketServer

LETTER, REPORT = b"A letter.", b"A report. " * 200_000
NOWHERE = hashlib.sha256(b"nowhere").hexdigest()


@pytest.fixture
def server() -> Iterator[BucketServer]:
    with BucketServer() as found:
        yield found


Opened = Callable[..., Originals]


@pytest.fixture
def bucket(server: BucketServer) -> Iterator[Opened]:
    """Opens buckets, each with a folder for its copies, and closes them all."""
    made: list[Originals] = []

    def opened(folder: Path, address: str = "papers/a b", key: str = "reader:s3cret") -> Originals:
        place = address if "://" in address else f"{server.url}/{address}"
        made.append(open_originals(place, key, "", folder, "ws_1"))
        return made[-1]

    yield opened
    for originals in made:
        originals.close()


@pytest.fixture(params=["folder", "bucket"])
def originals(request: pytest.FixtureRequest, tmp_path: Path, bucket: Opened) -> Originals:
    folder = tmp_path / "originals"
    return FolderOriginals(folder) if request.param == "folder" else bucket(folder)


def test_what_was_put_away_is_there_once_and_can_be_read(originals: Originals) -> None:
    for data in (LETTER, REPORT, b"", LETTER):
        stored = originals.put(io.BytesIO(data), 10_000_000)
        assert (stored.content, stored.size_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
        assert originals.path(stored.content).read_bytes() == data


def test_too_much_is_refused_and_nothing_kept(originals: Originals) -> None:
    with pytest.raises(Invalid, match="Split it"):
        originals.put(io.BytesIO(LETTER), 3)
    with pytest.raises(Unavailable, match="Add the file again"):
        originals.path(hashlib.sha256(LETTER).hexdigest())


def test_what_was_discarded_is_gone_and_may_be_discarded_again(originals: Originals) -> None:
    stored = originals.put(io.BytesIO(LETTER), 100)
    originals.discard(stored.content)
    originals.discard(stored.content)
    with pytest.raises(Unavailable, match="gone"):
        originals.path(stored.content)


def test_only_what_is_old_and_of_no_document_is_swept_out(originals: Originals) -> None:
    mine, *others = (originals.put(io.BytesIO(b"text %d" % number), 100).content for number in range(6))
    assert originals.keep_only([mine], 60.0) == 0
    assert originals.keep_only([mine], -60.0) == 5
    assert originals.path(mine).read_bytes() == b"text 0"
    for content in others:
        originals.discard(content)
        with pytest.raises(Unavailable):
            originals.path(content)


def test_another_machine_reads_from_the_bucket_what_this_one_put_there(
    bucket: Opened, server: BucketServer, tmp_path: Path
) -> None:
    content = bucket(tmp_path / "one").put(io.BytesIO(REPORT), 10_000_000).content
    assert list(server.objects) == [f"a b/ws_1/{content[:2]}/{content}"]
    other = bucket(tmp_path / "other")
    assert other.path(content).read_bytes() == REPORT
    asked = len(server.requests)
    other.path(content)
    assert len(server.requests) == asked, "the copy on this machine is good for the next time"


def test_copies_on_this_machine_are_swept_out_and_fetched_again(
    bucket: Opened, server: BucketServer, tmp_path: Path
) -> None:
    originals = bucket(tmp_path / "copies")
    content = originals.put(io.BytesIO(LETTER), 100).content
    copy = originals.path(content)
    os.utime(copy, (time.time() - 7_200, time.time() - 7_200))
    assert originals.keep_only([content], 60.0) == 0
    assert not copy.exists()
    assert originals.path(content).read_bytes() == LETTER


def test_other_bytes_than_the_name_says_are_not_taken(bucket: Opened, server: BucketServer, tmp_path: Path) -> None:
    originals = bucket(tmp_path / "copies")
    server.objects[f"a b/ws_1/{NOWHERE[:2]}/{NOWHERE}"] = (b"something else", 0.0)
    with pytest.raises(Unavailable, match="Add the file again"):
        originals.path(NOWHERE)
    assert not [path for path in (tmp_path / "copies").rglob("*") if path.is_file()]


def test_another_workspace_in_the_same_bucket_is_left_alone(
    bucket: Opened, server: BucketServer, tmp_path: Path
) -> None:
    server.objects["a b/ws_2/aa/other"] = (b"theirs", 0.0)
    assert bucket(tmp_path / "copies").keep_only([], -60.0) == 0
    assert list(server.objects) == ["a b/ws_2/aa/other"]


def test_a_wrong_key_a_wrong_bucket_and_a_store_that_is_away_say_what_to_do(bucket: Opened, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"refuses this key. Check LEGATE_ORIGINALS_KEY"):
        bucket(tmp_path / "a", key="reader:wrong").put(io.BytesIO(LETTER), 100)
    with pytest.raises(Unavailable, match=r"answered 404. Check LEGATE_ORIGINALS"):
        bucket(tmp_path / "b", address="other").path(NOWHERE)
    away = bucket(tmp_path / "c", "http://127.0.0.1:9/papers")
    with pytest.raises(Unavailable, match="cannot be reached"):
        away.put(io.BytesIO(LETTER), 100)


@pytest.mark.parametrize(
    ("address", "key", "named"),
    [
        ("https://store.example", "a:b", "LEGATE_ORIGINALS names no bucket"),
        ("s3://papers", "a:b", "LEGATE_ORIGINALS names no bucket"),
        ("/srv/papers", "a:b", "LEGATE_ORIGINALS names no bucket"),
        ("https://a:b@store.example/papers", "a:b", "LEGATE_ORIGINALS names no bucket"),
        ("https://store.example/papers", "", "LEGATE_ORIGINALS_KEY is no key"),
        ("https://store.example/papers", "id:", "LEGATE_ORIGINALS_KEY is no key"),
    ],
)
def test_settings_that_name_no_bucket_or_no_key_are_refused(address: str, key: str, named: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=named):
        open_originals(address, key, "", tmp_path, "ws_1")


def test_a_secret_is_not_printed() -> None:
    assert "s3cret" not in repr(AccessKey("reader", "s3cret"))


EXAMPLE = AccessKey("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


@pytest.mark.parametrize(
    ("path", "query", "headers", "signature"),
    [
        ("/test.txt", {}, {"Range": "bytes=0-9"}, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        ("/", {"lifecycle": ""}, {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            "/",
            {"prefix": "J", "max-keys": "2"},
            {},
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_requests_are_signed_as_in_the_examples_that_amazon_publishes(
    path: str, query: dict[str, str], headers: dict[str, str], signature: str
) -> None:
    empty = hashlib.sha256(b"").hexdigest()
    given = {"host": "examplebucket.s3.amazonaws.com", **headers}
    whole = signed(EXAMPLE, "GET", path, query_of(query), given, empty, datetime(2013, 5, 24, tzinfo=UTC))
    assert whole["authorization"].endswith(f"Signature={signature}")


def test_signs_of_every_kind_are_encoded_as_the_signature_wants_it() -> None:
    assert encoded("a b/ü~$") == "a%20b%2F%C3%BC~%24"
    assert encoded("a b/ü~$", keep_slashes=True) == "a%20b/%C3%BC~%24"
    assert query_of({"b": "2 3", "a": ""}) == "a=&b=2%203"
    assert query_of({"a-b": "1", "a": "2"}) == "a=2&a-b=1"
