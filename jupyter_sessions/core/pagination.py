"""Encode and decode cursors: the position of a page in a list, as sent to the caller."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from jupyter_sessions.errors import BadRequest

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST = 2**62


def write(*numbers: int) -> str:
    """Encode numbers as a cursor."""
    return "-".join(map(str, numbers))


def read(cursor: str, count: int) -> list[int]:
    """Decode a cursor of `count` numbers.

    Raises
    ------
    BadRequest
        If the cursor is not valid.
    """
    parts = cursor.split("-")
    if len(parts) != count or not all(part.isdecimal() and len(part) < 20 for part in parts):
        raise _bad(cursor)
    numbers = [int(part) for part in parts]
    if max(numbers) > _LARGEST:
        raise _bad(cursor)
    return numbers


def name(cursor: str) -> str:
    """Check a cursor that is a name.

    Raises
    ------
    BadRequest
        If the cursor is not valid.
    """
    if "\0" in cursor:
        raise _bad(cursor)
    return cursor


def number(instant: datetime) -> int:
    """Return an instant as a number for a cursor."""
    return (instant - _EPOCH) // _MICROSECOND


def instant(number: int) -> datetime:
    """Return the instant for a number made by `number`."""
    try:
        return _EPOCH + timedelta(microseconds=number)
    except OverflowError:
        raise _bad(str(number)) from None


def _bad(cursor: str) -> BadRequest:
    return BadRequest(
        f"{cursor[:40]!r} is not a valid position in this list.",
        hint="Pass the `next` of the previous page unchanged, or leave `after` out.",
    )
