"""Write the presence of this server's followers to the store, in batched writes."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from jupyter_sessions import errors
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.sessions.presence import LAPSES
from jupyter_sessions.core.types import Follower

log = logging.getLogger(__name__)

# A follower who leaves sooner costs no write.
_WRITTEN_EVERY = 1.0  # seconds
_BEAT_EVERY = LAPSES.total_seconds() / 2.5


class Present:
    """Report a server's followers to the store.

    Followers who stay less than a second cost nothing. All other changes are written together once
    a second, and one statement a minute renews the presence of all followers.

    Parameters
    ----------
    dispatcher
        Gives access to the store.
    answered
        Returns an awaitable for a result of the store's threads.
    """

    def __init__(
        self, dispatcher: Dispatcher, answered: Callable[[Future[Any]], Awaitable[Any]]
    ) -> None:
        self._dispatcher = dispatcher
        self._answered = answered
        self._server = secrets.token_hex(8)
        self._stored: set[str] = set()
        self._started: dict[str, Follower] = {}
        self._stopped: set[str] = set()
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def add(self, follower: Follower) -> None:
        """Add a follower."""
        self._started[follower.client] = follower
        self._changed.set()

    def remove(self, client: str) -> None:
        """Remove a follower."""
        if self._started.pop(client, None) is None and client in self._stored:
            self._stopped.add(client)
            self._changed.set()

    async def stop(self) -> None:
        """Report to the store that this server has no followers left."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._started.clear()
        self._stopped |= self._stored
        with suppress(errors.SessionsError):
            await self._write(beat=False)

    async def _run(self) -> None:
        beaten = time.monotonic()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), _BEAT_EVERY if self._stored else None)
            await asyncio.sleep(_WRITTEN_EVERY)
            self._changed.clear()
            beat = bool(self._stored) and time.monotonic() - beaten >= _BEAT_EVERY
            if beat:
                beaten = time.monotonic()
            try:
                await self._write(beat=beat)
            except errors.SessionsError as error:
                log.warning("Storing who is connected failed: %s", error)

    async def _write(self, *, beat: bool) -> None:
        come, gone = list(self._started.values()), self._stopped
        if not (come or gone or beat):
            return
        self._started, self._stopped = {}, set()
        self._stored |= {one.client for one in come}
        self._stored -= gone
        try:
            await self._answered(
                self._dispatcher.store_followers(self._server, come, sorted(gone), beat=beat)
            )
        except errors.SessionsError:
            # Retry next time, unless they have left meanwhile.
            left = self._stopped
            self._started |= {one.client: one for one in come if one.client not in left}
            self._stored -= self._started.keys()
            self._stopped |= gone
            raise
