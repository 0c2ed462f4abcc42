"""Column types for both databases, lists as parameters, and row numbers within a session.

Instants are whole microseconds since 1970 in UTC on disk, and aware datetimes in Python.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Dialect, Integer, String, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> int | None:  # noqa: ARG002  # SQLAlchemy passes it
        """Convert a datetime to the stored number."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy passes it
        """Convert the stored number to a datetime."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


#: SQLite uses its fast row numbers only for a plain INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")


#: Text that is compared and sorted by code point on both databases.
Folded = String().with_variant(String(collation="C"), "postgresql")


_encode = msgspec.json.Encoder().encode


class _AsJson(TypeDecorator[Collection[int] | Collection[str]]):
    """Numbers or texts, as JSON."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy passes it
        """Convert a list or set to JSON."""
        return None if value is None else _encode(value).decode()


class _Listed(ColumnElement[Any]):
    """The values in a list parameter, as SQL that selects them."""

    inherit_cache = True

    def __init__(self, name: str, *, numbers: bool) -> None:
        self.parameter = bindparam(name, type_=_AsJson)
        self.numbers = numbers


@compiles(_Listed, "sqlite")
def _sqlite(listed: _Listed, compiler: SQLCompiler, **options: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(listed.parameter, **options)}))"  # noqa: S608  # a place for a parameter


@compiles(_Listed, "postgresql")
def _postgresql(listed: _Listed, compiler: SQLCompiler, **options: Any) -> str:
    place = compiler.process(listed.parameter, **options)
    kind = "BIGINT" if listed.numbers else "TEXT"
    return f"(SELECT CAST(value AS {kind}) FROM json_array_elements_text(CAST({place} AS JSON)))"  # noqa: S608  # a place for a parameter


def is_in(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return the condition that a column is one of the numbers or texts in a list parameter.

    Parameters
    ----------
    name
        The parameter's name; its value is a list or a set.
    """
    return column.bool_op("IN")(_Listed(name, numbers=isinstance(column.type, Integer)))


_NUMBERS = 2**32


def number_in(session_id: int, number: int) -> int:
    """Return the row number for the number of a command or event within its session.

    Session numbers stay below 2**31, and the numbers within a session below 2**32. A larger number,
    which any caller can ask for, would point into another session; it is replaced by the largest,
    which no row has.
    """
    return session_id * _NUMBERS + min(number, _NUMBERS - 1)


class Span(NamedTuple):
    """A range of adjacent rows of one session: the first and last row number."""

    first: int
    last: int

    def holds(self, column: ColumnElement[int]) -> ColumnElement[bool]:
        """Return the condition for the rows in this range.

        It has one bound on each side; of two bounds on one side, SQLite looks up one and scans to
        the other.
        """
        return column.between(self.first, self.last)


def rows_in(session_id: int, *, after: int = -1, before: int = _NUMBERS) -> Span:
    """Return the range of a session's rows with numbers after and before the given ones."""
    return Span(number_in(session_id, after) + 1, number_in(session_id, before - 1))
