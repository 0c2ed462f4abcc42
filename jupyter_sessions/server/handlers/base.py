"""Base of all handlers: who asks, the way to the operations, what other sites may not do."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from jupyter_sessions import errors, schemas
from jupyter_sessions.api import LOG_OUT, Needs, Operation
from jupyter_sessions.core.types import Credentials, Identified, KeyHolder
from jupyter_sessions.server.auth import (
    Authenticated,
    arrival,
    cookie_name,
    cookie_path,
    has_jupyter_identity,
    is_xsrf_token,
    make_xsrf_token,
)
from jupyter_sessions.server.service import Service

Req = TypeVar("Req", bound=schemas.Request)
Ans = TypeVar("Ans")
T = TypeVar("T")

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_encode = msgspec.json.Encoder().encode
_CAPABILITY = re.compile(r"(/sessions/w/)[^/?]+")


class SessionsHandler(JupyterHandler):
    """A request to the sessions' part of a Jupyter server.

    Attributes
    ----------
    asker
        Who comes with the request; the dispatcher checks it anew in each operation.
    ambient
        Whether a browser sends the proof of that along by itself.
    """

    asker: Credentials
    ambient = False
    _left = False
    _costly: asyncio.Future[Any] | None = None
    _new_login_key: str | None = None

    @property
    def service(self) -> Service:
        """What this server's handlers share."""
        service: Service = self.settings["jupyter_sessions"]
        return service

    @property
    def server_url(self) -> str:
        """The base URL under which the caller reaches this server, without a slash at its end."""
        return (
            self.service.public_url
            or f"{self.request.protocol}://{self.request.host}{self.base_url}".rstrip("/")
        )

    async def prepare(self, *, _redirect_to_login: Any = False) -> None:
        """Do what `arrive` does, in place of Jupyter's own: the dispatcher checks who may what."""
        await self.arrive()

    async def arrive(self) -> None:
        """Find out who comes, and turn away writes that another site may have made."""
        self._jupyter_current_user = None
        self.current_user = None
        if not self.check_host():
            raise web.HTTPError(403)
        came = await self.arrival()
        self.asker, self.ambient = came.asker, came.ambient
        if isinstance(self.asker, Identified) and self.asker.groups is not None:
            dispatcher = await self.service.dispatcher()
            await self.in_thread(dispatcher.recognise, self.asker)
        if self.request.method not in _SAFE:
            self.check_same_site()
            if self.needs_xsrf:
                await self.check_xsrf_token()

    async def arrival(self) -> Authenticated:
        """Find out who comes."""
        return await arrival(self, self.service.administrators)

    @property
    def needs_xsrf(self) -> bool:
        """Whether a write needs the XSRF token: pages' always, the API's when by cookie."""
        return True

    @property
    def login_cookie(self) -> str | None:
        """The key of the login that the browser's cookie carries, once this is answered."""
        if self._new_login_key is not None:
            return self._new_login_key or None
        return self.get_cookie(cookie_name(self)) or None

    @property
    def xsrf_token(self) -> bytes:
        """The XSRF token for forms: the login's own where a login cookie came."""
        key = self.login_cookie
        if key is None:
            return super().xsrf_token
        return make_xsrf_token(key).encode()

    async def check_xsrf_token(self) -> None:
        """Refuse a write without the XSRF token of the login that it comes with.

        Where the Jupyter server itself knows who comes, its own token counts too: its pages can't
        know that there is another login.

        Raises
        ------
        HTTPError
            When there is none, or that of another login.
        """
        key = self.login_cookie
        if key is not None and isinstance(self.asker, KeyHolder) and self.ambient:
            given = (
                self.get_argument("_xsrf", None)
                or self.request.headers.get("X-Xsrftoken")
                or self.request.headers.get("X-Csrftoken")
                or ""
            )
            if is_xsrf_token(given, key):
                return
            if not await has_jupyter_identity(self):
                raise web.HTTPError(403)
        web.RequestHandler.check_xsrf_cookie(self)

    def clear(self) -> None:
        """Begin an answer, which does not say what the server is made of."""
        super().clear()
        self.clear_header("Server")

    def set_cookie(self, name: str, value: str | bytes, *args: Any, **more: Any) -> None:
        """Set a cookie; what came over TLS goes back over TLS only, the XSRF token's too."""
        more["secure"] = self.request.protocol == "https"
        super().set_cookie(name, value, *args, **more)

    def check_xsrf_cookie(self) -> None:
        """Do nothing: `prepare` has checked, after finding out who comes."""

    def check_same_site(self) -> None:
        """Refuse a request that a browser says comes from elsewhere.

        Raises
        ------
        Forbidden
            When ``Origin`` or ``Sec-Fetch-Site`` says so.
        """
        origin = self.request.headers.get("Origin")
        fetched = self.request.headers.get("Sec-Fetch-Site", "same-origin")
        elsewhere = origin is not None and _origin_of(origin) not in self._own_origins
        if elsewhere or fetched not in {"same-origin", "none"}:
            raise errors.Forbidden(
                "This request comes from another site.",
                hint="Do it from the sessions' own pages, or with a key and no browser.",
            )

    @property
    def _own_origins(self) -> set[tuple[str, str]]:
        own = {(self.request.protocol, self.request.host)}
        # A proxy that is not trusted still says so where it takes TLS off; a page of another site
        # can't make a browser send this header.
        if self.request.headers.get("X-Forwarded-Proto") == "https":
            own.add(("https", self.request.host))
        if self.service.public_url:
            own.add(_origin_of(self.service.public_url))
        return own

    async def call(
        self,
        operation: Operation[Req, Ans],
        request: Req,
        upload: Path | bytes | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Ans:
        """Do an operation for whoever asks."""
        own = self.service.own_uses.get(operation.name)
        if own is not None:
            done: Ans = await own(request, self.asker, self.server_url)
            return done
        dispatcher = await self.service.dispatcher()
        future = dispatcher.submit(
            operation,
            request,
            self.asker,
            upload=upload,
            server=self.server_url,
            address=self.request.remote_ip or "",
            idempotency_key=idempotency_key,
        )
        try:
            answer: Ans = await self.service.answered(future)
        except errors.NotLoggedIn:
            if self.ambient and operation.needs is not Needs.NOTHING:
                self.sign_out()
            raise
        if self.ambient and operation is LOG_OUT:
            self.sign_out()
        return answer

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run what takes long beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)

    async def while_connected(self, work: Coroutine[Any, Any, T]) -> T:
        """Do work that costs something for as long as the caller waits for it.

        Raises
        ------
        tornado.web.Finish
            When they have left.
        """
        if self._left:
            work.close()
            raise web.Finish
        costly: asyncio.Task[T] = asyncio.create_task(work)
        self._costly = costly
        try:
            return await costly
        except asyncio.CancelledError:
            if self._left:
                raise web.Finish from None
            raise
        finally:
            self._costly = None

    def on_connection_close(self) -> None:
        """Stop what is done for a caller who has left."""
        self._left = True
        if self._costly is not None:
            self._costly.cancel()
        super().on_connection_close()

    async def sign_in(self, login: schemas.NewLogin) -> None:
        """Give the browser a login cookie; the login that it had until now ends."""
        before = self.login_cookie
        if before is not None and before != login.key:
            dispatcher = await self.service.dispatcher()
            await self.service.answered(dispatcher.end_replaced(before, login.key))
        self._new_login_key = login.key
        self.set_cookie(
            cookie_name(self),
            login.key,
            expires=login.login.expires,
            path=cookie_path(self),
            httponly=True,
            samesite="Lax",
        )
        if self.service.stands_alone:
            # For scripts; elsewhere the cookie of this name is the Jupyter server's.
            self.set_cookie("_xsrf", make_xsrf_token(login.key), path=self.base_url)

    def sign_out(self) -> None:
        """Take the login cookie away."""
        if self.login_cookie is not None:
            # A browser takes no `__Host-` cookie away that is not said to be secure.
            self.set_cookie(
                cookie_name(self), "", expires=_LONG_AGO, path=cookie_path(self), httponly=True
            )
            self._new_login_key = ""

    def failure(self, status_code: int, error: object) -> errors.SessionsError:
        """Put any failure in the one shape that errors have, without its inner details."""
        if isinstance(error, errors.SessionsError):
            return error
        if status_code == 404:
            return errors.NotFound("There is nothing here.", hint="Check the address.")
        if status_code == 405:
            return errors.BadRequest(
                "This address does not know that method.", hint="See the API's reference."
            )
        if status_code == 403:
            return errors.Forbidden(
                "The request lacks the XSRF token, or names another host.",
                hint="Send the _xsrf cookie's value as X-XSRFToken, or use a key.",
            )
        if status_code < 500:
            return errors.BadRequest("The request can't be understood.", hint="Check its form.")
        opaque = secrets.token_hex(8)
        self.log.error("defect %s: %r", opaque, error, exc_info=error)  # type: ignore[arg-type]  # an exception, or None
        return errors.InternalError(
            f"The server met a defect of its own ({opaque}). Nothing acknowledged is lost.",
            hint="Tell the server's administrator this number; the log has more under it.",
        )

    def say_when_to_retry(self, error: errors.SessionsError) -> None:
        """Say after how many seconds to try again, where that helps."""
        if error.retry_after is not None:
            self.set_header("Retry-After", str(error.retry_after))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Leave logging to `failure`: what callers did wrong is told to them alone."""

    def _log(self) -> None:
        # A capability URL opens what it leads to, and a ticket lets in: neither goes into a log.
        # Keys that were typed into a path are taken out of every line (`server.log_filter`).
        self.request.uri = _unrevealing(self.request.uri or "")
        if "Referer" in self.request.headers:
            self.request.headers["Referer"] = _unrevealing(self.request.headers["Referer"])
        super()._log()


def _unrevealing(url: str) -> str:
    """Take the secrets out of a URL."""
    return _CAPABILITY.sub(r"\1[secret]", url).partition("?")[0]


def _origin_of(url: str) -> tuple[str, str]:
    """Return a URL's scheme and host with its port, empty where it has none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc


