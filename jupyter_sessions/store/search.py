"""Full-text search over commands: FTS5 on SQLite, a GIN index on PostgreSQL, the same answers.

Both index the same words, cut and folded here, so that a search finds the same commands on either.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, column, func, select, table, text

from jupyter_sessions.store.database import Transaction
from jupyter_sessions.store.tables import commands

_WORD = re.compile(r"[^\W_]+")
_MOST_CHARACTERS = 100_000
_LONGEST_WORD = 100
# FTS5 takes private-use characters for letters, and no word that people look for begins with one:
# so the session that a command stands in is one more word, and a search never leaves it.
_SESSION_WORD = "\ue000"

_index = table("command_words", column("rowid"), column("words"), column("command_id"))


def words(content: str) -> list[str]:
    """Cut text into the words that are indexed: letters and digits, case-folded."""
    return [word[:_LONGEST_WORD] for word in _WORD.findall(content[:_MOST_CHARACTERS].casefold())]


def index(transaction: Transaction, session_id: int, texts: dict[int, str]) -> None:
    """Index commands: their row numbers with the text to be found by."""
    if transaction.is_sqlite:
        statement = "INSERT INTO command_words(rowid, words) VALUES (:id, :words)"
        rows: list[dict[str, Any]] = [
            {"id": id_, "words": " ".join([f"{_SESSION_WORD}{session_id}", *words(content)])}
            for id_, content in texts.items()
        ]
    else:
        statement = (
            "INSERT INTO command_words(command_id, words) VALUES (:id, array_to_tsvector(:words))"
        )
        rows = [{"id": id_, "words": sorted(set(words(content)))} for id_, content in texts.items()]
    transaction.connection.execute(text(statement), rows)


def forget(transaction: Transaction, ids: list[int]) -> None:
    """Take commands out of the index."""
    key = "rowid" if transaction.is_sqlite else "command_id"
    transaction.connection.execute(
        text(f"DELETE FROM command_words WHERE {key} = :id"),  # noqa: S608  # one of two constants
        [{"id": id_} for id_ in ids],
    )


def found(transaction: Transaction, session_id: int, query: str) -> ColumnElement[bool] | None:
    """Return the condition on `commands` that holds for those with all words of `query`.

    Each word is found by its beginning. None stands for a query without a single word, which
    nothing can match.
    """
    wanted = words(query)
    if not wanted:
        return None
    if transaction.is_sqlite:
        match = " ".join([f'"{_SESSION_WORD}{session_id}"', *(f'"{word}" *' for word in wanted)])
        hits = select(_index.c.rowid).where(text("command_words MATCH :match")).params(match=match)
        return commands.c.id.in_(hits)
    tsquery = " & ".join(f"'{word}':*" for word in wanted)
    hits = select(_index.c.command_id).where(
        _index.c.words.op("@@")(func.to_tsquery("simple", tsquery))
    )
    return commands.c.id.in_(hits)
