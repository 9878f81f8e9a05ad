"""The server put together: one application over one client of the core, and the process that runs it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import uvicorn
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

import legate_core as core
from legate_core import Invalid, LegateError, NotFound, Unavailable
from legate_server import openapi, problems, routes
from legate_server.auth import LOOPBACK_NAMES, Guard, check_host, check_token
from legate_server.stream import HEARTBEAT_SECONDS, Cursors, Streams

if TYPE_CHECKING:
    from legate_core import Client, Door, Settings

SHUTDOWN_SECONDS = 10
"""How long requests that run may take to end, once the server was asked to stop."""


class Application(FastAPI):
    """The ASGI application, and the streams it holds open."""

    streams: Streams
    routes_of_doors: list[routes.Route]


def create_app(
    client: Client,
    token: str,
    *,
    doors: Iterable[Door] | None = None,
    hosts: Iterable[str] = LOOPBACK_NAMES,
    body_limit: int = routes.BODY_LIMIT,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
) -> Application:
    """The application over a client: whoever bears the token acts as that client's actor.

    `doors` are those of the registry unless given. Raises `Invalid` for a token that cannot be one.
    """
    check_token(token)
    found = routes.routes(core.registry if doors is None else doors)
    # The description is made below, and no page of documentation is served: it would load its parts from elsewhere.
    app = Application(title="Legate", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.streams = Streams(heartbeat_seconds)
    app.routes_of_doors = found
    serving = routes.Serving(client, Cursors(token), app.streams, body_limit)
    _add(app, "GET", "/health", _health)
    _add(app, "GET", f"{routes.PREFIX}/session", _session)
    _add(app, "GET", f"{routes.PREFIX}/openapi.json", _description(openapi.describe(found, version("legate"))))
    for route in found:
        _add(app, route.form.method, route.path, routes.endpoint(route, serving))
    app.add_exception_handler(HTTPException, _not_here)
    app.add_middleware(EncodedPaths)
    app.add_middleware(Guard, token=token, hosts=frozenset(hosts))
    return app


class EncodedPaths:
    """Matches paths as they were sent, so that `%2F` in a name is no step. Endpoints decode their parameters."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope.get("raw_path"):
            scope = {**scope, "path": scope["raw_path"].decode("latin-1")}
        await self._app(scope, receive, send)


class Server(uvicorn.Server):
    """uvicorn that ends open streams when asked to stop, and leaves by returning, so that the core is closed after it."""

    def __init__(self, app: Application, host: str, port: int) -> None:
        self._streams = app.streams
        super().__init__(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                lifespan="off",
                ws="none",
                loop="asyncio",
                http="h11",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            )
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._streams.close()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        # uvicorn would raise the signal again at the end, before anybody could close the core.
        loop = asyncio.get_running_loop()
        caught: list[signal.Signals] = []
        for number in (signal.SIGINT, signal.SIGTERM):
            # Not in the main thread, or not on this platform: then whoever runs the loop stops the server.
            with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
                loop.add_signal_handler(number, self.handle_exit, number, None)
                caught.append(number)
        try:
            yield
        finally:
            for number in caught:
                loop.remove_signal_handler(number)


def listen(host: str, port: int) -> socket.socket:
    """A socket on this machine; port 0 takes any free one. Raises `Unavailable` where the port is taken."""
    address = check_host(host)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # Named as TCP, since asyncio turns Nagle's delay (40 ms an answer) off only where it sees that.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((address, port))
    except OSError as error:
        found.close()
        raise Unavailable(
            f"Port {port} of {address} cannot be used: {error.strerror}. Stop what uses it, or set LEGATE_PORT."
        ) from error
    return found


