"""Writing files that the user asked for, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from jupyter_sessions import errors


@contextmanager
def new_file(target: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name once it is whole.

    Parameters
    ----------
    target
        Its path; folders that are missing are made.
    force
        Whether to replace a file that is there.

    Raises
    ------
    Conflict
        When there is one already.
    BadRequest
        When it can't be written.
    """
    if target.exists() and not force:
        raise errors.Conflict(
            f"There is {os.fspath(target)!r} already.",
            hint="Name another place, or have it replaced (--force; in a script, replace=True).",
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            temporary = Path(file.name)
            try:
                yield file  # type: ignore[misc]  # a wrapper that has all of BinaryIO
            except BaseException:
                temporary.unlink()
                raise
        # A temporary file is the user's alone; one that they asked for is as their umask has it.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        raise errors.BadRequest(
            f"{os.fspath(target)!r} can't be written: {error.strerror}.",
            hint="Name another place (with -o).",
        ) from error


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask
