"""A relay before a server that cuts connections in the middle of answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from tests.server.serving import read_answer


class Cutting:
    """A relay before a server that takes answers in, and cuts the connection in their place."""

    def __init__(self, port: int) -> None:
        self._behind = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self.cuts = 0
        #: How many bytes of answers have got through.
        self.sent = 0
        self.cut = 0
        #: How many bytes of an answer still get through.
        self.passed = 0
        #: Answers of at most so many bytes are not cut.
        self.spared = 0
        #: Changes an answer that is not cut.
        self.alter: Callable[[bytes], bytes] = bytes
        #: What happens at each cut.
        self.at_cut: Callable[[], object] = lambda: None
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self) -> None:
        # Closing alone would leave the thread in accept(), and the connections to themselves.
        for each in (self._listening, *self._connections):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def _relay(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._behind)) as server:
            self._connections += [client, server]
            threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
            with suppress(OSError, ValueError):
                while answer := read_answer(server):
                    if self.cut < self.cuts and len(answer) > self.spared:
                        self.cut += 1
                        client.sendall(answer[: self.passed])
                        self.sent += min(self.passed, len(answer))
                        self.at_cut()
                        client.shutdown(socket.SHUT_RDWR)
                        return
                    answer = self.alter(answer)
                    client.sendall(answer)
                    self.sent += len(answer)

    @staticmethod
    def _forward(client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while piece := client.recv(1 << 16):
                server.sendall(piece)
