"""Preview or save a published file, sandboxed, with progress and cancellation.

Saving writes a copy to the kernel's disk. Both report their progress, and can be cancelled.
"""

from __future__ import annotations

import base64
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

from jupyter_sessions import schemas
from jupyter_sessions.cli.rendering.sandbox import contained
from jupyter_sessions.cli.values import printable
from jupyter_sessions.client.files import new_file
from jupyter_sessions.client.transports.base import Transport
from jupyter_sessions.formatting import format_size
from jupyter_sessions.widgets.progress import Steps

#: Largest file, in bytes, that a notebook can display.
_MOST = 8_000_000
#: Characters of a text that a preview shows.
_MOST_TEXT = 50_000
_TEXTS = {"application/json", "application/geo+json", "application/x-ipynb+json"}
_PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
_ACTIVE = {"text/html", "image/svg+xml"}

Outputs = tuple[dict[str, Any], ...]


class Counted:
    """A file wrapper that reports how much has been written.

    Parameters
    ----------
    target
        The target file.
    total
        The expected number of bytes.
    steps
        Called after each piece; it may cancel the work.
    """

    def __init__(self, target: BinaryIO, total: int, steps: Steps) -> None:
        self._target = target
        self._total = total
        self._steps = steps
        self._done = 0

    def write(self, data: bytes) -> int:
        """Write a piece."""
        self._steps.report(
            self._done, self._total, f"{format_size(self._done)} of {format_size(self._total)}"
        )
        self._done += len(data)
        return self._target.write(data)

    def writelines(self, pieces: Any) -> None:
        """Write pieces in order."""
        for piece in pieces:
            self.write(piece)


def counted(target: BinaryIO, total: int, steps: Steps) -> BinaryIO:
    """Wrap a download's target so that it reports the progress."""
    return cast("BinaryIO", Counted(target, total, steps))


def possible(file: schemas.File) -> bool:
    """Tell whether a file can be previewed in a notebook."""
    media = _media(file)
    known = media.startswith("text/") or media in _TEXTS | _PICTURES | _ACTIVE
    return known and file.size <= _MOST


def without(file: schemas.File) -> Outputs:
    """Explain why there is no preview."""
    why = "is too large for a preview" if file.size > _MOST else "can't be previewed here"
    return _text(
        f"{file.name} ({format_size(file.size)}, {_media(file)}) {why}. Save it, or open it."
    )


def render_file(file: schemas.File, transport: Transport, code: str, steps: Steps) -> Outputs:
    """Download a file, and return the outputs that show it."""
    content = BytesIO()
    named = schemas.FileNamed(code=code, path=file.path)
    transport.download(named, counted(content, file.size, steps))
    media = _media(file)
    if media in _PICTURES:
        coded = base64.b64encode(content.getvalue()).decode()
        return _display({media: coded, "text/plain": file.name})
    said = content.getvalue().decode("utf-8", "replace")
    if media in _ACTIVE:
        return _display(contained({media: said}, file.publisher) | {"text/plain": file.name})
    more = "\n…" if len(said) > _MOST_TEXT else ""
    return _text(printable(said[:_MOST_TEXT]) + more)


def save(file: schemas.File, target: Path, transport: Transport, code: str, steps: Steps) -> None:
    """Save a file on this disk atomically."""
    with new_file(target, force=False) as opened:
        named = schemas.FileNamed(code=code, path=file.path)
        transport.download(named, counted(opened, file.size, steps))


def _media(file: schemas.File) -> str:
    return file.media_type.partition(";")[0].strip().lower()


def _display(data: dict[str, Any]) -> Outputs:
    return ({"output_type": "display_data", "data": data, "metadata": {}},)


def _text(text: str) -> Outputs:
    return ({"output_type": "stream", "name": "stdout", "text": text},)
