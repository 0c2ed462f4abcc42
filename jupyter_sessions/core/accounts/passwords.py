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

    def __init__(self, what: str, hint: str) -> None:
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
            self._check(name)

    def failed(self, name: str, longest: float = _LONGEST_WAIT) -> None:
        """Count a failed try; `longest` is the longest wait that it brings, in seconds."""
        with self._lock:
            self._count(name, longest)

    def begin(self, name: str, longest: float = _LONGEST_WAIT) -> None:
        """Let a try through and count it as failed, until `succeeded` or `withdraw` says otherwise.

        However many come at once, no more of them get through than one after the other.

        Raises
        ------
        TooManyTries
            When the name has to wait.
        """
        with self._lock:
            self._check(name)
            self._count(name, longest)

    def withdraw(self, name: str) -> None:
        """Take back that a try was counted, of which nothing came."""
        with self._lock:
            count, _ = self._failures.pop(name, (0, 0.0))
            if count > 1:
                self._failures[name] = (count - 1, 0.0)

    def succeeded(self, name: str) -> None:
        """Forget the failed tries."""
        with self._lock:
            self._failures.pop(name, None)

    def _check(self, name: str) -> None:
        _, until = self._failures.get(name, (0, 0.0))
        wait = until - time.monotonic()
        if wait > 0:
            raise too_many_tries(self._what, wait, self._hint)

    def _count(self, name: str, longest: float) -> None:
        count = self._failures.pop(name, (0, 0.0))[0] + 1
        # More doublings than reach the longest wait are more than a float takes.
        doublings = min(count - _FREE_TRIES, 10)
        wait = min(2.0**doublings, longest) if doublings >= 0 else 0
        self._failures[name] = (count, time.monotonic() + wait)
        while len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)


def too_many_tries(what: str, wait: float, hint: str) -> TooManyTries:
    """Return the error for who has to wait, which says for how long."""
    error = TooManyTries(f"Too many {what} have failed; wait {math.ceil(wait)} s.", hint=hint)
    error.retry_after = math.ceil(wait)
    return error
