"""What a capability URL leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_sessions import schemas
    from jupyter_sessions.store.blobs import Blob


@dataclass(frozen=True)
class PublishedFile:
    """What a capability URL of a publication leads to, for a `viewer`."""

    viewer: str
    code: str
    file: schemas.File
    blob: Blob


@dataclass(frozen=True)
class CommandOutputs:
    """What a capability URL of a command leads to, for a `viewer`."""

    viewer: str
    code: str
    number: int
    outputs: list[schemas.Output]


Viewed = PublishedFile | CommandOutputs
