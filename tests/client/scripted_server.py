"""A real HTTP server that answers what a test tells it to, and remembers what it was asked.

It speaks the contract where a test does not say otherwise, and can misbehave in ways that the
sessions server never would.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.iostream import StreamClosedError
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

from jupyter_sessions import api, errors, schemas
from tests.ports import free_port
from tests.waiting import STARTED_WITHIN


def login(user: str, **attributes: Any) -> schemas.Login:
    """Make a live login as a server shows it."""
    now = datetime.now(UTC)
    shown: dict[str, Any] = {
        "id": 1, "user": user, "real_user": None, "made_by": None, "group": None,
        "confined": False, "label": "", "agent": "", "created": now, "last_used": now,
        "expires": now + timedelta(days=30), "idle_timeout": 10_080, "current": True,
        "state": "active",
    }  # fmt: skip
    return schemas.Login(**shown | attributes)


def new_login(key: str, user: str, *, clamped: bool = False, **attributes: Any) -> schemas.NewLogin:
    """Make a server's answer to who logs in."""
    shown = login(user, **attributes)
    return schemas.NewLogin(key=key, user=user, display_name="", login=shown, clamped=clamped)


@dataclass
class Asked:
    """A request as it came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: bytes
    authorization: str | None
    origin: str | None

    @classmethod
    def read(cls, request: HTTPServerRequest) -> Asked:
        parts = urlsplit(request.uri or "")
        return cls(
            request.method or "",
            parts.path.removeprefix(api.PREFIX),
            parse_qs(parts.query),
            request.body,
            request.headers.get("Authorization"),
            request.headers.get("Origin"),
        )


@dataclass
class Answer:
    """What to answer: nothing, while the server stands, with `hang`; after `drip` slow spaces."""

    content: Any = None
    status: int = 200
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    drip: float = 0

    @classmethod
    def error(cls, error: errors.SessionsError) -> Answer:
        return cls(error.to_wire(), error.status)


class ScriptedServer:
    """A server in a thread; `script` may answer a request, or give None to leave it to the rest."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.script: Callable[[Asked], Answer | None] = lambda asked: None
        self.asked: list[Asked] = []
        self.recorded: dict[str, schemas.Recording] = {}
        self.deliveries = 0
        self.events: list[dict[str, Any]] = []
        self.live: list[_Live] = []
        self.port = free_port()  # it stays ours while the server is stopped
        self._tls = tls

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, on the same port each time."""
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(started)))
        self._thread.start()
        assert started.wait(STARTED_WITHIN)

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
            self._thread.join(STARTED_WITHIN)
            assert not self._thread.is_alive()

    def say(self, message: Any) -> None:
        """Send a message to all who follow."""

        async def send() -> None:
            for follower in list(self.live):
                await follower.write_message(msgspec.json.encode(message))

        asyncio.run_coroutine_threadsafe(send(), self._loop).result(STARTED_WITHIN)

    def hang_up(self, code: int | None = None) -> None:
        """Break the connections of all who follow, or close them with a code."""

        async def close() -> None:
            for follower in list(self.live):
                if code is None:
                    follower.ws_connection.stream.close()  # type: ignore[union-attr]  # there
                else:
                    follower.close(code)
            self.live.clear()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(STARTED_WITHIN)

    async def _run(self, started: threading.Event) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        routes = [
            (r".*/live", _Live, {"server": self}),
            (r".*", _Handler, {"server": self}),
        ]
        server = HTTPServer(Application(routes), ssl_options=self._tls, max_buffer_size=1 << 30)
        sockets = bind_sockets(self.port, "127.0.0.1")
        server.add_sockets(sockets)
        started.set()
        await self._stopped.wait()
        server.stop()
        for follower in self.live:
            follower.close()
        self.live.clear()
        await server.close_all_connections()

    def answer(self, asked: Asked) -> Answer:
        scripted = self.script(asked)
        if scripted is not None:
            return scripted
        if asked.path == "/health":
            return Answer(schemas.Health(ok=True, version="1", database="here", writable=True))
        if asked.path == "/user":
            return Answer(schemas.User(name="ann", display_name="", administrator=False, via="key"))
        if asked.method == "POST" and asked.path.endswith("/commands"):
            return self._record(asked)
        return Answer.error(errors.NotFound(f"No route {asked.path}."))

    def _record(self, asked: Asked) -> Answer:
        code = unquote(asked.path.split("/")[2])
        body = msgspec.json.decode(asked.body)
        request = msgspec.convert({**body, "code": code}, schemas.RecordCommands)
        for recording in request.commands:
            self.recorded[recording.id] = recording
            self.deliveries += 1
        known = list(self.recorded)
        return Answer(
            schemas.Recorded(numbers=[known.index(sent.id) + 1 for sent in request.commands])
        )


class _Handler(RequestHandler):
    def initialize(self, server: ScriptedServer) -> None:
        self.server = server

    async def _handle(self) -> None:
        asked = Asked.read(self.request)
        self.server.asked.append(asked)
        answer = self.server.answer(asked)
        if answer.hang:
            await self.server._stopped.wait()
        self.set_status(answer.status)
        self.set_header("Content-Type", answer.media_type)
        for name, value in answer.headers.items():
            self.set_header(name, value)
        with suppress(StreamClosedError):
            while answer.drip > 0 and not self.server._stopped.is_set():
                answer.drip -= 1
                self.write(b" ")
                await self.flush()
                await asyncio.sleep(0.05)
        content = answer.content
        self.write(content if isinstance(content, bytes) else msgspec.json.encode(content))

    get = post = put = patch = delete = _handle

    def log_exception(self, *_: object) -> None:
        """Say nothing."""


class _Live(WebSocketHandler):
    def initialize(self, server: ScriptedServer) -> None:
        self.server = server

    async def get(self, *args: Any, **kwargs: Any) -> None:
        asked = Asked.read(self.request)
        self.server.asked.append(asked)
        answer = self.server.script(asked)
        if answer is None:
            await super().get(*args, **kwargs)
            return
        self.set_status(answer.status)
        for name, value in answer.headers.items():
            self.set_header(name, value)
        self.finish(msgspec.json.encode(answer.content))

    async def open(self) -> None:
        after = int(self.get_query_argument("after"))
        for event in self.server.events:
            if event["number"] > after:
                await self.write_message(msgspec.json.encode(event))
        self.server.live.append(self)

    def on_close(self) -> None:
        if self in self.server.live:
            self.server.live.remove(self)
