"""Append-only files of lines that one process owns while it lives.

Beside each file there is a lock, held by the process that writes it. When that process is gone the
lock is free, and another one may take the file over.
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
from jupyter_sessions.client.outbox import write_ahead

if TYPE_CHECKING:
    from filelock import BaseFileLock


#: What is raised when a disk does not do its work; the second where it knows no locks.
FAILURES = (OSError, NotImplementedError)


_NEW = ".new"

_COPIED = 1 << 20  # bytes at once


class Lines:
    """A file of lines; it is made, readable by its user alone, at the first line.

    Not safe to use from several threads at once.

    Parameters
    ----------
    path
        The file; nobody else may use this name.
    header
        The line that it begins with.
    """

    def __init__(self, path: Path, header: bytes) -> None:
        self.path = path
        self._header = header
        self._file: BinaryIO | None = None
        self._lock: BaseFileLock | None = None
        self._end = 0  # where the last whole line ends
        self._torn = False  # whether something may stand behind that

    @classmethod
    def take_over(cls, path: Path, header: bytes) -> Self:
        """Own the file of a process that is gone.

        Raises
        ------
        BlockingIOError
            When its process lives.
        FileNotFoundError
            When it has been dealt with.
        """
        lines = cls(path, header)
        lines._lock = _locked(path)
        try:
            lines._file = path.open("r+b", buffering=0)
        except OSError:
            lines._lock.release()
            raise
        lines._torn = True
        for start, line in lines.whole():
            lines._end = start + len(line)
        return lines

    def append(self, line: bytes) -> int:
        """Write a line and its end at the end, whole or not at all; return where it begins.

        It outlives the process; that it outlives the machine is for `sync`.
        """
        file = self._opened()
        if not self._end:
            self._put(file, self._header)
        start = self._end
        self._put(file, line, b"\n")
        return start

    def read(self, start: int, length: int) -> bytes:
        """Read what stands at a place."""
        file = self._opened()
        file.seek(start)
        return file.read(length)

    def whole(self) -> Iterator[tuple[int, bytes]]:
        """Yield each whole line, with its end, and where it begins."""
        start = 0
        with self.path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    return  # a process died while it wrote this
                yield start, line
                start += len(line)

    def clear(self) -> None:
        """Take all lines out."""
        if self._file is not None:
            self._end, self._torn = 0, True
            self._file.truncate(0)
            self._torn = False

    @property
    def size(self) -> int:
        """How many bytes the lines take."""
        return self._end

    def rewrite(self, lines: Iterator[bytes]) -> list[int]:
        """Put other lines in the place of all, at once, and return where each begins."""
        new = self.path.with_suffix(_NEW)
        starts, end = [], 0
        before = self._opened()
        file = open(new, "w+b", buffering=0, opener=private)  # noqa: SIM115 - kept
        try:
            for line in itertools.chain([self._header], lines):
                starts.append(end)
                _write(file, line)
                end += len(line)
            os.fsync(file.fileno())
            new.replace(self.path)
        except BaseException:
            file.close()
            new.unlink(missing_ok=True)
            raise
        self._file = file
        before.close()
        self._end, self._torn = end, False
        return starts[1:]

    def written(self) -> datetime:
        """Tell when the file was last written to: to show, not to order anything by."""
        return datetime.fromtimestamp(self.path.stat().st_mtime, UTC)

    def claim(self) -> Path:
        """Make the file, if it is not there, and own it; return it."""
        self._opened()
        return self.path

    def descriptor(self) -> int | None:
        """Give a descriptor of the file to sync and close, None when there is no file.

        It is one of its own, so that the file may be used and closed meanwhile.
        """
        return None if self._file is None else os.dup(self._file.fileno())

    def close(self, *, remove: bool) -> None:
        """Let go of the file, or remove it."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._lock is not None:
            if remove:
                with suppress(OSError):  # what stays is empty, or is found to be delivered
                    self.path.unlink(missing_ok=True)
                    self.path.with_suffix(_NEW).unlink(missing_ok=True)
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
            self._file = open(self.path, "x+b", buffering=0, opener=private)  # noqa: SIM115 - kept
        return self._file

    def _is_in_place(self, file: BinaryIO) -> bool:
        """Tell whether the file is still the one of its name: a folder may be moved or removed."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(file.fileno()))

    def _bring_back(self, file: BinaryIO) -> None:
        """Write what was in a file that was moved or removed into a new one of its name."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = open(self.path, "w+b", buffering=0, opener=private)  # noqa: SIM115 - kept
        try:
            file.seek(0)
            left = self._end
            while left and (part := file.read(min(left, _COPIED))):
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

    def _put(self, file: BinaryIO, *parts: bytes) -> None:
        if self._torn:
            file.truncate(self._end)
        self._torn = True
        file.seek(self._end)
        for part in parts:
            _write(file, part)
        self._torn = False
        self._end += sum(map(len, parts))


