"""The server's side of a rendering worker."""

from __future__ import annotations

import os
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

#: What a worker gets of the server's environment, which may hold passwords and keys.
_ENVIRONMENT = frozenset(
    (
        "PATH", "PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX",
        "PYTHONUTF8", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL",
        "LC_CTYPE", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP",
    )
)  # fmt: skip


class WorkerDied(Exception):
    """The worker has ended, or was ended, before the batch was through."""


class WorkerProcess:
    """A worker, started and not yet ready; all but `kill` is for one thread at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            # What lies in the folder that the server was started in is nothing to import.
            [sys.executable, "-P", "-m", "jupyter_sessions.server.rendering.workers.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name in _ENVIRONMENT},
            # Ctrl-C in the server's terminal is for the server, which ends it in good order.
            start_new_session=True,
        )
        self._in = cast("BinaryIO", self._process.stdin)
        self._out = cast("BinaryIO", self._process.stdout)
        self.ready = False
        self.retires = False

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Wait until it has imported what it needs.

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
        """Have a batch rendered, and hand over what comes of its jobs, one after the other.

        Raises
        ------
        WorkerDied
            When it ends before it is through.
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
        """End it at once; whoever waits for it learns that it died."""
        self._process.kill()

    def close(self) -> None:
        """End it, and let go of it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._in, self._out):
            try:
                pipe.close()
            except OSError:  # what was not written yet has nobody to read it
                continue
