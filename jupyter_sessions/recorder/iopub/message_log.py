"""What a kernel publishes, written down before it can do harm, and read when it is dead.

A message passes through the kernel's iopub thread, a socket and the recorder's thread until what it
tells is in the outbox; a kernel that dies takes along what is on its way. So whoever publishes a
message (the main thread that a command has started, for one) writes it to a log first. Of a kernel
that is gone, the log is read as its recorder would have.
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
    TOLD_TYPES,
    Origin,
    Reader,
    execution_id,
    origin_of,
)
from jupyter_sessions.recorder.streams.patching import replace
from jupyter_sessions.recorder.tracker import Tracker

#: A larger message of a widget is not written: few of them say anything about a command.
_LARGEST_COMM = 1 << 14

#: The longest content of a message of the kernel's state, with room to spare.
_SHORT = 64

#: Of so many requests it is remembered which command came of them.
_REMEMBERED = 1000

_log = logging.getLogger(__name__)

#: Three parts of a message, or two empty ones and a note of ours.
Entry = tuple[bytes, bytes, bytes]


class Log(Protocol):
    """Where messages are written; it never raises."""

    def begin(self, command_id: str, *entries: Entry) -> None:
        """Write the first word of a command."""

    def append(self, entry: Entry, *, droppable: bool) -> bool:
        """Write what belongs to a command; False where it was dropped for its size."""

    def knows(self, command_id: str) -> bool:
        """Tell whether a command has begun here, and was not struck off."""

    def strike_off(self, command_id: str) -> None:
        """Take a command out."""

    def close(self) -> None:
        """End for good."""


class Note(msgspec.Struct, omit_defaults=True):
    """What the log says beside messages.

    Attributes
    ----------
    opened
        A command that began where there are no messages.
    where
        What the requests of the messages that follow say about where they ran.
    failed, skipped
        The requests of commands that failed though no message says so, and that are left out.
    cut
        A command, by its id, whose later outputs are not all here.
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


def note(**said: Any) -> Entry:
    """Make an entry of a `Note`."""
    return b"", b"", _encode(Note(**said))


class MessageLog:
    """Writes what this kernel publishes to a log, in whichever thread publishes it.

    Parameters
    ----------
    log
        Where to write.
    selection
        Which commands are recorded.
    leaves_out
        Tells of a source with ``%session`` in it whether it is never recorded.
    where
        What the requests say about where they ran.
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
        self._last = b"", Origin("")  # a parent as it came, and what it tells
        self._commands: dict[Origin, str] = {}  # that were begun, by their requests
        self._restore: Callable[[], None] = lambda: None

    def follow(self, iopub_thread: Any) -> None:
        """Write what is sent through a kernel's iopub thread, before it is."""
        send = iopub_thread.send_multipart

        def write_and_send(parts: list[Any], *args: Any, **kwargs: Any) -> Any:
            try:
                self._write(parts)
            except Exception:  # noqa: BLE001 - what goes wrong here may not reach the user's cell
                _log.debug("A message was not written ahead", exc_info=True)
            return send(parts, *args, **kwargs)

        self._restore = replace(iopub_thread, send_multipart=write_and_send)

    def fail(self, origin: Origin) -> None:
        """Take note that a command failed, though its outputs may not show it."""
        if self._log.knows(self._commands.get(origin, "")):
            self._log.append(note(failed=origin), droppable=False)

    def skip(self, origin: Origin) -> None:
        """Leave the command of a request out."""
        command = self._commands.get(origin, "")
        if self._log.knows(command):
            self._log.append(note(skipped=origin), droppable=False)
            self._log.strike_off(command)

    def settle(self, recording: schemas.Recording) -> None:
        """Take out a command that was handed on, when it has ended."""
        if recording.response is not None:
            self._log.strike_off(recording.id)
            self._cut.discard(recording.id)

    def close(self) -> None:
        """Write nothing more."""
        self._restore()
        self._log.close()

    def _write(self, parts: list[Any]) -> None:
        if os.getpid() != self._pid:
            return  # a fork: its messages come by once more, in its parent
        start = parts.index(DELIMITER)
        header, parent, content = parts[start + 2], parts[start + 3], parts[start + 5]
        if len(content) < _SHORT and b'"busy"' in content:
            return  # half of all messages, and says nothing
        kind = _kind(header).msg_type
        if kind not in TOLD_TYPES:
            return
        if kind == "execute_input":
            self._begin((header, parent, content))
            return
        known, origin = self._last
        if parent != known:
            origin = origin_of(_parent(parent))
            self._last = parent, origin
        command = self._commands.get(origin, "")
        if self._log.knows(command):
            self._add(kind, command, (header, parent, content))

    def _begin(self, entry: Entry) -> None:
        message = self._reader.parse(*entry)
        if message is None:
            return
        # Another command of an earlier one's request is another one.
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
    """The commands that a dead process has written ahead, and not handed on.

    Parameters
    ----------
    entries
        What it wrote.
    written
        When it wrote last.
    """

    def __init__(self, entries: Iterable[Entry], written: datetime) -> None:
        #: Commands of whose outputs later ones are missing.
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
        """Return the commands; of those that had not ended, `why` tells what became of them."""
        self._tracker.end_all(time.monotonic(), why, finished=self._written)
        return self._tracker.take_due(time.monotonic(), everything=True)
