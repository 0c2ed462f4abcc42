"""Serve the list of sessions, session redirects, and the page of a session's members."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated

from jupyter_sessions import api, schemas
from jupyter_sessions.server.handlers.base import unwrap
from jupyter_sessions.server.pages.base import Page

#: The available lists and their titles.
_LISTS = {"all": "All", "mine": "Mine", "shared": "Shared with me", "removed": "Removed"}


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
    """Base of the pages below a session's header.

    Attributes
    ----------
    session
        The session that the page belongs to, once it is open.
    """

    session: schemas.Session
    _present: schemas.Present

    @allow_unauthenticated
    async def get(self, code: str, rest: str | None = None) -> None:
        """Show the page."""
        try:
            await self.show(code, rest or "")
        except Exception:
            await self.load_visitor()  # for the error page
            raise

    async def show(self, code: str, rest: str) -> None:
        """Show the page of a session and of what the rest of the path names in it."""
        raise NotImplementedError

    async def welcome(self) -> None:
        """Leave loading the visitor to `open`, which does so together with the rest."""

    async def open(self, code: str, *requests: tuple[api.Operation[Any, Any], Any]) -> list[Any]:
        """Load what the header shows and what else a page needs, in one transaction.

        Returns
        -------
        list
            The answers to `requests`.
        """
        return [unwrap(result) for result in await self.try_open(code, *requests)]

    async def try_open(
        self, code: str, *requests: tuple[api.Operation[Any, Any], Any]
    ) -> list[Any]:
        """Do the same, and return the error of each request that failed in place of its answer."""
        self.service.renderer.warm()
        named = self.ask(schemas.SessionNamed, code=code)
        visitor, session, present, *others = await self.call_together(
            (api.WHO_AM_I, schemas.Nothing()),
            (api.GET_SESSION, named),
            (api.LIST_PRESENCE, named),
            *requests,
        )
        self.visitor = unwrap(visitor)
        self.within = self.session = unwrap(session)
        self._present = unwrap(present)
        return others

    async def finish_tab(self, template: str, **values: object) -> None:
        """Respond with a page below the session's header."""
        session = self.session
        here = f"{self.request.protocol}://{self.request.host}{self.links.session(session.code)}"
        await self.finish_page(
            template,
            session=session,
            session_url=session.url or here,
            present=self._present.here,
            **values,
        )


class MembersPage(SessionPage):
    """The page of the session's members and roles, the owner first."""

    async def show(self, code: str, rest: str) -> None:  # noqa: ARG002  # nothing
        """Show the members."""
        named = self.ask(schemas.SessionNamed, code=code)
        (answer,) = await self.open(code, (api.LIST_MEMBERS, named))
        await self.finish_tab("members.html", tab="members", members=answer.members)
