"""Base classes of the web pages: headers, templates, errors and redirects."""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, TypeVar

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from jupyter_sessions import __version__, api, errors, formatting, schemas
from jupyter_sessions.names import remove_guest_mark
from jupyter_sessions.server.handlers.base import SessionsHandler
from jupyter_sessions.server.pages import meanings
from jupyter_sessions.server.pages.static import static_url
from jupyter_sessions.server.pages.urls import Links
from jupyter_sessions.server.rendering.renderer import Piece
from jupyter_sessions.validation import refused


@cache
def environment() -> Environment:
    """Return the Jinja environment that renders all pages."""
    made = Environment(
        loader=PackageLoader("jupyter_sessions.server", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "ago": formatting.format_age,
        "clock": formatting.format_utc_time,
        "day": formatting.format_utc_day,
        "duration": formatting.format_duration,
        "exact": formatting.format_utc,
        "hue": formatting.pick_hue,
        "initials": formatting.make_initials,
        "quoted": shlex.quote,
        "scaled": formatting.scale_duration,
        "simplified": formatting.simplify_roles,
        "size": formatting.format_size,
        "unmarked": remove_guest_mark,
    }
    made.globals |= {
        "count": formatting.format_count,
        "role_meanings": meanings.ROLES,
        "state_meanings": meanings.STATES,
        "static_url": static_url,
        "version": __version__,
    }
    return made


Req = TypeVar("Req", bound=schemas.Request)


# Seconds before a capability URL expires in which a browser asks for a new one.
_USED_WITHIN = 60

_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]+")


class Page(SessionsHandler):
    """Base of the handlers that respond with pages.

    Attributes
    ----------
    visitor
        The logged-in user, or None.
    within
        The session that the page belongs to, once the visitor may see it.
    quick
        Whether filling in the page's template takes less than a hand-over to a thread.
    """

    quick = False
    visitor: schemas.User | None = None
    within: schemas.Session | None = None

    @property
    def links(self) -> Links:
        """The URLs of this server's pages."""
        return Links(self.base_url)

    def set_default_headers(self) -> None:
        """Allow only our own resources: no inline script or style, no other host, no framing."""
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

    def compute_etag(self) -> str | None:
        """Return None: pages are not cached."""
        return None

    def ask(self, kind: type[Req], **fields: object) -> Req:
        """Build an operation's request from the fields of a URL or form.

        Raises
        ------
        NoSuchSession
            When a code is not even well formed: the visitor can't tell the difference.
        BadRequest
            When another field does not match the operation's schema.
        """
        try:
            return msgspec.convert(fields, kind)
        except msgspec.ValidationError as error:
            told = refused(error)
            if isinstance(told, errors.BadRequest):
                told.hint = "Go back, or start again from the list of sessions."
            raise told from None

    async def arrive(self) -> None:
        """Authenticate the visitor and load their name, which all pages show, even error pages."""
        await super().arrive()
        await self.welcome()

    async def welcome(self) -> None:
        """Load the visitor's name."""
        await self.load_visitor()

    async def load_visitor(self) -> None:
        """Load the visitor, if they are logged in and not known yet."""
        if self.visitor is None:
            with contextlib.suppress(errors.SessionsError):
                self.visitor = await self._who()

    async def _who(self) -> schemas.User:
        return await self.call(api.WHO_AM_I, schemas.Nothing())

    async def render_pieces(self, pieces: Sequence[Piece]) -> None:
        """Render the pieces of a page while the client stays connected."""
        visitor = self.visitor.name if self.visitor else ""
        await self.while_connected(self.service.renderer.render(visitor, pieces))

    def page_html(self, template: str, **values: Any) -> str:
        """Render a template with the variables that all templates need."""
        return environment().get_template(template).render(links=self.links, **values)

    async def finish_page(self, template: str, **values: Any) -> None:
        """Respond with a page for the logged-in user."""
        user = self.visitor or await self._who()
        token = self.xsrf_token.decode("ascii")
        fill = partial(self.page_html, template, me=user, xsrf=token, **values)
        # A page of many members or files takes as long as many other requests together.
        html = fill() if self.quick else await self.while_connected(self.in_thread(fill))
        self.set_header("Content-Type", "text/html; charset=utf-8")
        await self.finish(html)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Respond with an error page; without a login, redirect to the login form."""
        failure = self.failure(status_code, kwargs.get("exc_info", (None, None))[1])
        if isinstance(failure, errors.NotLoggedIn) and self.request.method in {"GET", "HEAD"}:
            self.redirect(self.links.login(next=self.page_after_login()))
            return
        self.set_status(failure.status)
        self.set_error_headers(failure)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(
            self.page_html("error.html", failure=failure, me=self.visitor, within=self.within)
        )

    def page_after_login(self) -> str:
        """Return where to continue after the login that this page requires."""
        return self.request.uri or ""

    def failure(self, status_code: int, error: object) -> errors.SessionsError:
        """Explain failures that occur only in a browser."""
        if status_code == 403 and isinstance(error, web.HTTPError):
            return errors.Forbidden(
                "This form has expired, or was sent from another site.",
                hint="Open the page again and repeat your changes.",
            )
        if status_code in {404, 405} and isinstance(error, web.HTTPError):
            return errors.NotFound(
                "This page does not exist.", hint="Start again from the list of sessions."
            )
        return super().failure(status_code, error)


class ContentAddress(Page):
    """Redirect to user content, which is only ever shown in a frame of ours.

    Content that had the whole window could navigate it to any other site, and so could every link
    and every login that leads to the content.
    """

    def framed(self, *path: str) -> str:
        """Return the page that shows the content in a frame."""
        raise NotImplementedError

    async def content(self, *path: str) -> tuple[str, datetime]:
        """Return the content's capability URL, and when it expires."""
        raise NotImplementedError

    @allow_unauthenticated
    async def get(self, *path: str) -> None:
        """Redirect to the content, or to the page that frames it if it would fill the window.

        The browser may remember the redirect for the same login, so that it finds an image that it
        has shown before in its cache. Whether that may still be shown is checked there.
        """
        if self.request.headers.get("Sec-Fetch-Dest") == "document":
            self.redirect(self.framed(*path))
            return
        url, expires = await self.content(*path)
        remaining = int((expires - datetime.now(UTC)).total_seconds()) - _USED_WITHIN
        if remaining > 0:
            self.set_header("Cache-Control", f"private, max-age={remaining}")
            self.set_header("Vary", "Cookie, Sec-Fetch-Dest")
        self.redirect(url)

    def page_after_login(self) -> str:
        """Return the page that frames the content."""
        return self.framed(*self.path_args)


class MissingPage(Page):
    """Respond to every unknown address below the pages."""

    async def arrive(self) -> None:
        """Treat all methods alike."""
        raise web.HTTPError(404)
