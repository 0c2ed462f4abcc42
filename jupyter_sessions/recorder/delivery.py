"""Deliver recordings to their sink from a separate thread, so that a slow sink delays nobody."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from threading import Event, Thread

from jupyter_sessions import schemas
from jupyter_sessions.recorder.tracker import Tracker

Sink = Callable[[schemas.Recording], None]

#: Seconds to wait if there is no memory left.
_NO_MEMORY = 0.05

_log = logging.getLogger(__name__)


def settle_delivered(sink: Sink, settle: Sink) -> Sink:
    """Return a sink that also calls `settle` with each delivered command that has ended."""

    def hand_on(recording: schemas.Recording) -> None:
        sink(recording)
        if recording.response is not None:
            settle(recording)

    return hand_on


class Delivery:
    """Passes due recordings from `tracker` to `sink`.

    A recording is lost if the sink raises an exception; the first loss is logged.
    """

    def __init__(self, sink: Sink, tracker: Tracker) -> None:
        self._sink = sink
        self._tracker = tracker
        self._poked = Event()
        self._closing = False
        self._flushing: deque[tuple[bool, Event]] = deque()
        self._failed = False
        self._thread = Thread(target=self._run, name="jupyter-sessions delivery", daemon=True)
        self._thread.start()

    def poke(self) -> None:
        """Check again what is due, since the tracker has changed."""
        self._poked.set()

    def flush(self, timeout: float, *, announced: bool) -> bool:
        """Deliver at once what is not due yet, and wait until that is done.

        Parameters
        ----------
        timeout
            The maximum time to wait, in seconds.
        announced
            Whether to include commands that are still running.
        """
        done = Event()
        self._flushing.append((announced, done))
        self._poked.set()
        return done.wait(timeout)

    def close(self, timeout: float) -> bool:
        """Deliver all that is left, and stop; return whether that took less than `timeout`."""
        self._closing = True
        self._poked.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._closing:
            due = self._tracker.due()
            self._poked.wait(None if due is None else max(0.0, due - time.monotonic()))
            self._poked.clear()
            flushing = [self._flushing.popleft() for _ in range(len(self._flushing))]
            announced = any(each for each, _ in flushing)
            try:
                self._send_due(everything=bool(flushing), running=announced)
            except MemoryError:  # whatever took all the memory may release it
                _log.warning("Out of memory: the recording could not be delivered")
                self._poked.set()
                time.sleep(_NO_MEMORY)
            for _, done in flushing:
                done.set()
        self._send_due(everything=True)

    def _send_due(self, *, everything: bool, running: bool = False) -> None:
        due = self._tracker.take_due(time.monotonic(), everything=everything, running=running)
        for recording in due:
            try:
                self._sink(recording)
            except Exception:  # noqa: BLE001 - whatever the sink raises, later commands count
                if not self._failed:
                    _log.exception("Command %s could not be delivered and is lost", recording.id)
                self._failed = True
            finally:
                self._tracker.confirm(recording.id)
