"""Replace methods of single objects for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def replace(target: object, **methods: Callable[..., Any]) -> Callable[[], None]:
    """Replace methods of `target`; return a function that restores the original ones.

    Raises
    ------
    AttributeError
        If the object does not accept attributes of its own.
    """
    own = vars(target)
    before = {name: own[name] for name in methods if name in own}
    for name, method in methods.items():
        setattr(target, name, method)

    def restore() -> None:
        for name, method in methods.items():
            # A method that somebody else has replaced since then stays.
            if vars(target).get(name) is not method:
                continue
            if name in before:
                setattr(target, name, before[name])
            else:
                delattr(target, name)

    return restore
