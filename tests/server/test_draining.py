"""Stopping a server: what is in work is answered, whatever makes it stop."""

from __future__ import annotations

import json
import signal
import threading
import time
from http.client import HTTPConnection, HTTPException
from typing import Any

import pytest

from jupyter_sessions import api, schemas
from tests.server.recording.jupyter import Jupyter, running
from tests.server.serving import (
    Place,
    Server,
    address,
    bearer,
    key_for,
    read_answer,
    recording,
    status_of,
)
from tests.waiting import STARTED_WITHIN, until

SENDERS = 12


class Busy(threading.Thread):
    """Records commands over one connection, without a pause, until the server ends that."""

    def __init__(self, port: int, path: str, key: str, name: str) -> None:
        super().__init__(daemon=True)
        self.connection = HTTPConnection("127.0.0.1", port, timeout=STARTED_WITHIN)
        self.path, self.key, self.sender = path, key, name
        self.acknowledged: list[str] = []
        self.cut: BaseException | None = None
        self.told_to_close = False

    def run(self) -> None:
        """Go on until the server says that it is the last answer, or breaks off."""
        # Without this, http.client would connect again by itself.
        self.connection.auto_open = 0
        self.connection.connect()
        while not self.told_to_close:
            uid = f"{self.sender}-{len(self.acknowledged)}"
            body = json.dumps({"commands": [recording(uid, uid, "x" * 1000)]})
            try:
                self.connection.request("POST", self.path, body, bearer(self.key))
                answer = self.connection.getresponse()
                answer.read()
            except (OSError, HTTPException) as error:
                self.cut = error
                return
            assert answer.status == 200
            self.acknowledged.append(uid)
            self.told_to_close = answer.will_close


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_busy_connections_get_all_their_answers(place: Place, how: int) -> None:
    with place.serve() as server:
        with place.open_store() as store:
            code, key = store.new().code, key_for(store, "root")
        path = address(api.RECORD_COMMANDS, {"code": code})
        senders = [Busy(server.port, path, key, f"s{number}") for number in range(SENDERS)]
        for sender in senders:
            sender.start()
        until(lambda: all(len(sender.acknowledged) > 3 for sender in senders), "the senders")
        asked = time.monotonic()
        assert server.stop(how) == 0
        took = time.monotonic() - asked
        for sender in senders:
            sender.join(STARTED_WITHIN)
    assert [sender.cut for sender in senders] == [None] * SENDERS
    assert all(sender.told_to_close for sender in senders)
    acknowledged = [uid for sender in senders for uid in sender.acknowledged]
    with place.open_store() as store:
        listed: Any = store.call("root", api.GET_SESSION, schemas.SessionNamed(code=code))
    assert listed.commands == len(acknowledged)
    assert took < STARTED_WITHIN


def test_an_idle_connection_does_not_hold_a_server_up(place: Place) -> None:
    with (
        place.serve("--SessionsExtension.stop_within=600") as server,
        server.connect() as idle,
        server.connect() as begun,
    ):
        idle.sendall(b"GET /sessions/api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert idle.recv(1 << 16).startswith(b"HTTP/1.1 200")
        begun.sendall(b"GET /sessions/api/hea")
        assert server.stop() == 0
        assert idle.recv(1) == begun.recv(1) == b""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_request_that_never_ends_is_cut_off_in_the_end_or_when_asked_twice(
    place: Place, how: int
) -> None:
    wait = "1" if how == signal.SIGTERM else "300"
    with (
        place.serve(f"--SessionsExtension.stop_within={wait}") as server,
        server.connect() as open_one,
    ):
        with place.open_store() as store:
            code, key = store.new().code, key_for(store, "root")
        path = address(api.PUBLISH_FILE, {"code": code, "path": "x.txt"})
        head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        open_one.sendall(
            f"{head}Authorization: Bearer {key}\r\nContent-Length: 10\r\n\r\nbegun".encode()
        )
        until(lambda: list((place.store / "blobs").glob("tmp*")), "the upload to begin")
        if how == signal.SIGINT:
            server.process.send_signal(how)
            time.sleep(1)
            assert server.process.poll() is None
        assert server.stop(how) == 0
        assert open_one.recv(1) == b""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_jupyter_server_answers_what_is_open_too(place: Place, how: int) -> None:
    with running(place) as jupyter:
        upload_while_it_stops(jupyter, how)


def test_who_has_connected_and_asked_before_the_signal_is_answered(place: Place) -> None:
    for _ in range(3):
        with place.serve() as server:
            ask_and_stop(server)


def test_a_jupyter_server_answers_who_has_asked_before_the_signal(place: Place) -> None:
    with running(place) as jupyter:
        ask_and_stop(jupyter.server)


def ask_and_stop(server: Server) -> None:
    opened = [server.connect() for _ in range(20)]
    try:
        for connection in opened:
            connection.sendall(b"GET /sessions/api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert server.stop() == 0
        answers = [status_of(read_answer(connection)) for connection in opened]
    finally:
        for connection in opened:
            connection.close()
    assert answers == [200] * len(opened)


def upload_while_it_stops(jupyter: Jupyter, how: int) -> None:
    code = jupyter.session()
    path = address(api.PUBLISH_FILE, {"code": code, "path": "x.txt"})
    head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{jupyter.server.port}\r\n"
    head += f"Authorization: token {jupyter.token}\r\n"
    with jupyter.server.connect() as connection:
        connection.sendall(f"{head}Content-Length: 10\r\n\r\nbegun".encode())
        until(lambda: list((jupyter.place.store / "blobs").glob("tmp*")), "the upload to begin")
        jupyter.server.process.send_signal(how)
        time.sleep(1)
        connection.sendall(b"ended")
        assert status_of(read_answer(connection)) == 200
    assert jupyter.server.stop() == 0
