"""A JupyterLab behind a base URL with a prefix, and with a token: as Binder and hubs serve it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.ports import free_port
from tests.processes import end_process
from tests.waiting import STARTED_WITHIN, answers, until


@contextmanager
def jupyterlab(
    command: Sequence[str], log: Path, folder: Path, environment: Mapping[str, str]
) -> Iterator[str]:
    """Start a JupyterLab by its command in a folder, and give its base URL; the token is secret."""
    port = free_port()
    with log.open("wb") as output:
        server = subprocess.Popen(
            [
                *(*command, "--no-browser", "--allow-root"),
                *(f"--port={port}", "--ServerApp.port_retries=0"),
                *("--ServerApp.base_url=/user/x/", "--IdentityProvider.token=secret"),
            ],
            stdout=output, stderr=output, cwd=folder, env=environment,
        )  # fmt: skip
    base = f"http://127.0.0.1:{port}/user/x"
    try:
        until(
            lambda: answers(base, "/api") or server.poll() is not None,
            log.read_text,
            2 * STARTED_WITHIN,
        )
        assert server.poll() is None, log.read_text()
        yield base
    finally:
        end_process(server, log)


def wait_for_kernel(base: str) -> None:
    """Wait until the kernel is idle and JupyterLab listens: before, a cell asks for a kernel."""
    until(lambda: _has_kernel(base), "an idle kernel", 2 * STARTED_WITHIN, every=0.1)


def _has_kernel(base: str) -> bool:
    answer = httpx.get(f"{base}/api/kernels", params={"token": "secret"})
    # While a kernel starts or ends, Jupyter may fail to list it.
    kernels = answer.json() if answer.status_code == 200 else []
    return any(each["execution_state"] == "idle" and each["connections"] for each in kernels)
