"""A Qdrant server for tests: Qdrant's own engine (qdrant-edge-py) behind the few REST routes that the adapter uses.

Every request body is checked against the models of `qdrant_client`, which are generated from Qdrant's published OpenAPI; so
is every answer, by the client that reads it.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import qdrant_edge as edge
from pydantic import TypeAdapter
from qdrant_client.http import models


class NotThere(Exception):
    """No such collection."""


class Taken(Exception):
    """There is such a collection already."""


class Engine:
    """Collections, each a shard of the real engine in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shards: dict[str, edge.EdgeShard] = {}
        self._made = 0
        self._lock = threading.Lock()

    def exists(self, name: str, body: Any) -> Any:
        return {"exists": name in self._shards}

    def create(self, name: str, body: Any) -> Any:
        asked = TypeAdapter(models.CreateCollection).validate_python(body)
        if name in self._shards:
            raise Taken
        assert isinstance(asked.vectors, models.VectorParams)
        assert asked.vectors.distance is models.Distance.COSINE
        self._made += 1
        place = self._folder / str(self._made)
        params = edge.EdgeVectorParams(asked.vectors.size, edge.Distance.Cosine)
        self._shards[name] = edge.EdgeShard.create(str(place), edge.EdgeConfig(vectors={"": params}))
        return True

    def drop(self, name: str, body: Any) -> Any:
        shard = self._shards.pop(name, None)
        if shard is not None:
            shard.close()
        return shard is not None

    def index(self, name: str, body: Any) -> Any:
        asked = TypeAdapter(models.CreateFieldIndex).validate_python(body)
        kind = edge.PayloadSchemaType.Keyword
        self._shard(name).update(edge.UpdateOperation.create_field_index(asked.field_name, kind))
        return {"operation_id": 1, "status": "completed"}

    def upsert(self, name: str, body: Any) -> Any:
        asked = TypeAdapter(models.PointsList).validate_python(body)
        points = [edge.Point(item.id, {"": item.vector}, item.payload) for item in asked.points]
        self._shard(name).update(edge.UpdateOperation.upsert_points(points))
        return {"operation_id": 2, "status": "completed"}

    def delete(self, name: str, body: Any) -> Any:
        asked = TypeAdapter(models.FilterSelector).validate_python(body)
        wanted = _filter(asked.filter)
        assert wanted is not None
        self._shard(name).update(edge.UpdateOperation.delete_points_by_filter(wanted))
        return {"operation_id": 3, "status": "completed"}

    def query(self, name: str, body: Any) -> Any:
        asked = TypeAdapter(models.QueryRequest).validate_python(body)
        assert isinstance(asked.query, models.NearestQuery)
        found = self._shard(name).query(
            edge.QueryRequest(
                limit=asked.limit, query=edge.Query.Nearest(asked.query.nearest, using=""), filter=_filter(asked.filter)
            )
        )
        return {"points": [{"id": item.id, "version": 0, "score": item.score} for item in found]}

    def count(self, name: str, body: Any) -> Any:
        asked = TypeAdapter(models.CountRequest).validate_python(body)
        return {"count": self._shard(name).count(edge.CountRequest(exact=bool(asked.exact)))}

    def close(self) -> None:
        for shard in self._shards.values():
            shard.close()

    def answer(self, method: str, path: str, body: Any) -> Any:
        """What a request comes to; the routes are those of Qdrant's REST interface."""
        routes: list[tuple[str, str, Callable[[str, Any], Any]]] = [
            ("GET", r"/collections/([^/]+)/exists", self.exists),
            ("PUT", r"/collections/([^/]+)", self.create),
            ("DELETE", r"/collections/([^/]+)", self.drop),
            ("PUT", r"/collections/([^/]+)/index", self.index),
            ("PUT", r"/collections/([^/]+)/points", self.upsert),
            ("POST", r"/collections/([^/]+)/points/delete", self.delete),
            ("POST", r"/collections/([^/]+)/points/query", self.query),
            ("POST", r"/collections/([^/]+)/points/count", self.count),
        ]
        for verb, pattern, handle in routes:
            found = re.fullmatch(pattern, path)
            if verb == method and found:
                with self._lock:
                    return handle(found[1], body)
        raise AssertionError(f"the adapter asks for {method} {path}, which this server does not know")

    def _shard(self, name: str) -> edge.EdgeShard:
        if name not in self._shards:
            raise NotThere
        return self._shards[name]


def _filter(asked: Any) -> edge.Filter | None:
    if asked is None:
        return None
    conditions = [edge.FieldCondition(item.key, match=edge.MatchAny(item.match.any)) for item in asked.must]
    return edge.Filter(must=conditions)


class QdrantServer:
    """The engine on a port of this machine, for as long as it is used as a context."""

    def __init__(self, folder: Path) -> None:
        self.engine = engine = Engine(folder)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                status, result = 200, None
                try:
                    result = engine.answer(self.command, self.path.partition("?")[0], body)
                except NotThere:
                    status = 404
                except Taken:
                    status = 409
                said = {"result": result, "status": "ok" if status == 200 else {"error": "refused"}, "time": 0.001}
                data = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PUT = do_POST = do_DELETE = _answer

            def log_message(self, format: str, *args: Any) -> None:
                """Tests are quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> QdrantServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.engine.close()
