"""A forked child is another process: what it may not use of its parent's it lets go of at once.

Threads don't live in a child, their locks may be held for ever, and connections and files are still
the parent's. Whatever has such things registers here, and is called first of all in the child.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol
from weakref import WeakSet


class Inherited(Protocol):
    """What a child inherits and can't use as it is."""

    def reset_in_child(self) -> None:
        """Make it usable in the child, or useless and harmless; take no lock of the parent's."""


_inherited: WeakSet[Inherited] = WeakSet()
_functions: list[Callable[[], None]] = []


def reset_in_child(inherited: Inherited) -> None:
    """Have an object reset in each child, for as long as it lives."""
    _inherited.add(inherited)


def call_in_child(function: Callable[[], None]) -> None:
    """Have a function called in each child, before objects are reset."""
    _functions.append(function)


def _reset_all() -> None:
    for function in _functions:
        function()
    # No other thread lives here that could change it; some may have been about to.
    for inherited in list(_inherited):
        inherited.reset_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_all)
