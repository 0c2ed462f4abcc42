"""Files and folders on this machine, as what goes into the web space."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from jupyter_sessions.errors import BadRequest, NotFound
from jupyter_sessions.formats.registry import Content, inside, media_type

#: A message names so many of what is left out.
_NAMED_AT_MOST = 10


def _say_nothing(_: Path) -> None:
    """Leave out in silence."""


def readable(path: Path) -> str:
    """Return a path as a message can show it: what is not UTF-8 or can't be seen is escaped."""
    return "".join(
        character if character.isprintable() else _escape(character)
        for character in os.fspath(path)
    )


def _escape(character: str) -> str:
    byte = ord(character) - 0xDC00  # so Python keeps a byte of a name that is not UTF-8
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else ascii(character)[1:-1]


def explain_left_out(paths: list[Path]) -> list[str]:
    """Say what was left out of folders, and why: a sentence for each reason."""
    foreign = [path for path in paths if not is_text(path.name)]
    others = [path for path in paths if is_text(path.name)]
    reasons = {
        "Left out, as links to folders or out of the folder, no files, or unreadable": others,
        "Left out, as their names are not UTF-8 (rename them, or publish each under a name of its"
        " own)": foreign,
    }
    return [f"{why}: {_list(found)}" for why, found in reasons.items() if found]


def _list(paths: list[Path]) -> str:
    rest = len(paths) - _NAMED_AT_MOST
    more = f" and {rest} more" if rest > 0 else ""
    return ", ".join(map(readable, paths[:_NAMED_AT_MOST])) + more


def is_text(name: str) -> bool:
    """Tell whether a file name is UTF-8, as each name in a web space is."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def walk(
    named: Path, path: str | None = None, left_out: Callable[[Path], object] = _say_nothing
) -> Iterator[Content]:
    """Give a file, or each file below a folder, without reading any.

    Hidden files are left out unless they are named themselves, and so is what a symbolic link
    inside the folder brings in from outside of it: nobody publishes by accident what lies there. A
    file or folder whose name is not UTF-8 is left out too, since the web space can't name it.

    Parameters
    ----------
    named
        The file or folder.
    path
        Where it goes: the file's path, or the folder's, in the web space; what ends in a slash is a
        folder that it goes into. Its own name by default.
    left_out
        Called with each link, each thing that is not a file, each folder that can't be read and
        each name that is not UTF-8, that is left out; `explain_left_out` puts them into words.

    Raises
    ------
    NotFound
        When there is nothing of that name.
    BadRequest
        When it is neither a file nor a folder, or a folder with nothing to publish, or its name is
        not UTF-8 and `path` gives no other.
    """
    if not named.exists():
        raise NotFound(
            f"There is no file or folder '{readable(named)}'.",
            hint="Name a file, a folder, or (in a notebook) a variable.",
        )
    own = named.resolve().name
    top = own if path is None else path
    if top.endswith("/"):
        top = inside(top, own)
    if not is_text(top):
        raise BadRequest(
            f"The name of '{readable(named)}' is not UTF-8, as a path in the web space is.",
            hint="Give it another there (--as NAME), or rename it.",
        )
    if named.is_file():
        yield Content(top, named, media_type(top))
        return
    if not named.is_dir():
        raise BadRequest(
            f"'{readable(named)}' is neither a file nor a folder.",
            hint="Only files and folders can be published.",
        )
    found = False
    for file in _files(named, left_out):
        found = True
        name = inside(top, file.relative_to(named).as_posix())
        yield Content(name, file, media_type(name))
    if not found:
        raise BadRequest(
            f"The folder '{readable(named)}' holds no files to publish.",
            hint="Hidden files, links that lead out of the folder, and names that are not UTF-8 are"
            " left out.",
        )


def _files(folder: Path, left_out: Callable[[Path], object]) -> Iterator[Path]:
    top = folder.resolve()

    def unreadable(error: OSError) -> None:
        left_out(Path(error.filename))

    for here, below, names in os.walk(folder, onerror=unreadable):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in below:
            if Path(here, name).is_symlink() or not is_text(name):
                left_out(Path(here, name))
        below[:] = filter(is_text, below)
        for name in sorted(names):
            file = Path(here, name)
            if name.startswith("."):
                continue
            if is_text(name) and file.is_file() and file.resolve().is_relative_to(top):
                yield file
            else:
                left_out(file)
