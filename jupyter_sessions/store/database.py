"""Transactions on SQLite or PostgreSQL: reads side by side, writes in groups.

On SQLite one writer thread takes all that is waiting, runs each unit of work in a savepoint of one
``BEGIN IMMEDIATE`` transaction, commits once, and only then answers: what is acknowledged is on
disk, and many waiting writers cost one sync. What is alike and stands side by side is done in one
go. PostgreSQL groups commits by itself, so there each unit of work has a transaction and a thread
of its own.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError

from jupyter_sessions import forking
from jupyter_sessions.errors import StoreGone
from jupyter_sessions.store import batching, engines
from jupyter_sessions.store.workers import Workers, closing

T = TypeVar("T")

log = logging.getLogger(__name__)

_READERS = 4
_POSTGRESQL_WRITERS = 8
_GROUP = 256


@dataclass
class Transaction:
    """An open transaction, and the sessions whose log grew in it."""

    connection: Connection
    changed: set[int] = field(default_factory=set)

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is SQLite; only full-text search asks."""
        return self.connection.dialect.name == "sqlite"


Invocation = Callable[[Transaction], T]
Listener = Callable[[set[int]], None]


@dataclass
class _Job:
    work: Invocation[object]
    outcome: Future[object]
    joint: batching.BatchedCall | None = None
    result: object = None
    error: BaseException | None = None

    def settle(self) -> None:
        if self.error is not None:
            self.outcome.set_exception(self.error)
        else:
            self.outcome.set_result(self.result)


