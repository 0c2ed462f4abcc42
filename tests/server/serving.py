"""Servers for hostile tests: started on a place of their own, killed, and spoken to in bytes."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from jupyter_sessions import api, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import Limits
from tests.conftest import Clock, Store
from tests.databases import copy_new_database
from tests.ports import free_port
from tests.processes import end_process
from tests.waiting import STARTED_WITHIN, answers, until

NEVER_GIVEN = "9876543210987654321098"


@dataclass
class Server:
    """A running server process."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def cookie(self) -> str:
        """The name of its login cookie."""
        return f"jupyter-sessions-{self.port}"

    def is_up(self) -> bool:
        """Tell whether it answers."""
        assert self.process.poll() is None, self.log.read_text()
        return answers(self.url)

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End it, and return its exit status."""
        return end_process(self.process, self.log, how)

    def connect(self) -> socket.socket:
        """Open a connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), STARTED_WITHIN)

    def exchange(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> bytes:
        """Make a request in bytes, and return the answer as it came."""
        lines = {"Host": f"127.0.0.1:{self.port}", **(headers or {})}
        if body or method not in {"GET", "HEAD"}:
            lines.setdefault("Content-Length", str(len(body)))
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        with self.connect() as connection:
            connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
            return read_answer(connection)


@dataclass
class Place:
    """A home for servers: their store and their log; `url` is another database than its own."""

    folder: Path
    extra: dict[str, str] = field(default_factory=dict)
    url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to live here."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith("JUPYTER_")
        }
        folders = {
            f"JUPYTER_{name}_DIR": str(self.folder / name.lower())
            for name in ("DATA", "CONFIG", "RUNTIME")
        }
        temporary = self.folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        return kept | folders | {"TMPDIR": str(temporary)} | self.extra

    @property
    def store(self) -> Path:
        """The folder of the store."""
        return self.folder / "data" / "sessions"

    @property
    def database(self) -> str:
        """The store's URL."""
        return self.url or f"sqlite:///{self.store / 'sessions.db'}"

    def start(self, *arguments: str, port: int | None = None) -> Server:
        """Start a server here; `Server.is_up` tells when it answers."""
        self.make_store()
        port = port or free_port()
        if self.url:
            arguments = (*arguments, f"--database={self.url}")
        log = self.folder / f"serve-{time.monotonic_ns()}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_sessions", "serve", f"--port={port}", *arguments],
                stdout=output, stderr=output, stdin=subprocess.DEVNULL, env=self.environment,
            )  # fmt: skip
        return Server(port, process, log)

    @contextmanager
    def serve(self, *arguments: str) -> Iterator[Server]:
        """Have a server here that answers, for a while."""
        server = self.start(*arguments)
        try:
            until(server.is_up, "the server")
            yield server
        finally:
            server.stop()

    @contextmanager
    def open_store(self, clock: Clock | None = None) -> Iterator[Store]:
        """Work on the store in this process, as the system user and as its accounts."""
        self.make_store()
        now: Any = clock or (lambda: datetime.now(UTC))
        dispatcher = Dispatcher(self.database, self.store / "blobs", Limits(guests=True), clock=now)
        try:
            yield Store(dispatcher, now)
        finally:
            dispatcher.close()

    def make_store(self) -> None:
        """Make the store, so that a server's start need not, unless it is there."""
        if not self.url and not self.store.exists():
            copy_new_database(self.store)


def bearer(key: str) -> dict[str, str]:
    """Return the header that carries a key."""
    return {"Authorization": f"Bearer {key}"}


def address(operation: api.Operation[Any, Any], fields: dict[str, Any]) -> str:
    """Return the path of an operation with its fields filled in."""
    filled = {
        name: quote(str(fields[name]), safe="/" if name == "path" else "")
        for name in operation.path_fields
    }
    return api.PREFIX + operation.path.format(**filled)


def parts(
    operation: api.Operation[Any, Any], fields: dict[str, Any], content: bytes | None = None
) -> dict[str, Any]:
    """Return what httpx needs to carry an operation out."""
    rest = {name: value for name, value in fields.items() if name not in operation.path_fields}
    asked: dict[str, Any] = {"method": operation.method, "url": address(operation, fields)}
    if operation.content == "upload":
        return asked | {"params": rest, "content": content or b""}
    if operation.method == "GET":
        return asked | {"params": rest}
    return asked | {"content": msgspec.json.encode(rest)}


def read_answer(connection: socket.socket) -> bytes:
    """Read one answer as it comes; nothing where the connection has ended."""
    with connection.makefile("rb") as stream:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                return b""
            head += line
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        return head + (stream.read(int(length[1])) if length else b"")


HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


def dateless(answer: bytes) -> bytes:
    """Take the one header out that may differ between two equal answers."""
    return re.sub(rb"\r\nDate: [^\r]*", b"", answer)


def status_of(answer: bytes) -> int:
    """Return the status of an answer."""
    assert answer.startswith(b"HTTP/1.1 "), answer
    return int(answer.split(b" ", 2)[1])


def error_of(response: httpx.Response) -> dict[str, str]:
    """Return an error answer after holding it to the one shape that errors have."""
    told: dict[str, str] = response.json()
    assert set(told) == {"code", "message", "hint"}, told
    assert all(isinstance(value, str) for value in told.values()), told
    assert told["code"] and told["message"], told
    assert response.headers["Content-Type"].startswith("application/json")
    assert "Traceback" not in response.text
    return told


def recording(uid: str, source: str = "1 + 1", text: str = "") -> dict[str, Any]:
    """Make a command as it goes over the wire."""
    now = datetime.now(UTC).isoformat()
    outputs = [{"output_type": "stream", "name": "stdout", "text": text}] if text else []
    return {
        "id": uid,
        "request": {"source": source, "started": now},
        "response": {"status": "completed", "outputs": outputs, "finished": now, "duration": 0.1},
    }


def publish(
    store: Store, code: str, path: str, content: bytes, by: str, **more: Any
) -> schemas.File:
    """Publish a file in process."""
    request = schemas.PublishFile(code=code, path=path, **more)
    file: schemas.File = store.call(by, api.PUBLISH_FILE, request, upload=content)
    return file


def key_for(store: Store, name: str) -> str:
    """Log someone in without a password."""
    ticket = store.call(name, api.MAKE_TICKET, schemas.Nothing()).ticket
    request = schemas.LogInWithTicket(ticket=ticket)
    key: str = store.call("nobody", api.LOG_IN_WITH_TICKET, request).key
    return key
