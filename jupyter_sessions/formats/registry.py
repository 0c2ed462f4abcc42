"""The registry of formats: choose a format by value, and a media type by extension."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from jupyter_sessions.errors import BadRequest
from jupyter_sessions.formats import arrays, display, figures, tables, texts, times
from jupyter_sessions.formats.format import Format, Written, first_line

#: The entry point group of other packages' `Format` objects.
ENTRY_POINTS = "jupyter_sessions.formats"

_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".geojson": "application/geo+json",
    ".htm": "text/html",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".md": "text/markdown",
    ".nc": "application/x-netcdf",
    ".npy": "application/x-npy",
    ".npz": "application/x-npz",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".tex": "text/x-tex",
    ".txt": "text/plain",
    ".webp": "image/webp",
}


@dataclass(frozen=True)
class Content:
    """A file for the web space.

    Attributes
    ----------
    name
        The proposed or requested path in the web space.
    data
        The bytes, or the file on this machine that holds them.
    media_type
        Their media type.
    note
        What they omit of the value, in a sentence; empty if nothing.
    """

    name: str
    data: bytes | Path
    media_type: str
    note: str = ""


def media_type(path: str) -> str:
    """Return the media type for a path's extension."""
    ending = PurePosixPath(path).suffix.lower()
    return _MEDIA_TYPES.get(ending) or mimetypes.guess_type(path)[0] or "application/octet-stream"


def write(value: object, *, name: str, path: str | None = None) -> Content:
    """Convert a value to a file for the web space.

    Parameters
    ----------
    value
        Any value that a format takes; others are written as their rich display.
    name
        The name of the value, from which the default path is made.
    path
        The requested path; its extension selects one of the format's.

    Returns
    -------
    Content
        The bytes with their path and media type.

    Raises
    ------
    BadRequest
        When the value can't be written with the path's extension; the hint names possible ones.
    """
    format_ = next(known for known in _formats() if known.takes(value))
    endings = format_.endings(value)
    if not endings:
        raise BadRequest(
            f"The value {name!r} does not display as anything that can be saved as a file.",
            hint="Display it in its own cell to see why.",
        )
    if path is None:
        path = _file_name(name)
    ending = PurePosixPath(path).suffix.lower()
    if not ending:
        ending = endings[0]
        # An empty path stays empty, and the server refuses it.
        path = f"{path}{ending}" if path else path
    if ending not in endings:
        raise _make_ending_error(format_, value, ending, endings)
    written = _write(format_, value, ending, endings)
    return Content(path, written.data, media_type(path), written.note)


def _make_ending_error(
    format_: Format, value: object, ending: str, endings: tuple[str, ...]
) -> BadRequest:
    name, instead = format_.name, ""
    if format_ in display.FORMATS:
        name = f"A value of the type {type(value).__name__}"
        instead = ", or convert the value to a table, list, dictionary or text first"
    return BadRequest(
        f"{name} can't be written as {ending}.",
        hint=f"Choose a path that ends in {_either(endings)}{instead}.",
    )


def _write(format_: Format, value: object, ending: str, endings: tuple[str, ...]) -> Written:
    try:
        written = format_.write(value, ending)
    except BadRequest:
        raise
    except Exception as error:
        # Values can be anything, and each library has its own exceptions: the caller gets one
        # sentence of it, and the rest as the cause.
        others = tuple(each for each in endings if each != ending)
        raise BadRequest(
            f"{format_.name} can't be written as {ending}: {first_line(error)}",
            hint=f"Change the value{f', or choose {_either(others)}' if others else ''}.",
        ) from error
    return written if isinstance(written, Written) else Written(written)


def _formats() -> Iterable[Format]:
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS):
        added = point.load()
        if not isinstance(added, Format):
            raise BadRequest(
                f"The plug-in {point.name!r} ({point.value}) is not a valid "
                "jupyter_sessions Format.",
                hint="Uninstall or update the package that brings it.",
            )
        yield added
    yield from (*tables.FORMATS, *arrays.FORMATS, *figures.FORMATS, *texts.FORMATS)
    yield from (*times.FORMATS, *display.FORMATS)


def _file_name(name: str) -> str:
    return re.sub(r"[^\w-]+", "-", name).strip("-") or "value"


def inside(folder: str, name: str) -> str:
    """Return the path of an item in a folder, whose path may end in a slash.

    The folder's path is not changed otherwise: the server validates it.
    """
    return f"{folder}{name}" if folder.endswith("/") else f"{folder}/{name}"


def _either(endings: tuple[str, ...]) -> str:
    return endings[0] if len(endings) == 1 else f"{', '.join(endings[:-1])} or {endings[-1]}"
