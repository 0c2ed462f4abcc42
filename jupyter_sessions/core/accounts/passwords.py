"""Hash and check passwords with argon2, in the same time for unknown users; delay failed tries."""

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
    # On use: most processes never handle a password.
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _make_placeholder() -> str:
    return _hasher().hash("the password of nobody")


def make_hash(password: str) -> str:
    """Hash a password."""
    return _hasher().hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Check a password; without a hash the same work is done, and the result is False."""
    from argon2.exceptions import InvalidHashError, VerifyMismatchError

    try:
        _hasher().verify(password_hash or _make_placeholder(), password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None


class BackOff:
    """Delays after failed tries: five are free, then the wait doubles, up to five minutes.

    Counts are kept in memory by name, whether or not the name exists, so they reveal nothing.

    Parameters
    ----------
    what
        What has failed, as part of a sentence.
    hint
        What to do about it.
    """

    def __init__(self, what: str, hint: str) -> None:
        self._what = what
        self._hint = hint
        self._lock = threading.Lock()
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def check(self, name: str) -> None:
        """Check that a try is allowed now.

        Raises
        ------
        TooManyTries
            If the name must wait.
        """
        with self._lock:
            self._check(name)

    def failed(self, name: str, longest: float = _LONGEST_WAIT) -> None:
        """Count a failed try; `longest` is the longest wait that it can cause, in seconds."""
        with self._lock:
            self._count(name, longest)

    def begin(self, name: str, longest: float = _LONGEST_WAIT) -> None:
        """Allow a try and count it as failed, until `succeeded` or `withdraw` corrects that.

        Simultaneous tries are counted like successive ones, so no more of them are allowed.

        Raises
        ------
        TooManyTries
            If the name must wait.
        """
        with self._lock:
            self._check(name)
            self._count(name, longest)

    def withdraw(self, name: str) -> None:
        """Withdraw a counted try that had no outcome."""
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
        # Beyond the longest wait, more doublings would overflow a float.
        doublings = min(count - _FREE_TRIES, 10)
        wait = min(2.0**doublings, longest) if doublings >= 0 else 0
        self._failures[name] = (count, time.monotonic() + wait)
        while len(self._failures) > _REMEMBERED:
            self._failures.popitem(last=False)


def too_many_tries(what: str, wait: float, hint: str) -> TooManyTries:
    """Return the error for a caller who must wait, which says for how long."""
    error = TooManyTries(f"Too many {what} have failed; wait {math.ceil(wait)} s.", hint=hint)
    error.retry_after = math.ceil(wait)
    return error
