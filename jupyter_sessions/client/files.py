"""Write downloaded files atomically, one file or a whole folder."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.partial_files import WORTH_KEEPING, continue_file, empty
from jupyter_sessions.client.transports.base import Transport, iterate_pages
from jupyter_sessions.client.transports.incoming import Partial
from jupyter_sessions.local_files import replace_atomically

# How often a download starts, if the file is replaced on the server each time.
_TRIES = 4


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
    Conflict, BadRequest
        See `translate_failures`.
    """
    with translate_failures(target, force=force), replace_atomically(target, private=False) as file:
        yield file


@contextmanager
def translate_failures(target: Path, *, force: bool) -> Iterator[None]:
    """Prepare the place of a file, and translate the errors of writing it.

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
        yield
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


class Saved(NamedTuple):
    """A downloaded file: its path on this machine, and the published file that it is a copy of."""

    path: Path
    file: schemas.File


def download(
    transport: Transport,
    code: str,
    file: schemas.File,
    target: Path,
    *,
    force: bool,
    note: Callable[[str], None],
) -> Saved:
    """Download a published file to a path or into an existing folder.

    The file gets its name once its SHA-256 is verified. If the download of a large file breaks off,
    the next one continues it.

    Parameters
    ----------
    transport
        Where to download from.
    code
        The session's code.
    file
        The file.
    target
        The target path or folder.
    force
        Whether to replace an existing file.
    note
        Called with a sentence whenever the download starts again.

    Raises
    ------
    Conflict
        When the file already exists.
    """
    place = target / file.name if target.is_dir() else target
    for _ in range(_TRIES):
        try:
            _download(transport, code, file, place, force=force, note=note)
            return Saved(place, file)
        except errors.ContentReplaced as error:
            replaced = error
            file = transport.call(api.GET_FILE, schemas.FileNamed(code=code, path=file.path))
            note(
                f"{file.path!r} was replaced on the server during the download, so the download "
                "started again."
            )
    raise replaced


def _download(
    transport: Transport,
    code: str,
    file: schemas.File,
    place: Path,
    *,
    force: bool,
    note: Callable[[str], None],
) -> None:
    named = schemas.FileNamed(code=code, path=file.path)
    if file.size >= WORTH_KEEPING:
        with translate_failures(place, force=force), continue_file(place, file, note) as begun:
            if begun is not None:
                _continue(transport, named, file, *begun, note)
                return
    with new_file(place, force=force) as opened:
        transport.download(named, opened, Partial(file.sha256))


def _continue(
    transport: Transport,
    request: schemas.FileNamed,
    file: schemas.File,
    opened: BinaryIO,
    partial: Partial,
    note: Callable[[str], None],
) -> None:
    """Download what is missing; start again if what was there turns out to be damaged."""
    had = partial.size
    try:
        if had == file.size:
            partial.check(file.path)
        else:
            transport.download(request, opened, partial)
    except errors.ContentDamaged:
        if not had or partial.size < file.size:
            raise  # it is damaged on the server
        note(
            f"The beginning of {file.path!r} from an earlier download was damaged, so the download "
            "started again."
        )
        transport.download(request, opened, empty(opened, file))


def read(transport: Transport, code: str, path: str) -> bytes:
    """Return the content of a published file, even if it is replaced meanwhile."""
    named = schemas.FileNamed(code=code, path=path)
    for _ in range(_TRIES):
        content = io.BytesIO()
        try:
            transport.download(named, content)
            return content.getvalue()
        except errors.ContentReplaced as error:
            replaced = error
    raise replaced
