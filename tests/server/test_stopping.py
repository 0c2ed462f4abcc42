"""Going down: gently on SIGTERM, and without losing what was acknowledged on SIGKILL."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
import websocket

from jupyter_sessions import api, model
from tests.conftest import free_port
from tests.server.serving import (
    Place,
    address,
    bearer,
    key_for,
    read_answer,
    recording,
    status_of,
    until,
)
from tests.waiting import STARTED_WITHIN

KILLS = 50


def test_a_server_with_nothing_to_do_stops_with_0(place: Place) -> None:
    with place.serve() as server, httpx.Client(base_url=server.url) as http:
        # A connection that is kept open is no request.
        assert http.get("/sessions/api/health").status_code == 200
        assert server.stop() == 0
    assert not list((place.store / "servers").iterdir())


def test_ctrl_c_ends_a_server_without_a_question(place: Place) -> None:
    with place.serve() as server:
        assert server.stop(signal.SIGINT) == 0
        told = server.log.read_text()
    assert f"http://localhost:{server.port}/sessions/" in told
    assert "notebooks" not in told


def test_a_server_that_was_never_asked_anything_stops_with_0(place: Place) -> None:
    server = place.start()
    until(lambda: list((place.store / "servers").glob("*.json")), "the server")
    assert server.stop() == 0


def test_a_request_that_is_open_on_sigterm_is_answered(place: Place) -> None:
    with place.serve() as server, place.house() as house:
        code, key = house.new().code, key_for(house, "root")
        path = address(api.PUBLISH_FILE, {"code": code, "path": "x.txt"})
        head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        with server.connect() as connection:
            connection.sendall(
                f"{head}Authorization: Bearer {key}\r\nContent-Length: 10\r\n\r\nbegun".encode()
            )
            until(lambda: list((place.folder / "tmp").iterdir()), "the upload to begin")
            server.process.send_signal(signal.SIGTERM)
            until(lambda: not listens(server.port), "the server to take no more connections")
            connection.sendall(b"ended")
            assert status_of(read_answer(connection)) == 200
        assert server.process.wait(STARTED_WITHIN) == 0
        file = house.call("root", api.GET_FILE, model.FileNamed(code=code, path="x.txt"))
        assert file.size == 10


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_followers_are_told_that_the_server_goes(place: Place) -> None:
    with place.serve() as server, place.house() as house:
        code, key = house.new().code, key_for(house, "root")
        url = f"ws://127.0.0.1:{server.port}" + address(api.FOLLOW_EVENTS, {"code": code})
        live = websocket.create_connection(f"{url}?after=0", header=bearer(key), timeout=30)
        assert json.loads(live.recv())["kind"] == "session.created"
        assert server.stop() == 0
        opcode, data = live.recv_data()
        assert opcode == websocket.ABNF.OPCODE_CLOSE
        assert int.from_bytes(data[:2]) == 1001


def test_a_request_that_never_ends_is_cut_off(place: Place) -> None:
    program = (
        "from jupyter_sessions.server import serve; serve._HEADERS_WITHIN = 0.5; "
        "serve._BODY_WITHIN = 0.5; serve.main(['--port', '{port}'])"
    )
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", program.format(port=port)], env=place.environment
    )
    try:
        until(lambda: listens(port), "the server")
        begun = (
            b"GET /sessions/ HT",
            b"GET /sessions/ HTTP/1.1\r\nHost: x\r\nX-A: b\r\n",
            b"POST /sessions/api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{",
        )
        for half in begun:
            with socket.create_connection(("127.0.0.1", port), 30) as connection:
                connection.sendall(half)
                assert connection.recv(1) == b""
    finally:
        process.terminate()
        assert process.wait(STARTED_WITHIN) == 0


class Sender(threading.Thread):
    """Records numbered commands, each until it is acknowledged, whatever becomes of the server."""

    def __init__(self, url: str, key: str) -> None:
        super().__init__(daemon=True)
        self.url, self.key = url, key
        self.acknowledged: dict[str, int] = {}
        self.stopped = threading.Event()
        self.failure: str | None = None

    def run(self) -> None:
        """Go on until stopped."""
        number = 0
        with httpx.Client(headers=bearer(self.key), timeout=30) as http:
            while not self.stopped.is_set():
                uid = f"command-{number}"
                body = json.dumps({"commands": [recording(uid, uid, uid)]})
                try:
                    answer = http.post(self.url, content=body)
                except httpx.TransportError:
                    time.sleep(0.01)
                    continue
                if answer.status_code == 503:
                    continue
                if answer.status_code != 200:
                    self.failure = answer.text
                    return
                self.acknowledged[uid] = answer.json()["numbers"][0]
                number += 1


#: Starts a server whenever it is told to, from a process that has imported what servers need.
NURSERY = """
import os, signal, sys
from jupyter_sessions.core import dispatch
from jupyter_sessions.server import live, operations, pages, serve
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    child = os.fork()
    if not child:
        serve.main(["--port", line.strip()])
    print(child, flush=True)
"""


@contextmanager
def nursery(place: Place) -> Iterator[Callable[[int], int]]:
    """Give a quick way to start servers: takes a port, gives a process id."""
    process = subprocess.Popen(
        [sys.executable, "-c", NURSERY],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=place.environment, text=True,
    )  # fmt: skip

    def start(port: int) -> int:
        assert process.stdin and process.stdout
        print(port, file=process.stdin, flush=True)
        return int(process.stdout.readline())

    with process:
        yield start
        process.terminate()


@pytest.mark.timeout(900)
def test_fifty_kills_lose_no_acknowledged_command_and_double_none(place: Place) -> None:
    with place.house() as house:
        code, key = house.new().code, key_for(house, "root")
    port = free_port()
    sender = Sender(f"http://127.0.0.1:{port}" + address(api.RECORD_COMMANDS, {"code": code}), key)
    sender.start()
    with nursery(place) as start:
        for _ in range(KILLS):
            before = len(sender.acknowledged)
            server = start(port)
            try:
                until(lambda: len(sender.acknowledged) > before or sender.failure, "an answer")  # noqa: B023  # called at once
                time.sleep(random.uniform(0, 0.05))
            finally:
                os.kill(server, signal.SIGKILL)
    sender.stopped.set()
    sender.join()
    assert sender.failure is None
    assert len(sender.acknowledged) >= KILLS
    with place.house() as house:
        stored: dict[str, list[int]] = {}
        after = None
        while True:
            page = house.call(
                "root",
                api.LIST_COMMANDS,
                model.ListCommands(code=code, order="oldest", limit=500, after=after),
            )
            for command in page.items:
                stored.setdefault(command.source, []).append(command.number)
                assert command.preview == command.source
            after = page.next
            if after is None:
                break
        events = house.call("root", api.GET_SESSION, model.SessionNamed(code=code)).events
    assert {uid: stored.get(uid) for uid in sender.acknowledged} == {
        uid: [number] for uid, number in sender.acknowledged.items()
    }
    numbers = sorted(number for found in stored.values() for number in found)
    assert numbers == list(range(1, len(numbers) + 1))
    # At most the one that was on its way at the last kill was stored without an answer.
    assert len(numbers) <= len(sender.acknowledged) + 1
    assert events == len(numbers) + 1


def test_the_log_can_be_json(place: Place) -> None:
    with place.serve("--log-json") as server, httpx.Client(base_url=server.url) as http:
        http.get("/sessions/api/no-such-place")
        http.get("/sessions/no-such-page")
        server.stop()
        lines = server.log.read_text().splitlines()
    assert lines
    for line in lines:
        assert {"levelname", "message"} <= set(json.loads(line)), line
