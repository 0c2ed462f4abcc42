"""Follow a session's events over a WebSocket."""

from __future__ import annotations

import secrets
from contextlib import suppress

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.iostream import SSLIOStream, StreamClosedError
from tornado.websocket import WebSocketHandler

from jupyter_sessions import errors
from jupyter_sessions.api import FOLLOW_EVENTS
from jupyter_sessions.core.types import Follower
from jupyter_sessions.server.handlers.base import ApiHandler
from jupyter_sessions.server.handlers.request import read_request
from jupyter_sessions.store.workers import closing

_LARGEST_BACKLOG = 8 * 2**20  # bytes that may be queued for a slow follower

# Our own WebSocket close codes (4000 to 4999), derived from the corresponding HTTP status.
_CLOSE = {401: 4401, 403: 4403, 404: 4404}
_GOING_AWAY = 1001
_TOO_SLOW = 1013


class LiveHandler(WebSocketHandler, ApiHandler):
    """WebSocket connection of one follower."""

    session_id: int | None = None

    def check_origin(self, origin_to_satisfy_tornado: str = "") -> bool:  # noqa: ARG002  # Tornado passes it
        """Accept browsers only from our own pages; other programs send no origin."""
        try:
            self.check_same_site()
        except errors.Forbidden:
            return False
        return True

    @allow_unauthenticated
    async def get(self, code: str) -> None:
        """Authenticate the caller, then open the WebSocket."""
        request = read_request(FOLLOW_EVENTS, {"code": code}, self.read_query(), b"")
        if self.service.stopping:
            raise closing()
        dispatcher = await self.service.dispatcher()
        following = await self.service.answered(dispatcher.follow(request, self.credentials))
        self.session_id, self._after, principal = following
        self._code = request.code
        self._follower = Follower(
            client=secrets.token_hex(8),
            session_id=following.session_id,
            user_id=principal.user_id,
            real_user_id=principal.real_user_id,
            key_id=principal.key_id,
            # Only browsers attach credentials by themselves.
            kind="page" if self.ambient else "program",
            agent="",
        )
        # Tornado reports these two errors in another format.
        self.check_same_site()
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise errors.BadRequest(
                "The live view needs a WebSocket.", hint="Connect with a WebSocket client."
            )
        await super().get(code)

    async def open(self, *_: str) -> None:
        """Start following."""
        live = await self.service.live()
        if self.service.stopping:
            self.leave_to_return()
        elif self.session_id is not None and self.ws_connection is not None:
            live.join(self, self.session_id, self._code, self._after)
            present = await self.service.present()
            if self.ws_connection is not None:
                present.add(self._follower)

    def on_message(self, message: str | bytes) -> None:
        """Ignore messages: followers send nothing."""

    def on_close(self) -> None:
        """Stop following."""
        live = self.service.live_if_open
        if live is not None and self.session_id is not None:
            live.leave(self, self.session_id)
        present = self.service.present_if_open
        if present is not None and self.session_id is not None:
            present.remove(self._follower.client)

    def send_frames(self, frames: bytes) -> None:
        """Send events; a follower who does not keep up is disconnected, and can reconnect."""
        stream = None if self.ws_connection is None else self.ws_connection.stream
        if stream is None or self.close_code is not None:
            return
        if len(stream._write_buffer) > _LARGEST_BACKLOG:  # Tornado tells it nowhere else
            self.close(_TOO_SLOW, "too far behind")
            return
        if not stream.writing() and not isinstance(stream, SSLIOStream):
            # A client that keeps up needs neither a buffer nor a future.
            with suppress(OSError):  # `write` finds out what is wrong
                frames = frames[stream.write_to_fd(memoryview(frames)) :]
        if frames:
            with suppress(StreamClosedError):
                stream.write(frames)

    def refuse(self, error: errors.SessionsError) -> None:
        """Close the connection with the reason."""
        self.close(_CLOSE.get(error.status, _GOING_AWAY), error.code)

    def leave_to_return(self) -> None:
        """Close the connection because the server stops; followers resume after the last event."""
        self.close(_GOING_AWAY, "the server is stopping")
