"""What someone means to publish, by the name that they type."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from jupyter_sessions.formats import Content, folders, outputs, write


def named(
    what: str,
    path: str | None,
    variable: Callable[[str], tuple[bool, Any]],
    left_out: Callable[[Path], object],
) -> Iterable[Content]:
    """Give what someone means to publish: a variable of that name, a file, or a folder's files.

    Parameters
    ----------
    what
        The name.
    path
        Where to put it in the web space; by default, under its own name.
    variable
        Tells whether there is a variable of a name, and its value.
    left_out
        Is told of each link, and of what is no file, that is left out of a folder.
    """
    known, value = variable(what)
    if not known:
        return folders.walk(Path(what).expanduser(), path, left_out)
    if isinstance(value, Path):
        return folders.walk(value, path, left_out)
    if path is not None and path.endswith("/"):
        content = write(value, name=what)
        return outputs.renamed([content], path)
    return [write(value, name=what, path=path)]
