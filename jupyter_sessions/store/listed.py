"""A list as one parameter: a list in SQL would be another statement for each length."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Dialect, Integer, String, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator

_encode = msgspec.json.Encoder().encode


class _AsJson(TypeDecorator[Collection[int] | Collection[str]]):
    """Numbers or texts, as JSON."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy passes it
        """Make JSON of a list or set."""
        return None if value is None else _encode(value).decode()


class _Listed(ColumnElement[Any]):
    """The values in a parameter, as SQL that selects them."""

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
    """Return the condition that a column is one of the numbers, or texts, in a parameter.

    Parameters
    ----------
    name
        The parameter's name; its value is a list or a set.
    """
    return column.bool_op("IN")(_Listed(name, numbers=isinstance(column.type, Integer)))
