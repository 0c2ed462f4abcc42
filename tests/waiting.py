"""Waiting in tests: to ask again until something is so, and to tell what was awaited if not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

STARTED_WITHIN = 90.0  # seconds, on a busy machine


def until(
    condition: Callable[[], Any],
    what: str | Callable[[], object] = "what was awaited",
    within: float = STARTED_WITHIN,
    every: float = 0.01,
) -> Any:
    """Wait for something to be so, and return it; `what` tells of it, or of what is instead."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        if time.monotonic() > deadline:
            told = what() if callable(what) else what
            raise AssertionError(f"not within {within} s: {told}")
        time.sleep(every)
    return found
