"""Remove expired stored logins and the leftovers of interrupted writes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from jupyter_sessions.client.logins import storage
from jupyter_sessions.client.logins.model import Login
from jupyter_sessions.client.logins.storage import folder
from jupyter_sessions.local_files import INCOMPLETE

#: How long an expired login stays in the list, so that its owner sees what became of it.
RETENTION = timedelta(days=30)
_INTERVAL = 86_400.0  # seconds


def ended(logins: Iterable[Login]) -> list[Login]:
    """Return those of the stored logins that have certainly ended."""
    return [login for login in logins if login.over]


def long_expired() -> list[Login]:
    """Return the stored logins that expired long ago.

    A clock that is ahead by more than `RETENTION` costs its users new logins, and nothing else.
    """
    now = datetime.now(UTC)
    return [
        login
        for login in storage.stored()
        if login.expires is not None and login.expires + RETENTION <= now
    ]


def prune(ended_logins: list[Login]) -> None:
    """Remove stored logins, and the leftovers of interrupted writes."""
    for login in ended_logins:
        storage.remove(login)
    # Temporary files from more than a day ago. A current one can look so old only if the clock
    # jumps; its writer then fails with an error.
    old = time.time() - _INTERVAL
    for torn in folder().glob(f".*{INCOMPLETE}"):
        with suppress(OSError):
            if torn.stat().st_mtime < old:
                torn.unlink()


def prune_now_and_then() -> None:
    """Start a process that removes long expired logins; at most once a day."""
    marker = folder() / storage.PRUNED
    try:
        # A change of the clock makes this run earlier or later by the same amount.
        due = marker.stat().st_mtime < time.time() - _INTERVAL
        marker.touch(0o600)
    except FileNotFoundError:
        due = False
        with suppress(OSError):
            marker.touch(0o600)
    except OSError:
        return
    if not due:
        return
    with suppress(OSError):
        process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        threading.Thread(target=process.wait, daemon=True).start()


if __name__ == "__main__":
    prune(long_expired())
