"""Files and folders on this machine, as what goes into the web space."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from jupyter_sessions.errors import BadRequest, NotFound
from jupyter_sessions.formats.registry import Content, inside, media_type


def _say_nothing(_: Path) -> None:
    """Tell nobody of what is left out."""


def walk(
    named: Path, path: str | None = None, left_out: Callable[[Path], object] = _say_nothing
) -> Iterator[Content]:
    """Give a file, or each file below a folder, without reading any.

    Hidden files are left out unless they are named themselves, and so is what a symbolic link
    inside the folder brings in from outside of it: nobody publishes by accident what lies there.

    Parameters
    ----------
    named
        The file or folder.
    path
        Where it goes: the file's path, or the folder's, in the web space; what ends in a slash is a
        folder that it goes into. Its own name by default.
    left_out
        Is told of each link, and of what is no file, that is left out.

    Raises
    ------
    NotFound
        When there is nothing of that name.
    BadRequest
        When it is neither a file nor a folder, or a folder with nothing to publish.
    """
    if not named.exists():
        raise NotFound(
            f"There is no file or folder {os.fspath(named)!r}.",
            hint="Name a file, a folder, or (in a notebook) a variable.",
        )
    own = named.resolve().name
    top = own if path is None else path
    if top.endswith("/"):
        top = inside(top, own)
    if named.is_file():
        yield Content(top, named, media_type(top))
        return
    if not named.is_dir():
        raise BadRequest(
            f"{os.fspath(named)!r} is neither a file nor a folder.",
            hint="Only files and folders can be published.",
        )
    found = False
    for file in _files(named, left_out):
        found = True
        name = inside(top, file.relative_to(named).as_posix())
        yield Content(name, file, media_type(name))
    if not found:
        raise BadRequest(
            f"The folder {os.fspath(named)!r} holds no files to publish.",
            hint="Hidden files, and links that lead out of the folder, are left out.",
        )


def _files(folder: Path, left_out: Callable[[Path], object]) -> Iterator[Path]:
    top = folder.resolve()
    for here, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in below:
            if Path(here, name).is_symlink():
                left_out(Path(here, name))
        for name in sorted(names):
            file = Path(here, name)
            if name.startswith("."):
                continue
            if file.is_file() and file.resolve().is_relative_to(top):
                yield file
            else:
                left_out(file)
