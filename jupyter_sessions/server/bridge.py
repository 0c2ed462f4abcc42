"""From the store's threads into the event loop: answers that come together wake it once."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Bridge:
    """Brings answers to the event loop that runs where it is made.

    One commit settles many answers at once. `asyncio.wrap_future` would wake the loop for each,
    which costs more than all else on an answer's way.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._settled: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()

    def wait(self, answer: Future[T]) -> asyncio.Future[T]:
        """Return what can be awaited for `answer`."""
        awaited: asyncio.Future[T] = self._loop.create_future()
        answer.add_done_callback(lambda settled: self._settle(awaited, settled))
        return awaited

    def _settle(self, awaited: asyncio.Future[Any], settled: Future[Any]) -> None:
        with self._lock:
            asleep = not self._settled
            self._settled.append((awaited, settled))
        if asleep and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        with self._lock:
            taken, self._settled = self._settled, deque()
        for awaited, settled in taken:
            if awaited.cancelled():
                continue
            error = settled.exception()
            if error is None:
                awaited.set_result(settled.result())
            else:
                awaited.set_exception(error)
