"""Handing recordings to where they go, in a thread of its own: a slow sink holds up no recorder."""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

from jupyter_sessions import model

Sink = Callable[[model.Recording], None]

_log = logging.getLogger(__name__)


class Delivery:
    """Gives recordings to `sink`, one after the other in the order they came.

    A recording that the sink refuses by an exception is lost; the first such loss is logged.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._queue: SimpleQueue[model.Recording | None] = SimpleQueue()
        self._failed = False
        self._thread = Thread(target=self._run, name="jupyter-sessions delivery", daemon=True)
        self._thread.start()

    def put(self, recordings: list[model.Recording]) -> None:
        """Queue recordings."""
        for recording in recordings:
            self._queue.put(recording)

    def close(self, timeout: float) -> bool:
        """Deliver what is queued and end; tell whether that was done within `timeout` seconds."""
        self._queue.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (recording := self._queue.get()) is not None:
            try:
                self._sink(recording)
            except Exception:  # noqa: BLE001 - whatever the sink raises, later commands still count
                if not self._failed:
                    _log.exception("Command %s could not be handed on and is lost", recording.id)
                self._failed = True
