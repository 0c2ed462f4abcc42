"""Methods of single objects that stand in for their own for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def replace(target: object, **methods: Callable[..., Any]) -> Callable[[], None]:
    """Give `target` other methods; return what gives it back those that it had.

    Raises
    ------
    AttributeError
        When the object takes no attributes of its own.
    """
    own = vars(target)
    before = {name: own[name] for name in methods if name in own}
    for name, method in methods.items():
        setattr(target, name, method)

    def restore() -> None:
        for name, method in methods.items():
            # Whoever has put something over ours since then keeps it.
            if vars(target).get(name) is not method:
                continue
            if name in before:
                setattr(target, name, before[name])
            else:
                delattr(target, name)

    return restore
