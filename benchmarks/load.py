"""HTTP load from this process: some clients, each asking again as soon as it is answered."""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psutil

from benchmarks.servers import Server

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_SEND_BUFFER = 1 << 20  # bytes, so that no request waits for the server to read it
_SILENCE = 30.0  # seconds


class Refused(Exception):
    """The server did not answer as it should."""


@dataclass(frozen=True)
class Load:
    """What came of it.

    Attributes
    ----------
    answers
        How many answers came.
    a_second
        Answers a second, over all clients.
    latency
        Median seconds from a request's first byte to its answer's last.
    cost
        Seconds of CPU that the server took for each answer.
    own_cost
        Seconds of CPU that this process itself took for each.
    """

    answers: int
    a_second: float
    latency: float
    cost: float
    own_cost: float

    @property
    def ceiling(self) -> float:
        """How many answers a second this process could take, given a server without limits."""
        return 1 / self.own_cost


def latencies(loads: Iterable[Load]) -> list[float]:
    """Return the latency of each, in milliseconds."""
    return [1e3 * each.latency for each in loads]


def rates(loads: Iterable[Load]) -> list[float]:
    """Return how many answers a second each had."""
    return [each.a_second for each in loads]


def costs(loads: Iterable[Load]) -> list[float]:
    """Return what each answer cost the server, in milliseconds of CPU."""
    return [1e3 * each.cost for each in loads]


@dataclass
class _Client:
    connection: socket.socket
    began: float = 0.0
    read: bytes = b""

    def ask(self, request: bytes) -> None:
        self.began = time.perf_counter()
        self.connection.sendall(request)

    def answered(self) -> bool:
        """Read what is there; tell whether that completes an answer."""
        piece = self.connection.recv(1 << 18)
        if not piece:
            raise Refused("it hung up")
        self.read += piece
        head, end, body = self.read.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or (length is not None and len(body) < int(length[1])):
            return False
        if length is None and not body.endswith(b"0\r\n\r\n"):  # in chunks
            return False
        if head[9:11] != b"20":
            raise Refused(self.read[:500].decode(errors="replace"))
        self.read = b""
        return True


def drive(
    server: Server,
    request: Callable[[], bytes],
    clients: int,
    seconds: float,
    *,
    workers: bool = False,
) -> Load:
    """Have `clients` ask `server` for `seconds`, and count the answers.

    Parameters
    ----------
    request
        Makes the bytes of the next request.
    workers
        Whether the server's child processes, which render content, add to its cost.

    Raises
    ------
    Refused
        When the server does not answer with success, hangs up or falls silent.
    """
    with contextlib.ExitStack() as stack:
        asking = [_Client(stack.enter_context(_connect(server.port))) for _ in range(clients)]
        selector = stack.enter_context(selectors.DefaultSelector())
        for client in asking:
            selector.register(client.connection, selectors.EVENT_READ, client)
        cost, own_cost = _cpu(server.process, workers), time.process_time()
        begin = time.perf_counter()
        end = begin + seconds
        latencies = []
        for client in asking:
            client.ask(request())
        waiting = clients
        while waiting:
            ready = selector.select(_SILENCE)
            if not ready:
                raise Refused(f"it was silent for {_SILENCE:.0f} s")
            for key, _ in ready:
                client = key.data
                if not client.answered():
                    continue
                now = time.perf_counter()
                latencies.append(now - client.began)
                if now < end:
                    client.ask(request())
                else:
                    waiting -= 1
        answers = len(latencies)
        return Load(
            answers=answers,
            a_second=answers / (time.perf_counter() - begin),
            latency=statistics.median(latencies),
            cost=(_cpu(server.process, workers) - cost) / answers,
            own_cost=(time.process_time() - own_cost) / answers,
        )


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    return connection


def _cpu(process: psutil.Process, workers: bool) -> float:
    processes = [process, *(process.children(recursive=True) if workers else ())]
    times = [each.cpu_times() for each in processes]
    return float(sum(each.user + each.system for each in times))
