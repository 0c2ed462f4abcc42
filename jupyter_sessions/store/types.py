"""The types of columns that the databases at hand don't have alike.

Instants are whole microseconds since 1970 in UTC on disk and aware datetimes in Python.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, String
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept as microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> int | None:  # noqa: ARG002  # SQLAlchemy passes it
        """Turn a datetime into the number on disk."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy passes it
        """Turn the number on disk into a datetime."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


#: SQLite gives a table its fast row numbers only for a plain INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")

#: Text that is compared and sorted by code point on both databases.
Folded = String().with_variant(String(collation="C"), "postgresql")
