"""Select the SQLite library, and prevent processes from corrupting a shared database file.

SQLite before 3.51.3 (except 3.50.7 and 3.44.6) can corrupt a WAL file that two processes write
(https://sqlite.org/wal.html#walresetbug). `pysqlite3` bundles a newer version. If only an older one
is available, the first process locks the file against others.

SQLite can't be used across a fork either (https://sqlite.org/howtocorrupt.html#_carrying_an_open_
database_connection_across_a_fork_): the library keeps a list of the locks that its process holds on
each file, and a child inherits the list without the locks. So a child never touches or closes its
parent's connections, and opens its own by a second copy of the library, which knows of no locks.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from jupyter_sessions import forking
from jupyter_sessions.errors import StoreUnusable

if TYPE_CHECKING:
    from filelock import BaseFileLock

# The first version with full-text tables that store no text and support deletions.
_OLDEST = (3, 43, 0)
_FIXED = (3, 51, 3)
_BACKPORTS = ((3, 50, 7), (3, 44, 6))
#: The open connections of this process, by identity.
_open: dict[int, Any] = {}


class _Library:
    """The driver, with whether this process uses it and whether its state is the parent's."""

    module: ModuleType | None = None
    used = False
    inherited = False


def sqlite_module() -> ModuleType:
    """Return the newest installed SQLite driver.

    Raises
    ------
    StoreUnusable
        If that is too old for the schema, or if this process was forked from one that uses the
        library and can't load it a second time.
    """
    if _Library.inherited:
        _Library.module, _Library.inherited = _load_copy(), False
    _Library.used = True
    module = _Library.module or _newest_module()
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


def note_opened(connection: Any) -> None:
    """Record that a connection was opened."""
    _open[id(connection)] = connection


def note_closed(connection: Any) -> None:
    """Record that a connection is being closed."""
    _open.pop(id(connection), None)


def _let_go_in_child() -> None:
    if not _Library.used:
        return
    import ctypes

    # These must not be used or closed here, not even when the interpreter exits: closing one would
    # write to the database under locks that this process does not hold.
    for connection in _open.values():
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
    _open.clear()
    _Library.inherited = True


forking.call_in_child(_let_go_in_child)


def _load_copy() -> ModuleType:
    """Load pysqlite3 a second time; its library is in the module's own file."""
    try:
        import pysqlite3
        from pysqlite3 import _sqlite3, dbapi2

        # The system loads a library only once from each file, so it needs another file.
        memory = os.memfd_create("pysqlite3")
    except (ImportError, AttributeError, OSError) as error:
        raise StoreUnusable(
            "This process was forked from one that has the store open, and SQLite "
            "can't be used across a fork.",
            hint="Start the process with `spawn`, or connect to a sessions server in it.",
        ) from error
    try:
        with open(memory, "wb", closefd=False) as copy:
            copy.write(Path(_sqlite3.__file__).read_bytes())
        _execute("pysqlite3._sqlite3", f"/proc/self/fd/{memory}", extension=True)
    finally:
        os.close(memory)
    pysqlite3.dbapi2 = module = _execute("pysqlite3.dbapi2", dbapi2.__file__, extension=False)
    return module


def _execute(name: str, path: str, *, extension: bool) -> ModuleType:
    kind = (
        importlib.machinery.ExtensionFileLoader
        if extension
        else importlib.machinery.SourceFileLoader
    )
    spec = importlib.util.spec_from_file_location(name, path, loader=kind(name, path))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def safe_to_share(version: tuple[int, int, int]) -> bool:
    """Return whether two processes may write one WAL file with this version of SQLite."""
    return version >= _FIXED or any(
        version[:2] == fixed[:2] and version >= fixed for fixed in _BACKPORTS
    )


def claim(database: Path, version: tuple[int, int, int]) -> BaseFileLock | None:
    """Lock `database` against other processes if this version of SQLite can't share it.

    Returns
    -------
    filelock.BaseFileLock or None
        The lock, to be released when the database is closed; None if none is needed.

    Raises
    ------
    StoreUnusable
        If another process holds the lock.
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
