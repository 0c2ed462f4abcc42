"""Read and write files: snapshots, atomic replacements, and large content that stays on disk."""

from __future__ import annotations

import mmap
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO
from weakref import WeakSet

from jupyter_sessions import paths
from jupyter_sessions.errors import BadRequest, FileChanged, StoreUnusable

#: The size in bytes of the pieces in which large content is passed on.
PIECE = 1 << 20

# After so many bytes, their memory is released.
_RELEASED_AFTER = 16 << 20

# Windows neither truncates nor replaces a file that is mapped.
_CAN_MAP = os.name != "nt" and hasattr(mmap.mmap, "madvise")

_mapped: WeakSet[mmap.mmap] = WeakSet()

#: How the names of files end that are not complete yet.
INCOMPLETE = ".new"

# Two changes this close together, in nanoseconds, can have the same time stamp. A file that was
# written within this time before it was opened is therefore read a second time.
_RECENT = 2_000_000_000


class Snapshot:
    """The content of a file at the time it was opened.

    Attributes
    ----------
    size
        The size in bytes. Bytes that are appended later are not included.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._opened = os.fstat(file.fileno())
        self.size = self._opened.st_size

    def pieces(self) -> Iterator[bytes]:
        """Yield the content; the last piece follows once the content is known to be consistent.

        Raises
        ------
        FileChanged
            If the file was truncated or overwritten meanwhile.
        BadRequest
            If the file can't be read or has no size.
        """
        from xxhash import xxh3_128

        digest = xxh3_128()
        held = b""
        for piece in self._read():
            if held:
                yield held
            digest.update(piece)
            held = piece
        if self._may_have_changed() and digest.digest() != self._digest_again():
            raise self._changed()
        yield held

    def _read(self) -> Iterator[bytes]:
        left = self.size
        try:
            self._file.seek(0)
            while left:
                piece = self._file.read(min(left, PIECE))
                if not piece:
                    raise self._changed()
                left -= len(piece)
                yield piece
            if not self.size and self._file.read(1) and not os.fstat(self._file.fileno()).st_size:
                raise BadRequest(
                    f"{str(self._path)!r} has no size, so it is not an ordinary file "
                    "but a device or a system file.",
                    hint="Copy what you need of it into a file, and publish that file.",
                )
        except OSError as error:
            raise _unreadable(self._path, error) from error

    def _may_have_changed(self) -> bool:
        now = os.fstat(self._file.fileno())
        return _stamps(now) != _stamps(self._opened) or (
            time.time_ns() - self._opened.st_mtime_ns < _RECENT
        )

    def _digest_again(self) -> bytes:
        from xxhash import xxh3_128

        digest = xxh3_128()
        for piece in self._read():
            digest.update(piece)
        return digest.digest()

    def _changed(self) -> FileChanged:
        return FileChanged(
            f"{str(self._path)!r} was changed while it was being read, so it was not published.",
            hint="Publish it when the program that writes it has finished, or publish a copy.",
        )


@contextmanager
def open_snapshot(path: Path) -> Iterator[Snapshot]:
    """Open a file to read its current content.

    Raises
    ------
    BadRequest
        If the file can't be opened.
    """
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise _unreadable(path, error) from error
    with file:
        yield Snapshot(path, file)


def _stamps(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _unreadable(path: Path, error: OSError) -> BadRequest:
    return BadRequest(
        f"The file {str(path)!r} can't be read: {error.strerror}.",
        hint="Check its name and permissions.",
    )


def open_private(path: str, flags: int) -> int:
    """Opener for `open` that creates files readable only by their user."""
    return os.open(path, flags, 0o600)


@contextmanager
def replace_atomically(
    target: Path,
    *,
    temporary: Path | None = None,
    private: bool = True,
    sync: bool = False,
    buffered: bool = True,
    keep_open: bool = False,
) -> Iterator[BinaryIO]:
    """Open a file that takes the place of `target` once the block ends without an error.

    Parameters
    ----------
    target
        The file to create or replace.
    temporary
        The name until then, in the same folder; by default a hidden one that ends in `INCOMPLETE`.
    private
        Whether only the user can read the file; else the user's umask decides.
    sync
        Whether the content is on disk before it takes the place of the old one, so that a power
        failure leaves one of them.
    buffered
        Whether writes are buffered.
    keep_open
        Whether the file stays open for the caller.
    """
    made = temporary or target.with_name(f".{secrets.token_hex(8)}{INCOMPLETE}")
    opener = open_private if private else None
    file: Any = open(made, "w+b", buffering=-1 if buffered else 0, opener=opener)  # noqa: SIM115
    try:
        yield file
        file.flush()
        if sync:
            os.fsync(file.fileno())
        if not keep_open:
            file.close()
        made.replace(target)
    except BaseException:
        file.close()
        made.unlink(missing_ok=True)
        raise


def write_atomically(target: Path, content: bytes, *, sync: bool = False) -> None:
    """Create or replace a private file, as `replace_atomically` does."""
    with replace_atomically(target, sync=sync) as file:
        file.write(content)


def spool(parts: Iterable[bytes | memoryview]) -> memoryview | None:
    """Write content into a file without a name, which is removed with the returned view.

    Returns
    -------
    memoryview or None
        The content; None if it must stay in memory, since there is no disk for it.
    """
    if not _CAN_MAP:
        return None
    try:
        import tempfile

        with tempfile.TemporaryFile(dir=paths.home()) as file:
            file.writelines(parts)
            file.flush()
            return map_file(file, 0, file.tell())
    except (OSError, ValueError, StoreUnusable):
        return None


def map_file(file: BinaryIO, start: int, length: int) -> memoryview | None:
    """Return a part of a file; None where that is not possible.

    Nobody may truncate the file within that part while the view is used.
    """
    if not _CAN_MAP:
        return None
    before = start % mmap.ALLOCATIONGRANULARITY
    try:
        found = mmap.mmap(
            file.fileno(), before + length, access=mmap.ACCESS_READ, offset=start - before
        )
    except (OSError, ValueError):
        return None
    _mapped.add(found)
    return memoryview(found)[before:]


def release_memory() -> None:
    """Release the memory that mapped content takes; it is read from the disk again when needed."""
    with suppress(RuntimeError):  # another thread maps something meanwhile
        for each in list(_mapped):
            with suppress(OSError, ValueError):
                each.madvise(mmap.MADV_DONTNEED)


def split_pieces(parts: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """Yield content in pieces; what it takes of mapped content in memory is released meanwhile."""
    passed = 0
    for part in parts:
        view = memoryview(part)
        for start in range(0, len(view), PIECE):
            piece = bytes(view[start : start + PIECE])
            yield piece
            passed += len(piece)
            if passed >= _RELEASED_AFTER:
                release_memory()
                passed = 0
