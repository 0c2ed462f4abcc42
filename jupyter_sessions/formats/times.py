"""Write dates, times and durations: as their text, or as ISO 8601 in JSON."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from jupyter_sessions.errors import BadRequest
from jupyter_sessions.formats.format import Format, Written, always, is_a, is_missing, join_notes
from jupyter_sessions.formats.texts import describe_text_only

#: Attoseconds, the shortest unit of NumPy, in each of its units that has a fixed length.
_ATTOSECONDS = {
    "as": 1,
    "fs": 10**3,
    "ps": 10**6,
    "ns": 10**9,
    "us": 10**12,
    "ms": 10**15,
    "s": 10**18,
    "m": 60 * 10**18,
    "h": 3_600 * 10**18,
    "D": 86_400 * 10**18,
    "W": 7 * 86_400 * 10**18,
}


def is_time(value: object) -> bool:
    """Tell whether a value is a date, a time or a duration, of Python, NumPy or pandas."""
    return isinstance(value, date | time | timedelta) or is_a(
        value, "numpy.datetime64", "numpy.timedelta64"
    )


def use_whole_minutes(value: datetime) -> datetime:
    """Return a time in UTC if its difference to UTC has seconds, which no reader supports."""
    offset = value.utcoffset()
    return value.astimezone(UTC) if offset and offset.seconds % 60 else value


def format_iso(value: Any) -> str:
    """Return a date, time or duration in ISO 8601; no digit is lost.

    Raises
    ------
    BadRequest
        When it is a duration without a unit.
    """
    if is_a(value, "numpy.timedelta64"):
        return _format_numpy_duration(value)
    if isinstance(value, timedelta):
        seconds = value.days * 86_400 + value.seconds
        nanoseconds = value.microseconds * 1_000 + getattr(value, "nanoseconds", 0)
        return _format_duration(seconds * 10**18 + nanoseconds * 10**9)
    if isinstance(value, datetime):
        return use_whole_minutes(value).isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _format_numpy_duration(value: Any) -> str:
    import numpy as np

    unit, steps = np.datetime_data(value.dtype)
    count = int(value.astype("int64")) * steps
    if unit == "generic":
        raise BadRequest(
            f"The duration {count} has no unit, so JSON can't store it as a duration.",
            hint=f"Give it one: numpy.timedelta64({count}, 's').",
        )
    # Years and months have no fixed length: they stay what they are.
    return f"P{count}{unit}" if unit in "YM" else _format_duration(count * _ATTOSECONDS[unit])


def _format_duration(attoseconds: int) -> str:
    """Return a duration as pandas does: only the days of a negative one are negative."""
    days, rest = divmod(attoseconds, _ATTOSECONDS["D"])
    hours, rest = divmod(rest, _ATTOSECONDS["h"])
    minutes, rest = divmod(rest, _ATTOSECONDS["m"])
    seconds, rest = divmod(rest, _ATTOSECONDS["s"])
    fraction = f".{rest:018}".rstrip("0") if rest else ""
    return f"P{days}DT{hours}H{minutes}M{seconds}{fraction}S"


def _write(value: Any, ending: str) -> Written:
    zone = _describe_zone(value)
    if ending == ".txt":
        said = describe_text_only((type(value).__name__,))
        return Written(str(value).encode(), join_notes(said, zone))
    if is_missing(value):
        return Written(b"null", "JSON has no missing times, so the value became null.")
    note = "JSON has no dates, times and durations, so it was written as text in ISO 8601."
    return Written(json.dumps(format_iso(value)).encode(), join_notes(note, zone))


def _describe_zone(value: Any) -> str:
    """Say that the name of a time zone is left out; nothing for a constant difference to UTC."""
    zone = getattr(value, "tzinfo", None)
    if zone is None or zone.utcoffset(None) is not None:
        return ""
    return f"The name of its time zone ({zone}) is not stored."


FORMATS = (Format("A date, time or duration", always(".txt", ".json"), is_time, _write),)
