"""Serve the web space of a session: folders, and a page for each published file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.server.handlers.base import unwrap
from jupyter_sessions.server.pages.base import ContentAddress
from jupyter_sessions.server.pages.sessions import SessionPage
from jupyter_sessions.server.rendering.files import preview_kind

#: Larger images are shown only on their own pages, not in lists.
_PICTURE_BYTES = 2_000_000


@dataclass(frozen=True)
class Crumb:
    """A folder on the path to the page's item."""

    name: str
    path: str


def crumbs(path: str) -> list[Crumb]:
    """Return the folders that lead to `path`, ending with `path` itself."""
    parts = [part for part in path.split("/") if part]
    return [Crumb(part, "/".join(parts[: i + 1])) for i, part in enumerate(parts)]


class WebSpacePage(SessionPage):
    """The page of a folder of the web space, or of one of its files."""

    async def show(self, code: str, rest: str) -> None:
        """Show the folder or file at a path."""
        path = rest.strip("/")
        after = self.get_query_argument("after", None)
        folder = self.ask(schemas.ListFiles, code=code, folder=path, limit=200, after=after)
        requests: list[tuple[api.Operation[Any, Any], Any]] = [(api.LIST_FILES, folder)]
        if path:
            requests.append((api.GET_FILE, self.ask(schemas.FileNamed, code=code, path=path)))
        page, *files = await self.try_open(code, *requests)
        file = files[0] if files else None
        if file is not None and not isinstance(file, errors.NotFound):
            await self._file(unwrap(file))
        elif isinstance(page, errors.NotFound):
            raise errors.NotFound(
                f"There is no published file {path!r} in this session.",
                hint="It may have been unpublished. The session's web space lists all files.",
            ) from page
        else:
            await self._folder(path, unwrap(page), paged=after is not None)

    async def _file(self, file: schemas.File) -> None:
        if self.get_query_argument("alone", ""):
            await self.finish_page("alone.html", session=self.session, file=file)
            return
        await self.finish_tab(
            "file.html",
            tab="files",
            file=file,
            crumbs=crumbs(file.path),
            preview=preview_kind(file),
        )

    async def _folder(self, path: str, page: schemas.Page[schemas.File], *, paged: bool) -> None:
        await self.finish_tab(
            "files.html",
            tab="files",
            files=page.items,
            path=path,
            crumbs=crumbs(path),
            next_page=page.next and self.links.files(self.session.code, path, after=page.next),
            paged=paged,
            gallery={
                file.path
                for file in page.items
                if preview_kind(file) == "image" and file.size <= _PICTURE_BYTES
            },
            kinds={file.path: preview_kind(file) for file in page.items},
        )


class RawRedirect(ContentAddress):
    """Redirect to a published file's capability URL."""

    def framed(self, *path: str) -> str:
        """Return the page that shows the file in a frame of the window's size."""
        return self.links.files(*path, alone=1)

    async def content(self, *path: str) -> tuple[str, datetime]:
        """Create a capability URL."""
        code, file = path
        view = await self.call(
            api.CREATE_CAPABILITY_URL, self.ask(schemas.CreateCapabilityUrl, code=code, path=file)
        )
        return view.url, view.expires


class PreviewRedirect(ContentAddress):
    """Redirect to a published file's preview under its capability URL."""

    def framed(self, *path: str) -> str:
        """Return the file's page, which shows the preview."""
        return self.links.files(*path)

    async def content(self, *path: str) -> tuple[str, datetime]:
        """Create a capability URL of the preview."""
        code, file = path
        view = await self.call(
            api.CREATE_CAPABILITY_URL, self.ask(schemas.CreateCapabilityUrl, code=code, path=file)
        )
        return view.url + "?preview=1", view.expires
