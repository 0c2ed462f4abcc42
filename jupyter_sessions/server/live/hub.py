"""Distribute a session's events to all followers as they are committed.

Each follower has its own position in the log, so a reconnect neither loses nor repeats events.
Permission to follow is checked in the transaction that reads the events.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections import defaultdict
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any, Protocol

import msgspec

from jupyter_sessions import errors, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import Credentials
from jupyter_sessions.store.change_watch import Watch

log = logging.getLogger(__name__)

_CHECK_EVERY = 5.0  # seconds between checks of a follower's login, with or without events
_AT_ONCE = 100  # followers served before the event loop gets a turn

_TEXT = 0x81  # the first byte of a complete text message

Answered = Callable[[Future[Any]], Awaitable[Any]]

_encode = msgspec.json.Encoder().encode


def frame(text: bytes) -> bytes:
    """Return a server's WebSocket frame of UTF-8 text (RFC 6455, section 5.2).

    It is made once for all followers: Tornado would make a frame, and a task to send it, for each.
    """
    size = len(text)
    if size < 126:
        return bytes((_TEXT, size)) + text
    if size < 1 << 16:
        return struct.pack("!BBH", _TEXT, 126, size) + text
    return struct.pack("!BBQ", _TEXT, 127, size) + text


class Follower(Protocol):
    """A client that follows a session."""

    credentials: Credentials

    def send_frames(self, frames: bytes) -> None:
        """Send events, each encoded as a WebSocket frame of JSON."""

    def refuse(self, error: errors.SessionsError) -> None:
        """Close the connection with the reason."""

    def leave_to_return(self) -> None:
        """Close the connection because the server stops."""


class Feed:
    """One session and its followers."""

    def __init__(
        self, dispatcher: Dispatcher, answered: Answered, session_id: int, code: str
    ) -> None:
        self._dispatcher = dispatcher
        self._answered = answered
        self._session_id = session_id
        self._code = code
        self._changed = asyncio.Event()
        self._check = False
        self.followers: dict[Follower, int] = {}
        self._task = asyncio.create_task(self._run())

    def wake(self, *, check: bool = False) -> None:
        """Look for new events; with `check`, check permissions in any case."""
        self._check |= check
        self._changed.set()

    def stop(self) -> None:
        """Stop the feed."""
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            try:
                await asyncio.wait_for(self._changed.wait(), _CHECK_EVERY)
            except TimeoutError:
                self._check = True
            self._changed.clear()
            check, self._check = self._check, False
            try:
                while await self._advance(check):
                    check = False
            except errors.SessionsError as error:
                log.warning("The live view of %s is delayed: %s", self._code, error)
                self._check = True

    async def _advance(self, check: bool) -> bool:
        """Send new events to all followers; return whether there may be more."""
        places: dict[int, list[Follower]] = defaultdict(list)
        for follower, after in self.followers.items():
            places[after].append(follower)
        more = False
        for after, followers in places.items():
            callers = {follower.credentials for follower in followers}
            progress = await self._answered(
                self._dispatcher.advance(self._session_id, self._code, after, callers, check=check)
            )
            if progress.refused:
                followers = self._refuse(followers, progress.refused)
            if progress.events:
                more = True
                await self._send_events(followers, progress.events)
        return more

    def _refuse(
        self, followers: list[Follower], refused: dict[Credentials, errors.SessionsError]
    ) -> list[Follower]:
        """Disconnect followers who have lost permission; return the others."""
        others = []
        for follower in followers:
            if follower.credentials in refused:
                self.followers.pop(follower, None)
                follower.refuse(refused[follower.credentials])
            else:
                others.append(follower)
        return others

    async def _send_events(self, followers: list[Follower], events: list[schemas.Event]) -> None:
        frames = b"".join(frame(_encode(event)) for event in events)
        for index, follower in enumerate(followers):
            if follower not in self.followers:
                continue
            self.followers[follower] = events[-1].number
            follower.send_frames(frames)
            if index % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)


class Live:
    """All feeds of a server, woken by its own commits and by those of other processes.

    Parameters
    ----------
    dispatcher
        Gives access to the store.
    answered
        Returns an awaitable for a result of the store's threads.
    """

    def __init__(self, dispatcher: Dispatcher, answered: Answered) -> None:
        self._dispatcher = dispatcher
        self._answered = answered
        self._feeds: dict[int, Feed] = {}
        self._loop = asyncio.get_running_loop()
        self._unlisten = dispatcher.database.listen(self._noticed)
        self._watch = Watch(dispatcher.database.engine, self._noticed)

    def join(self, follower: Follower, session_id: int, code: str, after: int) -> None:
        """Send all events after a given number to a permitted follower."""
        feed = self._feeds.get(session_id)
        if feed is None:
            feed = self._feeds[session_id] = Feed(
                self._dispatcher, self._answered, session_id, code
            )
        feed.followers[follower] = after
        feed.wake(check=True)

    def leave(self, follower: Follower, session_id: int) -> None:
        """Remove a follower."""
        feed = self._feeds.get(session_id)
        if feed is not None:
            feed.followers.pop(follower, None)
            if not feed.followers:
                feed.stop()
                del self._feeds[session_id]

    def stop(self) -> None:
        """Close all connections: clients reconnect and resume after their last event."""
        self._unlisten()
        self._watch.stop()
        for feed in list(self._feeds.values()):
            feed.stop()
            for follower in list(feed.followers):
                follower.leave_to_return()

    def _noticed(self, changed: set[int] | None) -> None:
        self._loop.call_soon_threadsafe(self._wake, changed)

    def _wake(self, changed: set[int] | None) -> None:
        for session_id, feed in self._feeds.items():
            if changed is None or session_id in changed:
                feed.wake()
