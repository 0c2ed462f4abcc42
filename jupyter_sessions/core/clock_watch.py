"""Whether the wall clock can be trusted with what can't be undone."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Seconds by which it may go ahead or fall behind between two looks, as corrected clocks do.
_DRIFT = 60.0


def _passed() -> float:
    # Unlike `time.monotonic`, it goes on while a computer sleeps, as the wall clock does.
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class ClockWatch:
    """Notices when the wall clock was set.

    Parameters
    ----------
    wall, passed
        The clock to watch, and one that nobody sets, in seconds.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, passed: Callable[[], float] = _passed
    ) -> None:
        self._wall = wall
        self._passed = passed
        self._offset = wall() - passed()

    def is_steady(self) -> bool:
        """Tell whether the wall clock has gone as time has since this was last asked."""
        before, self._offset = self._offset, self._wall() - self._passed()
        return abs(self._offset - before) <= _DRIFT
