"""Run transactions on SQLite or PostgreSQL: reads in parallel, writes in groups.

A writer thread takes the waiting units of work of a lane, runs them in one transaction, commits
once, and only then answers. What is acknowledged is therefore on disk, and many waiting writers
cost only one sync. Adjacent units of the same kind are combined. SQLite has one lane and one
writer; on PostgreSQL each session is a lane, and several writers serve them (see `write_queue`).
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError

from jupyter_sessions import forking
from jupyter_sessions.errors import StoreGone
from jupyter_sessions.store import batching, engines
from jupyter_sessions.store.workers import Workers
from jupyter_sessions.store.write_queue import WriteQueue

T = TypeVar("T")

log = logging.getLogger(__name__)

_READERS = 4
_POSTGRESQL_WRITERS = 8
_GROUP = 256  # of SQLite's one writer
_POSTGRESQL_GROUP = 64  # of one session, whose row lock it holds meanwhile
_ONLY_LANE = "all"


@dataclass
class Transaction:
    """An open transaction, and the sessions whose event log it has extended."""

    connection: Connection
    changed: set[int] = field(default_factory=set)

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is SQLite; used only by full-text search."""
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
    """Raised when a unit of work has raised `error`."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


class _File:
    """The file of an open database, which SQLite continues to use even if it is moved."""

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
        """Check that the file is still where it was opened.

        Raises
        ------
        StoreGone
            If it is missing, or was replaced by another file.
        """
        if self._identify() != self._known:
            raise StoreGone(
                f"The database {self._path} was moved, removed or replaced while it was in use.",
                hint="Put the store's files back where they were. If they are gone, or another "
                "store takes their place, restart the kernels and servers that had them open.",
            )


class Database:
    """An open database with an up-to-date schema.

    Parameters
    ----------
    url
        An SQLAlchemy URL: ``sqlite:///FILE`` or ``postgresql+psycopg://…``.
    describe_orphaned
        Called if the database is new; describes what is left of an older store.

    Raises
    ------
    StoreUnusable
        If it can't be opened, is corrupt, or was created by a newer program.
    """

    def __init__(self, url: str, describe_orphaned: Callable[[], str] = lambda: "") -> None:
        self.url = url
        self._engines = engines.open_engines(url, describe_orphaned)
        self._file = _File(Path(str(make_url(url).database))) if self.is_sqlite else None
        self._listeners: list[Listener] = []
        self._readers = Workers(_READERS, "sessions-read")
        self._queue: WriteQueue[_Job] = WriteQueue()
        writers = 1 if self._engines.is_sqlite else _POSTGRESQL_WRITERS
        self._writers = [
            threading.Thread(target=self._write_all, name="sessions-write", daemon=True)
            for _ in range(writers)
        ]
        for writer in self._writers:
            writer.start()
        forking.reset_in_child(self)

    def reset_in_child(self) -> None:
        """Accept no work and close nothing, since threads and connections belong to the parent."""
        self._queue = WriteQueue()
        self._queue.close(0)
        self._writers = []

    @property
    def engine(self) -> Engine:
        """The engine for writes, also used by migrations and to watch other processes."""
        return self._engines.writer

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return self._engines.is_sqlite

    def read(self, work: Invocation[T]) -> Future[T]:
        """Run `work` in a read-only transaction with a consistent view of the database."""
        return self._readers.submit(self._read, work)

    def write(
        self,
        work: Invocation[T],
        joined: batching.BatchedCall | None = None,
        *,
        lane: Hashable = None,
    ) -> Future[T]:
        """Run `work` in a transaction; the future is done when its changes are on disk.

        An exception in `work` undoes all of its changes and no others. If another unit of work in
        the same group fails, `work` is undone and may run a second time.

        Parameters
        ----------
        joined
            How to combine `work` with others of its kind; if any of them fails, `work` itself is
            run.
        lane
            The session that `work` changes, or None if it is not one session. Work on one session
            runs in the order of submission.
        """
        outcome: Future[T] = Future()
        job: Any = _Job(work, outcome, joined)  # type: ignore[arg-type]  # a job of any type
        if self.is_sqlite:
            lane = _ONLY_LANE
        elif lane is None:
            lane = object()  # a lane of its own
        self._queue.put(lane, job)
        return outcome

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener`, in a thread of this object, with the sessions that each commit changed.

        Returns
        -------
        callable
            Call it to stop listening.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def close(self) -> None:
        """Finish the accepted work, then close the database."""
        writers, self._writers = self._writers, []
        self._queue.close(len(writers))
        for writer in writers:
            writer.join()
        if writers:
            self._readers.close()
            self._engines.dispose()

    def _read(self, work: Invocation[T]) -> T:
        self._check_file()
        try:
            with self._engines.reader.connect() as connection, connection.begin():
                return work(Transaction(connection))
        except DBAPIError as error:
            raise engines.translate(error) from error

    def _write_all(self) -> None:
        most = _GROUP if self.is_sqlite else _POSTGRESQL_GROUP
        while (lane := self._queue.take_lane()) is not None:
            self._commit(self._queue.take(lane, most))
            while self._queue.give_back(lane):
                self._commit(self._queue.take(lane, most))

    def _commit(self, jobs: list[_Job]) -> None:
        # From here on they can't be cancelled.
        jobs = [job for job in jobs if job.outcome.set_running_or_notify_cancel()]
        try:
            changed = self._run_group(jobs)
        except (DBAPIError, self._engines.driver_error) as error:
            self._fail(jobs, engines.translate(error))
            return
        except BaseException as error:  # noqa: BLE001  # the error belongs to the caller who waits
            self._fail(jobs, error)
            return
        # Followers are notified before the answer is sent, so that nobody sees their own change
        # late.
        for listener in list(self._listeners) if changed else []:
            try:
                listener(changed)
            except Exception:  # a failing listener must not stop the writer
                log.exception("A commit listener failed.")
        for job in jobs:
            job.settle()

    def _run_group(self, jobs: list[_Job]) -> set[int]:
        """Run all jobs in one transaction; if one fails, run them again with a savepoint for each.

        Failures are rare, and savepoints cost as much as many a statement.
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
            engines.notify_others(connection, changed)
        # Acknowledged data must be in the file that other processes open by its name.
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
        """Run one unit of work in a savepoint; its own error undoes only its own changes."""
        (job,) = jobs
        connection = transaction.connection
        # A fixed name: SQLAlchemy's savepoints have a new name each time, and are compiled each
        # time.
        execute = connection.connection.cursor().execute
        execute("SAVEPOINT work")
        try:
            job.result = job.work(transaction)
        except BaseException as error:  # the error belongs to the caller who waits for it
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
