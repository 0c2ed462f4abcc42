"""Full-text search over commands: FTS5 on SQLite, a GIN index on PostgreSQL, the same answers.

Words are runs of letters and digits, case-folded; each is found by its beginning.
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
    """Cut text into the words that are indexed."""
    return [word[:_LONGEST_WORD] for word in _WORD.findall(_folded(content))]


def _folded(content: str) -> str:
    return content[:_MOST_CHARACTERS].casefold()


def index(transaction: Transaction, texts: dict[int, str]) -> None:
    """Index commands: their row numbers with the text to be found by."""
    connection = transaction.connection
    if transaction.is_sqlite:
        # FTS5 cuts and folds ASCII as `words` does, and takes all else as it is given.
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
    """Take commands out of the index."""
    key = "rowid" if transaction.is_sqlite else "command_id"
    transaction.connection.execute(
        text(f"DELETE FROM command_words WHERE {key} = :id"),  # noqa: S608  # one of two constants
        [{"id": id_} for id_ in ids],
    )


def found(transaction: Transaction, span: Span, query: str) -> ColumnElement[bool] | None:
    """Return the condition on `commands` that holds for those in `span` with all words.

    None stands for a query without a single word, which nothing can match.
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
        # Cast, and not `to_tsquery`, which would cut the words once more in its own way.
        matches = _index.c.words.op("@@")(cast(match, TSQUERY))
        hits = select(_index.c.command_id).where(matches, span.holds(_index.c.command_id))
    return commands.c.id.in_(hits)