def remove_empty(path: Path) -> None:
    """Remove a file with no whole line in it, of a process that was killed before it could.

    One without a lock beside it has never been any process's, and stays.
    """
    if _lock_of(path).exists():
        with suppress(*FAILURES):  # its process lives
            lines = Lines.take_over(path, b"")
            lines.close(remove=not any(lines.whole()))


def _write(file: BinaryIO, line: bytes) -> None:
    rest = memoryview(line)
    while rest:
        rest = rest[file.write(rest) :]


def private(path: str, flags: int) -> int:
    """Open a file that, where it is made, only its user can read: an opener for `open`."""
    return os.open(path, flags, 0o600)


def reason(error: OSError | NotImplementedError) -> str:
    """Say in few words why a disk did not do its work."""
    return getattr(error, "strerror", None) or str(error)


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")


def _locked(path: Path) -> BaseFileLock:
    from filelock import FileLock, Timeout

    lock = FileLock(_lock_of(path), timeout=0, mode=0o600, thread_local=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise BlockingIOError(f"{path} is another process's") from error
    return lock


#: What the name of a journal's file ends in.
ENDING = ".journal"


#: What becomes of a command whose process is gone.
PROCESS_ENDED = (
    "The process that ran this ended before it did; what it put out last may be missing."
)


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


@dataclass(eq=False)
class Slot:
    """One version of a recording, on disk or, while the disk takes nothing, in memory.

    Attributes
    ----------
    name
        The recording's identity.
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


class Failure(msgspec.Struct, frozen=True):
    """Why a server did not take commands: an error as it came over the wire."""

    code: str
    message: str
    hint: str = ""


class Hold(msgspec.Struct, frozen=True):
    """That a session took nothing, and may later.

    Attributes
    ----------
    at
        When that was.
    why
        What the server said.
    tries
        How often, one after the other.
    """

    at: datetime
    why: Failure
    tries: int = 1

    def wait(self, first: float, longest: float) -> float:
        """Return how many seconds to wait: `first`, and twice as many with each further try."""
        doubled: float = first * 2 ** min(self.tries - 1, 30)
        return min(doubled, longest)

    def over(self, first: float, longest: float) -> bool:
        """Whether it is time to try again.

        By the wall clock, since another process may have written it: set forward, a try comes
        early; set back, at once, or later by `longest` at most.
        """
        waited = (datetime.now(UTC) - self.at).total_seconds()
        return not 0 <= waited < self.wait(first, longest)


class Asked(msgspec.Struct):
    """What is read of a recording's request."""

    source: str
    started: datetime


class Line(msgspec.Struct):
    """What is read of a journal's line to know what waits; the rest is skipped."""

    id: str | None = None
    request: Asked | None = None
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
        """The identity of the recording; None where the line holds none."""
        if self.id is None or self.request is None:
            return self.id
        started = None if self.keyed else self.request.started
        return schemas.identify(self.id, self.request.source, started)


schemas.ready(Destination, Failure, Hold, Asked, Line)


def folder() -> Path:
    """Return where the files stand; it may not be there yet."""
    return paths.home() / "outbox"


def new_path() -> Path:
    """Return the path of a journal that is to begin now: its name says after which others."""
    number = 1 + max(map(number_of, folder().glob(f"*{ENDING}")), default=0)
    return folder() / f"{number:08d}-{secrets.token_hex(8)}{ENDING}"


def number_of(journal: Path) -> int:
    """Return where a journal stands among those that there were when it began.

    It is what orders them, and not when they were written: clocks are set. Those of earlier
    versions have no number, and so are the oldest.
    """
    number, hyphen, _ = journal.stem.partition("-")
    return int(number) if hyphen and number.isdecimal() else 0


def read_line(line: bytes) -> Line | None:
    """Read a line of a journal; None where the disk lost it when the machine died."""
    try:
        return msgspec.json.decode(line, type=Line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def read_destination(journal: Path) -> Destination | None:
    """Read where a journal's commands go; None of what is none, or empty."""
    # A journal is empty when all in it is delivered; its process may have written ahead since.
    for path in (journal, write_ahead.header_of(journal)):
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
    """End a command whose process is gone: it was last heard of when it was `written`."""
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
