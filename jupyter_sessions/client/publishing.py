"""Prepare a script's files and values for publishing through the format registry."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from warnings import warn

from jupyter_sessions import errors
from jupyter_sessions.formats import Content, folders, write

__all__ = ["Content", "content", "contents"]

_LONGEST_NAME = 1_000


def content(what: object, as_: str | None) -> Content:
    """Return the content for publishing a single file or value.

    Raises
    ------
    BadRequest
        When the arguments are ambiguous, or the value can't be written as asked for.
    NotFound
        When the file does not exist.
    """
    if isinstance(what, os.PathLike):
        path = Path(what)
        if path.is_dir():
            raise errors.BadRequest(
                f"{os.fspath(path)!r} is a folder.", hint="Publish it with publish_folder()."
            )
        return next(folders.walk(path, as_))
    if isinstance(what, str) and (as_ is None or _names_a_file(what)):
        raise errors.BadRequest(
            "It is not clear whether this text is the content or the name of a file.",
            hint='For a file, write publish(Path("NAME")); for a text, write '
            'publish(text, as_="NAME").',
        )
    if not as_ or as_.endswith("/"):
        raise errors.BadRequest(
            "A published value needs a name in the web space.",
            hint='Name it, with an ending that chooses the format: as_="results/table.csv".',
        )
    written = write(what, name=PurePosixPath(as_).stem, path=as_)
    if written.note:
        warn(f"{as_}: {written.note}", stacklevel=3)
    return written


def _names_a_file(text: str) -> bool:
    if not 0 < len(text) <= _LONGEST_NAME:
        return False
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


def contents(folder: Path, as_: str | None) -> Iterator[Content]:
    """Yield each file below a folder, and warn about omitted ones.

    Raises
    ------
    NotFound, BadRequest
        When the folder does not exist, or has nothing to publish.
    """
    if folder.exists() and not folder.is_dir():
        raise errors.BadRequest(
            f"{os.fspath(folder)!r} is not a folder.", hint="Publish a file with publish()."
        )
    left_out: list[Path] = []
    yield from folders.walk(folder, as_, left_out.append)
    for words in folders.explain_omitted(left_out):
        warn(words, stacklevel=3)
