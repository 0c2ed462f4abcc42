"""Search commands by full text: FTS5 on SQLite, a GIN index on PostgreSQL, equal results.

Words are runs of letters and digits, case-folded; a query matches them by their beginning.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, cast, column, insert, select, table, text

from jupyter_sessions.store.database import Transaction
from jupyter_sessions.store.statements import CompiledStatement
from jupyter_sessions.store.tables import commands
from jupyter_sessions.store.types import Span

_WORD = re.compile(r"[^\W_]+")
_MOST_CHARACTERS = 100_000
_LONGEST_WORD = 100

_index = table("command_words", column("rowid"), column("words"), column("command_id"))
_INSERT_SQLITE = CompiledStatement(insert(_index), columns=["rowid", "words"])


def words(content: str) -> list[str]:
    """Split text into the words to index."""
    return [word[:_LONGEST_WORD] for word in _WORD.findall(_folded(content))]


def _folded(content: str) -> str:
    return content[:_MOST_CHARACTERS].casefold()


def index(transaction: Transaction, texts: dict[int, str]) -> None:
    """Index commands: a mapping of row numbers to the searchable text."""
    connection = transaction.connection
    if transaction.is_sqlite:
        # FTS5 splits and folds ASCII like `words`, and keeps all other text as it is.
        rows = [
            {
                "rowid": id_,
                "words": content[:_MOST_CHARACTERS]
                if content.isascii()
                else " ".join(words(content)),
            }
            for id_, content in texts.items()
        ]
        _INSERT_SQLITE.run(connection, rows)
        return
    statement = (
        "INSERT INTO command_words(command_id, words) VALUES (:id, array_to_tsvector(:words))"
    )
    connection.execute(
        text(statement),
        [{"id": id_, "words": sorted(set(words(content)))} for id_, content in texts.items()],
    )


def forget(transaction: Transaction, ids: list[int]) -> None:
    """Remove commands from the index."""
    key = "rowid" if transaction.is_sqlite else "command_id"
    transaction.connection.execute(
        text(f"DELETE FROM command_words WHERE {key} = :id"),  # noqa: S608  # one of two constants
        [{"id": id_} for id_ in ids],
    )


def found(transaction: Transaction, span: Span, query: str) -> ColumnElement[bool] | None:
    """Return the condition for `commands` in `span` that contain all words of a query.

    None stands for a query without words, which matches nothing.
    """
    wanted = words(query)
    if not wanted:
        return None
    hits: Any
    if transaction.is_sqlite:
        match = " ".join(f'"{word}" *' for word in wanted)
        hits = (
            select(_index.c.rowid)
            .where(text("command_words MATCH :match").bindparams(match=match))
            .where(span.holds(_index.c.rowid))
        )
    else:
        from sqlalchemy.dialects.postgresql import TSQUERY

        match = " & ".join(f"'{word}':*" for word in wanted)
        # A cast rather than `to_tsquery`, which would split the words again by its own rules.
        matches = _index.c.words.op("@@")(cast(match, TSQUERY))
        hits = select(_index.c.command_id).where(matches, span.holds(_index.c.command_id))
    return commands.c.id.in_(hits)
