"""Reset objects in forked child processes that can't be used there.

The parent's threads don't exist in a child, their locks may be held for ever, and connections and
files still belong to the parent. Objects with such resources register here and are reset before
anything else runs in the child.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol
from weakref import WeakSet


class Inherited(Protocol):
    """An object that a child inherits and can't use as it is."""

    def reset_in_child(self) -> None:
        """Make the object usable in the child, or harmless; take no lock of the parent's."""


_inherited: WeakSet[Inherited] = WeakSet()
_functions: list[Callable[[], None]] = []


def reset_in_child(inherited: Inherited) -> None:
    """Register an object to be reset in each child process, as long as the object exists."""
    _inherited.add(inherited)


def call_in_child(function: Callable[[], None]) -> None:
    """Register a function to be called in each child process before objects are reset."""
    _functions.append(function)


def _reset_all() -> None:
    for function in _functions:
        function()
    # No other thread exists here that could change the set, but some may have been about to.
    for inherited in list(_inherited):
        inherited.reset_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_all)
