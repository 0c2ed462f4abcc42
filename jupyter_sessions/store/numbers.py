"""Row numbers by which a session's commands and events lie side by side."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement

_NUMBERS = 2**32


def number_in(session_id: int, number: int) -> int:
    """Return the row number of a session's command or event: its own number, within the session's.

    Sessions and the numbers in them stay below 2**31 and 2**32. A larger number, which anybody can
    ask for, would lead into another session; it is taken for the largest, which nothing has.
    """
    return session_id * _NUMBERS + min(number, _NUMBERS - 1)


class Span(NamedTuple):
    """Rows of one session that lie side by side: their first and last row number."""

    first: int
    last: int

    def holds(self, column: ColumnElement[int]) -> ColumnElement[bool]:
        """Return the condition that holds for these rows.

        It is one bound a side: of two on the same side, SQLite looks up one and walks to the other.
        """
        return column.between(self.first, self.last)


def rows_in(session_id: int, *, after: int = -1, before: int = _NUMBERS) -> Span:
    """Return the rows of a session, of those with a number after and before the given ones."""
    return Span(number_in(session_id, after) + 1, number_in(session_id, before - 1))
