"""What SQLite itself needs for recorded commands, with the driver and settings of the store."""

from __future__ import annotations

import itertools
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import filled
from jupyter_sessions.store.sqlite_library import sqlite_module

_TABLES = ("commands", "command_words", "events")


@dataclass(frozen=True)
class RawLoad:
    """What inserting took.

    Attributes
    ----------
    a_second
        Commands a second.
    cost
        Seconds of CPU for each command, of the only thread.
    """

    a_second: float
    cost: float


class RawCommands:
    """Rows of recorded commands, as the store writes them: the command, its words and its event.

    Parameters
    ----------
    folder
        An empty folder for a store, from which the tables and rows are copied, and for the copy.
    batch
        How many commands each transaction holds.
    """

    def __init__(self, folder: Path, batch: int) -> None:
        folder.mkdir()
        filled.fill(folder, batch)
        self._connection: Any = sqlite_module().connect(folder / "raw.db", isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        with closing(sqlite_module().connect(folder / "sessions.db")) as source:
            for (made,) in source.execute(
                "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name IN (?, ?, ?) "
                "AND name NOT LIKE 'command_words!_%' ESCAPE '!' ORDER BY type DESC",
                _TABLES,
            ).fetchall():
                self._connection.execute(made)
            columns = [row[1] for row in source.execute("PRAGMA table_info(commands)")]
            self._uid = columns.index("uid")
            self._texts = columns.index("source"), columns.index("preview")
            self._commands = source.execute("SELECT * FROM commands").fetchall()
            self._events = source.execute(
                "SELECT * FROM events WHERE kind = 'command.recorded' LIMIT ?", (batch,)
            ).fetchall()
        self._numbers = itertools.count(1)

    def insert(self, seconds: float) -> RawLoad:
        """Insert for about so many seconds of CPU, each commit synced to the disk."""
        cost, done, begin = 0.0, 0, time.perf_counter()
        waited = 0.0
        while cost < seconds:
            unmeasured = time.perf_counter()
            rows, words, events = self._next_batch()
            waited += time.perf_counter() - unmeasured
            started = time.thread_time()
            self._connection.execute("BEGIN IMMEDIATE")
            self._insert("commands", rows)
            self._connection.executemany(
                "INSERT INTO command_words (rowid, words) VALUES (?, ?)", words
            )
            self._insert("events", events)
            self._connection.execute("COMMIT")
            cost += time.thread_time() - started
            done += len(rows)
        return RawLoad(done / (time.perf_counter() - begin - waited), cost / done)

    def _insert(self, table: str, rows: list[list[Any]]) -> None:
        places = ", ".join("?" * len(rows[0]))
        self._connection.executemany(f"INSERT INTO {table} VALUES ({places})", rows)

    def _next_batch(self) -> tuple[list[list[Any]], list[tuple[int, str]], list[list[Any]]]:
        """Return rows with new numbers and identities."""
        rows, words, events = [], [], []
        for number, command, event in zip(
            self._numbers, self._commands, self._events, strict=False
        ):
            row = [number, command[1], number, *command[3:]]
            row[self._uid] = f"{number:040}"
            rows.append(row)
            words.append((number, "\n".join(command[index] for index in self._texts)))
            events.append([number, event[1], number, *event[3:]])
        return rows, words, events

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
