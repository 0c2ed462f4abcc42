"""Append-only files of the outbox, owned by one process at a time, and their line formats.

Each file has a lock beside it, held by the writing process. When that process has ended, the lock
is free, and another process may take the file over.
"""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

import msgspec

from jupyter_sessions import paths, schemas
from jupyter_sessions.backoff import compute_wait
from jupyter_sessions.client.outbox import write_ahead
from jupyter_sessions.local_files import (
    INCOMPLETE,
    PIECE,
    map_file,
    open_private,
    replace_atomically,
    split_pieces,
)
from jupyter_sessions.schemas.commands import PROCESS_ENDED

if TYPE_CHECKING:
    from filelock import BaseFileLock


#: Errors of a failing disk; the second is raised where locks are not supported.
FAILURES = (OSError, NotImplementedError)


class Lines:
    """A file of lines, created with the first line and readable only by its user.

    Not safe to use from several threads at once.

    Parameters
    ----------
    path
        The file; no other code may use this name.
    header
        The file's first line.
    """

    def __init__(self, path: Path, header: bytes) -> None:
        self.path = path
        self._header = header
        self._file: BinaryIO | None = None
        self._lock: BaseFileLock | None = None
        self._end = 0  # end of the last complete line
        self._torn = False  # whether partial data may follow it

    @classmethod
    def take_over(cls, path: Path, header: bytes) -> Self:
        """Take over the file of a process that has ended.

        Raises
        ------
        BlockingIOError
            When its process is still running.
        FileNotFoundError
            When it has already been handled.
        """
        lines = cls(path, header)
        lines._lock = _locked(path)
        try:
            lines._file = path.open("r+b", buffering=0)
        except OSError:
            lines._lock.release()
            raise
        lines._torn = True
        for start, line in lines.read_complete():
            lines._end = start + len(line)
        return lines

    def append(self, *line: bytes | memoryview) -> int:
        """Append a line, given in parts, atomically; return its position.

        It survives the process; to survive a crash of the machine it needs `sync`.
        """
        file = self._opened()
        if not self._end:
            self._put(file, self._header)
        start = self._end
        self._put(file, *line, b"\n")
        return start

    def read(self, start: int, length: int) -> bytes:
        """Read the bytes at a position."""
        file = self._opened()
        file.seek(start)
        return file.read(length)

    def view(self, start: int, length: int) -> memoryview | None:
        """Return the bytes at a position without loading them; None where that is not possible."""
        return map_file(self._opened(), start, length)

    def read_complete(self) -> Iterator[tuple[int, bytes]]:
        """Yield each complete line, including its line break, and its position."""
        start = 0
        with self.path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    return  # a process died while writing this
                yield start, line
                start += len(line)

    def clear(self) -> None:
        """Remove all lines."""
        if self._file is not None:
            self._end, self._torn = 0, True
            self._file.truncate(0)
            self._torn = False

    @property
    def size(self) -> int:
        """The size of the lines in bytes."""
        return self._end

    def rewrite(self, lines: Iterator[bytes]) -> list[int]:
        """Replace all lines atomically, and return the positions of the new ones."""
        new = self.path.with_suffix(INCOMPLETE)
        starts, end = [], 0
        before = self._opened()
        with replace_atomically(
            self.path, temporary=new, sync=True, buffered=False, keep_open=True
        ) as file:
            for line in itertools.chain([self._header], lines):
                starts.append(end)
                _write(file, line)
                end += len(line)
        self._file = file
        before.close()
        self._end, self._torn = end, False
        return starts[1:]

    def written(self) -> datetime:
        """Return when the file was last written to: for display, not for ordering."""
        return datetime.fromtimestamp(self.path.stat().st_mtime, UTC)

    def claim(self) -> Path:
        """Create the file if needed, own it, and return it."""
        self._opened()
        return self.path

    def descriptor(self) -> int | None:
        """Return a new file descriptor to sync and close, or None if there is no file.

        It is independent, so that the file may be used and closed meanwhile.
        """
        return None if self._file is None else os.dup(self._file.fileno())

    def close(self, *, remove: bool) -> None:
        """Close the file, or remove it."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._lock is not None:
            if remove:
                with suppress(OSError):  # a file that remains is empty or delivered
                    self.path.unlink(missing_ok=True)
                    self.path.with_suffix(INCOMPLETE).unlink(missing_ok=True)
                    Path(self._lock.lock_file).unlink(missing_ok=True)
            self._lock.release()
            self._lock = None

    def _opened(self) -> BinaryIO:
        if self._file is not None and not self._is_in_place(self._file):
            self._bring_back(self._file)
        if self._lock is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _locked(self.path)
        if self._file is None:
            self._file = open(self.path, "x+b", buffering=0, opener=open_private)  # noqa: SIM115 - kept
        return self._file

    def _is_in_place(self, file: BinaryIO) -> bool:
        """Tell whether the file still has its name: a folder may be moved or removed."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(file.fileno()))

    def _bring_back(self, file: BinaryIO) -> None:
        """Write the content of a moved or removed file to a new one with the original name."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = open(self.path, "w+b", buffering=0, opener=open_private)  # noqa: SIM115 - kept
        try:
            file.seek(0)
            left = self._end
            while left and (part := file.read(min(left, PIECE))):
                _write(new, part)
                left -= len(part)
            os.fsync(new.fileno())
            if self._lock is not None:
                self._lock.release()
            self._lock = _locked(self.path)
        except BaseException:
            new.close()
            raise
        self._file, self._torn = new, False
        file.close()

    def _put(self, file: BinaryIO, *parts: bytes | memoryview) -> None:
        if self._torn:
            file.truncate(self._end)
        self._torn = True
        file.seek(self._end)
        size = sum(map(len, parts))
        for part in parts if size <= PIECE else split_pieces(parts):
            _write(file, part)
        self._torn = False
        self._end += size


def remove_empty(path: Path) -> None:
    """Remove a file without a complete line, left by a process that was killed.

    A file without a lock beside it never belonged to a process, and stays.
    """
    if _get_lock_path(path).exists():
        with suppress(*FAILURES):  # its process is still running
            lines = Lines.take_over(path, b"")
            lines.close(remove=not any(lines.read_complete()))


def _write(file: BinaryIO, line: bytes | memoryview) -> None:
    rest = memoryview(line)
    while rest:
        rest = rest[file.write(rest) :]


def reason(error: OSError | NotImplementedError) -> str:
    """Describe in a few words why a disk failed."""
    return getattr(error, "strerror", None) or str(error)


def _get_lock_path(path: Path) -> Path:
    return path.with_suffix(".lock")


def _locked(path: Path) -> BaseFileLock:
    from filelock import FileLock, Timeout

    lock = FileLock(_get_lock_path(path), timeout=0, mode=0o600, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise BlockingIOError(f"{path} belongs to another process") from error
    return lock


#: The suffix of a journal's file.
ENDING = ".journal"


#: The note of a command whose process has ended.
_LONGEST_HEADER = 1 << 16


class Destination(msgspec.Struct, frozen=True):
    """The destination of a journal's commands: the first line of its file.

    Attributes
    ----------
    server
        The server's base URL; None for the user's own store.
    user
        The user who records them there.
    session
        The session's code.
    """

    server: str | None
    user: str
    session: str


@dataclass(eq=False)
class Slot:
    """One version of a recording, on disk or, if the disk can't be written, in memory.

    Attributes
    ----------
    name
        The recording's identity.
    start, length
        The position of its JSON in the file, in bytes.
    running
        Whether its command had not ended yet.
    content
        The parts of its JSON if it is not in the file.
    """

    name: str
    start: int
    length: int
    running: bool
    content: list[bytes | memoryview] | None = None


class Failure(msgspec.Struct, frozen=True):
    """The server's reason for refusing commands, in the API's error format."""

    code: str
    message: str
    hint: str = ""


class Hold(msgspec.Struct, frozen=True):
    """A record that a session refused commands, and may take them later.

    Attributes
    ----------
    at
        When it refused.
    why
        The server's reason.
    tries
        The number of consecutive attempts.
    """

    at: datetime
    why: Failure
    tries: int = 1

    def wait(self, first: float, longest: float) -> float:
        """Return the seconds to wait: `first`, doubled with each further attempt."""
        return compute_wait(self.tries, first, longest)

    def over(self, first: float, longest: float) -> bool:
        """Tell whether it is time to retry.

        This uses the wall clock, since another process may have written the record. If the clock
        is set forward, the retry comes early. If it is set back, the retry comes at once, or at
        most `longest` later.
        """
        waited = (datetime.now(UTC) - self.at).total_seconds()
        return not 0 <= waited < self.wait(first, longest)


class RequestHead(msgspec.Struct):
    """The parsed part of a recording's request."""

    source: str
    started: datetime