class ApiHandler(SessionsHandler):
    """Base of the API's handlers: JSON, one shape of errors, nothing for other sites to read."""

    def set_default_headers(self) -> None:
        """Answer with JSON that no other origin can load in any way, and no cache keeps."""
        self.set_header("Content-Type", "application/json")
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")

    @property
    def needs_xsrf(self) -> bool:
        """Whether the write comes by cookie."""
        return self.ambient

    def compute_etag(self) -> str | None:
        """Answers are not cached, so none is needed."""
        return None

    def read_query(self) -> dict[str, str]:
        """Return the query's fields.

        Raises
        ------
        BadRequest
            When one comes twice.
        """
        read = {}
        for name in self.request.query_arguments:
            values = self.get_query_arguments(name, strip=False)
            if len(values) != 1:
                raise errors.BadRequest(f"{name} is given twice.", hint="Give it once.")
            read[name] = values[0]
        return read

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with the one shape of errors."""
        error = self.failure(status_code, kwargs.get("exc_info", (None, None))[1])
        status = error.status if isinstance(error, errors.SessionsError) else status_code
        self.set_status(status_code if status_code == 405 else status)
        self.say_when_to_retry(error)
        self.set_header("Content-Type", "application/json")
        self.finish(_encode(error.to_wire()))
