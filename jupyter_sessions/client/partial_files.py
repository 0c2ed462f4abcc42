"""Keep the beginning of a broken download on disk, so that the next one continues it.

The beginning of ``model.bin`` is ``model.bin.3f2a90c41b7d.part``, with the first digits of the
SHA-256 of the whole content: a file that was replaced on the server never gets mixed with it.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from jupyter_sessions import errors, paths, schemas
from jupyter_sessions.client.transports.incoming import Partial
from jupyter_sessions.local_files import PIECE

#: Bytes of the smallest file whose beginning is kept.
WORTH_KEEPING = 1 << 20

_ENDING = re.compile(r"\.[0-9a-f]{12}\.part")
_LONGEST_NAME = 200  # bytes, so that the ending fits too
# After these errors, what has arrived is of no use.
_USELESS = errors.ContentDamaged, errors.ContentReplaced, errors.NotFound, errors.NoSuchSession


@contextmanager
def continue_file(
    target: Path, file: schemas.File, note: Callable[[str], None]
) -> Iterator[tuple[BinaryIO, Partial] | None]:
    """Open a file for a download that takes the place of `target` once it is complete.

    What an earlier download of the same content has left is in it. If the download fails, what has
    arrived stays on disk, if that can help the next one.

    Parameters
    ----------
    target
        The path of the complete file.
    file
        The file to download.
    note
        Called with a sentence if what an earlier download has left is discarded.

    Yields
    ------
    tuple or None
        The open file, at its end, and what it contains; None if another process downloads the same
        file, or if this is not a place where it can be left safely.
    """
    path = _get_path(target, file.sha256)
    with _lock(path) as locked:
        opened = _open(path) if locked else None
        if opened is None:
            yield None
            return
        with opened:
            _discard_others(target, path, note)
            partial = _read(opened, file)
            try:
                yield opened, partial
                opened.close()  # a system may not rename or remove open files
                path.replace(target)
            except BaseException as error:
                size = _close(opened)
                if size < WORTH_KEEPING or isinstance(error, (*_USELESS, OSError)):
                    path.unlink(missing_ok=True)
                elif isinstance(error, errors.SessionsError):
                    raise error.adding(
                        f"{size:,} of {file.size:,} bytes are kept on disk: the same download "
                        "continues there."
                    ) from error
                raise


def _get_path(target: Path, sha256: str) -> Path:
    return target.with_name(f"{_get_stem(target)}.{sha256[:12]}.part")


def _get_stem(target: Path) -> str:
    return target.name.encode()[:_LONGEST_NAME].decode(errors="ignore")


@contextmanager
def _lock(path: Path) -> Iterator[bool]:
    """Lock a path for this process and thread; yield whether that was possible."""
    from filelock import FileLock, Timeout

    name = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:32]
    try:
        place = paths.make_private_folder("downloads") / f"{name}.lock"
        lock = FileLock(place, timeout=0, mode=0o600)
        lock.acquire()
    except (Timeout, OSError, errors.StoreUnusable):
        yield False
        return
    try:
        yield True
    finally:
        # Two processes can get past a removed lock, which does no harm: both write the same bytes.
        place.unlink(missing_ok=True)
        lock.release()


def _open(path: Path) -> BinaryIO | None:
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        opened = os.fdopen(os.open(path, flags, 0o666), "r+b")
    except OSError:
        return None
    found = os.fstat(opened.fileno())
    # In a folder that others may write to, someone else may have put the file there.
    own = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and own:
        return opened
    opened.close()
    return None


def _discard_others(target: Path, path: Path, note: Callable[[str], None]) -> None:
    """Remove what downloads of other versions of the file have left."""
    stem = _get_stem(target)
    for other in target.parent.glob("*.part"):
        if other.name.startswith(stem) and _ENDING.fullmatch(other.name[len(stem) :]):
            if other == path:
                continue
            with suppress(OSError):
                other.unlink()
                note(
                    f"{target.name!r} was replaced on the server since a download of it broke off, "
                    "so the download started again."
                )


def _read(opened: BinaryIO, file: schemas.File) -> Partial:
    """Return what an open file contains; it is emptied if that is more than the whole content."""
    partial = Partial(file.sha256)
    while piece := opened.read(PIECE):
        partial.digest.update(piece)
        partial.size += len(piece)
    if partial.size > file.size:
        return empty(opened, file)
    return partial


def empty(opened: BinaryIO, file: schemas.File) -> Partial:
    """Empty an open file, for a download from the first byte."""
    opened.seek(0)
    opened.truncate()
    return Partial(file.sha256)


def _close(opened: BinaryIO) -> int:
    """Close a file; return its size, or 0 if it could not be written."""
    with suppress(OSError, ValueError):
        opened.flush()
        size = os.fstat(opened.fileno()).st_size
        opened.close()
        return size
    return 0
