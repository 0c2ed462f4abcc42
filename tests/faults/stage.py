"""A store that servers are started on and killed on, and those who write into it meanwhile."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil

from jupyter_sessions import api, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from tests.conftest import Store
from tests.faults.oracle import Counts, Oracle
from tests.ports import free_port
from tests.server.serving import Place, address, bearer, key_for
from tests.waiting import STARTED_WITHIN, until

#: What a server may answer while something is wrong with its store; each is tried again.
_REFUSED_WITHIN = 5.0  # seconds
_NOT_NOW = frozenset({503, 507})
#: Seconds that a writer waits for an answer.
_ANSWER_WITHIN = 30.0

#: Starts a server for each line of arguments, from a process that has imported what servers need.
_NURSERY = """
import json, os, signal, sys
from jupyter_sessions.core import dispatcher
from jupyter_sessions.server import app, live, pages
from jupyter_sessions.server.handlers import operations
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    child = os.fork()
    if not child:
        app.main(json.loads(line))
        sys.exit()
    print(child, flush=True)
"""


@dataclass
class Stage:
    """A store, its owner's session, and servers on it.

    Attributes
    ----------
    database
        The store's URL.
    code
        The session that is written into.
    """

    place: Place
    database: str
    oracle: Oracle
    random: random.Random
    code: str = ""
    key: str = ""
    ports: list[int] = field(default_factory=list)
    #: The process of the server on each port.
    running: dict[int, int] = field(default_factory=dict)
    _nursery: Any = None

    @property
    def log(self) -> Path:
        """What its servers have said."""
        return self.place.folder / "servers.log"

    @property
    def blobs(self) -> Path:
        """Where its blobs are."""
        return self.place.store / "blobs"

    @contextmanager
    def open_store(self) -> Iterator[Store]:
        """Work on the store in this process."""
        clock: Any = lambda: datetime.now(UTC)  # noqa: E731
        dispatcher = Dispatcher(self.database, self.blobs)
        try:
            yield Store(dispatcher, clock)
        finally:
            dispatcher.close()

    def prepare(self) -> None:
        """Make the session."""
        with self.open_store() as store:
            self.code, self.key = store.new().code, key_for(store, "root")

    def start(self, port: int) -> int:
        """Start a server, and return its process; it need not answer yet."""
        arguments = [
            f"--port={port}",
            f"--SessionsExtension.database={self.database}",
            f"--SessionsExtension.blobs={self.blobs}",
        ]
        self._nursery.stdin.write(msgspec.json.encode(arguments).decode() + "\n")
        self._nursery.stdin.flush()
        self.running[port] = int(self._nursery.stdout.readline())
        return self.running[port]

    def kill(self, port: int, how: int = signal.SIGKILL) -> None:
        """End the server on a port."""
        process = self.running.pop(port, None)
        if process is not None:
            with suppress(ProcessLookupError):
                os.kill(process, how)
            # Until then the port is taken.
            until(lambda: not psutil.pid_exists(process), "the server's end")

    def until_more(self, count: int = 1) -> None:
        """Wait until more was acknowledged."""
        before = self.oracle.acknowledged

        def enough() -> bool:
            for process in self.running.values():
                assert psutil.pid_exists(process), f"a server ended: {self.log.read_text()[-3000:]}"
            return self.oracle.acknowledged >= before + count or bool(self.oracle.counts.wrong)

        until(enough, lambda: f"an acknowledgment; {self.oracle.counts}", 2 * STARTED_WITHIN)

    def until_refused(self) -> None:
        """Wait until somebody who writes was refused, or it seems that nobody will be."""
        before, deadline = self._refused(), time.monotonic() + _REFUSED_WITHIN
        while self._refused() == before and time.monotonic() < deadline:
            time.sleep(0.005)

    def _refused(self) -> int:
        return sum(self.oracle.counts.seen[f"answer {status}"] for status in _NOT_NOW)

    @contextmanager
    def writing(self, writers: int, **options: Any) -> Iterator[None]:
        """Have so many write, by whichever server answers, until this ends."""
        stopped = threading.Event()
        threads = [Writer(self, f"writer{number}", stopped, **options) for number in range(writers)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stopped.set()
            for thread in threads:
                thread.join(2 * STARTED_WITHIN)
                if thread.is_alive():
                    self.oracle.note_wrong(f"{thread.name} got no answer")

    def compare(self, *, order: bool = False) -> Counts:
        """End all servers, and compare what was acknowledged with what is there."""
        for port in list(self.running):
            self.kill(port)
        with self.open_store() as store:
            counts = self.oracle.compare(store, self.code, order=order)
            named = schemas.SessionNamed(code=self.code)
            events = store.call("root", api.GET_SESSION, named).events
        stored = counts.acknowledged + counts.seen["stored without an acknowledgment"]
        counts.seen["events"] += events
        if events < stored + 1 - len(counts.lost):
            counts.wrong.append(f"{events} events for {stored} commands and files")
        return counts


@contextmanager
def stage(
    kind: str,
    seed: int,
    folder: Path,
    database: str | None = None,
    *,
    servers: int = 1,
    environment: dict[str, str] | None = None,
) -> Iterator[Stage]:
    """Give a store in a folder, SQLite if nothing else is said, and a quick way to start servers.

    Parameters
    ----------
    kind, seed
        As for `Oracle`.
    environment
        What servers find in theirs, besides.
    """
    place = Place(folder, environment or {})
    made = Stage(place, database or place.database, Oracle(kind, seed), random.Random(seed))
    made.ports = [free_port() for _ in range(servers)]
    made.prepare()
    with ExitStack() as stack:
        output = stack.enter_context(made.log.open("wb"))
        made._nursery = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", _NURSERY],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output,
                env=place.environment, text=True,
            )
        )  # fmt: skip
        try:
            yield made
        finally:
            for port in list(made.running):
                made.kill(port)
            made._nursery.terminate()


class Writer(threading.Thread):
    """Sends numbered commands, and files, each until it is acknowledged, whatever happens.

    Parameters
    ----------
    files
        Whether it publishes a file after every few commands.
    refused
        Statuses that are tried again, besides those that say so.
    pause
        Seconds between two, where there is not much room.
    """

    def __init__(
        self,
        stage: Stage,
        name: str,
        stopped: threading.Event,
        *,
        files: bool = True,
        within: float = _ANSWER_WITHIN,
        refused: frozenset[int] = frozenset(),
        pause: float = 0.0,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._stage = stage
        self._stopped = stopped
        self._files = files
        self._within = within
        self._again = _NOT_NOW | refused
        self._pause = pause
        self._port = sum(name.encode()) % len(stage.ports)

    def run(self) -> None:
        """Go on until stopped."""
        number = 0
        with httpx.Client(headers=bearer(self._stage.key), timeout=self._within) as http:
            while not self._stopped.is_set():
                name = f"{self.name}-{number}"
                send = self._publish if self._files and number % 8 == 7 else self._record
                try:
                    if not send(http, name):
                        return
                except AssertionError as error:
                    self._stage.oracle.note_wrong(f"{name}: {error}")
                    return
                number += 1
                self._stopped.wait(self._pause)

    def _record(self, http: httpx.Client, name: str) -> bool:
        oracle, code = self._stage.oracle, self._stage.code
        commands = [oracle.make_command(name)]
        body = msgspec.json.encode({"commands": commands})
        path = address(api.RECORD_COMMANDS, {"code": code})
        answer = self._send(lambda base: http.post(base + path, content=body))
        if answer is not None:
            oracle.acknowledge(name, answer.json()["numbers"][0])
        return answer is not None

    def _publish(self, http: httpx.Client, name: str) -> bool:
        oracle, code = self._stage.oracle, self._stage.code
        content = oracle.make_file(name)
        path = address(api.PUBLISH_FILE, {"code": code, "path": f"{name}.bin"})
        answer = self._send(lambda base: http.put(base + path, content=content))
        if answer is not None:
            oracle.acknowledge_file(name)
        return answer is not None

    def _send(self, request: Callable[[str], httpx.Response]) -> httpx.Response | None:
        """Send until there is an answer that counts; None where all ended before."""
        oracle, ports = self._stage.oracle, self._stage.ports
        oracle.note_tried()
        while not self._stopped.is_set():
            try:
                answer = request(f"http://127.0.0.1:{ports[self._port]}")
            except httpx.TransportError as error:
                if not isinstance(error, httpx.ConnectError):
                    oracle.note_seen("connection lost without an answer")
                self._port = (self._port + 1) % len(ports)
                time.sleep(0.01)
                continue
            if answer.status_code == 200:
                return answer
            assert answer.status_code in self._again, f"{answer.status_code} {answer.text}"
            oracle.note_seen(f"answer {answer.status_code}")
            time.sleep(0.02)
        return None