class Line(msgspec.Struct):
    """The part of a journal's line that is parsed to find waiting commands."""

    id: str | None = None
    request: RequestHead | None = None
    keyed: bool = False
    response: msgspec.Raw = msgspec.Raw(b"null")
    delivered: list[int] = []
    held: Hold | None = None

    @property
    def running(self) -> bool:
        """Whether the command had not ended yet."""
        return bytes(self.response) == b"null"

    @property
    def identity(self) -> str | None:
        """The identity of the recording; None if the line holds none."""
        if self.id is None or self.request is None:
            return self.id
        started = None if self.keyed else self.request.started
        return schemas.identify(self.id, self.request.source, started)


schemas.ready(Destination, Failure, Hold, RequestHead, Line)


def folder() -> Path:
    """Return the folder of the files, which may not exist yet."""
    return paths.home() / "outbox"


def new_path() -> Path:
    """Return the path of a new journal; its number puts it after all existing ones."""
    number = 1 + max(map(get_journal_number, folder().glob(f"*{ENDING}")), default=0)
    return folder() / f"{number:08d}-{secrets.token_hex(8)}{ENDING}"


def get_journal_number(journal: Path) -> int:
    """Return a journal's number, which orders journals by their creation.

    Journals are not ordered by time, since clocks may be changed. Those of earlier versions have no
    number and count as the oldest.
    """
    number, hyphen, _ = journal.stem.partition("-")
    return int(number) if hyphen and number.isdecimal() else 0


def read_line(line: bytes) -> Line | None:
    """Parse a line of a journal; return None if it was damaged in a crash of the machine."""
    try:
        return msgspec.json.decode(line, type=Line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def read_destination(journal: Path) -> Destination | None:
    """Return a journal's destination; None for an empty or invalid file."""
    # A journal is empty when everything is delivered; its process may have written ahead since.
    for path in (journal, write_ahead.read_header(journal)):
        destination = _destination_in(path) if path is not None else None
        if destination is not None:
            return destination
    return None


def _destination_in(path: Path) -> Destination | None:
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.readline(_LONGEST_HEADER), type=Destination)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def aborted(
    recording: schemas.Recording, written: datetime, why: str = PROCESS_ENDED
) -> schemas.Recording:
    """End a command whose process has ended, at the time when it was last `written`."""
    so_far = recording.so_far or schemas.SoFar(outputs=[], until=recording.request.started)
    ended = max(written, so_far.until)
    response = schemas.CommandResponse(
        status="aborted",
        outputs=so_far.outputs,
        finished=ended,
        duration=(ended - recording.request.started).total_seconds(),
        note=why,
    )
    return msgspec.structs.replace(recording, response=response, so_far=None)
