"""Detect jumps of the wall clock, before it decides what can't be undone."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Seconds that the clock may gain or lose between two checks, as clocks under correction do.
_DRIFT = 60.0


def _passed() -> float:
    # Unlike `time.monotonic`, this clock keeps running while a computer sleeps, as the wall clock
    # does.
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class ClockWatch:
    """Notices when the wall clock was set.

    Parameters
    ----------
    wall, passed
        The clock to watch, and a clock that is never set, in seconds.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, passed: Callable[[], float] = _passed
    ) -> None:
        self._wall = wall
        self._passed = passed
        self._offset = wall() - passed()

    def is_steady(self) -> bool:
        """Return whether the wall clock has advanced steadily since the last call."""
        before, self._offset = self._offset, self._wall() - self._passed()
        return abs(self._offset - before) <= _DRIFT
