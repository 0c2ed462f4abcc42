"""Processes that tests have started come to an end in any case."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import end_process
from tests.waiting import until

_STARTED = "import signal, sys, threading, time\nprint('started', file=sys.stderr, flush=True)\n"
_DEAF = _STARTED + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)\n"
#: A server's event loop that ends in the middle of a request for a file.
_ANYIO = """
import asyncio, sys, threading, time
import anyio.to_thread

async def request():
    print('started', file=sys.stderr, flush=True)
    await anyio.to_thread.run_sync(time.sleep, 1)

loop = asyncio.new_event_loop()
loop.create_task(request())
loop.call_later(0.2, loop.stop)
loop.run_forever()
loop.close()
"""


def _start(program: str, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", program], stderr=output)
    until(lambda: "started" in log.read_text() or process.poll() is not None)
    return process


def test_what_ignores_its_signal_is_ended_and_tells_what_it_was_at(tmp_path: Path) -> None:
    process = _start(_DEAF, tmp_path / "log")
    with pytest.raises(AssertionError, match=r"did not end by signal 15 within 0.3 s(.|\n)*line 4"):
        end_process(process, tmp_path / "log", within=0.3)
    assert process.poll() is not None


def test_a_worker_thread_of_anyio_that_is_waited_for_at_exit_is_nobodys_failure_here(
    tmp_path: Path,
) -> None:
    process = _start(_ANYIO, tmp_path / "log")
    assert end_process(process, tmp_path / "log", how=0, within=2.5) == 0
    assert process.poll() is not None
