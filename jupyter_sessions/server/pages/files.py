"""Serve the web space of a session: folders, and a page for each published file."""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_server.auth.decorator import allow_unauthenticated

from jupyter_sessions import api, errors, schemas
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

    @allow_unauthenticated
    async def get(self, code: str, path: str | None = None) -> None:
        """Show the folder or file at a path."""
        session = await self.session(code)
        path = (path or "").strip("/")
        if path:
            try:
                file = await self.call(
                    api.GET_FILE, self.ask(schemas.FileNamed, code=session.code, path=path)
                )
            except errors.NotFound:
                file = None
            if file is not None and not file.folder:
                await self._file(session, file)
                return
        await self._folder(session, path)

    async def _file(self, session: schemas.Session, file: schemas.File) -> None:
        if self.get_query_argument("alone", ""):
            await self.finish_page("alone.html", session=session, file=file)
            return
        await self.finish_tab(
            "file.html",
            session,
            tab="files",
            file=file,
            crumbs=crumbs(file.path),
            preview=preview_kind(file),
        )

    async def _folder(self, session: schemas.Session, path: str) -> None:
        after = self.get_query_argument("after", None)
        request = self.ask(
            schemas.ListFiles, code=session.code, folder=path, limit=200, after=after
        )
        try:
            page = await self.call(api.LIST_FILES, request)
        except errors.NotFound as error:
            raise errors.NotFound(
                f"There is no published file {path!r} in this session.",
                hint="It may have been unpublished. The session's web space lists all files.",
            ) from error
        await self.finish_tab(
            "files.html",
            session,
            tab="files",
            files=page.items,
            path=path,
            crumbs=crumbs(path),
            next_page=page.next and self.links.files(session.code, path, after=page.next),
            paged=after is not None,
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

    async def content(self, *path: str) -> str:
        """Create a capability URL."""
        code, file = path
        view = await self.call(
            api.CREATE_CAPABILITY_URL, self.ask(schemas.CreateCapabilityUrl, code=code, path=file)
        )
        return view.url


class PreviewRedirect(ContentAddress):
    """Redirect to a published file's preview under its capability URL."""

    def framed(self, *path: str) -> str:
        """Return the file's page, which shows the preview."""
        return self.links.files(*path)

    async def content(self, *path: str) -> str:
        """Create a capability URL of the preview."""
        code, file = path
        view = await self.call(
            api.CREATE_CAPABILITY_URL, self.ask(schemas.CreateCapabilityUrl, code=code, path=file)
        )
        return view.url + "?preview=1"
