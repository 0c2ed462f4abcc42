"""Real kernels within a fraction of a second: forked from a process that has imported all of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.connect import write_connection_file

from tests.waiting import STARTED_WITHIN, until

_NURSERY = """
import json, os, signal, sys
import filelock, ipykernel.debugger, ipykernel.ipkernel, ipykernel.kernelapp, ipykernel.zmqshell
import IPython.core.completerlib, IPython.core.debugger, IPython.extensions.storemagic
import jupyter_sessions.cli.commands.sessions, jupyter_sessions.client.transports.local
import jupyter_sessions.core.dispatcher, jupyter_sessions.notebook.attachment
import jupyter_sessions.notebook.magics, jupyter_sessions.recorder.kernel
import jupyter_sessions.cli.last_session, pysqlite3, sqlalchemy.dialects.sqlite
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
nursery = os.getpid()
for line in sys.stdin:
    child = os.fork()
    if not child:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        asked = json.loads(line)
        os.environ.update(asked["environment"], JPY_PARENT_PID=str(nursery))
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1):
            os.dup2(nothing, standard)
        ipykernel.kernelapp.launch_new_instance(argv=["-f", asked["file"]])
        sys.exit()
    print(child, flush=True)
"""


_ASKED_EVERY = 5.0  # seconds
_STARTED_WITHIN = 5 * STARTED_WITHIN


class KernelNursery:
    """Starts kernels, each a process of its own, that have only their imports in common."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lock = threading.Lock()

    @contextmanager
    def kernel(self, folder: Path) -> Iterator[tuple[int, BlockingKernelClient]]:
        """Start a kernel with its connection file in `folder`; return its process and a client."""
        kernel, client = self._start(folder)
        try:
            yield kernel, client
        finally:
            _end(kernel, client)

    def _start(self, folder: Path) -> tuple[int, BlockingKernelClient]:
        deadline = time.monotonic() + _STARTED_WITHIN
        while True:
            file = folder / f"kernel-{uuid.uuid4()}.json"
            write_connection_file(str(file), key=uuid.uuid4().hex.encode())
            kernel = self._fork(file)
            client = BlockingKernelClient(connection_file=str(file))
            client.load_connection_file()
            client.start_channels(hb=False)  # on a busy machine, a heart is late and yet beats
            # Another process may take one of its ports before it does.
            while psutil.pid_exists(kernel) or time.monotonic() > deadline:
                with suppress(RuntimeError):
                    client.wait_for_ready(_ASKED_EVERY)
                    return kernel, client
                assert time.monotonic() < deadline, "no kernel has started"
            _end(kernel, client)

    def _fork(self, file: Path) -> int:
        pipe, answers = self._process.stdin, self._process.stdout
        assert pipe is not None
        assert answers is not None
        names = [name for name in os.environ if name.startswith(("JUPYTER_", "IPYTHON"))]
        asked: dict[str, Any] = {name: os.environ[name] for name in names}
        with self._lock:
            pipe.write(json.dumps({"file": str(file), "environment": asked}) + "\n")
            pipe.flush()
            return int(answers.readline())


def _end(kernel: int, client: BlockingKernelClient) -> None:
    client.stop_channels()
    client.context.destroy(linger=0)
    with suppress(ProcessLookupError):
        os.kill(kernel, signal.SIGKILL)
    until(lambda: not psutil.pid_exists(kernel), "the kernel's end")


@contextmanager
def kernel_nursery() -> Iterator[KernelNursery]:
    """Have a process that kernels are forked from; they end with it."""
    with subprocess.Popen(
        [sys.executable, "-c", _NURSERY],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONFAULTHANDLER": ""}, text=True,
    ) as process:  # fmt: skip
        try:
            yield KernelNursery(process)
        finally:
            process.terminate()
