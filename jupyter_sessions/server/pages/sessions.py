"""Serve the list of sessions, session redirects, and the page of a session's members."""

from __future__ import annotations

from jupyter_server.auth.decorator import allow_unauthenticated

from jupyter_sessions import api, schemas
from jupyter_sessions.server.pages.base import Page

#: The available lists and their titles.
_LISTS = {"all": "All", "mine": "Mine", "shared": "Shared with me", "removed": "Removed"}


_COUNTED = 99


class SessionsPage(Page):
    """All sessions in which the visitor has a role, most recently used first."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Show one page of the list."""
        which = self.get_query_argument("which", "all")
        if which not in _LISTS:
            which = "all"
        search = self.get_query_argument("search", "", strip=True)[:500]
        after = self.get_query_argument("after", None)
        request = self.ask(schemas.ListSessions, which=which, search=search, limit=50, after=after)
        page = await self.call(api.LIST_SESSIONS, request)
        await self.finish_page(
            "sessions.html",
            sessions=page.items,
            next_page=page.next and self.links.list(which=which, search=search, after=page.next),
            first_page=self.links.list(which=which, search=search) if after else None,
            lists=_LISTS,
            which=which,
            search=search,
        )


class SessionRedirect(Page):
    """Redirect from the short form of a session URL."""

    @allow_unauthenticated
    async def get(self, code: str) -> None:
        """Redirect to the session if the visitor may see it."""
        session = await self.call(api.GET_SESSION, self.ask(schemas.SessionNamed, code=code))
        self.redirect(self.links.session(session.code))


class SessionPage(Page):
    """Base of the pages below a session's header."""

    async def session(self, code: str) -> schemas.Session:
        """Return the session that the page belongs to."""
        self.service.renderer.warm()
        self.within = await self.call(api.GET_SESSION, self.ask(schemas.SessionNamed, code=code))
        return self.within

    async def _published(self, code: str) -> str:
        """Return the number of published files as the tab shows it; empty for none."""
        request = self.ask(schemas.ListFiles, code=code, deep=True, limit=_COUNTED)
        page = await self.call(api.LIST_FILES, request)
        return f"{_COUNTED}+" if page.next else f"{len(page.items) or ''}"

    async def finish_tab(self, template: str, session: schemas.Session, **values: object) -> None:
        """Respond with a page below the session's header."""
        here = f"{self.request.protocol}://{self.request.host}{self.links.session(session.code)}"
        present = await self.call(
            api.LIST_PRESENCE, self.ask(schemas.SessionNamed, code=session.code)
        )
        await self.finish_page(
            template,
            session=session,
            session_url=session.url or here,
            present=present.here,
            published=await self._published(session.code),
            **values,
        )


class MembersPage(SessionPage):
    """The page of the session's members and roles, the owner first."""

    @allow_unauthenticated
    async def get(self, code: str) -> None:
        """Show the members."""
        session = await self.session(code)
        answer = await self.call(
            api.LIST_MEMBERS, self.ask(schemas.SessionNamed, code=session.code)
        )
        await self.finish_tab("members.html", session, tab="members", members=answer.members)
