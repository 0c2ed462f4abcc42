"""Cache rendered content by what it was rendered from, with a limit in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import blake2b
from typing import Generic, Protocol, TypeVar

from jupyter_sessions.server.rendering.workers.protocol import Job

#: Bytes of all cached results, and of a single one.
_ROOM = 32_000_000
_LARGEST = 2_000_000


class Cacheable(Protocol):
    """A result that knows its size, and whether the same content gives the same result again."""

    @property
    def size(self) -> int:
        """Its approximate size in bytes."""
        ...

    @property
    def final(self) -> bool:
        """Whether it is worth keeping."""
        ...


T = TypeVar("T", bound=Cacheable)


class RenderingCache(Generic[T]):
    """A cache of the most recently used results."""

    def __init__(self, room: int = _ROOM) -> None:
        self._room = room
        self._used = 0
        self._lock = threading.Lock()
        self._found: OrderedDict[bytes, T] = OrderedDict()

    def get(self, key: bytes) -> T | None:
        """Return the result for a key, or None."""
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
            return found

    def put(self, key: bytes, rendered: T) -> None:
        """Store a result that is final, and evict the least recently used ones."""
        if not rendered.final:
            return
        if rendered.size > min(_LARGEST, self._room):
            return
        with self._lock:
            before = self._found.pop(key, None)
            self._used += rendered.size - (before.size if before else 0)
            self._found[key] = rendered
            while self._used > self._room:
                _, oldest = self._found.popitem(last=False)
                self._used -= oldest.size


def job_key(job: Job) -> bytes:
    """Return the cache key of a job: equal for equal content and rendering."""
    head = f"{job.renderer}\0{job.option}\0".encode("utf-8", "replace")
    return blake2b(head + job.content, digest_size=32).digest()
