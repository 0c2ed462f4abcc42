"""Run work in daemon threads that keep working until the very end of the process.

`concurrent.futures` accepts no work once the interpreter starts to shut down, which is when a
kernel delivers its last commands. These threads are daemons, and work as long as the process runs.
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
    """Return the error for work that is submitted too late."""
    return StoreUnusable("The store is closing.", hint="Try again when the server is back.")


def settle(outcome: Future[T], work: Callable[[], T]) -> bool:
    """Resolve a future with what `work` returns or raises; return False if it was cancelled."""
    if not outcome.set_running_or_notify_cancel():
        return False
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001  # the error belongs to the caller who waits
        outcome.set_exception(error)
    else:
        outcome.set_result(result)
    return True


class Workers:
    """Threads that run submitted work in order; they start with the first submission.

    Parameters
    ----------
    count
        The number of threads.
    name
        The name of the threads.
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
        """Accept no more work, since the threads belong to the parent."""
        self._starting = threading.Lock()
        self._closed = True
        self._threads = []

    @property
    def waiting(self) -> int:
        """The number of submitted units of work that have not started yet."""
        return self._waiting.qsize()

    def submit(self, work: Callable[..., T], *arguments: Any) -> Future[T]:
        """Submit `work`; the future holds what it returns or raises.

        Raises
        ------
        StoreUnusable
            After `close`.
        """
        outcome: Future[T] = Future()

        def do() -> None:
            settle(outcome, lambda: work(*arguments))

        with self._starting:
            if self._closed:
                raise closing()
            if len(self._threads) < self._count:
                self._start()
            self._waiting.put(do)
        return outcome

    def close(self) -> None:
        """Finish the submitted work, then stop the threads."""
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
            # Otherwise the work and all that it refers to, up to whole outputs, would stay in
            # memory until the next one comes.
            del do
