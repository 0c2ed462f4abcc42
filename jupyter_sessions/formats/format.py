"""What a format is: a way to write values of some kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """A way to write values of some kind; other packages add theirs by an entry point.

    Attributes
    ----------
    name
        What messages call the values.
    endings
        The file endings that it writes a value with, with their dots; the first is the default.
    takes
        Whether a value is of this kind. Must be cheap, and import nothing.
    write
        Gives the bytes of a value for one of the endings.
    """

    name: str
    endings: Callable[[object], tuple[str, ...]]
    takes: Callable[[object], bool]
    write: Callable[[object, str], bytes]


def always(*endings: str) -> Callable[[object], tuple[str, ...]]:
    """Say that the endings are the same for each value of a format."""
    return lambda _value: endings


def is_a(value: object, *types: str) -> bool:
    """Tell whether a value is of one of these types (``package.Name``), importing none of them."""
    return any(
        f"{base.__module__.partition('.')[0]}.{base.__name__}" in types
        for base in type(value).__mro__
    )
