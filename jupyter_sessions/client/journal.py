"""The outbox's files: commands on disk until a server has them.

A journal's first line says where its commands go; then come recordings, and lines that tell which
of them were delivered, by where they begin. Only what is known of each command is kept in memory;
its content waits on disk.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from jupyter_sessions import errors, folders, model
from jupyter_sessions.client.encoding import encoded
from jupyter_sessions.client.lines import FAILURES, Lines, private, reason

#: What may wait in memory, in bytes, while the disk takes nothing.
MEMORY = 32 << 20
_LONGEST_HEADER = 1 << 16


class Destination(msgspec.Struct, frozen=True):
    """Where a journal's commands go: the first line of its file.

    Attributes
    ----------
    server
        The server's base URL; None for the user's own store.
    user
        Who records them there.
    session
        The session's code.
    """

    server: str | None
    user: str
    session: str


@dataclass(frozen=True, eq=False)
class Slot:
    """One version of a recording, on disk or, while the disk takes nothing, in memory.

    Attributes
    ----------
    name
        The recording's id.
    start, length
        Where its JSON stands in the file, in bytes.
    running
        Whether its command had not ended yet.
    content
        Its JSON where that is in memory.
    """

    name: str
    start: int
    length: int
    running: bool
    content: bytes | None = None


class _Line(msgspec.Struct):
    """What is read of a journal's line to know what waits; the rest is skipped."""

    id: str | None = None
    response: msgspec.Raw = msgspec.Raw(b"null")
    delivered: list[int] = []


model.ready(Destination, _Line)


