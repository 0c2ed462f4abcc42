"""What a format is: a way to write values of some kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

_LONGEST_REASON = 200


@dataclass(frozen=True)
class Written:
    """A value as the content of a file.

    Attributes
    ----------
    data
        The content.
    note
        What of the value it does not hold, in a sentence; empty when it holds all.
    """

    data: bytes
    note: str = ""


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
        Gives the content of a value for one of the endings: its bytes, or a `Written` that says
        what they leave out. What the ending can't hold is refused by a `BadRequest`.
    """

    name: str
    endings: Callable[[object], tuple[str, ...]]
    takes: Callable[[object], bool]
    write: Callable[[object, str], bytes | Written]


def always(*endings: str) -> Callable[[object], tuple[str, ...]]:
    """Say that the endings are the same for each value of a format."""
    return lambda _value: endings


def is_a(value: object, *types: str) -> bool:
    """Tell whether a value is of one of these types (``package.Name``), importing none of them."""
    return any(
        f"{base.__module__.partition('.')[0]}.{base.__name__}" in types
        for base in type(value).__mro__
    )


def first_line(error: BaseException) -> str:
    """Return what an error of a library says in its first line, as one short sentence."""
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    named = f"{type(error).__name__}: {said}" if said else type(error).__name__
    short = named if len(named) <= _LONGEST_REASON else f"{named[:_LONGEST_REASON]}…"
    return short if short.endswith((".", "…", "!", "?")) else f"{short}."
