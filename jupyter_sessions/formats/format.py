"""Define a format: a way to write values of some kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

_LONGEST_REASON = 200

#: A note names no more columns, types or descriptions than these.
_MAX_NAMED = 3


@dataclass(frozen=True)
class Written:
    """A value as the content of a file.

    Attributes
    ----------
    data
        The content.
    note
        What the content omits of the value, in a sentence; empty if nothing.
    """

    data: bytes
    note: str = ""


@dataclass(frozen=True)
class Format:
    """A way to write values of some kind; other packages can add formats by an entry point.

    Attributes
    ----------
    name
        The name of the values in messages.
    endings
        The file extensions that it can write, with their dots; the first is the default.
    takes
        Returns whether a value is of this kind. Must be fast, and must not import anything.
    write
        Returns the content of a value for an extension: bytes, or a `Written` with a note about
        omissions. Raises `BadRequest` if the extension can't hold the value.
    """

    name: str
    endings: Callable[[object], tuple[str, ...]]
    takes: Callable[[object], bool]
    write: Callable[[object, str], bytes | Written]


def always(*endings: str) -> Callable[[object], tuple[str, ...]]:
    """Declare that all values of a format have the same extensions."""
    return lambda _value: endings


def is_a(value: object, *types: str) -> bool:
    """Tell whether a value is of one of these types (``package.Name``), without importing them."""
    return any(
        f"{base.__module__.partition('.')[0]}.{base.__name__}" in types
        for base in type(value).__mro__
    )


def join_notes(*notes: str) -> str:
    """Return one note of several, of which some may be empty."""
    return " ".join(filter(None, notes))


def list_some(names: Iterable[str]) -> str:
    """List names for a note: the first ones, and a sign that there are more."""
    listed = list(names)
    more = ["…"] if len(listed) > _MAX_NAMED else []
    return ", ".join([*listed[:_MAX_NAMED], *more])


def describe_reader_type(value: object, *types: str) -> str:
    """Say what a reader of a file gets for a value that is not of the first of these types.

    Parameters
    ----------
    value
        The value that was written.
    types
        The names of the type that a reader gets, and of types that stand for it.
    """
    name = type(value).__name__
    return "" if name in types else f"It will be read as {types[0]}, not as {name}."


def is_missing(value: object) -> bool:
    """Tell whether a single value represents a missing value."""
    if value is None or is_a(value, "pandas.NAType", "pandas.NaTType"):
        return True
    floating = isinstance(value, float) or is_a(
        value, "numpy.floating", "numpy.datetime64", "numpy.timedelta64"
    )
    return floating and bool(value != value)  # only NaN and NaT differ from themselves


def first_line(error: BaseException) -> str:
    """Return the first line of a library's error as one short sentence."""
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    named = f"{type(error).__name__}: {said}" if said else type(error).__name__
    short = named if len(named) <= _LONGEST_REASON else f"{named[:_LONGEST_REASON]}…"
    return short if short.endswith((".", "…", "!", "?")) else f"{short}."
