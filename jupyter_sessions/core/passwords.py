"""Passwords: hashed with argon2, checked at the same pace whether or not there is such a user."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from functools import cache
from typing import TYPE_CHECKING

from jupyter_sessions.errors import TooManyTries

if TYPE_CHECKING:
    from argon2 import PasswordHasher

_FREE_TRIES = 5
_LONGEST_WAIT = 300.0  # seconds
_REMEMBERED = 10_000


@cache
def _hasher() -> PasswordHasher:
    # On use: most processes never see a password.
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash("the password of nobody")


def make_hash(password: str) -> str:
    """Hash a password."""
    return _hasher().hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Check a password; without a hash the work is done all the same, and the answer is no."""
    from argon2.exceptions import InvalidHashError, VerifyMismatchError

    try:
        _hasher().verify(password_hash or _nobody(), password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None


class BackOff:
    """Failed tries wait: five are free, then the wait doubles, up to five minutes.

    Kept in memory by name, for names that exist and names that don't, so that it tells nothing.

    Parameters
    ----------
    what
        What has failed, in a sentence.
    hint
        What to do about it.
    """

    def __init__(
        self,
        what: str = "logins under this name",
        hint: str = "If you have lost the password, ask the server's administrator for a new one.",
    ) -> None:
        self._what = what
        self._hint = hint
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def check(self, name: str) -> None:
        """Let a try through, or not.

        Raises
        ------
        TooManyTries
            When the name has to wait.
        """
        with self._lock:
            _, until = self._failures.get(name, (0, 0.0))
        wait = until - time.monotonic()
        if wait > 0:
            raise TooManyTries(
                f"Too many {self._what} have failed; wait {math.ceil(wait)} s.",
                hint=self._hint,
            )

    def failed(self, name: str) -> None:
        """Count a failed try."""
        with self._lock:
            count = self._failures.pop(name, (0, 0.0))[0] + 1
            # More doublings than reach the longest wait are more than a float takes.
            doublings = min(count - _FREE_TRIES, 10)
            wait = min(2.0**doublings, _LONGEST_WAIT) if doublings >= 0 else 0
            self._failures[name] = (count, time.monotonic() + wait)
            while len(self._failures) > _REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """Forget the failed tries."""
        with self._lock:
            self._failures.pop(name, None)
