"""Log a kernel's messages before they are sent, and recover commands after the kernel's death.

A message passes through the kernel's iopub thread, a socket and the recorder's thread before its
content is in the outbox. If the kernel dies, messages on their way are lost. So the thread that
publishes a message (often the main thread, which runs the command) first writes it to a log. After
the kernel's death, the log is read as the recorder would have read the messages.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable, Iterable
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

import msgspec

from jupyter_sessions import forking, schemas
from jupyter_sessions.recorder.iopub.messages import MessageRecorder, Selection
from jupyter_sessions.recorder.iopub.wire import (
    DELIMITER,
    LOGGED_TYPES,
    Message,
    Origin,
    Reader,
    UnreadableMessage,
    execution_id,
    read_origin,
    read_source,
)
from jupyter_sessions.recorder.streams.patching import replace
from jupyter_sessions.recorder.tracker import Tracker

#: Larger widget messages are not logged, since few of them concern a command.
_LARGEST_COMM = 1 << 14

#: The maximum size of a message with the kernel's state, with a margin.
_SHORT = 64

#: The length of the shortest parent header that names a request.
_SHORTEST_PARENT = len(b"{}") + 1

#: The number of requests for which it is remembered which command they started.
_REMEMBERED = 1000

_log = logging.getLogger(__name__)

#: Three parts of a message, or two empty ones and a `Note`.
Entry = tuple[bytes, bytes, bytes]


class Log(Protocol):
    """Receives messages to log; never raises."""

    def begin(self, command: Hashable, *entries: Entry) -> None:
        """Write the first entries of a command, which is known by any object that stands for it."""

    def append(self, entry: Entry, *, droppable: bool) -> bool:
        """Write an entry of a command; return False if it was dropped because of its size."""

    def knows(self, command: Hashable) -> bool:
        """Return whether a command has begun here and was not removed."""

    def list_commands(self) -> list[Hashable]:
        """Return the commands that have begun here and were not removed, the oldest first."""

    def strike_off(self, command: Hashable) -> None:
        """Remove a command."""

    def close(self) -> None:
        """Stop permanently."""


class Note(msgspec.Struct, omit_defaults=True):
    """What the log contains in addition to messages.

    Attributes
    ----------
    opened
        A command that began without messages.
    where
        Where the requests of the following messages run.
    failed, skipped
        The requests of commands that failed without a message that says so, and of those left out.
    cut
        The id of a command whose later outputs are incomplete.
    """

    opened: schemas.Recording | None = None
    where: dict[str, str] = {}
    failed: Origin | None = None
    skipped: Origin | None = None
    cut: str = ""


class _Kind(msgspec.Struct):
    msg_type: str


schemas.ready(Note, _Kind)
_kind = msgspec.json.Decoder(_Kind).decode
_parent = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


def note(**fields: Any) -> Entry:
    """Return an entry with a `Note`."""
    return b"", b"", _encode(Note(**fields))


class _Begun:
    """A command that has begun; it is parsed only when necessary, which its own thread never does.

    Parameters
    ----------
    entry
        The message that reported its start.
    """

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    @cached_property
    def _message(self) -> Message | None:
        try:
            return Reader(b"").parse(*self._entry)
        except UnreadableMessage:
            return None

    @property
    def origin(self) -> Origin:
        """The request that started it."""
        return Origin("") if self._message is None else self._message.origin

    @cached_property
    def id(self) -> str:
        """The id under which it is recorded."""
        started = self._message
        if started is None:
            return ""
        source = read_source(started)
        return execution_id(started.origin, started.process, started.date, source)


class MessageLog:
    """Writes what this kernel publishes to a log, in the thread that publishes it.

    That thread is often the one that runs the user's cells, so little is done there: a message is
    matched with its command by the bytes of its parent header, and is not parsed.

    Parameters
    ----------
    log
        Where to write.
    selection
        Decides which commands are recorded.
    leaves_out
        Returns whether a source that contains ``%session`` is never recorded.
    where
        Where the commands run, as their requests state it.
    """

    def __init__(
        self,
        log: Log,
        selection: Selection,
        leaves_out: Callable[[str], bool],
        where: dict[str, str],
    ) -> None:
        self._log = log
        self._selection = selection
        self._leaves_out = leaves_out
        self._where = note(where=where)
        self._cut: set[_Begun] = set()
        self._begun: dict[bytes, _Begun] = {}  # by parent header
        self._last: tuple[bytes, _Begun | None] = b"", None  # another parent header
        self._parents = False
        self._restore: Callable[[], None] = lambda: None
        forking.reset_in_child(self)

    def reset_in_child(self) -> None:
        """Stop writing: the messages of a fork pass through its parent as well."""
        self._parents = True

    def follow(self, iopub_thread: Any) -> None:
        """Write what is sent through a kernel's iopub thread, before it is sent."""
        send = iopub_thread.send_multipart

        def write_and_send(parts: list[Any], *args: Any, **kwargs: Any) -> Any:
            try:
                self._write(parts)
            except Exception:  # noqa: BLE001 - what goes wrong here may not reach the user's cell
                _log.debug("A message could not be written to the outbox", exc_info=True)
            return send(parts, *args, **kwargs)

        self._restore = replace(iopub_thread, send_multipart=write_and_send)

    def fail(self, origin: Origin) -> None:
        """Record that a command failed, though its outputs may not show it."""
        if self._find(origin) is not None:
            self._log.append(note(failed=origin), droppable=False)

    def skip(self, origin: Origin) -> None:
        """Leave out the command of a request."""
        command = self._find(origin)
        if command is not None:
            self._log.append(note(skipped=origin), droppable=False)
            self._log.strike_off(command)

    def settle(self, recording: schemas.Recording) -> None:
        """Remove a delivered command that has ended."""
        for command in self._log.list_commands():
            if isinstance(command, _Begun) and command.id == recording.id:
                self._log.strike_off(command)
                self._cut.discard(command)
                return

    def close(self) -> None:
        """Stop writing."""
        self._restore()
        self._log.close()

    def _write(self, parts: list[Any]) -> None:
        if self._parents:
            return
        start = parts.index(DELIMITER)
        header, parent, content = parts[start + 2], parts[start + 3], parts[start + 5]
        if len(content) < _SHORT and b'"busy"' in content:
            return  # half of all messages, without information
        kind = _kind(header).msg_type
        if kind == "execute_input":
            self._begin((header, parent, content))
        elif kind in LOGGED_TYPES:
            command = self._begun.get(parent) or self._find_by_header(parent)
            if command is not None and self._log.knows(command):
                self._add(kind, command, (header, parent, content))

    def _begin(self, entry: Entry) -> None:
        _, parent, content = entry
        # A repeated request starts another command.
        self._begun.pop(parent, None)
        self._last = b"", None
        if len(parent) < _SHORTEST_PARENT or not self._includes(entry, content):
            return
        if len(self._begun) >= _REMEMBERED:
            self._begun = {each: of for each, of in self._begun.items() if self._log.knows(of)}
        command = self._begun[parent] = _Begun(entry)
        self._log.begin(command, self._where, entry)

    def _includes(self, entry: Entry, content: bytes) -> bool:
        if self._selection.paused:
            return False
        if b"%session" not in content:
            return True
        message = Reader(b"").parse(*entry)
        return message is not None and not self._leaves_out(read_source(message))

    def _find(self, origin: Origin) -> _Begun | None:
        """Return the newest command of a request that is still in the log."""
        known = [each for each in self._log.list_commands() if isinstance(each, _Begun)]
        return next((each for each in reversed(known) if each.origin == origin), None)

    def _find_by_header(self, parent: bytes) -> _Begun | None:
        """Return the command of a request whose header is encoded in another way."""
        known, command = self._last
        if parent != known:
            command = self._find(read_origin(_parent(parent)))
            self._last = parent, command
        return command

    def _add(self, kind: str, command: _Begun, entry: Entry) -> None:
        if kind == "status":
            if b'"idle"' in entry[2]:
                self._log.append(entry, droppable=False)
            return
        if kind.startswith("comm_") and len(entry[2]) > _LARGEST_COMM:
            return
        if command in self._cut:
            return
        if not self._log.append(entry, droppable=True):
            self._cut.add(command)
            self._log.append(note(cut=command.id), droppable=False)


