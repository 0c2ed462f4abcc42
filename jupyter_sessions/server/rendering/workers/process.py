"""Manage a rendering worker process from the server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import BinaryIO, cast

from jupyter_sessions.server.rendering.workers.protocol import (
    Batch,
    Rendered,
    decode_reply,
    read_frame,
    write_frame,
)

#: The part of the server's environment that a worker inherits; the rest may hold secrets.
_ENVIRONMENT = frozenset(
    (
        "PATH", "PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX",
        "PYTHONUTF8", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL",
        "LC_CTYPE", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP",
    )
)  # fmt: skip


class WorkerDied(Exception):
    """The worker ended, or was killed, before the batch was complete."""


class WorkerProcess:
    """A worker process, possibly not ready yet; all but `kill` is for one thread at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            # Do not import from the folder in which the server was started.
            [sys.executable, "-P", "-m", "jupyter_sessions.server.rendering.workers.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name in _ENVIRONMENT},
            # Ctrl-C in the server's terminal is for the server, which stops the process in order.
            start_new_session=True,
        )
        self._in = cast("BinaryIO", self._process.stdin)
        self._out = cast("BinaryIO", self._process.stdout)
        self.ready = False
        self.retires = False

    @property
    def pid(self) -> int:
        """The process ID."""
        return self._process.pid

    @property
    def out_of_time(self) -> bool:
        """Whether the system ended the process because it used too much processor time."""
        over: int | None = getattr(signal, "SIGXCPU", None)
        return over is not None and self._process.poll() == -over

    def wait_until_ready(self) -> None:
        """Wait until the worker has imported its libraries.

        Raises
        ------
        WorkerDied
            When it ends instead.
        """
        if not self.ready:
            if read_frame(self._out) is None:
                raise WorkerDied
            self.ready = True

    def render(self, batch: Batch, take: Callable[[Rendered], None]) -> None:
        """Render a batch, and pass on the result of each job in order.

        Raises
        ------
        WorkerDied
            When the worker ends before the batch is complete.
        """
        self.wait_until_ready()
        try:
            write_frame(self._in, batch)
        except OSError:
            raise WorkerDied from None
        while (frame := read_frame(self._out)) is not None:
            reply = decode_reply(frame)
            if reply.rendered is None:
                self.retires = reply.retire
                return
            take(reply.rendered)
        raise WorkerDied

    def kill(self) -> None:
        """Kill the process at once; a waiting caller gets `WorkerDied`."""
        self._process.kill()

    def close(self) -> None:
        """Stop the process and close its pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._in, self._out):
            try:
                pipe.close()
            except OSError:  # nobody reads what was not written yet
                continue
