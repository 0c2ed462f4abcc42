"""What a process writes down before it runs a command, which may be its last.

A recorder tells of a command when it has run for a while, or has ended. A command that kills its
process sooner would leave nothing. So each one's first word, and what it puts out, is written here
at once, by the thread that runs it, and struck off when the journal has the command. Written is to
the operating system and not to the disk: that survives the process, at the cost of a microsecond.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from jupyter_sessions import forking

#: What the names of the files end in; they begin as the name of their journal, and have a number.
ENDING = ".ahead"

#: From this size on, in bytes, the next command begins in another file.
_ROTATED_FROM = 1 << 18
#: What commands put out is written up to this size of a file, in bytes.
_LARGEST = 8 << 20

_LENGTHS = struct.Struct("<III")

#: Three byte strings that belong together; what they mean is for those who write and read them.
Entry = tuple[bytes, bytes, bytes]


class WriteAhead:
    """The files of one journal; safe to use from several threads.

    A disk that takes nothing is no reason to fail: the journal tells of it.

    Parameters
    ----------
    journal
        The journal's file, which this process owns.
    header
        The line that each file begins with.
    """

    def __init__(self, journal: Path, header: bytes) -> None:
        self._journal = journal
        self._header = header
        # Whatever runs inside `append` (a signal, a finalizer) may come back here.
        self._guard = threading.RLock()
        self._number = 0
        self._descriptor = -1
        self._size = 0
        self._commands: dict[str, int] = {}  # and the number of the file that each begins in
        self._parents = False
        forking.reset_in_child(self)

    def reset_in_child(self) -> None:
        """Write nothing: the commands are the parent's, and so are the files."""
        self._guard = threading.RLock()
        self._commands = {}
        self._parents = True
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def begin(self, command_id: str, *entries: Entry) -> None:
        """Write the first word of a command."""
        with self._guard:
            if self._parents:
                return
            if self._size > _ROTATED_FROM:
                self._rotate()
            self._commands[command_id] = self._number
            self._write(*entries)

    def append(self, entry: Entry, *, droppable: bool) -> bool:
        """Write what belongs to a command; False where it was dropped.

        Parameters
        ----------
        entry
            What to write.
        droppable
            Whether it can be left out where the file gets too large.
        """
        with self._guard:
            if self._parents:
                return False
            if droppable and self._size + len(entry[2]) > _LARGEST:
                return False
            self._write(entry)
        return True

    def knows(self, command_id: str) -> bool:
        """Tell whether a command has begun here, and was not struck off."""
        return command_id in self._commands

    def strike_off(self, command_id: str) -> None:
        """Take a command out: the journal has it, or it is not to be recorded."""
        with self._guard:
            number = self._commands.pop(command_id, None)
            if number is None or number in self._commands.values():
                return
            if number != self._number:
                _path(self._journal, number).unlink(missing_ok=True)
            elif self._size:
                with suppress(OSError):
                    os.ftruncate(self._descriptor, 0)
                    self._size = 0

    def close(self) -> None:
        """End for good; what the journal has not got stays for the process that takes it over."""
        with self._guard:
            self._close_file(remove=not self._commands)

    def _close_file(self, *, remove: bool) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor, self._size = -1, 0
            if remove:
                _path(self._journal, self._number).unlink(missing_ok=True)

    def _rotate(self) -> None:
        self._close_file(remove=self._number not in self._commands.values())
        self._number += 1

    def _write(self, *entries: Entry) -> None:
        line = b"" if self._size else self._header
        for first, second, third in entries:
            lengths = _LENGTHS.pack(len(first), len(second), len(third))
            line = b"".join((line, lengths, first, second, third))
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
    """Yield what the process of a journal, which is gone, has written ahead."""
    for path in _paths(journal):
        with suppress(OSError), path.open("rb") as file:
            file.readline()
            while len(head := file.read(_LENGTHS.size)) == _LENGTHS.size:
                lengths = _LENGTHS.unpack(head)
                parts = tuple(file.read(length) for length in lengths)
                if tuple(map(len, parts)) != lengths:
                    break  # the process died while it wrote this
                yield parts  # type: ignore[misc]  # there are three lengths


def written(journal: Path) -> datetime | None:
    """Tell when something was last written ahead; None where nothing was."""
    times = [path.stat().st_mtime for path in _paths(journal) if path.stat().st_size]
    return datetime.fromtimestamp(max(times), UTC) if times else None


def remove(journal: Path) -> None:
    """Remove the files of a journal whose process is gone."""
    for path in _paths(journal):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def header_of(journal: Path) -> Path | None:
    """Return a file that begins with the header of a journal's; None where there is none."""
    return next((path for path in _paths(journal) if path.stat().st_size), None)


def _path(journal: Path, number: int) -> Path:
    return journal.with_suffix(f".{number}{ENDING}")


def _paths(journal: Path) -> list[Path]:
    found = journal.parent.glob(f"{journal.stem}.*{ENDING}")
    return sorted(found, key=lambda path: int(path.suffixes[-2][1:]))
