"""Dropping what is of no use any more: logins that have ended, and what broken writes left."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from jupyter_sessions.client.logins import storage
from jupyter_sessions.client.logins import storage as names
from jupyter_sessions.client.logins.model import Login
from jupyter_sessions.client.logins.storage import NEW, folder

#: For so long an expired login stays in the list, for its owner to see what became of it.
KEPT = timedelta(days=30)
_EVERY = 86_400.0  # seconds


def ended(logins: Iterable[Login]) -> list[Login]:
    """Return of some stored logins those that have certainly ended."""
    return [login for login in logins if login.over]


def long_expired() -> list[Login]:
    """Return the stored logins whose last day was long ago.

    A clock that is ahead by more than `KEPT` costs their users new logins, and nothing else.
    """
    now = datetime.now(UTC)
    return [
        login
        for login in storage.stored()
        if login.expires is not None and login.expires + KEPT <= now
    ]


def prune(gone: list[Login]) -> None:
    """Forget stored logins, and what broken writes left."""
    for login in gone:
        storage.remove(login)
    # Files that a writer has made and not put in place within a day; one that is just being made
    # can look so old only while the clock jumps, and its writer then fails and says so.
    old = time.time() - _EVERY
    for torn in folder().glob(f".*{NEW}"):
        with suppress(OSError):
            if torn.stat().st_mtime < old:
                torn.unlink()


def prune_now_and_then() -> None:
    """Have a process of its own forget what expired 30 days ago; at most once a day."""
    marker = folder() / names.PRUNED
    try:
        # A clock that is set makes this come early, or late by as much.
        due = marker.stat().st_mtime < time.time() - _EVERY
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
