"""Many processes that work on one SQLite file, each in process, some of which are killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.faults.oracle import Counts
from tests.faults.stage import stage
from tests.waiting import STARTED_WITHIN, until

#: Forks a process for each line, ``WRITER NUMBER``: it records from that number on.
_PROGRAM = r"""
import os, signal, sys
from pathlib import Path
from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.transports.local import LocalTransport
from jupyter_sessions.core import dispatcher
from jupyter_sessions.core.history import recording
from tests.faults.oracle import make_command

code, seed, stopped = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def record(writer, number):
    transport = LocalTransport()
    while not stopped.exists():
        name = f"{writer}-{number}"
        request = schemas.RecordCommands(code=code, commands=[make_command(seed, name)])
        os.write(1, f"try {name}\n".encode())
        while True:
            try:
                (taken,) = transport.call(api.RECORD_COMMANDS, request).numbers
                break
            except errors.StoreBusy:
                os.write(1, f"busy {name}\n".encode())
        os.write(1, f"have {name} {taken}\n".encode())
        number += 1


for line in sys.stdin:
    writer, number = line.split()
    child = os.fork()
    if not child:
        try:
            record(writer, int(number))
        except BaseException as error:
            os.write(1, f"fail {writer} {error!r}\n".encode())
        sys.exit()
    os.write(1, f"fork {writer} {child}\n".encode())
"""


def share_file(rounds: int, seed: int, processes: int = 32) -> Counts:
    """Have processes record into one session in one SQLite file, and kill so many of them."""
    chance = random.Random(seed)
    kind = f"{processes} processes on one SQLite file"
    with tempfile.TemporaryDirectory() as folder, stage(kind, seed, Path(folder)) as made:
        stopped = Path(folder, "stopped")
        program = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, made.code, str(seed), str(stopped)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env=made.place.environment,
        )  # fmt: skip
        running: dict[str, int] = {}
        reached: dict[str, int] = {}
        tried: set[str] = set()

        def listen() -> None:
            assert program.stdout is not None
            for line in program.stdout:
                what, name, *rest = line.split(maxsplit=2)
                match what:
                    case "fork":
                        running[name] = int(rest[0])
                    case "try" if name not in tried:
                        tried.add(name)
                        made.oracle.note_tried()
                    case "busy":
                        made.oracle.note_seen("busy database")
                    case "have":
                        made.oracle.acknowledge(name, int(rest[0]))
                        writer, _, number = name.rpartition("-")
                        reached[writer] = int(number) + 1
                    case "fail":
                        made.oracle.note_wrong(line.strip())

        def start(writer: str) -> None:
            assert program.stdin is not None
            running.pop(writer, None)
            print(writer, reached.get(writer, 0), file=program.stdin, flush=True)
            until(lambda: writer in running, f"the process {writer}")

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        try:
            for number in range(processes):
                start(f"process{number}")
            until(lambda: len(reached) == processes, lambda: f"all to write; {reached}")
            for _ in range(rounds):
                writer = chance.choice(sorted(running))
                os.kill(running[writer], signal.SIGKILL)
                made.oracle.note_fault("SIGKILL of a process")
                # What it has said before is heard before its successor begins.
                time.sleep(0.05)
                start(writer)
                made.until_more(10)
                if made.oracle.counts.wrong:
                    break
        finally:
            stopped.touch()
            assert program.stdin is not None
            program.stdin.close()
            program.wait(STARTED_WITHIN)
            listener.join(STARTED_WITHIN)
            assert program.stdout is not None
            program.stdout.close()
        if listener.is_alive():
            made.oracle.note_wrong("a process did not end")
        return made.compare(order=True)