class Journal:
    """Commands on their way to one session; safe to use from several threads.

    Attributes
    ----------
    destination
        Where the commands go.
    trouble
        Why the disk does not take them; None while it does.
    lost
        How many commands could be kept neither on disk nor in memory.
    """

    def __init__(self, destination: Destination) -> None:
        self.destination = destination
        self.trouble: str | None = None
        self.lost = 0
        self._guard = threading.RLock()
        self._lines: Lines | None = None
        self._waiting: dict[str, Slot] = {}
        self._running: dict[str, Slot] = {}  # delivered, and to be completed
        self._in_memory = 0

    @property
    def waiting(self) -> int:
        """How many commands wait to be delivered."""
        return len(self._waiting)

    def append(self, recording: model.Recording) -> None:
        """Keep a recording; an older version of the same command that still waits is replaced."""
        try:
            content = encoded(recording)
        except (ValueError, TypeError, RecursionError) as error:
            self._lose(f"what was recorded can't be written as JSON: {error}")
            return
        with self._guard:
            slot = Slot(recording.id, -1, len(content), recording.response is None, content)
            older = self._waiting.get(slot.name)
            self._drop(older)
            self._waiting[slot.name] = slot
            self._in_memory += slot.length
            self._spill()
            if self._in_memory > MEMORY:
                # The disk takes nothing more, and memory must end somewhere: the newest goes.
                self._drop(self._waiting.pop(slot.name))
                if older is not None:
                    self._waiting[slot.name] = older
                    self._in_memory += older.length if older.content is not None else 0
                self._lose(self.trouble or "the disk does not take it")

    def head(self, most: int, size: int) -> list[Slot]:
        """Give the first that wait: `most` at most and, but for one, `size` bytes in all."""
        taken: list[Slot] = []
        with self._guard:
            for slot in self._waiting.values():
                size -= slot.length
                if len(taken) == most or (taken and size < 0):
                    break
                taken.append(slot)
        return taken

    def read(self, slot: Slot) -> bytes:
        """Read a recording as JSON."""
        if slot.content is not None:
            return slot.content
        with self._guard:
            return self._file().read(slot.start, slot.length)

    def settle(self, slots: list[Slot]) -> None:
        """Note what was delivered (or refused); a newer version that came meanwhile stays."""
        with self._guard:
            self._note(slots)
            starts = [slot.start for slot in slots if slot.content is None]
            # At worst they are delivered once more, which changes nothing.
            with suppress(*FAILURES):
                if not self._waiting and not self._running:
                    self._file().clear()
                elif starts:
                    self._file().append(msgspec.json.encode({"delivered": starts}) + b"\n")

    def refuse(self, slot: Slot, error: errors.SessionsError) -> Path:
        """Move a command to the file of those refused for good, with the reason.

        Returns
        -------
        Path
            That file.

        Raises
        ------
        OSError
            When the disk does not take it; it then goes on waiting.
        """
        line = msgspec.json.encode(
            {
                "at": datetime.now(UTC),
                "to": self.destination,
                "error": error.to_wire(),
                "recording": msgspec.Raw(self.read(slot)),
            }
        )
        path = self._file().path.with_suffix(".refused")
        with open(path, "ab", opener=private) as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.settle([slot])
        return path

    def sync(self) -> None:
        """Have the disk keep what was appended."""
        with self._guard:
            self._spill()
            descriptor = self._file().descriptor() if self._lines else None
        if descriptor is not None:
            try:
                os.fsync(descriptor)
            except OSError as error:
                self.trouble = reason(error)
            finally:
                os.close(descriptor)

    def close(self) -> None:
        """Let go of the file; it is removed when nothing in it is left to do.

        What is appended from now on goes to a new one.
        """
        with self._guard:
            self._spill()
            if self._in_memory:
                self.lost += sum(slot.content is not None for slot in self._waiting.values())
            if self._lines:
                self._lines.close(remove=not self._waiting and not self._running)
            self._lines = None
            self._in_memory = 0
            self._waiting.clear()
            self._running.clear()

    # ---- what is known of the commands

    def _file(self) -> Lines:
        if self._lines is None:
            header = msgspec.json.encode(self.destination) + b"\n"
            self._lines = Lines(_folder() / f"{secrets.token_hex(8)}.journal", header)
        return self._lines

    def _spill(self) -> None:
        """Write to the disk what is in memory, as far as the disk takes it."""
        if not self._in_memory:
            return
        try:
            for slot in list(self._waiting.values()):
                if slot.content is not None:
                    start = self._file().append(slot.content + b"\n")
                    self._drop(slot)
                    self._waiting[slot.name] = Slot(slot.name, start, slot.length, slot.running)
            self.trouble = None
        except FAILURES as error:
            self.trouble = reason(error)

    def _note(self, slots: list[Slot]) -> None:
        for slot in slots:
            if self._waiting.get(slot.name) is slot:
                self._drop(self._waiting.pop(slot.name))
            self._running.pop(slot.name, None)
            if slot.running:
                self._running[slot.name] = slot

    def _drop(self, slot: Slot | None) -> None:
        if slot is not None and slot.content is not None:
            self._in_memory -= slot.length

    def _lose(self, reason: str) -> None:
        self.lost += 1
        self.trouble = reason

    # ---- taking over

    @classmethod
    def take_over(cls, path: Path, destination: Destination) -> Journal:
        """Own the journal of a process that is gone; what still ran in it is completed as aborted.

        Raises
        ------
        BlockingIOError
            When its process lives.
        FileNotFoundError
            When it has been delivered.
        """
        journal = cls(destination)
        journal._lines = Lines.take_over(path, msgspec.json.encode(destination) + b"\n")
        found: dict[int, Slot] = {}
        for start, line in journal._lines.whole():
            try:
                told = msgspec.json.decode(line, type=_Line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue  # blocks that the disk lost when the machine died
            if told.id is not None:
                running = bytes(told.response) == b"null"
                found[start] = Slot(told.id, start, len(line) - 1, running)
                journal._waiting[told.id] = found[start]
            journal._note([found[at] for at in told.delivered if at in found])
        journal._abort_running(journal._lines.written())
        return journal

    def _abort_running(self, written: datetime) -> None:
        left = {**self._running, **self._waiting}
        for slot in [slot for slot in left.values() if slot.running]:
            try:
                recording = msgspec.json.decode(self.read(slot), type=model.Recording)
            except msgspec.DecodeError:
                continue  # the server says what is wrong with it
            ended = max(written, recording.request.started)
            recording.response = model.CommandResponse(
                status="aborted",
                outputs=[],
                finished=ended,
                duration=(ended - recording.request.started).total_seconds(),
                note="The process that ran this ended before it did; its outputs are not known.",
            )
            self.append(recording)


def left_behind(server: str | None, user: str) -> Iterator[Journal]:
    """Take over the journals that ended processes of this user left for a server.

    Yields
    ------
    Journal
        One that is now this process's, the oldest first.
    """
    for path in sorted(_folder().glob("*.journal"), key=_age):
        destination = _destination(path)
        if destination and (destination.server, destination.user) == (server, user):
            try:
                journal = Journal.take_over(path, destination)
            except (BlockingIOError, FileNotFoundError):
                continue
            yield journal


def _folder() -> Path:
    return folders.home() / "outbox"


def _destination(path: Path) -> Destination | None:
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.readline(_LONGEST_HEADER), type=Destination)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
