"""A few threads that do work beside the caller, until the very end of the process.

`concurrent.futures` takes no more work once the interpreter begins to shut down, which is just when
a kernel hands over its last commands. These threads are daemons, and work as long as anything does.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from jupyter_sessions import forking
from jupyter_sessions.errors import StoreUnusable

T = TypeVar("T")


def closing() -> StoreUnusable:
    """Make the failure of whatever comes too late."""
    return StoreUnusable("The store is closing.", hint="Try again when the server is back.")


class Workers:
    """Threads that take what is submitted in turn; they are started with the first of it.

    Parameters
    ----------
    count
        How many there are.
    name
        How they are called.
    """

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._starting = threading.Lock()
        self._closed = False
        self._threads: list[threading.Thread] = []
        self._waiting: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        forking.reset_in_child(self)

    def reset_in_child(self) -> None:
        """Take nothing more: the threads are the parent's."""
        self._starting = threading.Lock()
        self._closed = True
        self._threads = []

    @property
    def waiting(self) -> int:
        """How much that was submitted is not begun yet."""
        return self._waiting.qsize()

    def submit(self, work: Callable[..., T], *arguments: Any) -> Future[T]:
        """Have `work` done; the future holds what it returns or raises.

        Raises
        ------
        StoreUnusable
            After `close`.
        """
        outcome: Future[T] = Future()

        def do() -> None:
            if not outcome.set_running_or_notify_cancel():
                return
            try:
                result = work(*arguments)
            except BaseException as error:  # noqa: BLE001  # it belongs to whoever waits, not to us
                outcome.set_exception(error)
            else:
                outcome.set_result(result)

        with self._starting:
            if self._closed:
                raise closing()
            if len(self._threads) < self._count:
                self._start()
            self._waiting.put(do)
        return outcome

    def close(self) -> None:
        """Finish what was submitted, then end."""
        with self._starting:
            self._closed = True
            for _ in self._threads:
                self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _start(self) -> None:
        name = f"{self._name}-{len(self._threads)}"
        self._threads.append(threading.Thread(target=self._work, name=name, daemon=True))
        self._threads[-1].start()

    def _work(self) -> None:
        while (do := self._waiting.get()) is not None:
            do()
            # Or what it holds, up to whole outputs, would stay until the next one comes.
            del do
