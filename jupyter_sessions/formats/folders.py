"""Find the files below a local file or folder for publishing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from jupyter_sessions.errors import BadRequest, NotFound
from jupyter_sessions.formats.registry import Content, inside, media_type

#: The number of omitted items that a message names.
_MAX_LISTED = 10


def _ignore(_: Path) -> None:
    """Ignore an omitted item."""


def readable(path: Path) -> str:
    """Return a path for messages, with invalid UTF-8 and invisible characters escaped."""
    return "".join(
        character if character.isprintable() else _escape(character)
        for character in os.fspath(path)
    )


def _escape(character: str) -> str:
    byte = ord(character) - 0xDC00  # Python's form of a byte that is not UTF-8
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else ascii(character)[1:-1]


def explain_omitted(paths: list[Path]) -> list[str]:
    """Explain what was omitted from folders, and why: a sentence for each reason."""
    foreign = [path for path in paths if not is_text(path.name)]
    others = [path for path in paths if is_text(path.name)]
    reasons = {
        "Left out (links to folders or out of the folder, unreadable, or not "
        "ordinary files)": others,
        "Left out (their names are not UTF-8: rename them, or publish each under "
        "another name)": foreign,
    }
    return [f"{why}: {_list(found)}" for why, found in reasons.items() if found]


def _list(paths: list[Path]) -> str:
    rest = len(paths) - _MAX_LISTED
    more = f" and {rest} more" if rest > 0 else ""
    return ", ".join(map(readable, paths[:_MAX_LISTED])) + more


def is_text(name: str) -> bool:
    """Tell whether a file name is UTF-8, as required in a web space."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def walk(
    source: Path, path: str | None = None, omitted: Callable[[Path], object] = _ignore
) -> Iterator[Content]:
    """Yield a file, or each file below a folder, without reading them.

    Hidden files are omitted unless they are named explicitly, and so are symbolic links that lead
    out of the folder: nobody should publish their targets by accident. A file or folder whose name
    is not UTF-8 is omitted too, since the web space can't name it.

    Parameters
    ----------
    source
        The file or folder.
    path
        The path of the file or folder in the web space; a path that ends in a slash is the folder
        to publish into. By default its own name.
    omitted
        Called with each omitted link, special file, unreadable folder and name that is not UTF-8;
        `explain_omitted` describes them.

    Raises
    ------
    NotFound
        When no such file or folder exists.
    BadRequest
        When it is neither a file nor a folder, is a folder with nothing to publish, or has a name
        that is not UTF-8 and `path` gives no other.
    """
    if not source.exists():
        raise NotFound(
            f"There is no file or folder '{readable(source)}'.",
            hint="Name a file, a folder, or (in a notebook) a variable.",
        )
    own = source.resolve().name
    top = own if path is None else path
    if top.endswith("/"):
        top = inside(top, own)
    if not is_text(top):
        raise BadRequest(
            f"The name of '{readable(source)}' is not UTF-8, which a path in the web "
            "space must be.",
            hint="Choose another name with --as NAME, or rename it.",
        )
    if source.is_file():
        yield Content(top, source, media_type(top))
        return
    if not source.is_dir():
        raise BadRequest(
            f"'{readable(source)}' is neither a file nor a folder.",
            hint="Only files and folders can be published.",
        )
    found = False
    for file in _files(source, omitted):
        found = True
        name = inside(top, file.relative_to(source).as_posix())
        yield Content(name, file, media_type(name))
    if not found:
        raise BadRequest(
            f"The folder '{readable(source)}' holds no files to publish.",
            hint="Hidden files, links that lead out of the folder, and names that are not UTF-8 are"
            " left out.",
        )


def _files(folder: Path, omitted: Callable[[Path], object]) -> Iterator[Path]:
    top = folder.resolve()

    def unreadable(error: OSError) -> None:
        omitted(Path(error.filename))

    for here, below, names in os.walk(folder, onerror=unreadable):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in below:
            if Path(here, name).is_symlink() or not is_text(name):
                omitted(Path(here, name))
        below[:] = filter(is_text, below)
        for name in sorted(names):
            file = Path(here, name)
            if name.startswith("."):
                continue
            if is_text(name) and file.is_file() and file.resolve().is_relative_to(top):
                yield file
            else:
                omitted(file)
