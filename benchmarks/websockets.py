"""WebSocket clients that do next to nothing, so that it is the server that is measured."""

from __future__ import annotations

import base64
import os
import selectors
import socket
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from benchmarks.servers import http_request

_SILENCE = 30.0  # seconds
_BINARY_FRAME = 0x82
_MASKED = 0x80


def connect(port: int, path: str, headers: dict[str, str]) -> socket.socket:
    """Open a WebSocket; what the server sends after its handshake is left to be read."""
    connection = socket.create_connection(("127.0.0.1", port), _SILENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    connection.sendall(http_request(port, "GET", path, {**headers, **upgrade}))
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        piece = connection.recv(1)
        if not piece:
            raise RuntimeError(f"the server hung up: {answer!r}")
        answer += piece
    if b" 101 " not in answer.partition(b"\r\n")[0]:
        raise RuntimeError(f"the server refused a WebSocket: {answer!r}")
    return connection


def frame(content: bytes) -> bytes:
    """Return a client's binary frame, masked with nothing."""
    size = len(content)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
    return bytes([_BINARY_FRAME, _MASKED | length[0]]) + length[1:] + bytes(4) + content


class Followers:
    """Connected clients that wait for a message each."""

    def __init__(self, connections: Sequence[socket.socket]) -> None:
        self._connections = connections
        self._selector = selectors.DefaultSelector()
        for connection in connections:
            self._selector.register(connection, selectors.EVENT_READ)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._selector.close()
        for connection in self._connections:
            connection.close()

    def __len__(self) -> int:
        return len(self._connections)

    def time_to_last(self, speaker: socket.socket, message: bytes, mark: bytes) -> float:
        """Send `message` and wait until the last follower has read `mark`.

        Returns
        -------
        float
            Seconds from before the sending.
        """
        read: dict[socket.socket, bytes] = {}
        reached: set[socket.socket] = set()
        begin = time.perf_counter()
        speaker.sendall(message)
        while len(reached) < len(self):
            ready = self._selector.select(_SILENCE)
            if not ready:
                raise RuntimeError(f"{len(self) - len(reached)} followers were not told")
            for key, _ in ready:
                connection: socket.socket = key.fileobj  # type: ignore[assignment]  # as registered
                piece = connection.recv(1 << 16)
                if not piece:
                    raise RuntimeError("the server hung up on a follower")
                # A mark may come in two pieces, so the last one's end is kept.
                if mark in read.get(connection, b"") + piece:
                    reached.add(connection)
                read[connection] = piece[-len(mark) :]
        return time.perf_counter() - begin
