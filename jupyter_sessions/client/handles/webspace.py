"""The web space of a session: publishing, listing and getting files."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from jupyter_sessions import api, schemas
from jupyter_sessions.client import downloads
from jupyter_sessions.client.handles.handle import Handle
from jupyter_sessions.client.transports.paging import every

if TYPE_CHECKING:
    from jupyter_sessions.client.publishing import Content


class WebSpace(Handle):
    """The published files."""

    def publish(
        self, what: object, as_: str | None = None, *, command: int | None = None
    ) -> schemas.File:
        """Publish a value or a file; one that is there is replaced.

        Parameters
        ----------
        what
            A file as a `pathlib.Path`; or a value: a table, a figure, an array, a text, bytes,
            a dictionary or list.
        as_
            Its path in the web space, whose ending chooses how a value is written. A file has its
            own name by default; a value needs one.
        command
            The number of the command that made it.

        Warns
        -----
        UserWarning
            When the file can't hold all of the value, and says what it leaves out.
        """
        from jupyter_sessions.client import publishing

        return self._publish(publishing.content(what, as_), command)

    def publish_folder(
        self, folder: str | os.PathLike[str], as_: str | None = None, *, command: int | None = None
    ) -> list[schemas.File]:
        """Publish all files below a folder.

        Hidden ones are left out, and with a warning links out of it and names that are not UTF-8.
        """
        from jupyter_sessions.client import publishing

        return [self._publish(each, command) for each in publishing.contents(Path(folder), as_)]

    def _publish(self, content: Content, command: int | None) -> schemas.File:
        request = schemas.PublishFile(
            code=self.code, path=content.name, media_type=content.media_type, command=command
        )
        return self._transport.call(api.PUBLISH_FILE, request, content.data)

    def files(self, folder: str = "", *, deep: bool = False) -> Iterator[schemas.File]:
        """Yield what is published in a folder; with `deep`, every file below it."""
        return every(self._transport, api.LIST_FILES, code=self.code, folder=folder, deep=deep)

    def file(self, path: str) -> schemas.File:
        """Show what is known of a published file."""
        return self._do(api.GET_FILE, path=path)

    def get(self, path: str) -> bytes:
        """Return the content of a published file."""
        target = io.BytesIO()
        self._transport.download(schemas.FileNamed(code=self.code, path=path), target)
        return target.getvalue()

    def download(
        self, path: str, to: str | os.PathLike[str] | None = None, *, replace: bool = False
    ) -> list[Path]:
        """Write a published file, or a folder with all that is in it, to this machine.

        Parameters
        ----------
        path
            Its path in the web space.
        to
            Where to: a file, or a folder. By default its own name in the current folder.
        replace
            Whether files that are there may be replaced.

        Raises
        ------
        Conflict
            When a file is there, and not to be replaced.
        """
        path = path.rstrip("/")
        target = Path(to) if to is not None else Path(PurePosixPath(path).name)
        return [
            downloads.download(
                self._transport, self.code, file, downloads.placed(target, place), force=replace
            )
            for file, place in downloads.below(self._transport, self.code, path)
        ]

    def unpublish(self, path: str) -> list[str]:
        """Take a file, or a folder with all in it, out of the web space; return what is gone."""
        return self._do(api.UNPUBLISH_FILE, path=path).paths

    def view(self, *, path: str | None = None, command: int | None = None) -> schemas.View:
        """Make a URL by which a published file or a command's outputs can be seen for a while."""
        return self._do(api.MAKE_VIEW, path=path, command=command)
