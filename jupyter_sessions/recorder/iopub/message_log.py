"""Log a kernel's messages before they are sent, and recover commands after the kernel's death.

A message passes through the kernel's iopub thread, a socket and the recorder's thread before its
content is in the outbox. If the kernel dies, messages on their way are lost. So the thread that
publishes a message (often the main thread, which runs the command) first writes it to a log. After
the kernel's death, the log is read as the recorder would have read the messages.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Protocol

import msgspec

from jupyter_sessions import schemas
from jupyter_sessions.recorder.iopub.messages import MessageRecorder, Selection
from jupyter_sessions.recorder.iopub.wire import (
    DELIMITER,
    LOGGED_TYPES,
    Origin,
    Reader,
    execution_id,
    read_origin,
)
from jupyter_sessions.recorder.streams.patching import replace
from jupyter_sessions.recorder.tracker import Tracker

#: Larger widget messages are not logged, since few of them concern a command.
_LARGEST_COMM = 1 << 14

#: The maximum size of a message with the kernel's state, with a margin.
_SHORT = 64

#: The number of requests for which it is remembered which command they started.
_REMEMBERED = 1000

_log = logging.getLogger(__name__)

#: Three parts of a message, or two empty ones and a `Note`.
Entry = tuple[bytes, bytes, bytes]


class Log(Protocol):
    """Receives messages to log; never raises."""

    def begin(self, command_id: str, *entries: Entry) -> None:
        """Write the first entries of a command."""

    def append(self, entry: Entry, *, droppable: bool) -> bool:
        """Write an entry of a command; return False if it was dropped because of its size."""

    def knows(self, command_id: str) -> bool:
        """Return whether a command has begun here and was not removed."""

    def strike_off(self, command_id: str) -> None:
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


class MessageLog:
    """Writes what this kernel publishes to a log, in the thread that publishes it.

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
        self._pid = os.getpid()
        self._cut: set[str] = set()
        self._reader = Reader(b"")
        self._last = b"", Origin("")  # a raw parent header, and its origin
        self._commands: dict[Origin, str] = {}  # those that have begun, by request
        self._restore: Callable[[], None] = lambda: None

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
        if self._log.knows(self._commands.get(origin, "")):
            self._log.append(note(failed=origin), droppable=False)

    def skip(self, origin: Origin) -> None:
        """Leave out the command of a request."""
        command = self._commands.get(origin, "")
        if self._log.knows(command):
            self._log.append(note(skipped=origin), droppable=False)
            self._log.strike_off(command)

    def settle(self, recording: schemas.Recording) -> None:
        """Remove a delivered command that has ended."""
        self._log.strike_off(recording.id)
        self._cut.discard(recording.id)

    def close(self) -> None:
        """Stop writing."""
        self._restore()
        self._log.close()

    def _write(self, parts: list[Any]) -> None:
        if os.getpid() != self._pid:
            return  # a fork: its messages pass through its parent as well
        start = parts.index(DELIMITER)
        header, parent, content = parts[start + 2], parts[start + 3], parts[start + 5]
        if len(content) < _SHORT and b'"busy"' in content:
            return  # half of all messages, without information
        kind = _kind(header).msg_type
        if kind not in LOGGED_TYPES:
            return
        if kind == "execute_input":
            self._begin((header, parent, content))
            return
        known, origin = self._last
        if parent != known:
            origin = read_origin(_parent(parent))
            self._last = parent, origin
        command = self._commands.get(origin, "")
        if self._log.knows(command):
            self._add(kind, command, (header, parent, content))

    def _begin(self, entry: Entry) -> None:
        message = self._reader.parse(*entry)
        if message is None:
            return
        # A repeated request starts another command.
        self._commands.pop(message.origin, None)
        source = str((message.content or {}).get("code", ""))
        if not self._includes(source):
            return
        if len(self._commands) >= _REMEMBERED:
            known = [each for each in list(self._commands.items()) if self._log.knows(each[1])]
            self._commands = dict(known)
        command = execution_id(message.origin, message.process, message.date, source)
        self._commands[message.origin] = command
        self._log.begin(command, self._where, entry)

    def _includes(self, source: str) -> bool:
        if self._selection.paused:
            return False
        return "%session" not in source or not self._leaves_out(source)

    def _add(self, kind: str, command: str, entry: Entry) -> None:
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
            self._log.append(note(cut=command), droppable=False)


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
