"""Carry out operations in process, on the user's own store, without a server."""

from __future__ import annotations

import atexit
import getpass
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

import msgspec

from jupyter_sessions import api, errors, forking, paths, schemas
from jupyter_sessions.client.local_servers import find_server_of_database
from jupyter_sessions.client.transports.incoming import IncomingContent, Partial
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.history.encoded import check_outputs, decode_outputs, decode_request
from jupyter_sessions.core.types import SystemUser
from jupyter_sessions.schemas.encoded import EncodedRecordCommands, EncodedRecording
from jupyter_sessions.validation import refused

Req = TypeVar("Req", bound=schemas.Request)
Ans = TypeVar("Ans")

_FOLLOW_CHECKS_EVERY = 5.0  # seconds


class _Opened:
    """The dispatchers of this process, one for each database; a forked child opens its own."""

    def __init__(self) -> None:
        self.reset_in_child()
        forking.reset_in_child(self)
        atexit.register(self.close)

    def reset_in_child(self) -> None:
        """Forget the parent's dispatchers."""
        self._opening = threading.Lock()
        self._dispatchers: dict[str, Dispatcher] = {}

    def on(self, database: str) -> Dispatcher:
        """Return the dispatcher for a database."""
        with self._opening:
            if database not in self._dispatchers:
                self._dispatchers[database] = Dispatcher(database, paths.own_blobs())
            return self._dispatchers[database]

    def close(self) -> None:
        """Close all databases; a later call opens its database again."""
        with self._opening:
            dispatchers, self._dispatchers = self._dispatchers, {}
        for dispatcher in dispatchers.values():
            dispatcher.close()


_opened = _Opened()


def close_databases() -> None:
    """Close the databases that this process has opened; a later call opens its own again."""
    _opened.close()


class LocalTransport:
    """Transport that runs operations in process, as the operating-system user."""

    server: str | None = None

    def __init__(self) -> None:
        self._database = paths.own_database()
        self._closed = threading.Event()
        forking.reset_in_child(self)

    def reset_in_child(self) -> None:
        """Discard what a thread of the parent may hold."""
        closed, self._closed = self._closed.is_set(), threading.Event()
        if closed:
            self._closed.set()

    @property
    def user(self) -> str:
        """The operating-system user."""
        return getpass.getuser()

    def call(
        self,
        operation: api.Operation[Req, Ans],
        request: Req,
        content: bytes | Path | None = None,
    ) -> Ans:
        """Carry out an operation and return its result."""
        dispatcher = self._dispatcher()
        answer: Ans = dispatcher.submit(
            operation,
            _checked(request),
            SystemUser(self.user),
            upload=content,
            server=find_server_of_database(self._database),
        ).result()
        return decode_outputs(answer)

    def download(
        self, request: schemas.FileNamed, target: BinaryIO, partial: Partial | None = None
    ) -> None:
        """Download a published file's content into `target`."""
        dispatcher = self._dispatcher()
        _, blob = dispatcher.submit(
            api.DOWNLOAD_FILE, _checked(request), SystemUser(self.user)
        ).result()
        content = IncomingContent(request.path, target, partial)
        content.check_version(blob.sha256)
        for piece in dispatcher.blobs.stream(blob, content.size):
            content.write(piece)
        content.end()

    def follow(self, request: schemas.Follow) -> Iterator[schemas.Event]:
        """Yield a session's events as they occur."""
        from jupyter_sessions.store.change_watch import Watch

        dispatcher = self._dispatcher()
        credentials = SystemUser(self.user)
        following = dispatcher.follow(_checked(request), credentials).result()
        session_id, after = following.session_id, following.after
        changed = threading.Event()
        changed.set()
        watch = Watch(dispatcher.database.engine, lambda _: changed.set())
        try:
            while not self._closed.is_set():
                changed.wait(_FOLLOW_CHECKS_EVERY)
                changed.clear()
                progress = dispatcher.advance(
                    session_id, request.code, after, [credentials], check=True
                ).result()
                if progress.refused:
                    return
                for event in progress.events:
                    after = event.number
                    yield event
        finally:
            watch.stop()

    def clone(self) -> LocalTransport:
        """Return a second transport to the same store."""
        self._still_open()
        other = LocalTransport()
        other._database = self._database
        return other

    def close(self) -> None:
        """Stop live views; the store stays open for others in this process."""
        self._closed.set()

    def _dispatcher(self) -> Dispatcher:
        self._still_open()
        return _opened.on(self._database)

    def _still_open(self) -> None:
        if self._closed.is_set():
            raise errors.ConnectionClosed


def _check_recordings(request: schemas.RecordCommands) -> schemas.RecordCommands:
    """Validate a request whose outputs are encoded, without another copy of the outputs."""
    plain = [_leave_out_outputs(recording) for recording in request.commands]
    encoded = msgspec.json.encode(msgspec.structs.replace(request, commands=plain))
    checked = msgspec.json.decode(encoded, type=EncodedRecordCommands)
    for recording, original in zip(checked.commands, request.commands, strict=True):
        for half in ("response", "so_far"):
            if (holder := getattr(recording, half)) is not None:
                holder.outputs = getattr(original, half).outputs
    check_outputs(checked)
    return checked


def _leave_out_outputs(recording: schemas.Recording) -> schemas.Recording:
    without = {
        half: msgspec.structs.replace(holder, outputs=[])
        for half in ("response", "so_far")
        if (holder := getattr(recording, half)) is not None
    }
    return msgspec.structs.replace(recording, **without)


def _checked(request: Req) -> Req:
    """Validate a request by the same rules as one that is sent over HTTP."""
    try:
        if isinstance(request, schemas.RecordCommands) and all(
            isinstance(each, EncodedRecording) for each in request.commands
        ):
            return cast("Req", _check_recordings(request))
        return decode_request(type(request), msgspec.json.encode(request))
    except msgspec.ValidationError as error:
        raise refused(error) from None
    except UnicodeEncodeError:
        raise errors.BadRequest(
            "A text contains half of a character (a lone surrogate).", hint="Write it again."
        ) from None
