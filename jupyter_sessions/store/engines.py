"""Create SQLAlchemy engines, and hide the differences between SQLite and PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.pool import QueuePool

from jupyter_sessions.errors import (
    Conflict,
    InternalError,
    SessionsError,
    StoreBusy,
    StoreFull,
    StoreUnusable,
)
from jupyter_sessions.store import migrate, sqlite_library

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

_LOCK_WAIT = 30.0  # seconds that a writer waits for another process
_TRIED_EVERY = 0.01  # seconds between tries, where SQLite itself does not wait
# The extension and content of the file beside a database, which marks that it holds a store.
_MARK = ".made"
_MARK_TEXT = (
    "{0} beside this file holds the sessions. If it is missing, restore it from a "
    "backup.\nThis file prevents a new, empty database from being created in its "
    "place.\n"
)
_CHANNEL = "jupyter_sessions"
_IN_A_NOTICE = 500  # session numbers in one notification; PostgreSQL accepts 8,000 bytes
_FULL = ("SQLITE_FULL", "53100")
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "40P01", "40001")
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002")


@dataclass(frozen=True)
class Engines:
    """The two engines of a database, and what to call when it is closed."""

    writer: Engine
    reader: Engine
    is_sqlite: bool
    release: Callable[[], None]

    @property
    def driver_error(self) -> type[Exception]:
        """The base class of all errors of the driver."""
        driver: Any = self.writer.dialect.loaded_dbapi
        error: type[Exception] = driver.Error
        return error

    def dispose(self) -> None:
        """Close all connections."""
        self.reader.dispose()
        self.writer.dispose()
        self.release()


def open_engines(url: str, describe_orphaned: Callable[[], str] = lambda: "") -> Engines:
    """Connect to the database at `url`, and bring its schema up to date.

    Parameters
    ----------
    url
        An SQLAlchemy URL.
    describe_orphaned
        Called if the database is new; describes what is left of an older store, empty for nothing.

    Raises
    ------
    StoreUnusable
        If that is not possible; the message says why.
    """
    engines = _connect(url, describe_orphaned)
    try:
        migrate.upgrade(
            engines.writer,
            engines.reader,
            lambda: _describe_mark(engines, url) or describe_orphaned(),
        )
    except BaseException as error:
        # Whatever the error is, no connection must be left to the garbage collector.
        engines.dispose()
        if isinstance(error, DBAPIError):
            raise translate(error) from error
        raise
    if engines.is_sqlite:
        _mark(Path(str(make_url(url).database)))
    return engines


def check_url(url: str) -> None:
    """Check that this program can open a database, without opening it.

    Raises
    ------
    StoreUnusable
        If the URL is not valid, the kind of database is unknown, or its driver is not installed.
    """
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite" and parsed.database:
            return
        if backend == "postgresql":
            create_engine(url).dispose()
            return
    except ModuleNotFoundError as error:
        raise StoreUnusable(
            f"The driver of that database is not installed: {error.name}.",
            hint="Install jupyter_sessions[postgresql], and write postgresql+psycopg://….",
        ) from None
    except (ArgumentError, ValueError):
        pass
    raise StoreUnusable(
        "The database URL is not valid, or its kind of database is not supported.",
        hint="Write sqlite:////folder/sessions.db or postgresql+psycopg://user@host/name.",
    )


def _connect(url: str, describe_orphaned: Callable[[], str]) -> Engines:
    check_url(url)
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        path = Path(str(parsed.database))
        _check_not_lost(path, describe_orphaned)
        return _sqlite(path)
    return _server(url)


def _check_not_lost(path: Path, describe_orphaned: Callable[[], str]) -> None:
    """Refuse to create a new database in place of one that is missing or was emptied.

    This runs before anything is opened, since SQLite would delete a remaining write-ahead log.
    """
    try:
        if path.stat().st_size:
            return
    except FileNotFoundError:
        pass
    except OSError:
        return  # connecting reports the error
    log = path.with_name(f"{path.name}-wal")
    mark = path.with_name(path.name + _MARK)
    if mark.exists():
        raise migrate.lost(f"{mark} shows that it held a store")
    if log.exists() and log.stat().st_size:
        raise migrate.lost(f"its log {log} is still there")
    if found := describe_orphaned():
        raise migrate.lost(found)


def _describe_mark(engines: Engines, url: str) -> str:
    """Return the error for an empty database beside which a mark says that it holds a store."""
    path = Path(str(make_url(url).database))
    mark = path.with_name(path.name + _MARK)
    return f"{mark} shows that it held a store" if engines.is_sqlite and mark.exists() else ""


def _mark(path: Path) -> None:
    """Create the file beside a database that marks that it holds a store."""
    mark = path.with_name(path.name + _MARK)
    if not mark.exists():
        with suppress(OSError):
            mark.touch(mode=0o600)  # like all of the store, for its owner only
            mark.write_text(_MARK_TEXT.format(path.name))


def _sqlite(path: Path) -> Engines:
    module = sqlite_library.sqlite_module()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
    except OSError as error:
        raise StoreUnusable(
            f"A database can't be created at {path}: {error.strerror}.",
            hint="Choose a file in a folder that you can write in.",
        ) from None
    claimed = sqlite_library.claim(path, module.sqlite_version_info)

    def connect(begin: str, *pragmas: str) -> Engine:
        engine = create_engine(
            f"sqlite:///{path}",
            module=module,
            poolclass=QueuePool,
            # Transactions are begun below, in the way that each engine needs.
            connect_args={
                "isolation_level": None,
                "timeout": _LOCK_WAIT,
                "check_same_thread": False,
            },
        )

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: Any) -> None:
            sqlite_library.note_opened(connection)
            _write_ahead(connection)
            for pragma in (
                "synchronous=FULL",
                "foreign_keys=ON",
                "secure_delete=ON",
                *pragmas,
            ):
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(engine, "close_detached")
        def note_closed_detached(connection: Any) -> None:
            sqlite_library.note_closed(connection)

        @event.listens_for(engine, "close")
        def note_closed(connection: Any, _record: Any) -> None:
            sqlite_library.note_closed(connection)

        @event.listens_for(engine, "begin")
        def begin_transaction(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    return Engines(
        writer=connect("BEGIN IMMEDIATE"),
        reader=connect("BEGIN", "query_only=ON"),
        is_sqlite=True,
        release=claimed.release if claimed else lambda: None,
    )


def _write_ahead(connection: Any) -> None:
    """Switch a database to a write-ahead log; the setting is permanent.

    The first connection to a new database changes it. SQLite does not wait if another connection
    does the same, but fails at once, to avoid a deadlock
    (https://sqlite.org/c3ref/busy_handler.html).
    """
    deadline = time.monotonic() + _LOCK_WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except connection.OperationalError as error:
            if not _name_error(error).startswith(_BUSY) or time.monotonic() > deadline:
                raise
            time.sleep(_TRIED_EVERY)
        else:
            return


def _server(url: str) -> Engines:
    writer = create_engine(url, pool_pre_ping=True, pool_size=10)
    reader = create_engine(
        url,
        pool_pre_ping=True,
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
    )

    @event.listens_for(writer, "connect")
    def wait_no_longer(connection: Any, _record: Any) -> None:
        connection.execute(f"SET lock_timeout = {_LOCK_WAIT * 1000:.0f}")
        connection.commit()

    return Engines(writer=writer, reader=reader, is_sqlite=False, release=lambda: None)


def notify_others(connection: Connection, changed: set[int]) -> None:
    """Notify other processes that use this database, at commit, which sessions changed.

    On SQLite this does nothing: other processes watch ``PRAGMA data_version``.
    """
    if changed and connection.dialect.name == "postgresql":
        numbers = list(map(str, sorted(changed)))
        connection.execute(
            text("SELECT pg_notify(:channel, :changed)"),
            [
                {"channel": _CHANNEL, "changed": ",".join(numbers[start : start + _IN_A_NOTICE])}
                for start in range(0, len(numbers), _IN_A_NOTICE)
            ],
        )


def upsert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an insert that supports ``ON CONFLICT``, for the connection's database."""
    # Each dialect takes long to import, and only one of them is needed.
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def ends_transaction(error: DBAPIError, connection: Connection) -> bool:
    """Return whether an error has ended the whole transaction rather than a single statement."""
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        return not driver.in_transaction
    return isinstance(error, OperationalError) or error.connection_invalidated


def _name_error(error: object) -> str:
    # SQLite's name of the error, or PostgreSQL's code: the text can quote a user's data.
    return str(getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", ""))


def translate(error: Exception) -> SessionsError:
    """Translate an error of the driver, or SQLAlchemy's wrapper of it, into an error of ours."""
    original = error.orig if isinstance(error, DBAPIError) else error
    kind = type(original).__name__
    reason = _name_error(original)
    if reason.startswith(_FULL):
        return StoreFull(
            "The disk that holds the sessions is full. Nothing was changed, and "
            "existing data is intact.",
            hint="Free some space, and try again.",
        )
    if reason.startswith(_BUSY):
        return StoreBusy(
            "Another process has locked the database, and did not release it in time.",
            hint="Try again in a moment.",
        )
    if isinstance(error, IntegrityError) or kind == "IntegrityError":
        return Conflict("The change conflicts with existing data.", hint="Reload, and try again.")
    if reason.startswith(_DAMAGED):
        return StoreUnusable(
            f"The database is damaged: {original}",
            hint="Keep a copy of the file, and restore it from a backup.",
        )
    if isinstance(error, OperationalError) or kind == "OperationalError":
        return StoreUnusable(
            f"The database can't be used: {original}",
            hint="Check that it exists, that you can reach it and write to it, and "
            "that its disk is not full.",
        )
    return InternalError(
        f"The database refused a statement: {kind}.",
        hint="This is a defect; please report it.",
    )
