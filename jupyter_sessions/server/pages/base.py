"""What all pages have in common: headers, templates, and errors that say what to do next."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Sequence
from functools import cache, partial
from typing import Any, TypeVar

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from jupyter_sessions import __version__, api, errors, schemas
from jupyter_sessions.server.handlers.base import SessionsHandler
from jupyter_sessions.server.pages import wording
from jupyter_sessions.server.pages.static import static_url
from jupyter_sessions.server.pages.urls import Links
from jupyter_sessions.server.rendering.renderer import Piece
from jupyter_sessions.validation import refused


@cache
def environment() -> Environment:
    """Return the environment that all pages are rendered in."""
    made = Environment(
        loader=PackageLoader("jupyter_sessions.server", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "ago": wording.ago,
        "clock": wording.clock,
        "day": wording.day,
        "exact": wording.exact,
        "hue": wording.hue,
        "initials": wording.initials,
        "lasted": wording.lasted,
        "quoted": shlex.quote,
        "size": wording.size,
        "span": wording.span,
        "telling": wording.telling,
        "unmarked": wording.unmarked,
    }
    made.globals |= {
        "count": wording.count,
        "role_meanings": wording.ROLES,
        "state_meanings": wording.STATES,
        "static_url": static_url,
        "version": __version__,
    }
    return made


Req = TypeVar("Req", bound=schemas.Request)


_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]+")


class Page(SessionsHandler):
    """Base of the handlers whose answers are pages.

    Attributes
    ----------
    visitor
        Who is signed in, None where nobody is.
    within
        The session that the page stands in, once the visitor may see it.
    """

    visitor: schemas.User | None = None
    within: schemas.Session | None = None

    @property
    def links(self) -> Links:
        """Where everything stands on this server."""
        return Links(self.base_url)

    def set_default_headers(self) -> None:
        """Allow only what is ours: no inline script or style, no other host, no frame around."""
        super().set_default_headers()
        host = self.request.host
        sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
        self.set_header(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            f"font-src 'self'; connect-src 'self'{sockets}; frame-src 'self'; "
            "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        )
        self.set_header("Cache-Control", "private, no-store")
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("X-Content-Type-Options", "nosniff")

    def ask(self, kind: type[Req], **fields: object) -> Req:
        """Make an operation's request from what a URL or a form brought.

        Raises
        ------
        NoSuchSession
            When a code is not even of a code's form: to a visitor that is the same.
        BadRequest
            When another field is not as the operation wants it.
        """
        try:
            return msgspec.convert(fields, kind)
        except msgspec.ValidationError as error:
            told = refused(error)
            if isinstance(told, errors.BadRequest):
                told.hint = "Go back, or start again from the list of sessions."
            raise told from None

    async def arrive(self) -> None:
        """Find out who comes, by name too: pages say it, those on what went wrong as well."""
        await super().arrive()
        with contextlib.suppress(errors.SessionsError):
            self.visitor = await self._who()

    async def _who(self) -> schemas.User:
        return await self.call(api.WHO_AM_I, schemas.Nothing())

    async def render_pieces(self, pieces: Sequence[Piece]) -> None:
        """Have the pieces of a page rendered, as long as somebody waits for it."""
        visitor = self.visitor.name if self.visitor else ""
        await self.while_connected(self.service.renderer.render(visitor, pieces))

    def page_html(self, template: str, **values: Any) -> str:
        """Render a template with what all of them need."""
        return environment().get_template(template).render(links=self.links, **values)

    async def finish_page(self, template: str, **values: Any) -> None:
        """Answer with a page for the user who is signed in."""
        user = self.visitor or await self._who()
        token = self.xsrf_token.decode("ascii")
        # A page of commands takes as long as many other requests do in all.
        html = await self.while_connected(
            self.in_thread(partial(self.page_html, template, me=user, xsrf=token, **values))
        )
        self.set_header("Content-Type", "text/html; charset=utf-8")
        await self.finish(html)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with a page on what went wrong; without a login, lead to the login form."""
        failure = self.failure(status_code, kwargs.get("exc_info", (None, None))[1])
        if isinstance(failure, errors.NotLoggedIn) and self.request.method in {"GET", "HEAD"}:
            self.redirect(self.links.login(next=self.page_after_login()))
            return
        self.set_status(failure.status)
        self.say_when_to_retry(failure)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(
            self.page_html("error.html", failure=failure, me=self.visitor, within=self.within)
        )

    def page_after_login(self) -> str:
        """Return where somebody goes on who has to log in to see this."""
        return self.request.uri or ""

    def failure(self, status_code: int, error: object) -> errors.SessionsError:
        """Put failures that only a browser meets into words for a reader."""
        if status_code == 403 and isinstance(error, web.HTTPError):
            return errors.Forbidden(
                "This form was opened too long ago, or from another site.",
                hint="Open the page again and repeat what you did.",
            )
        if status_code in {404, 405} and isinstance(error, web.HTTPError):
            return errors.NotFound(
                "There is no such page.", hint="Start again from the list of sessions."
            )
        return super().failure(status_code, error)


class ContentAddress(Page):
    """An address that leads on to user content, which is only ever shown in a frame of ours.

    Content that had the whole window could lead it to any other site, and so would every link and
    every login that leads to the content.
    """

    def framed(self, *path: str) -> str:
        """Return the page that shows the content in a frame."""
        raise NotImplementedError

    async def content(self, *path: str) -> str:
        """Return the content's capability URL."""
        raise NotImplementedError

    @allow_unauthenticated
    async def get(self, *path: str) -> None:
        """Lead to the content, or to the page around it where it would have the whole window."""
        if self.request.headers.get("Sec-Fetch-Dest") == "document":
            self.redirect(self.framed(*path))
        else:
            self.redirect(await self.content(*path))

    def page_after_login(self) -> str:
        """Return the page around the content."""
        return self.framed(*self.path_args)


class MissingPage(Page):
    """Every address under the pages that means nothing."""

    async def arrive(self) -> None:
        """Answer all methods alike."""
        raise web.HTTPError(404)
