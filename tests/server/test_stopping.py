"""Going down: gently on SIGTERM, and without losing what was acknowledged on SIGKILL."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys

import httpx
import websocket

from jupyter_sessions import api, schemas
from tests.ports import free_port
from tests.server.serving import (
    Place,
    address,
    bearer,
    key_for,
    read_answer,
    status_of,
    until,
)
from tests.waiting import STARTED_WITHIN


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
    with place.serve() as server, place.open_store() as store:
        code, key = store.new().code, key_for(store, "root")
        path = address(api.PUBLISH_FILE, {"code": code, "path": "x.txt"})
        head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        with server.connect() as connection:
            connection.sendall(
                f"{head}Authorization: Bearer {key}\r\nContent-Length: 10\r\n\r\nbegun".encode()
            )
            until(lambda: list((place.store / "blobs").glob("tmp*")), "the upload to begin")
            server.process.send_signal(signal.SIGTERM)
            until(lambda: not listens(server.port), "the server to take no more connections")
            connection.sendall(b"ended")
            assert status_of(read_answer(connection)) == 200
        assert server.process.wait(STARTED_WITHIN) == 0
        file = store.call("root", api.GET_FILE, schemas.FileNamed(code=code, path="x.txt"))
        assert file.size == 10


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_followers_are_told_that_the_server_goes(place: Place) -> None:
    with place.serve() as server, place.open_store() as store:
        code, key = store.new().code, key_for(store, "root")
        url = f"ws://127.0.0.1:{server.port}" + address(api.FOLLOW_EVENTS, {"code": code})
        live = websocket.create_connection(f"{url}?after=0", header=bearer(key), timeout=30)
        assert json.loads(live.recv())["kind"] == "session.created"
        assert server.stop() == 0
        opcode, data = live.recv_data()
        assert opcode == websocket.ABNF.OPCODE_CLOSE
        assert int.from_bytes(data[:2]) == 1001


def test_a_request_that_never_ends_is_cut_off(place: Place) -> None:
    program = (
        "from jupyter_sessions.server import app; app._HEADERS_WITHIN = 0.5; "
        "app._BODY_WITHIN = 0.5; app.main(['--port', '{port}'])"
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


def test_the_log_can_be_json(place: Place) -> None:
    with place.serve("--log-json") as server, httpx.Client(base_url=server.url) as http:
        http.get("/sessions/api/no-such-place")
        http.get("/sessions/no-such-page")
        server.stop()
        lines = server.log.read_text().splitlines()
    assert lines
    for line in lines:
        assert {"levelname", "message"} <= set(json.loads(line)), line
