"""How long to wait before something that failed is tried again."""

from __future__ import annotations

import random

_MOST_DOUBLINGS = 30


def compute_wait(failures: int, first: float, longest: float) -> float:
    """Return the seconds to wait after a number of failures in a row.

    Parameters
    ----------
    failures
        The number of failures, the latest included.
    first
        The seconds after the first failure; they double with each further one.
    longest
        The most seconds to wait.
    """
    doublings = min(max(failures - 1, 0), _MOST_DOUBLINGS)
    return min(first * 2.0**doublings, longest)


def spread_wait(seconds: float) -> float:
    """Return a random part of a wait, half of it at least.

    Many processes may lose one server at the same moment, and must not all come back at once.
    """
    return seconds * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret
