"""Write-ahead files: a command's start and outputs on disk before the process may crash.

A recorder reports a command only when it has run for a while or has ended, so a command that kills
its process sooner would leave no trace. Therefore the running thread writes each command's start
and its outputs here at once, and removes them when the journal has the command. The data is written
to the operating system, not synced to the disk: it survives the process, at the cost of a
microsecond.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Hashable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from jupyter_sessions import forking

#: The suffix of the files, which are numbered after their journal's name.
ENDING = ".ahead"

#: From this size on, in bytes, the next command starts a new file.
_ROTATED_FROM = 1 << 18
#: From this size on, in bytes, a file without commands is truncated.
_TRUNCATED_FROM = 1 << 16
#: The largest size of a file, in bytes, up to which outputs are written.
_LARGEST = 8 << 20

_LENGTHS = struct.Struct("<III")
_pack = _LENGTHS.pack

#: The entry that invalidates those before it in its file.
_CLEARED = b"", b"", b""

#: Three related byte strings; their meaning is up to the writers and readers.
Entry = tuple[bytes, bytes, bytes]


class WriteAhead:
    """The write-ahead files of one journal; safe to use from several threads.

    A write error does not raise an exception: the journal reports it.

    Parameters
    ----------
    journal
        The journal's file, which this process owns.
    header
        The first line of each file.
    """

    def __init__(self, journal: Path, header: bytes) -> None:
        self._journal = journal
        self._header = header
        # Code that interrupts `append` (a signal handler, a finalizer) may call this again.
        self._guard = threading.RLock()
        self._oldest = self._number = 0
        self._descriptor = -1
        self._size = 0
        self._commands: dict[Hashable, int] = {}  # and the number of the file in which each begins
        self._parents = False
        forking.reset_in_child(self)

    def reset_in_child(self) -> None:
        """Stop writing: the commands and the files belong to the parent."""
        self._guard = threading.RLock()
        self._commands = {}
        self._parents = True
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def begin(self, command: Hashable, *entries: Entry) -> None:
        """Write the start of a command, which is known by any object that stands for it."""
        with self._guard:
            if self._parents:
                return
            if self._size > _ROTATED_FROM:
                self._rotate()
            self._commands[command] = self._number
            self._write(*entries)

    def append(self, entry: Entry, *, droppable: bool) -> bool:
        """Append an entry to a command; return False if it was dropped.

        Parameters
        ----------
        entry
            What to write.
        droppable
            Whether it may be omitted when the file gets too large.
        """
        with self._guard:
            if self._parents:
                return False
            if droppable and self._size + len(entry[2]) > _LARGEST:
                return False
            self._write(entry)
        return True

    def knows(self, command: Hashable) -> bool:
        """Tell whether a command has been started here and not removed."""
        return command in self._commands

    def list_commands(self) -> list[Hashable]:
        """Return the commands that have been started here and not removed, the oldest first."""
        return list(self._commands)

    def strike_off(self, command: Hashable) -> None:
        """Remove a command: the journal has it, or it is not to be recorded."""
        with self._guard:
            if self._commands.pop(command, None) is None:
                return
            # A command writes into its first file, and into later ones.
            needed = min(self._commands.values(), default=self._number)
            while self._oldest < needed:
                _path(self._journal, self._oldest).unlink(missing_ok=True)
                self._oldest += 1
            if not self._commands and self._size:
                self._clear()

    def close(self) -> None:
        """Close the files; commands that the journal lacks stay for its next owner."""
        with self._guard:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor, self._size = -1, 0
            if not self._commands:
                _path(self._journal, self._number).unlink(missing_ok=True)

    def _clear(self) -> None:
        """Invalidate all entries. A truncated file makes the next write slow, so it is rare."""
        if self._size < _TRUNCATED_FROM:
            self._write(_CLEARED)
            return
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            self._size = 0

    def _rotate(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor, self._size = -1, 0
        self._number += 1

    def _write(self, *entries: Entry) -> None:
        parts = [] if self._size else [self._header]
        for first, second, third in entries:
            parts += (_pack(len(first), len(second), len(third)), first, second, third)
        line = b"".join(parts)
        try:
            if self._descriptor < 0:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
                self._descriptor = os.open(_path(self._journal, self._number), flags, 0o600)
            written = os.write(self._descriptor, line)
            if written == len(line):
                self._size += written
            else:
                os.ftruncate(self._descriptor, self._size)
        except OSError:
            return


def read(journal: Path) -> Iterator[Entry]:
    """Yield the entries that an ended process wrote ahead of its journal."""
    for path in _paths(journal):
        yield from _read_file(path)


def _read_file(path: Path) -> list[Entry]:
    entries: list[Entry] = []
    with suppress(OSError), path.open("rb") as file:
        file.readline()
        while len(head := file.read(_LENGTHS.size)) == _LENGTHS.size:
            lengths = _LENGTHS.unpack(head)
            parts = tuple(file.read(length) for length in lengths)
            if tuple(map(len, parts)) != lengths:
                break  # the process died while writing this
            if any(lengths):
                entries.append(parts)  # type: ignore[arg-type]  # there are three lengths
            else:
                entries.clear()
    return entries


def written(journal: Path) -> datetime | None:
    """Return when an entry was last written; None without any."""
    times = [path.stat().st_mtime for path in _paths(journal) if path.stat().st_size]
    return datetime.fromtimestamp(max(times), UTC) if times else None


def remove(journal: Path) -> None:
    """Remove the files of an ended process's journal."""
    for path in _paths(journal):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def read_header(journal: Path) -> Path | None:
    """Return a file that begins with a journal's header, or None."""
    return next((path for path in _paths(journal) if path.stat().st_size), None)


def _path(journal: Path, number: int) -> Path:
    return journal.with_suffix(f".{number}{ENDING}")


def _paths(journal: Path) -> list[Path]:
    found = journal.parent.glob(f"{journal.stem}.*{ENDING}")
    return sorted(found, key=lambda path: int(path.suffixes[-2][1:]))
