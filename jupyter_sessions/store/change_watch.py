"""Detect commits by other processes to the same database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

_INTERVAL = 0.03  # seconds between two checks of SQLite's data version
_AFTER_FAILURE = 2.0

log = logging.getLogger(__name__)


class Watch:
    """Calls a function, in a thread of its own, when another process has committed something.

    Parameters
    ----------
    engine
        The engine of the database to watch.
    noticed
        Called with the sessions that changed, or with None if they are unknown.
    """

    def __init__(self, engine: Engine, noticed: Callable[[set[int] | None], None]) -> None:
        self._engine = engine
        self._noticed = noticed
        self._stopped = threading.Event()
        look = self._poll if engine.dialect.name == "sqlite" else self._wait
        self._thread = threading.Thread(
            target=self._run, args=(look,), name="sessions-watch", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()
        self._thread.join()

    def _run(self, look: Callable[[Any], None]) -> None:
        while not self._stopped.is_set():
            try:
                pooled = self._engine.raw_connection()
                try:
                    look(pooled.driver_connection)
                finally:
                    # Not returned to the pool, since a PostgreSQL connection keeps listening.
                    pooled.detach()
                    pooled.close()
            except (DBAPIError, OSError, _driver_error(self._engine)) as error:
                log.warning("Watching the database failed (%s); trying again.", error)
                self._stopped.wait(_AFTER_FAILURE)

    def _poll(self, connection: Any) -> None:
        version = None
        while not self._stopped.is_set():
            (seen,) = connection.execute("PRAGMA data_version").fetchone()
            # The first time too, since nobody has noticed the commits before it.
            if seen != version:
                self._noticed(None)
            version = seen
            self._stopped.wait(_INTERVAL)

    def _wait(self, connection: Any) -> None:
        connection.rollback()
        connection.autocommit = True
        connection.execute("LISTEN jupyter_sessions")
        self._noticed(None)
        while not self._stopped.is_set():
            for notice in connection.notifies(timeout=0.5, stop_after=1):
                self._noticed({int(id_) for id_ in notice.payload.split(",")})


def _driver_error(engine: Engine) -> type[Exception]:
    driver: Any = engine.dialect.loaded_dbapi
    error: type[Exception] = driver.Error
    return error
