"""Write downloaded files atomically, one file or a whole folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.transports.base import Transport, iterate_pages
from jupyter_sessions.local_files import replace_atomically


@contextmanager
def new_file(target: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under its name only once it is complete.

    Parameters
    ----------
    target
        Its path; missing folders are created.
    force
        Whether to replace an existing file.

    Raises
    ------
    Conflict
        When the file already exists.
    BadRequest
        When it can't be written.
    """
    if target.exists() and not force:
        raise errors.Conflict(
            f"{os.fspath(target)!r} exists already.",
            hint="Choose another name, or replace it (--force; in a script, replace=True).",
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with replace_atomically(target, private=False) as file:
            yield file
    except OSError as error:
        raise errors.BadRequest(
            f"{os.fspath(target)!r} can't be written: {error.strerror}.",
            hint="Choose another place with -o.",
        ) from error


def list_files_below(transport: Transport, code: str, path: str) -> list[tuple[schemas.File, str]]:
    """Yield the file at a path, or all files of a folder, with their target paths.

    Raises
    ------
    NotFound
        When nothing is published there.
    """
    try:
        return [(transport.call(api.GET_FILE, schemas.FileNamed(code=code, path=path)), "")]
    except errors.NotFound as missing:
        try:
            found = list(
                iterate_pages(transport, api.LIST_FILES, code=code, folder=path, deep=True)
            )
        except errors.NotFound:
            raise missing from None
        return [(each, each.path.removeprefix(f"{path}/")) for each in found]


def placed(target: Path, place: str) -> Path:
    """Return the target path of a file; others chose its name, so it must stay below the target.

    Raises
    ------
    BadName
        When it would leave the target folder.
    """
    file = target / place if place else target
    if not file.resolve().is_relative_to(target.resolve()):
        raise errors.BadName(
            f"The path {place!r} leads out of {target}.", hint="Download the other files by name."
        )
    return file


def download(
    transport: Transport, code: str, file: schemas.File, target: Path, *, force: bool
) -> Path:
    """Download a published file to a path or into an existing folder; return its path."""
    place = target / file.name if target.is_dir() else target
    with new_file(place, force=force) as opened:
        transport.download(schemas.FileNamed(code=code, path=file.path), opened)
    return place
