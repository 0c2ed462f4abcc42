"""The rendering worker process, which inherits little from the server.

It ends with the server that started it: when its standard input is closed.
"""

from __future__ import annotations

import math
import os
import sys
import time
from contextlib import suppress

import psutil

from jupyter_sessions.server.rendering.budget import count_time
from jupyter_sessions.server.rendering.workers.jobs import run
from jupyter_sessions.server.rendering.workers.protocol import (
    Job,
    Rendered,
    Reply,
    decode_batch,
    read_frame,
    write_frame,
)

#: Bytes of a worker's address space.
_MEMORY = 768 * 2**20
#: A worker that grows beyond this asks to be replaced: freed memory is not returned to the system.
_RETIRES_AT = 384 * 2**20
#: Extra seconds of processor time after which the system ends a worker that has not stopped by
#: itself. The system counts whole seconds.
_ENDS_AFTER = 0.75


def _load() -> None:
    """Import the renderers, before the first job and before memory is limited."""
    for job in (
        Job("code", b"1", "python"),
        Job("terminal", b"\x1b[1m", "1"),
        Job("output", b'{"text/markdown":"*a* $a$"}', "[]"),
    ):
        run(job, 10.0)


def _limit_memory() -> None:
    with suppress(ImportError, ValueError, OSError):  # no such limit, or a lower one
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_time(seconds: float | None) -> None:
    """Let the system end the process if it uses so much more processor time; None for no limit.

    A signal handler can't stop code that does not return to the interpreter; the system can.
    """
    with suppress(ImportError, ValueError, OSError):  # as above; then the pool's limit remains
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        soft = resource.RLIM_INFINITY
        if seconds is not None:
            soft = math.ceil(time.process_time() + seconds + _ENDS_AFTER)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _has_grown() -> bool:
    # The system's peak memory value includes the server's, from before the process image was
    # replaced.
    held: int = psutil.Process().memory_info().rss
    return held > _RETIRES_AT


def main() -> None:
    """Render until the server has ended."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # standard output carries only frames
    _load()
    count_time()
    _limit_memory()
    write_frame(out, Reply())
    while (frame := read_frame(sys.stdin.buffer)) is not None:
        batch = decode_batch(frame)
        end = time.process_time() + batch.seconds
        for job in batch.jobs:
            left = min(batch.longest, end - time.process_time())
            _limit_time(left)
            rendered = run(job, left) if left > 0 else Rendered(failure="slow")
            write_frame(out, Reply(rendered))
        _limit_time(None)
        write_frame(out, Reply(retire=_has_grown()))


if __name__ == "__main__":
    with suppress(BrokenPipeError, KeyboardInterrupt):  # the server has ended
        main()
