"""Ending what tests have started: for certain, and with what its threads were at if it doesn't."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

from tests.waiting import STARTED_WITHIN

_DUMPED_WITHIN = 10.0


def end_process(
    process: subprocess.Popen[Any],
    log: Path | None = None,
    how: int = signal.SIGTERM,
    within: float = STARTED_WITHIN,
) -> int:
    """End a process as its users do, and return its exit status; in any case it is gone then.

    A server that is in the middle of a request for a file when it ends may hang for ever, whoever
    serves the request: anyio's worker threads are waited for at exit, and are ended with the task
    that has started them only, which does not come to its end with a closed event loop. That is
    Jupyter's own, and none of our tests' concern.

    Parameters
    ----------
    process
        What to end; `conftest` has set what makes Python tell its stacks.
    log
        Where its errors go.
    how
        The signal.
    within
        How long it may take, in seconds.
    """
    if process.poll() is None:
        process.send_signal(how)
    try:
        return process.wait(within)
    except subprocess.TimeoutExpired:
        pass
    process.send_signal(signal.SIGABRT)  # Python writes the stacks of all threads
    try:
        process.wait(_DUMPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    told = log.read_text(errors="replace") if log is not None else ""
    stacks = told.partition("Fatal Python error: Aborted")[2]
    if _waits_for_anyio(stacks):
        return os.EX_OK
    raise AssertionError(
        f"A process did not end by signal {int(how)} within {within} s. Its threads:\n"
        f"{stacks or told}"
    )


def _waits_for_anyio(stacks: str) -> bool:
    """Tell whether a process is at its end, but for a worker thread of anyio that waits."""
    threads = stacks.split("\n\n")
    at_exit = any("_shutdown" in thread and "_python_exit" not in thread for thread in threads)
    return at_exit and any(
        "anyio/_backends/_asyncio.py" in thread and "queue.py" in thread for thread in threads
    )
