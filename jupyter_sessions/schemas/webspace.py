"""Schemas for a session's web space: published files, folders and capability URLs."""

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
    """A published file, or a folder that contains some (`folder` true).

    For a folder, `files`, `size` and `published` summarize all that is in it (number, total size,
    newest); `publisher` and `command` are set if they are the same for all of it, else empty and
    null. `command` is the number of the command whose output the file is or, if it is not an
    output, of the command that published it. `url` is the address of its page, None if no server
    shows this store.
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
    url: str | None = None


class ListFiles(Request):
    """Which folder of the web space to list; with `deep`, every file below it is listed."""

    code: Code
    folder: Path = ""
    deep: bool = False
    limit: PageSize = 200
    after: Cursor | None = None


class FileNamed(Request):
    """One file of the web space or, for unpublishing, a folder."""

    code: Code
    path: Path


class PublishFile(Request):
    """Where to publish the content sent with this request; an existing file is replaced.

    Without a media type, the path's extension determines it. `command` is the number of the command
    whose output the content is, or that publishes it.
    """

    code: Code
    path: Path
    media_type: Annotated[str, Meta(max_length=200)] = ""
    command: CommandNumber | None = None


class Unpublished(Answer):
    """The paths that were removed from the web space."""

    paths: list[str]


class CreateCapabilityUrl(Request):
    """Request a capability URL for a published file (and its folder) or a command's outputs."""

    code: Code
    path: Path | None = None
    command: CommandNumber | None = None


class View(Answer):
    """A capability URL: it shows that one publication, without a login, until it expires."""

    url: str
    expires: datetime