class _WorkFailed(Exception):
    """A unit of work has raised `error`."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


class _File:
    """The file of an open database, which SQLite goes on using wherever it is moved to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = self._identify()

    def _identify(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def check(self) -> None:
        """See that the file is where it was opened.

        Raises
        ------
        StoreGone
            When it is not, or another one is.
        """
        if self._identify() != self._known:
            raise StoreGone(
                f"The database {self._path} was moved, removed or replaced while it was in use.",
                hint="Put the store's files back where they were. If they are gone, or another "
                "store takes their place, restart the kernels and servers that had them open.",
            )


class Database:
    """A database that is open, migrated and ready.

    Parameters
    ----------
    url
        An SQLAlchemy URL: ``sqlite:///FILE`` or ``postgresql+psycopg://…``.
    left
        Is called where the database is new, and says what there is of an older one.

    Raises
    ------
    StoreUnusable
        When it can't be opened, is corrupt, or was made by a newer program.
    """

    def __init__(self, url: str, left: Callable[[], str] = lambda: "") -> None:
        self.url = url
        self._engines = engines.open_engines(url, left)
        self._file = _File(Path(str(make_url(url).database))) if self.is_sqlite else None
        self._listeners: list[Listener] = []
        self._readers = Workers(_READERS, "sessions-read")
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        writers = 1 if self._engines.is_sqlite else _POSTGRESQL_WRITERS
        group = _GROUP if self._engines.is_sqlite else 1
        self._writers = [
            threading.Thread(
                target=self._write_all, args=(group,), name="sessions-write", daemon=True
            )
            for _ in range(writers)
        ]
        for writer in self._writers:
            writer.start()
        forking.reset_in_child(self)

    def reset_in_child(self) -> None:
        """Take nothing more, and close nothing: the threads and connections are the parent's."""
        self._closing = threading.Lock()
        self._closed = True

    @property
    def engine(self) -> Engine:
        """The engine that writes, for migrations and for watching other processes."""
        return self._engines.writer

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return self._engines.is_sqlite

    def read(self, work: Invocation[T]) -> Future[T]:
        """Run `work` in a transaction that sees one state of the database and changes nothing."""
        return self._readers.submit(self._read, work)

    def write(self, work: Invocation[T], joined: batching.BatchedCall | None = None) -> Future[T]:
        """Run `work` in a transaction; the future is done when what it did is on disk.

        An exception of `work` undoes all that it did, and nothing else. `work` may be run twice,
        with what the first time did undone: where another fails in the same group.

        Parameters
        ----------
        joined
            How `work` is done together with its like; `work` itself is what counts where any of
            them fails.
        """
        outcome: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise closing()
            self._jobs.put(_Job(work, outcome, joined))  # type: ignore[arg-type]  # a job of any type
        return outcome

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener`, in a thread of ours, with the sessions that a commit of ours changed.

        Returns
        -------
        callable
            Ends it.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def close(self) -> None:
        """Finish what was accepted, then let go of the database."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            for _ in self._writers:
                self._jobs.put(None)
        for writer in self._writers:
            writer.join()
        self._readers.close()
        self._engines.dispose()

    def _read(self, work: Invocation[T]) -> T:
        self._check_file()
        try:
            with self._engines.reader.connect() as connection, connection.begin():
                return work(Transaction(connection))
        except DBAPIError as error:
            raise engines.translate(error) from error

    def _write_all(self, group: int) -> None:
        while (job := self._jobs.get()) is not None:
            jobs = [job]
            ended = False
            while len(jobs) < group and not self._jobs.empty():
                with contextlib.suppress(queue.Empty):
                    following = self._jobs.get_nowait()
                    if following is None:
                        ended = True
                        break
                    jobs.append(following)
            self._commit(jobs)
            if ended:
                return

    def _commit(self, jobs: list[_Job]) -> None:
        # From here on nobody can cancel them.
        jobs = [job for job in jobs if job.outcome.set_running_or_notify_cancel()]
        try:
            changed = self._run_group(jobs)
        except (DBAPIError, self._engines.driver_error) as error:
            self._fail(jobs, engines.translate(error))
            return
        except BaseException as error:  # noqa: BLE001  # it belongs to whoever waits, not to us
            self._fail(jobs, error)
            return
        # Followers are told before the answer goes out, so that no one reads their own write late.
        for listener in list(self._listeners) if changed else []:
            try:
                listener(changed)
            except Exception:  # who listens, and fails, must not stop who writes
                log.exception("A listener to commits has failed.")
        for job in jobs:
            job.settle()

    def _run_group(self, jobs: list[_Job]) -> set[int]:
        """Run all in one transaction; where one of several fails, anew with a savepoint for each.

        Few fail, and savepoints cost as much as many a statement.
        """
        remaining = iter(jobs)
        runs = [
            list(itertools.islice(remaining, length))
            for length in batching.runs(job.joint for job in jobs)
        ]
        try:
            return self._transact(runs, self._run)
        except _WorkFailed as failed:
            if len(jobs) == 1:
                raise failed.error from None
        return self._transact([[job] for job in jobs], self._run_apart)

    def _transact(
        self, runs: list[list[_Job]], run: Callable[[list[_Job], Transaction], None]
    ) -> set[int]:
        changed: set[int] = set()
        self._check_file()
        with self._engines.writer.connect() as connection, connection.begin():
            for jobs in runs:
                transaction = Transaction(connection)
                run(jobs, transaction)
                changed |= transaction.changed
            engines.tell_others(connection, changed)
        # What is acknowledged is in the file that others open by its name.
        self._check_file()
        return changed

    def _check_file(self) -> None:
        if self._file is not None:
            self._file.check()

    @staticmethod
    def _run(jobs: list[_Job], transaction: Transaction) -> None:
        first = jobs[0]
        try:
            if len(jobs) == 1 or first.joint is None:
                first.result = first.work(transaction)
                return
            parts = [job.joint.part for job in jobs if job.joint is not None]
            results = first.joint.together(transaction, parts)
        except BaseException as error:
            raise _WorkFailed(error) from error
        for job, result in zip(jobs, results, strict=True):
            job.result = result

    @staticmethod
    def _run_apart(jobs: list[_Job], transaction: Transaction) -> None:
        """Run one unit of work in a savepoint; an error of its own undoes it alone."""
        (job,) = jobs
        connection = transaction.connection
        # One fixed name: SQLAlchemy's savepoints have a new one each, and are compiled each time.
        execute = connection.connection.cursor().execute
        execute("SAVEPOINT work")
        try:
            job.result = job.work(transaction)
        except BaseException as error:  # it belongs to whoever waits, not to us
            if isinstance(error, DBAPIError):
                if engines.ends_transaction(error, connection):
                    raise
                error = engines.translate(error)
            execute("ROLLBACK TO work")
            job.error = error
            transaction.changed.clear()
        execute("RELEASE work")

    @staticmethod
    def _fail(jobs: list[_Job], error: BaseException) -> None:
        for job in jobs:
            job.error = job.error or error
            job.settle()
