"""Serve the pages that log in and out: login form, one-time login link and logout."""

from __future__ import annotations

import contextlib

from jupyter_server.auth.decorator import allow_unauthenticated

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.server.pages.base import Page

#: The label in the list of logins for logins made on these pages.
_LABEL = "web pages"


class LoginPage(Page):
    """The login page."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Show the form; redirect a logged-in user unless they want to switch users."""
        target = self.links.own(self.get_query_argument("next", ""))
        if self.get_query_argument("again", ""):
            self._form(target)
            return
        try:
            await self.call(api.WHO_AM_I, schemas.Nothing())
        except errors.NotLoggedIn:
            self._form(target)
        else:
            self.redirect(target)

    @allow_unauthenticated
    async def post(self) -> None:
        """Log in and continue to the requested page; on failure, give no details."""
        target = self.links.own(self.get_body_argument("next", ""))
        user = self.get_body_argument("user", "", strip=True)
        # Spaces are part of a password.
        password = self.get_body_argument("password", "", strip=False)
        code = self.get_body_argument("code", "")
        try:
            request = self.ask(schemas.LogIn, user=user, password=password, code=code, label=_LABEL)
            login = await self.call(api.LOG_IN, request)
        except errors.BadRequest:
            self.set_status(401)
            self._form(target, user=user, failure="Wrong user name or password.")
        except (errors.NotLoggedIn, errors.TooManyTries, errors.ServerBusy) as failure:
            self.set_status(failure.status)
            self.set_error_headers(failure)
            self._form(target, user=user, failure=f"{failure.message} {failure.hint}".strip())
        except errors.SecondFactorNeeded:
            self.set_status(401)
            said = "Your account has a second factor. Enter your password again, and its code."
            self._form(target, user=user, failure=said, second_factor=True)
        except errors.WrongCode as failure:
            self.set_status(failure.status)
            said = f"{failure.message} {failure.hint}"
            self._form(target, user=user, failure=said, second_factor=True)
        else:
            await self.sign_in(login)
            self.redirect(target, status=303)

    def _form(
        self, target: str, user: str = "", failure: str = "", *, second_factor: bool = False
    ) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(
            self.page_html(
                "login.html",
                target=target,
                user=user,
                failure=failure,
                second_factor=second_factor,
                xsrf=self.xsrf_token.decode("ascii"),
            )
        )


class EntryPage(Page):
    """The one-time login link: only its button uses the ticket up, not a visit.

    The ticket stands behind a #, which browsers never send: the page's script moves it from the
    address into the form.
    """

    @allow_unauthenticated
    async def get(self) -> None:
        """Show the button."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        await self.finish(
            self.page_html(
                "enter.html",
                target=self.links.own(self.get_query_argument("next", "")),
                xsrf=self.xsrf_token.decode("ascii"),
            )
        )

    @allow_unauthenticated
    async def post(self) -> None:
        """Exchange the ticket for a login, and continue."""
        target = self.links.own(self.get_body_argument("next", ""))
        request = self.ask(
            schemas.LogInWithTicket, ticket=self.get_body_argument("ticket", ""), label=_LABEL
        )
        await self.sign_in(await self.call(api.LOG_IN_WITH_TICKET, request))
        self.redirect(target, status=303)


class LogoutPage(Page):
    """End the login, on the server too."""

    @allow_unauthenticated
    async def post(self) -> None:
        """Log out and show the login form."""
        # A login that has already ended, by expiry or elsewhere, still leaves a cookie.
        with contextlib.suppress(errors.NotLoggedIn):
            await self.call(api.LOG_OUT, schemas.Nothing())
        self.redirect(self.links.login(), status=303)
