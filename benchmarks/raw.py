"""What SQLite itself does on this disk, with the driver and the settings that the store uses."""

from __future__ import annotations

import os
import time
from pathlib import Path

from benchmarks.commands import SIZE
from jupyter_sessions.store.sqlite_library import sqlite_module


def inserts_a_second(folder: Path, in_one_commit: int, seconds: float) -> float:
    """Insert rows of a command's size for `seconds`, each commit synced to the disk.

    Parameters
    ----------
    in_one_commit
        How many rows each transaction holds.
    """
    connection = sqlite_module().connect(folder / "raw.db", isolation_level=None)
    try:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, content BLOB)")
        content = [(os.urandom(SIZE),)] * in_one_commit
        done, begin = 0, time.perf_counter()
        while time.perf_counter() - begin < seconds:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO rows (content) VALUES (?)", content)
            connection.execute("COMMIT")
            done += in_one_commit
        return done / (time.perf_counter() - begin)
    finally:
        connection.close()
