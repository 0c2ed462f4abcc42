"""Instants that come from outside."""

from __future__ import annotations

from datetime import UTC, datetime

from jupyter_sessions.errors import BadRequest


def utc(instant: datetime) -> datetime:
    """Return an instant in UTC.

    Raises
    ------
    BadRequest
        When it has no time zone, or is before the year 1 or after 9999 in UTC: a database would
        keep that, and nobody could read it any more.
    """
    try:
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except OverflowError:
        pass
    raise BadRequest(
        f"{instant.isoformat()} is no instant: it has no time zone, or is beyond the calendar.",
        hint="Write it like 2026-11-21T12:00:00Z.",
    )
