"""Connections that are cut or go nowhere, and servers that are stopped: what the outbox is for."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_sessions.client.outbox.delivery import OutboxDelivery
from jupyter_sessions.client.transports.http import HttpTransport
from tests.faults.oracle import Counts
from tests.faults.proxy import FaultyProxy
from tests.faults.stage import Stage, stage
from tests.waiting import STARTED_WITHIN, until

_READ_WITHIN = 1.0  # seconds that the client waits for an answer
_DELIVERED_WITHIN = 2 * STARTED_WITHIN


@contextmanager
def _recorder(made: Stage, port: int) -> Iterator[OutboxDelivery]:
    transport = HttpTransport(
        f"http://127.0.0.1:{port}", made.key, "root", read_timeout=_READ_WITHIN
    )
    outbox = OutboxDelivery(transport, made.code, first_wait=0.01, longest_wait=0.05)
    try:
        yield outbox
    finally:
        outbox.close(5)
        transport.close()


def _send(made: Stage, outbox: OutboxDelivery, number: int) -> None:
    """Record a command, which is acknowledged when it is in the outbox."""
    name = f"recorder-{number}"
    made.oracle.note_tried()
    outbox.send(made.oracle.make_command(name))
    made.oracle.acknowledge(name)


def _deliver(made: Stage, outbox: OutboxDelivery) -> None:
    if not outbox.flush(_DELIVERED_WITHIN):
        made.oracle.note_wrong(f"the outbox is not empty: {outbox.problem}")
    if outbox.problem:
        made.oracle.note_wrong(outbox.problem)


def cut_connections(rounds: int, seed: int) -> Counts:
    """Cut so many connections of an outbox that delivers commands: each arrives once, in order."""
    with (
        tempfile.TemporaryDirectory() as folder,
        stage("cut connections", seed, Path(folder)) as made,
    ):
        made.start(made.ports[0])
        with (
            FaultyProxy(made.ports[0], seed) as proxy,
            _recorder(made, proxy.port) as outbox,
        ):
            _send(made, outbox, 0)
            _deliver(made, outbox)
            proxy.cutting = True
            end = time.monotonic() + STARTED_WITHIN + rounds
            number = 1
            while proxy.cuts < rounds and time.monotonic() < end:
                if outbox.waiting < 20:
                    _send(made, outbox, number)
                    number += 1
                else:
                    time.sleep(0.002)
            proxy.cutting = False
            _deliver(made, outbox)
        made.oracle.counts.faults["cut connection"] += proxy.cuts
        return made.compare(order=True)


def silence_connections(rounds: int, seed: int) -> Counts:
    """Stop the server's process, or swallow all bytes, for longer or shorter than clients wait."""
    with (
        tempfile.TemporaryDirectory() as folder,
        stage("silent connections", seed, Path(folder)) as made,
    ):
        (port,) = made.ports
        server = made.start(port)
        with (
            FaultyProxy(port, seed) as proxy,
            _recorder(made, proxy.port) as outbox,
        ):
            _send(made, outbox, 0)
            _deliver(made, outbox)
            number = 1
            for _ in range(rounds):
                stopped = made.random.random() < 0.5
                silent = made.random.choice([0.1, 0.5, 1.5 * _READ_WITHIN])
                if stopped:
                    os.kill(server, signal.SIGSTOP)
                else:
                    proxy.black_hole = True
                made.oracle.note_fault("SIGSTOP of the server" if stopped else "black hole")
                end = time.monotonic() + silent
                while time.monotonic() < end:
                    _send(made, outbox, number)
                    number += 1
                    time.sleep(0.02)
                if stopped:
                    os.kill(server, signal.SIGCONT)
                else:
                    proxy.black_hole = False
                    # What was swallowed can't be made good within its connection.
                    proxy.cut_all()
                until(lambda: outbox.waiting < 5, lambda: outbox.problem, _DELIVERED_WITHIN)
            _deliver(made, outbox)
        return made.compare(order=True)
