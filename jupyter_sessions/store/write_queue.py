"""Queue writes in lanes: those of one lane run in order, and are committed together.

SQLite has one writer anyway, so all writes share one lane. On PostgreSQL each session is a lane.
Writes to a session wait for its row lock in any case; in a lane they wait here instead, and the
ones that gather there meanwhile cost one commit. A session that another server holds up keeps one
writer busy, not all of them.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

from jupyter_sessions.store.workers import closing

T = TypeVar("T")


class WriteQueue(Generic[T]):
    """Lanes of waiting work, served in turn by several threads; no lane by two at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._waiting: dict[Hashable, deque[T]] = {}
        self._ready: queue.SimpleQueue[Hashable | None] = queue.SimpleQueue()

    def put(self, lane: Hashable, work: T) -> None:
        """Add work to a lane.

        Raises
        ------
        StoreUnusable
            After `close`.
        """
        with self._lock:
            if self._closed:
                raise closing()
            waiting = self._waiting.get(lane)
            if waiting is None:
                self._waiting[lane] = deque((work,))
                self._ready.put(lane)
            else:
                waiting.append(work)

    def take_lane(self) -> Hashable | None:
        """Wait for a lane with work, which then belongs to this thread; None after `close`."""
        return self._ready.get()

    def take(self, lane: Hashable, most: int) -> list[T]:
        """Take the oldest work of a lane that belongs to this thread."""
        with self._lock:
            waiting = self._waiting[lane]
            if len(waiting) <= most:
                taken = list(waiting)
                waiting.clear()
                return taken
            return [waiting.popleft() for _ in range(most)]

    def give_back(self, lane: Hashable) -> bool:
        """Let other threads take a lane, after those that have waited longer.

        Returns
        -------
        bool
            Whether this thread must go on with the lane, since all others may have ended.
        """
        with self._lock:
            if not self._waiting[lane]:
                del self._waiting[lane]
                return False
            if self._closed:
                return True
            self._ready.put(lane)
            return False

    def close(self, threads: int) -> None:
        """Accept no more work; each of the threads ends when no lane is left."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for _ in range(threads):
                self._ready.put(None)
