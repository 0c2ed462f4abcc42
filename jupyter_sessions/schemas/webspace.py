"""The published files of a session."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from jupyter_sessions.schemas.fields import (
    Answer,
    Code,
    CommandNumber,
    Cursor,
    PageSize,
    Path,
    Request,
)


class File(Answer):
    """A published file, or a folder that holds some (`folder` true).

    Of a folder, `files`, `size` and `published` are of all that is in it (how many, how much, the
    newest); `publisher` and `command` too, where it is the same for all, else empty and null.
    `command` is the number of the command whose output it is or, where it is none's, of the one
    that published it.
    """

    path: str
    name: str
    folder: bool
    media_type: str
    size: int
    sha256: str
    publisher: str
    published: datetime
    command: int | None
    files: int = 1


class ListFiles(Request):
    """What stands in a folder of the web space; with `deep`, every file below it."""

    code: Code
    folder: Path = ""
    deep: bool = False
    limit: PageSize = 200
    after: Cursor | None = None


class FileNamed(Request):
    """One file (or, for unpublishing, folder) of the web space."""

    code: Code
    path: Path


class PublishFile(Request):
    """Where the content that comes with this request goes; a file already there is replaced.

    Without a media type the path's ending decides. `command` is the number of the command
    whose output the content is, or that publishes it.
    """

    code: Code
    path: Path
    media_type: Annotated[str, Meta(max_length=200)] = ""
    command: CommandNumber | None = None


class Unpublished(Answer):
    """The paths that are gone from the web space."""

    paths: list[str]


class CreateCapabilityUrl(Request):
    """Ask for a capability URL: of a published file (and its folder) or of a command's outputs."""

    code: Code
    path: Path | None = None
    command: CommandNumber | None = None


class View(Answer):
    """A capability URL: whoever has it sees that one publication, until it expires."""

    url: str
    expires: datetime