def url_of(listening: socket.socket) -> str:
    """Where a listening socket is reached."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def main(arguments: Sequence[str] | None = None) -> int:
    """`legate serve`, which has this from its entry point; errors leave it as they are, for the command to word."""
    parser = Parser(
        prog="legate serve",
        allow_abbrev=False,
        description="Serve the HTTP API on this machine. LEGATE_TOKEN holds the token that every request must bear.",
    )
    parser.add_argument("--home", type=Path, help="the data folder (default: the one in the settings)")
    parser.add_argument("--practice", action="store_true", help="serve the practice workspace: no key, no network")
    parser.add_argument("--host", help="where to listen; this machine only (default: LEGATE_HOST, or 127.0.0.1)")
    parser.add_argument("--port", type=int, help="the port; 0 takes any free one (default: LEGATE_PORT, or 8080)")
    parser.add_argument("--json", action="store_true", help="say where it serves as one JSON value on stdout")
    options = parser.parse_args(arguments)
    if options.port is not None and not 0 <= options.port <= 65535:
        raise Invalid(f"--port is {options.port}; it must be a number from 0 to 65535.")
    settings = core.from_environment(home=options.home)
    given = {"host": options.host, "port": options.port}
    settings = replace(settings, **{name: value for name, value in given.items() if value is not None})

    async def open_practice(_settings: Settings) -> Opened:
        return await core.open_practice(options.home)

    def say(url: str) -> None:
        if options.json:
            print(json.dumps({"url": url}), flush=True)
        print(f"Legate serves at {url}. Ctrl-C stops it.", file=sys.stderr, flush=True)

    serve(settings, open_core=open_practice if options.practice else None, is_ready=say)
    return 0


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `Invalid` instead of leaving, so that the command words it like every problem."""

    def error(self, message: str) -> NoReturn:
        sentence = message[:1].upper() + message[1:].rstrip(".")
        raise Invalid(f"{sentence}. '{self.prog} --help' shows how it is written.")


class Opened(Protocol):
    """A core that was opened: its settings, its client, and how to close what stands behind it."""

    @property
    def settings(self) -> Settings: ...

    @property
    def client(self) -> Client: ...

    async def close(self) -> None: ...


def serve(
    settings: Settings,
    *,
    open_core: Callable[[Settings], Awaitable[Opened]] | None = None,
    is_ready: Callable[[str], None] = lambda url: None,
) -> None:
    """`legate serve`: open the core these settings name and serve it until the process is asked to stop.

    Raises `Invalid` before anything is opened where there is no usable token or the host is not this machine.
    """
    check_token(settings.token)
    check_host(settings.host)
    asyncio.run(_open_and_serve(settings, open_core or core.open_local, is_ready))


async def _open_and_serve(
    settings: Settings, open_core: Callable[[Settings], Awaitable[Opened]], is_ready: Callable[[str], None]
) -> None:
    opened = await open_core(settings)
    try:
        # This process owns the data folder, so this person's window and commands on this machine reach the core by it.
        link = await core.serve_link(opened.settings, opened.client)
        try:
            await serve_client(opened.client, settings, is_ready=is_ready)
        finally:
            await link.close()
    finally:
        await opened.close()


async def serve_client(
    client: Client, settings: Settings, *, is_ready: Callable[[str], None] = lambda url: None
) -> None:
    """Serve a client until the process is asked to stop. `is_ready` hears the address once requests are answered."""
    with contextlib.closing(listen(settings.host, settings.port)) as listening:
        app = create_app(client, settings.token, hosts={*LOOPBACK_NAMES, check_host(settings.host)})
        listening.listen()
        is_ready(url_of(listening))
        await Server(app, settings.host, settings.port).serve(sockets=[listening])


def _add(app: FastAPI, method: str, path: str, answer: routes.Endpoint) -> None:
    app.add_api_route(path, answer, methods=[method], include_in_schema=False, response_model=None)


async def _health(request: Request) -> Response:
    return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})


async def _session(request: Request) -> Response:
    """Reached with a good token only, which is all a client wants to know before it starts."""
    return JSONResponse({"version": version("legate")}, headers={"cache-control": "no-store"})


def _description(whole: dict[str, Any]) -> routes.Endpoint:
    async def serve(request: Request) -> Response:
        return JSONResponse(whole)

    return serve


async def _not_here(request: Request, error: Exception) -> Response:
    """What the framework itself refuses: no such path, no such method."""
    assert isinstance(error, HTTPException)
    where = f"{request.method} {request.scope['path']}"
    if error.status_code == 405:
        refusal: LegateError = problems.NoSuchMethod(f"Nothing answers {where}; another method may. {_LIST}")
    else:
        refusal = NotFound(f"There is nothing at {where}. {_LIST}")
    return problems.response(refusal, error.headers)


_LIST = f"GET {routes.PREFIX}/openapi.json lists every route."