class Remains:
    """The commands that a dead process has logged but not delivered.

    Parameters
    ----------
    entries
        The entries that it wrote.
    written
        When it wrote last.
    """

    def __init__(self, entries: Iterable[Entry], written: datetime) -> None:
        #: The commands whose later outputs are missing.
        self.cut: set[str] = set()
        self._tracker = Tracker()
        self._messages = MessageRecorder(self._tracker, Selection())
        self._reader = Reader(b"")
        self._written = written
        for header, parent, content in entries:
            if header:
                with suppress(UnreadableMessage):
                    message = self._reader.parse(header, parent, content)
                    if message is not None:
                        self._messages.take(message, time.monotonic())
            else:
                self._act(msgspec.json.decode(content, type=Note))

    def _act(self, note: Note) -> None:
        if note.where:
            self._messages.place(**note.where)
        if note.opened is not None:
            self._tracker.open(note.opened.id, note.opened.request, time.monotonic())
        if note.failed is not None:
            self._messages.fail(note.failed)
        if note.skipped is not None:
            self._messages.skip(note.skipped, time.monotonic())
        if note.cut:
            self.cut.add(note.cut)

    def recordings(self, why: str) -> list[schemas.Recording]:
        """Return the commands; `why` is noted on those that had not ended."""
        self._tracker.end_all(time.monotonic(), why, finished=self._written)
        return self._tracker.take_due(time.monotonic(), everything=True)
