"""Which SQLite library is used, and whether two processes may write one file with it.

SQLite before 3.51.3 (3.50.7 and 3.44.6 apart) can corrupt a WAL file that two processes write
(https://sqlite.org/wal.html#walresetbug). `pysqlite3` bundles a newer one; where only an older one
is to be had, the first process locks the file against a second.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from jupyter_sessions.errors import StoreUnusable

if TYPE_CHECKING:
    from filelock import BaseFileLock

# The first with full-text tables that keep no text and take deletions.
_OLDEST = (3, 43, 0)
_FIXED = (3, 51, 3)
_BACKPORTS = ((3, 50, 7), (3, 44, 6))


def sqlite_module() -> ModuleType:
    """Return the newest SQLite driver that is installed.

    Raises
    ------
    StoreUnusable
        When even that one is too old for what the schema needs.
    """
    module = _newest_module()
    if module.sqlite_version_info < _OLDEST:
        raise StoreUnusable(
            f"SQLite {module.sqlite_version} is too old: {'.'.join(map(str, _OLDEST))} or newer is "
            "needed.",
            hint="Install pysqlite3, which brings a newer SQLite, or use PostgreSQL.",
        )
    return module


def _newest_module() -> ModuleType:
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        import sqlite3

        return sqlite3
    return dbapi2  # type: ignore[no-any-return]  # pysqlite3 publishes no types


def safe_to_share(version: tuple[int, int, int]) -> bool:
    """Tell whether two processes may write one WAL file with this SQLite."""
    return version >= _FIXED or any(
        version[:2] == fixed[:2] and version >= fixed for fixed in _BACKPORTS
    )


def claim(database: Path, version: tuple[int, int, int]) -> BaseFileLock | None:
    """Lock `database` against other processes where this SQLite can't share it.

    Returns
    -------
    filelock.BaseFileLock or None
        The lock, to be released when the database is closed; None where none is needed.

    Raises
    ------
    StoreUnusable
        When another process has it already.
    """
    if safe_to_share(version):
        return None
    from filelock import FileLock, Timeout

    lock = FileLock(database.with_name(database.name + ".lock"), mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        number = ".".join(map(str, version))
        raise StoreUnusable(
            f"{database} is in use by another process, and SQLite {number} can corrupt a file "
            "that two processes write.",
            hint="Install pysqlite3, which brings a newer SQLite, or stop the other process, or "
            "use PostgreSQL.",
        ) from None
    return lock
