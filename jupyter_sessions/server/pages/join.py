"""Serve the pages for joining a session by an invitation.

The invitation's key is submitted in a form. In an address it stands behind a #, which browsers
never send: the page's script moves it from there into the form.
"""

from __future__ import annotations

from jupyter_server.auth.decorator import allow_unauthenticated

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.types import KeyHolder
from jupyter_sessions.server.pages.base import Page

_LABEL = "web pages"


class JoinPage(Page):
    """The invitation page: a form for its key, then the session it opens and the ways to join."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Show the form for the key; viewing the page does not use the invitation up."""
        self._form()

    @allow_unauthenticated
    async def post(self) -> None:
        """Show what the key opens, or join."""
        key = self.get_body_argument("key", "")
        try:
            shown = self.ask(schemas.InvitationByKey, key=key)
            invited = await self.call(api.LOOK_AT_INVITATION, shown)
        except (errors.InvitationUnusable, errors.TooManyTries, errors.BadRequest) as error:
            # The user who used it up is already a member.
            if not await self._join_again(key):
                self._form(error)
            return
        ways = {"login": self._log_in, "guest": self._enter, "join": self._join}
        way = ways.get(self.get_body_argument("way", ""))
        failure: errors.SessionsError | None = None
        if way is not None:
            try:
                code = await way(key)
            except (errors.InternalError, errors.StoreUnusable):
                raise
            except errors.SessionsError as error:
                failure = error
            else:
                self.redirect(self.links.session(code), status=303)
                return
        await self._ways(key, invited, failure)

    async def _join(self, key: str) -> str:
        joined = await self.call(api.JOIN, self.ask(schemas.InvitationByKey, key=key))
        return joined.session.code

    async def _join_again(self, key: str) -> bool:
        """Redirect a user who has already joined by the invitation to its session."""
        try:
            code = await self._join(key)
        except errors.SessionsError:
            return False
        self.redirect(self.links.session(code), status=303)
        return True

    async def _log_in(self, key: str) -> str:
        request = self.ask(
            schemas.LogIn,
            user=self.get_body_argument("user", "", strip=True),
            # Spaces are part of a password.
            password=self.get_body_argument("password", "", strip=False),
            code=self.get_body_argument("code", ""),
            label=_LABEL,
        )
        login = await self.call(api.LOG_IN, request)
        await self.sign_in(login)
        self.credentials = KeyHolder(login.key)
        return await self._join(key)

    async def _enter(self, key: str) -> str:
        name = self.get_body_argument("name", "", strip=True)
        request = self.ask(schemas.EnterAsGuest, key=key, name=name, label=_LABEL)
        entered = await self.call(api.ENTER_AS_GUEST, request)
        await self.sign_in(entered.login)
        return entered.session.code

    async def _me(self) -> schemas.User | None:
        try:
            return await self.call(api.WHO_AM_I, schemas.Nothing())
        except errors.NotLoggedIn:
            return None

    async def _ways(
        self, key: str, invited: schemas.Invited, failure: errors.SessionsError | None
    ) -> None:
        if failure is not None:
            self.set_status(failure.status)
        self._show(
            key=key,
            invited=invited,
            me=await self._me(),
            user=self.get_body_argument("user", ""),
            name=self.get_body_argument("name", ""),
            way=self.get_body_argument("way", ""),
            failure=_describe_failure(failure),
        )

    def _form(self, failure: errors.SessionsError | None = None) -> None:
        if failure is not None:
            self.set_status(failure.status)
        self._show(invited=None, failure=_describe_failure(failure))

    def _show(self, **values: object) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        xsrf = self.xsrf_token.decode("ascii")
        self.finish(self.page_html("join.html", xsrf=xsrf, **values))


def _describe_failure(failure: errors.SessionsError | None) -> str:
    return "" if failure is None else f"{failure.message} {failure.hint}".strip()
