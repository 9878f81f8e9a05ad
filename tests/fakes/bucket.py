"""An S3-compatible store for tests: one bucket behind the few requests that the adapter makes, their signatures checked."""

from __future__ import annotations

import hashlib
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from legate_core.knowledge.signing import AccessKey, signed

KEY = AccessKey("reader", "s3cret")
PAGE = 2


class BucketServer:
    """`objects` are (bytes, time of the last change) by key; `page` of them are listed at once."""

    name = "papers"

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, float]] = {}
        self.requests: list[str] = []
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                key = self._key(hashlib.sha256(body).hexdigest())
                if key:
                    store.objects[key] = (body, time.time())
                    self._say(200)

            def do_GET(self) -> None:
                key = self._key()
                if key:
                    self._say(
                        *((200, store.objects[key][0]) if key in store.objects else (404, b"<Code>NoSuchKey</Code>"))
                    )
                elif key is not None:
                    self._say(200, store.listed(parse_qs(urlsplit(self.path).query)))

            def do_DELETE(self) -> None:
                key = self._key()
                if key:
                    store.objects.pop(key, None)
                    self._say(204)

            def _key(self, sha256: str = hashlib.sha256(b"").hexdigest()) -> str | None:
                """The key that is asked for, empty for the bucket itself; None where the answer was given already."""
                store.requests.append(f"{self.command} {self.path}")
                place = urlsplit(self.path)
                names = self.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
                given = {name: self.headers[name] for name in names if not name.startswith("x-amz-")}
                then = datetime.strptime(self.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
                whole = signed(KEY, self.command, place.path, place.query, given, sha256, then)
                bucket, _, key = unquote(place.path).strip("/").partition("/")
                if {"host", "x-amz-date"} - set(names) or whole["authorization"] != self.headers["authorization"]:
                    self._say(403, b"<Code>SignatureDoesNotMatch</Code>")
                elif bucket != store.name:
                    self._say(404, b"<Code>NoSuchBucket</Code>")
                else:
                    return key
                return None

            def _say(self, status: int, body: bytes = b"") -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def listed(self, query: dict[str, list[str]]) -> bytes:
        """One page of ListObjectsV2."""
        after = query.get("continuation-token", [""])[0]
        keys = sorted(key for key in self.objects if key.startswith(query["prefix"][0]) and key > after)
        items = "".join(
            f"<Contents><Key>{key}</Key><LastModified>{_moment(self.objects[key][1])}</LastModified></Contents>"
            for key in keys[:PAGE]
        )
        more = f"<NextContinuationToken>{keys[PAGE - 1]}</NextContinuationToken>" if len(keys) > PAGE else ""
        space = "http://s3.amazonaws.com/doc/2006-03-01/"
        return f'<?xml version="1.0"?><ListBucketResult xmlns="{space}">{items}{more}</ListBucketResult>'.encode()

    def __enter__(self) -> BucketServer:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
