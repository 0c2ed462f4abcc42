"""Reading and writing the files of the logins: whole or not at all, and for the user alone.

Files are written under a temporary name and renamed: who reads sees the old one or the new one.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from jupyter_sessions import errors
from jupyter_sessions.client.logins.home import folder, unusable

NEW = ".new"  #: how temporary names end
_LOCK = ".lock"
_LOCK_TIMEOUT = 60.0
_LONGEST = 1 << 20

Kind = TypeVar("Kind", bound=msgspec.Struct)


def read(file: Path, kind: type[Kind]) -> Kind | None:
    """Read a file; None for one that is not there, or says nothing of that kind.

    One that others may read is made private, but not what lies elsewhere and is linked to.
    """
    try:
        # Who opens a pipe would wait for its other end.
        opened = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    try:
        mode = os.fstat(opened).st_mode
        if not stat.S_ISREG(mode):
            return None
        if os.name != "nt" and stat.S_IMODE(mode) & 0o077 and not file.is_symlink():
            with suppress(OSError):
                os.fchmod(opened, 0o600)
        return msgspec.json.decode(os.read(opened, _LONGEST), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    finally:
        os.close(opened)


def write(file: Path, content: msgspec.Struct, *, lasting: bool = False) -> None:
    """Write a file, whole or not at all; within `locked`.

    What is not `lasting` may be gone after a loss of power.
    """
    temporary = file.with_name(f".{secrets.token_hex(8)}{NEW}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(msgspec.json.encode(content))
            if lasting:
                opened.flush()
                os.fsync(opened.fileno())
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def locked() -> Iterator[Path]:
    """Hold the logins while they are changed, and give their folder.

    Raises
    ------
    StoreBusy
        When another process holds them for too long.
    StoreUnusable
        When they can't be changed.
    """
    from filelock import FileLock, Timeout

    where = folder()
    try:
        with FileLock(where / _LOCK, _LOCK_TIMEOUT, 0o600, poll_interval=0.005):
            yield where
    except Timeout as error:
        raise errors.StoreBusy(
            "Another process holds the stored logins.", hint="Try again in a moment."
        ) from error
    except OSError as error:
        raise unusable(error) from error
