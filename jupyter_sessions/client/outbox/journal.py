"""Journal files of the outbox: commands on disk until a server has them.

A journal's first line is its destination. Recordings follow, together with lines that mark
delivered recordings by their position and lines that say that the session refused commands. Only
metadata of each command is kept in memory; its content stays on disk.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from jupyter_sessions import errors, forking, schemas
from jupyter_sessions.client.outbox import journal_file, write_ahead
from jupyter_sessions.client.outbox.journal_file import (
    FAILURES,
    Destination,
    Failure,
    Hold,
    Lines,
    Slot,
    reason,
)
from jupyter_sessions.client.outbox.write_ahead import WriteAhead
from jupyter_sessions.local_files import open_private
from jupyter_sessions.schemas.commands import PROCESS_ENDED
from jupyter_sessions.schemas.encoded import encode_recording


def encoded(recording: schemas.Recording | schemas.Output) -> bytes:
    """Encode a recording, or an output of it, as JSON that the server accepts.

    Values that JSON can't represent, such as half a surrogate pair or special numbers, are written
    as text.

    Raises
    ------
    ValueError, TypeError, RecursionError
        When even that is not possible.
    """
    try:
        return msgspec.json.encode(recording)
    except (ValueError, OverflowError, TypeError):
        plain = msgspec.to_builtins(recording, str_keys=True, enc_hook=repr)
        return msgspec.json.encode(schemas.make_storable(plain))


#: The suffix of the file's name, in place of the journal's own.
REFUSED_ENDING = ".refused"


class Refused(msgspec.Struct):
    """A line of the file of refused commands.

    Attributes
    ----------
    at
        When the command was refused.
    to
        Its destination.
    error
        Why it was refused.
    recording
        The command, as JSON.
    """

    at: datetime
    to: Destination
    error: Failure
    recording: msgspec.Raw


schemas.ready(Refused)


def add_refused(
    journal: Path, destination: Destination, error: errors.SessionsError, recording: bytes
) -> None:
    """Append a command; it is on the disk when this returns.

    Raises
    ------
    OSError
        When writing fails.
    """
    why = Failure(**error.to_wire())
    line = Refused(
        at=datetime.now(UTC), to=destination, error=why, recording=msgspec.Raw(recording)
    )
    with open(journal.with_suffix(REFUSED_ENDING), "ab", opener=open_private) as file:
        file.write(msgspec.json.encode(line) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_refused(journal: Path) -> list[Refused]:
    """Read the refused commands of a journal."""
    found = []
    try:
        with journal.with_suffix(REFUSED_ENDING).open("rb") as file:
            for line in file:
                try:
                    found.append(msgspec.json.decode(line, type=Refused))
                except (msgspec.DecodeError, UnicodeDecodeError):
                    continue  # truncated when its writer died: that command is still waiting
    except FileNotFoundError:
        return []
    return found


def remove_refused(journal: Path) -> None:
    """Remove the file."""
    journal.with_suffix(REFUSED_ENDING).unlink(missing_ok=True)


#: Bytes that may wait in memory while the disk can't be written.
MEMORY = 32 << 20


#: Takes over a command that ran when its process ended, or declines.
Adopt = Callable[[schemas.Recording], bool]


#: Recordings of this size, in bytes, are delivered without loading them into memory.
VIEWED_FROM = 4 << 20


#: A file of this size, in bytes, is compacted when most of it is obsolete.
COMPACTED_FROM = 8 << 20


class Journal:
    """Commands on their way to one session; safe to use from several threads.

    Attributes
    ----------
    destination
        Where the commands are delivered.
    trouble
        Why the disk can't be written; None if it can, or when no command is waiting any more.
    lost, lost_reason
        The number of commands that could be kept neither on disk nor in memory, and why.
    held
        Set if the session refuses commands now; None if it takes them, or was not asked.
    """

    def __init__(self, destination: Destination) -> None:
        self.destination = destination
        self.trouble: str | None = None
        self.lost_reason = ""
        self.lost = 0
        self.held: Hold | None = None
        self._guard = threading.RLock()
        self._lines: Lines | None = None
        self._waiting: dict[str, Slot] = {}
        self._running: dict[str, Slot] = {}  # delivered, and to be completed
        self._in_memory = 0
        self._parents = False
        forking.reset_in_child(self)

    def reset_in_child(self) -> None:
        """Release the parent's file, and take no more commands."""
        self._guard = threading.RLock()
        self._lines = None
        self._waiting, self._running, self._in_memory = {}, {}, 0
        self._parents = True

    @property
    def waiting(self) -> int:
        """The number of commands that wait for delivery."""
        return len(self._waiting)

    @property
    def path(self) -> Path | None:
        """Its file; None if there is none yet."""
        return self._lines.path if self._lines else None

    def append(self, recording: schemas.Recording) -> None:
        """Store a recording; it replaces an older version of the same command that still waits."""
        try:
            content = [*encode_recording(recording, encoded)]
        except (ValueError, TypeError, RecursionError) as error:
            self._lose(f"what was recorded can't be written as JSON: {error}")
            return
        self.keep(recording.identity, content, running=recording.response is None)

    def keep(self, name: str, content: list[bytes | memoryview], *, running: bool) -> None:
        """Store a recording that is already JSON, in parts; see `append`."""
        with self._guard:
            if self._parents:
                return
            slot = Slot(name, -1, sum(map(len, content)), running, content)
            older = self._waiting.get(slot.name)
            self._drop(older)
            self._waiting[slot.name] = slot
            self._in_memory += slot.length
            self._spill()
            if self._in_memory > MEMORY:
                # The disk is full and memory is limited: drop the newest.
                self._drop(self._waiting.pop(slot.name))
                if older is not None:
                    self._waiting[slot.name] = older
                    self._in_memory += older.length if older.content is not None else 0
                self._lose(self.trouble or "the disk did not accept it")

    def write_ahead(self) -> WriteAhead | None:
        """Open the write-ahead files, which survive this process; None without a disk.

        Close it before the journal.
        """
        with self._guard:
            try:
                journal = self._file().claim()
            except FAILURES as error:
                self.trouble = reason(error)
                return None
        return WriteAhead(journal, self._header)

    def head(self, most: int, size: int) -> list[Slot]:
        """Return the first waiting slots: at most `most` and, except for one, `size` bytes."""
        taken: list[Slot] = []
        with self._guard:
            for slot in self._waiting.values():
                size -= slot.length
                if len(taken) == most or (taken and size < 0):
                    break
                taken.append(slot)
        return taken

    def read(self, slot: Slot) -> bytes:
        """Return a recording as JSON."""
        if slot.content is not None:
            return b"".join(slot.content)
        with self._guard:
            return self._file().read(slot.start, slot.length)

    def view(self, slot: Slot) -> bytes | memoryview:
        """Return a recording as JSON: a large one as it is on the disk.

        It can be used until the recording is settled, or the journal is closed.
        """
        if slot.content is None and slot.length >= VIEWED_FROM:
            with self._guard:
                found = self._file().view(slot.start, slot.length)
            if found is not None:
                return found
        return self.read(slot)

    def settle(self, slots: list[Slot]) -> None:
        """Mark slots as delivered or refused; newer versions that arrived meanwhile stay."""
        with self._guard:
            self._note(slots)
            self.held = None
            starts = [slot.start for slot in slots if slot.content is None]
            # At worst they are delivered again, which changes nothing.
            with suppress(*FAILURES):
                if not self._waiting and not self._running:
                    self._file().clear()
                elif starts:
                    self._file().append(msgspec.json.encode({"delivered": starts}))

    def hold(self, error: errors.SessionsError) -> Hold:
        """Record that the session refuses commands now; all of them go on waiting."""
        with self._guard:
            tries = self.held.tries + 1 if self.held else 1
            self.held = hold = Hold(datetime.now(UTC), Failure(**error.to_wire()), tries)
            # If this can't be written, another process makes one unnecessary attempt.
            with suppress(*FAILURES):
                self._spill()
                self._file().append(msgspec.json.encode({"held": hold}))
        return hold

    def refuse(self, slot: Slot, error: errors.SessionsError) -> None:
        """Move a command to the file of permanently refused ones, with the reason.

        Raises
        ------
        OSError
            When writing fails; the command then goes on waiting.
        """
        add_refused(self._file().path, self.destination, error, self.read(slot))
        self.settle([slot])

    def put_back(self) -> None:
        """Queue the permanently refused commands again."""
        with self._guard:
            for line in read_refused(self._file().path):
                told = journal_file.read_line(bytes(line.recording))
                name = None if told is None else told.identity
                if told is not None and name is not None and name not in self._waiting:
                    self.keep(name, [bytes(line.recording)], running=told.running)
            self.sync()
            if not self.trouble:
                remove_refused(self._file().path)

    def forget_refused(self) -> int:
        """Delete the permanently refused commands, and return their number."""
        with self._guard:
            count = len(read_refused(self._file().path))
            remove_refused(self._file().path)
        return count

    def sync(self) -> None:
        """Sync the file to the disk."""
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

    def compact(self) -> None:
        """Rewrite the file without obsolete versions, if most of it is obsolete.

        Slots of obsolete versions from an earlier `head` become unreadable.
        """
        with self._guard:
            if self._lines is None or self._lines.size < COMPACTED_FROM or self._in_memory:
                return
            lines, running = self._lines, [*self._running.values()]
            kept = [*running, *self._waiting.values()]
            if lines.size < 2 * sum(slot.length for slot in kept):
                return
            with suppress(*FAILURES):  # then it goes on growing
                content = (lines.read(slot.start, slot.length) + b"\n" for slot in kept)
                for slot, start in zip(kept, lines.rewrite(content), strict=True):
                    slot.start = start
                delivered = [slot.start for slot in running]
                lines.append(msgspec.json.encode({"delivered": delivered}))
                if self.held is not None:
                    lines.append(msgspec.json.encode({"held": self.held}))

    def close(self) -> None:
        """Close the file; remove it if nothing in it remains to be done.

        Later recordings go to a new file.
        """
        with self._guard:
            self._spill()
            if self._in_memory:
                self.lost += sum(slot.content is not None for slot in self._waiting.values())
                self.lost_reason = self.trouble or "the disk did not accept it"
            if self._lines:
                ahead = write_ahead.read_header(self._lines.path) is not None
                self._lines.close(remove=not (self._waiting or self._running or ahead))
            self._lines = self.held = None
            self._in_memory = 0
            self._waiting.clear()
            self._running.clear()

    # ---- what is known of the commands

    def _file(self) -> Lines:
        if self._lines is None:
            self._lines = Lines(journal_file.new_path(), self._header)
        return self._lines

    @property
    def _header(self) -> bytes:
        return msgspec.json.encode(self.destination) + b"\n"

    def _spill(self) -> None:
        """Write the commands in memory to the disk, as far as possible."""
        if not self._in_memory:
            return
        try:
            for slot in list(self._waiting.values()):
                if slot.content is not None:
                    start = self._file().append(*slot.content)
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
        if not self._waiting:
            # They have arrived although the disk could not be written.
            self.trouble = None

    def _drop(self, slot: Slot | None) -> None:
        if slot is not None and slot.content is not None:
            self._in_memory -= slot.length

    def _lose(self, reason: str) -> None:
        self.lost += 1
        self.lost_reason = reason

    # ---- taking over

    @classmethod
    def take_over(cls, path: Path, destination: Destination, adopt: Adopt | None = None) -> Journal:
        """Take over the journal of an ended process; its running commands are ended as aborted.

        Commands that `adopt` accepts are left to it.

        Raises
        ------
        BlockingIOError
            When its process is still running.
        FileNotFoundError
            When it has already been delivered.
        """
        journal = cls(destination)
        journal._lines = Lines.take_over(path, journal._header)
        found: dict[int, Slot] = {}
        for start, line in journal._lines.read_complete():
            told = journal_file.read_line(line)
            if told is None:
                continue
            journal.held = told.held or (None if told.delivered else journal.held)
            if (name := told.identity) is not None:
                found[start] = Slot(name, start, len(line) - 1, told.running)
                journal._waiting[name] = found[start]
            journal._note([found[at] for at in told.delivered if at in found])
        journal._add_written_ahead()
        journal._abort_running(journal._lines.written(), adopt)
        return journal

    def _add_written_ahead(self) -> None:
        """Add what the ended process wrote ahead of this journal."""
        journal = self._file().path
        written = write_ahead.written(journal)
        if written is not None:
            from jupyter_sessions.recorder.iopub.message_log import Remains

            remains = Remains(write_ahead.read(journal), written)
            for recording in remains.recordings(PROCESS_ENDED):
                name = recording.identity
                known = self._waiting.get(name) or self._running.get(name)
                # The journal may have the end of a command, or more of its outputs.
                if known is None or (known.running and recording.id not in remains.cut):
                    self.append(recording)
            self.sync()
        if not self.trouble:
            write_ahead.remove(journal)

    def _abort_running(self, written: datetime, adopt: Adopt | None) -> None:
        left = {**self._running, **self._waiting}
        for slot in [slot for slot in left.values() if slot.running]:
            try:
                recording = msgspec.json.decode(self.read(slot), type=schemas.Recording)
            except msgspec.DecodeError:
                continue  # the server reports what is wrong with it
            if adopt is not None and adopt(recording):
                slot.running = False
                self.settle([slot])
            else:
                self.append(journal_file.aborted(recording, written))
