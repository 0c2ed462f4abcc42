"""A proxy between a client and a server, which cuts connections, or swallows what comes."""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import suppress
from typing import Self


class FaultyProxy:
    """Passes bytes on in both directions until it is asked for faults.

    Parameters
    ----------
    target
        The port of the server.
    seed
        Makes the same cuts again, as far as the scheduler lets it.

    Attributes
    ----------
    port
        Where it listens.
    cuts
        How many connections it has cut.
    swallowed
        How many pieces it has swallowed.
    cutting
        Whether each connection is cut after a number of bytes by chance, in either direction.
    black_hole
        Whether nothing is passed on, while all connections stay open.
    """

    def __init__(self, target: int, seed: int) -> None:
        self._target = target
        self._random = random.Random(seed)
        self.cuts = self.swallowed = 0
        self.cutting = self.black_hole = False
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cutting = False
        self._listener.close()
        self.cut_all()

    def cut_all(self) -> None:
        """Cut all connections."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            _cut(connection)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self._lock:
                self._open |= {client, server}
                # The request's first bytes, the middle of a body, the answer, or what follows.
                limits = [self._random.choice([0, 1, 150, 600, 2_000, 30_000]) for _ in range(2)]
                limits[self._random.randrange(2)] = 1 << 60
            for source, sink, limit in ((client, server, limits[0]), (server, client, limits[1])):
                threading.Thread(
                    target=self._pass_on, args=(source, sink, limit), daemon=True
                ).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, limit: int) -> None:
        passed = 0
        with suppress(OSError):
            while piece := source.recv(65_536):
                if self.cutting and passed + len(piece) > limit:
                    sink.sendall(piece[: limit - passed])
                    # Sometimes what was passed on arrives, and sometimes the cut is faster.
                    time.sleep(self._random.choice([0, 0, 0.01]))
                    self.cuts += 1
                    break
                if self.black_hole:
                    self.swallowed += 1
                    continue
                sink.sendall(piece)
                passed += len(piece)
        with self._lock:
            self._open -= {source, sink}
        _cut(source)
        _cut(sink)


def _cut(connection: socket.socket) -> None:
    # The thread that reads from it wakes, and the other side gets a reset or an end.
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
