"""Compile statements once and execute them many times, on paths that run all the time.

SQLAlchemy builds and looks up a statement on each execution, which costs several times what SQLite
needs to run it. A `CompiledStatement` does that once for each database, and converts values and
rows with the same types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Boolean, Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import Insert, Select, Update
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator

#: Which columns of a row, or which parameters, to convert, and the function for each.
_Conversions = list[tuple[int, Callable[[Any], Any]]]


@dataclass(frozen=True)
class _Compiled:
    sql: str
    positional: bool
    names: list[str]
    pick: Callable[[Mapping[str, Any]], Iterable[Any]]
    binds: _Conversions
    constants: dict[str, Any]
    row: Callable[..., Any] | None
    results: _Conversions

    def bind(self, values: Mapping[str, Any]) -> Any:
        given = {**self.constants, **values} if self.constants else values
        cells = _convert(self.pick(given), self.binds)
        return cells if self.positional else dict(zip(self.names, cells, strict=True))


def _convert(cells: Iterable[Any], conversions: _Conversions) -> list[Any]:
    converted = list(cells)
    for index, convert in conversions:
        if converted[index] is not None:
            converted[index] = convert(converted[index])
    return converted


def _picker(names: list[str]) -> Callable[[Mapping[str, Any]], Iterable[Any]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: [values[name] for name in names]


@contextmanager
def _cursor(connection: Connection, sql: str) -> Iterator[Any]:
    """Yield a cursor of the driver, whose errors are raised as SQLAlchemy's."""
    driver: Any = connection.dialect.loaded_dbapi
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except driver.Error as error:
        raise DBAPIError.instance(sql, None, error, driver.Error) from error
    finally:
        cursor.close()


class CompiledStatement:
    """A statement that is compiled once, with parameters named by ``bindparam``.

    Parameters
    ----------
    statement
        A select, an update, or an insert whose columns are given as `columns`.
    columns
        For an insert, the columns to set, each from the parameter of the same name.
    """

    def __init__(
        self, statement: Select[Any] | Insert | Update, columns: Sequence[str] | None = None
    ) -> None:
        self._statement = statement
        self._columns = columns
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, **values: Any) -> list[Any]:
        """Run a select and return its rows, with the columns by name."""
        compiled = self._for(connection.dialect)
        with _cursor(connection, compiled.sql) as cursor:
            cursor.execute(compiled.sql, compiled.bind(values))
            found = cursor.fetchall()
        if compiled.row is None:
            raise TypeError("only a select has rows")
        return [compiled.row(*_convert(row, compiled.results)) for row in found]

    def run(self, connection: Connection, values: Sequence[Mapping[str, Any]]) -> None:
        """Run an insert or an update for each of these sets of parameters."""
        compiled = self._for(connection.dialect)
        with _cursor(connection, compiled.sql) as cursor:
            if len(values) == 1:
                cursor.execute(compiled.sql, compiled.bind(values[0]))
            else:
                cursor.executemany(compiled.sql, [compiled.bind(item) for item in values])

    def _for(self, dialect: Dialect) -> _Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = self._compile(dialect)
        return compiled

    def _compile(self, dialect: Dialect) -> _Compiled:
        made = self._statement.compile(dialect=dialect, column_keys=self._columns)
        if not isinstance(made, SQLCompiler):
            raise TypeError(f"{self._statement!r} can't be prepared")
        names = list(made.positiontup or made.binds)
        binds: _Conversions = []
        for index, name in enumerate(names):
            kind = made.binds[name].type
            if not isinstance(kind, TypeDecorator):
                continue  # drivers take all other values as they are
            process = kind.dialect_impl(dialect).bind_processor(dialect)
            if process is not None:
                binds.append((index, process))
        results: _Conversions = []
        row: Any = None
        if isinstance(self._statement, Select):
            columns = self._statement.selected_columns
            row = msgspec.defstruct("Row", [str(column.key) for column in columns])
            for index, column in enumerate(columns):
                # SQLite takes booleans, and returns numbers.
                if not isinstance(column.type, TypeDecorator | Boolean):
                    continue
                process = column.type.dialect_impl(dialect).result_processor(dialect, None)
                if process is not None:
                    results.append((index, process))
        return _Compiled(
            sql=str(made),
            positional=made.positional,
            names=names,
            pick=_picker(names),
            binds=binds,
            constants={
                name: made.binds[name].value for name in names if not made.binds[name].required
            },
            row=row,
            results=results,
        )
