"""Waiting in tests: to ask again until something is so, and to tell what was awaited if not."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

STARTED_WITHIN = 90.0  # seconds, on a busy machine
_ANSWERED_WITHIN = 30.0  # seconds, of one request
_HEALTH = "/sessions/api/health"


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


def answers(server: str, path: str = _HEALTH) -> bool:
    """Tell whether a server of plain HTTP is up: whether it answers a request with success.

    Not by httpx: each of its clients reads the certificates of all authorities first. That takes
    longer than the request, and a server that starts meanwhile needs the processor itself.
    """
    url = urlsplit(server + path)
    connection = http.client.HTTPConnection(url.netloc, timeout=_ANSWERED_WITHIN)
    try:
        connection.request("GET", url.path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
