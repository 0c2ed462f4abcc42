"""The live view: a session's events to all who follow it, as they are committed.

Each follower has a place of its own in the log, so a reconnect loses and repeats nothing. Who may
follow is checked in the transaction that reads the events.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import Any

import msgspec
from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from jupyter_sessions import errors, model
from jupyter_sessions.api import FOLLOW_EVENTS
from jupyter_sessions.core.askers import Asker
from jupyter_sessions.core.dispatch import Dispatcher
from jupyter_sessions.server.door import read_request
from jupyter_sessions.server.handlers import ApiHandler
from jupyter_sessions.store.watch import Watch

log = logging.getLogger(__name__)

_CHECK_EVERY = 5.0  # seconds until a follower's login is looked at again, whatever happens
_AT_ONCE = 100  # followers told before the event loop gets a turn
_LARGEST_BACKLOG = 8 * 2**20  # bytes that a follower may be behind

# WebSocket close codes of our own (4000 to 4999), after the HTTP status that fits.
_CLOSE = {401: 4401, 403: 4403, 404: 4404}
_GOING_AWAY = 1001
_TOO_SLOW = 1013

_encode = msgspec.json.Encoder().encode


class Feed:
    """One session and those who follow it."""

    def __init__(self, dispatcher: Dispatcher, session_id: int, code: str) -> None:
        self._dispatcher = dispatcher
        self._session_id = session_id
        self._code = code
        self._changed = asyncio.Event()
        self._check = False
        self.followers: dict[LiveHandler, int] = {}
        self._task = asyncio.create_task(self._run())

    def wake(self, *, check: bool = False) -> None:
        """Look for news; with `check`, look at who may follow in any case."""
        self._check |= check
        self._changed.set()

    def stop(self) -> None:
        """End it."""
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
                log.warning("The live view of %s waits: %s", self._code, error)
                self._check = True

    async def _advance(self, check: bool) -> bool:
        """Tell all followers what they don't know yet; returns whether there may be more."""
        places: dict[int, list[LiveHandler]] = defaultdict(list)
        for follower, after in self.followers.items():
            places[after].append(follower)
        more = False
        for after, followers in places.items():
            askers = {follower.asker for follower in followers}
            progress = await asyncio.wrap_future(
                self._dispatcher.advance(self._session_id, self._code, after, askers, check=check)
            )
            for follower in followers:
                if follower.asker in progress.refused:
                    self.followers.pop(follower, None)
                    follower.refuse(progress.refused[follower.asker])
            if progress.events:
                more = True
                await self._tell(followers, progress.events, progress.refused)
        return more

    async def _tell(
        self,
        followers: list[LiveHandler],
        events: list[model.Event],
        refused: dict[Asker, errors.SessionsError],
    ) -> None:
        messages = [_encode(event).decode() for event in events]
        for index, follower in enumerate(followers):
            if follower.asker in refused or follower not in self.followers:
                continue
            self.followers[follower] = events[-1].number
            follower.tell(messages)
            if index % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)


class Live:
    """All feeds of a server, woken by its own commits and by those of other processes."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._feeds: dict[int, Feed] = {}
        self._loop = asyncio.get_running_loop()
        self._unlisten = dispatcher.database.listen(self._noticed)
        self._watch = Watch(dispatcher.database.engine, self._noticed)

    def join(self, follower: LiveHandler, session_id: int, code: str, after: int) -> None:
        """Let someone who may follow have all events after a number."""
        feed = self._feeds.get(session_id)
        if feed is None:
            feed = self._feeds[session_id] = Feed(self._dispatcher, session_id, code)
        feed.followers[follower] = after
        feed.wake(check=True)

    def leave(self, follower: LiveHandler, session_id: int) -> None:
        """Let someone go."""
        feed = self._feeds.get(session_id)
        if feed is not None:
            feed.followers.pop(follower, None)
            if not feed.followers:
                feed.stop()
                del self._feeds[session_id]

    def stop(self) -> None:
        """Close all connections: followers come back to where they were."""
        self._unlisten()
        self._watch.stop()
        for feed in list(self._feeds.values()):
            feed.stop()
            for follower in list(feed.followers):
                follower.close(_GOING_AWAY, "the server stops")

    def _noticed(self, changed: set[int] | None) -> None:
        self._loop.call_soon_threadsafe(self._wake, changed)

    def _wake(self, changed: set[int] | None) -> None:
        for session_id, feed in self._feeds.items():
            if changed is None or session_id in changed:
                feed.wake()


class LiveHandler(WebSocketHandler, ApiHandler):
    """One follower."""

    session_id: int | None = None

    def check_origin(self, origin_to_satisfy_tornado: str = "") -> bool:  # noqa: ARG002  # Tornado passes it
        """Let browsers in from our own pages only; programs send no origin."""
        try:
            self.check_same_site()
        except errors.Forbidden:
            return False
        return True

    @allow_unauthenticated
    async def get(self, code: str) -> None:
        """Check who comes, then open the WebSocket."""
        request = read_request(FOLLOW_EVENTS, {"code": code}, self.read_query(), b"")
        dispatcher = await self.extension.dispatcher()
        place = await self.extension.answered(dispatcher.follow(request, self.asker))
        self.session_id, self._after = place
        self._code = request.code
        # Tornado says these two without our form of errors.
        self.check_same_site()
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise errors.BadRequest("The live view is a WebSocket.", hint="Connect with one.")
        await super().get(code)

    async def open(self, *_: str) -> None:
        """Begin."""
        self.extension.answering.discard(self)
        live = await self.extension.live()
        if self.session_id is not None and self.ws_connection is not None:
            live.join(self, self.session_id, self._code, self._after)

    def on_message(self, message: str | bytes) -> None:
        """Take nothing: a follower has nothing to say."""

    def on_close(self) -> None:
        """Let go."""
        live = self.extension.live_if_open
        if live is not None and self.session_id is not None:
            live.leave(self, self.session_id)

    def tell(self, messages: list[str]) -> None:
        """Send events; a follower who does not keep up is cut off, and can come back."""
        if self._behind() > _LARGEST_BACKLOG:
            self.close(_TOO_SLOW, "too far behind")
            return
        for message in messages:
            try:
                self.write_message(message)
            except WebSocketClosedError:
                return

    def refuse(self, error: errors.SessionsError) -> None:
        """End it, saying why."""
        self.close(_CLOSE.get(error.status, _GOING_AWAY), error.code)

    def _behind(self) -> int:
        connection: Any = self.ws_connection
        stream = getattr(connection, "stream", None)
        return (
            len(stream._write_buffer) if stream is not None else 0
        )  # Tornado tells it nowhere else
