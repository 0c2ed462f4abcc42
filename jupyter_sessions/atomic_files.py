"""Create and replace files atomically: whoever opens one sees the old content or the new one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

#: How the names of files end that are not complete yet.
INCOMPLETE = ".new"


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
