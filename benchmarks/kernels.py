"""A kernel of its own, which does what a row asks for."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from benchmarks import servers

T = TypeVar("T")

_WITHIN = 60.0  # seconds


class Kernel:
    """A kernel of its own."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    @classmethod
    @contextlib.contextmanager
    def started(cls, folder: Path) -> Iterator[Kernel]:
        """Start one, with all of its files in `folder`."""
        manager = KernelManager(kernel_name="python3")
        environment = servers.environment(folder) | {"IPYTHONDIR": str(folder / "ipython")}
        with (folder / "kernel.log").open("wb") as log:
            manager.start_kernel(cwd=str(folder), stdout=log, stderr=log, env=environment)
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(_WITHIN)
            yield cls(client)
        finally:
            client.stop_channels()
            manager.shutdown_kernel()

    def run(self, code: str, times: int = 1, pause: float = 0.0) -> None:
        """Run a cell, `times` over: each after the other has ended and a pause, or in a queue."""
        ids = []
        for _ in range(times):
            ids.append(self._client.execute(code))
            if pause:
                self._reply(ids.pop())
                time.sleep(pause)
        for sent in ids:
            self._reply(sent)

    def ask(self, expression: str, kind: type[T]) -> T:
        """Return what an expression gives, which is written as in JSON."""
        sent = self._client.execute("", user_expressions={"asked": expression})
        asked = self._reply(sent)["user_expressions"]["asked"]
        if asked["status"] != "ok":
            raise RuntimeError("\n".join(asked["traceback"]))
        return msgspec.json.decode(asked["data"]["text/plain"], type=kind)

    def _reply(self, sent: str) -> dict[str, object]:
        while True:
            message = self._client.get_shell_msg(timeout=_WITHIN)
            if message["parent_header"].get("msg_id") == sent:
                content: dict[str, object] = message["content"]
                if content["status"] != "ok":
                    raise RuntimeError("\n".join(content["traceback"]))
                return content
