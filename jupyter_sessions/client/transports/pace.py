"""How long an answer may keep one waiting: for its next piece, and for all of it."""

from __future__ import annotations

import math
import time


class Pace:
    """A read time-out that httpx is given in place of a number, as it may be had of an integer.

    A number would count anew with each byte, so a server that drips would never be too slow. This
    one is asked before each read, and has an end that moves only with what has come.

    Parameters
    ----------
    seconds
        The longest time without a byte, and until an answer's head is there.
    """

    def __init__(self, seconds: float) -> None:
        self._longest = seconds
        self._end = math.inf

    def begin(self) -> None:
        """Wait for an answer's head from now on."""
        self.within(self._longest)

    def within(self, seconds: float) -> None:
        """End so many seconds from now, in place of the end that was there."""
        self._end = time.monotonic() + seconds

    def __index__(self) -> int:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return max(1, math.ceil(min(left, self._longest)))
