"""Cache rendering results by content, with a limit in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import blake2b

from jupyter_sessions.server.rendering.workers.protocol import KILLED, Job, Rendered

#: Bytes of all cached results, and of a single one.
_ROOM = 32_000_000
_LARGEST = 2_000_000


class RenderingCache:
    """A cache of the most recently used results."""

    def __init__(self, room: int = _ROOM) -> None:
        self._room = room
        self._used = 0
        self._lock = threading.Lock()
        self._found: OrderedDict[bytes, Rendered] = OrderedDict()

    def get(self, key: bytes) -> Rendered | None:
        """Return the result for a key, or None."""
        with self._lock:
            found = self._found.get(key)
            if found is not None:
                self._found.move_to_end(key)
            return found

    def put(self, key: bytes, rendered: Rendered) -> None:
        """Store a result, and evict the least recently used ones."""
        # Content that took too long will take too long again. Jobs that a busy server skipped are
        # not cached.
        if rendered.failure == "busy" or rendered.detail == KILLED:
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
