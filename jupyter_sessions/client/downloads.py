"""Getting published files onto this machine: one, or a folder with all that is in it."""

from __future__ import annotations

from pathlib import Path

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.client.files import new_file
from jupyter_sessions.client.transports.base import Transport
from jupyter_sessions.client.transports.paging import every


def below(transport: Transport, code: str, path: str) -> list[tuple[schemas.File, str]]:
    """Give the file of a path, or all files of a folder, with their places in the target.

    Raises
    ------
    NotFound
        When nothing is published there.
    """
    try:
        return [(transport.call(api.GET_FILE, schemas.FileNamed(code=code, path=path)), "")]
    except errors.NotFound as missing:
        try:
            found = list(every(transport, api.LIST_FILES, code=code, folder=path, deep=True))
        except errors.NotFound:
            raise missing from None
        return [(each, each.path.removeprefix(f"{path}/")) for each in found]


def placed(target: Path, place: str) -> Path:
    """Return where a file of a folder goes; its name is someone else's, and stays below.

    Raises
    ------
    BadName
        When it would lead out of the target.
    """
    file = target / place if place else target
    if not file.resolve().is_relative_to(target.resolve()):
        raise errors.BadName(
            f"The path {place!r} would lead out of {target}.", hint="Get the other files by name."
        )
    return file


def download(
    transport: Transport, code: str, file: schemas.File, target: Path, *, force: bool
) -> Path:
    """Write a published file to a path, or into a folder that is there; return where it is."""
    place = target / file.name if target.is_dir() else target
    with new_file(place, force=force) as opened:
        transport.download(schemas.FileNamed(code=code, path=file.path), opened)
    return place
