"""Base classes of all request handlers: authentication, XSRF and origin checks, and errors."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine
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
    authenticate,
    cookie_name,
    delete_login_cookie,
    has_jupyter_identity,
    is_xsrf_token,
    make_xsrf_token,
    set_login_cookie,
)
from jupyter_sessions.server.service import Service
from jupyter_sessions.urls import hide_token

Req = TypeVar("Req", bound=schemas.Request)
Ans = TypeVar("Ans")
T = TypeVar("T")

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_encode = msgspec.json.Encoder().encode


class SessionsHandler(JupyterHandler):
    """Base of all handlers: authenticates the caller and calls operations.

    Attributes
    ----------
    credentials
        The caller; the dispatcher checks the caller again in each operation.
    ambient
        Whether a browser attaches the caller's credentials by itself.
    """

    credentials: Credentials
    ambient = False
    _disconnected = False
    _costly: asyncio.Future[Any] | None = None
    _new_login_key: str | None = None

    @property
    def service(self) -> Service:
        """The state that this server's handlers share."""
        service: Service = self.settings["jupyter_sessions"]
        return service

    @property
    def server_url(self) -> str:
        """The base URL under which the caller reaches this server, without a trailing slash."""
        return (
            self.service.public_url
            or f"{self.request.protocol}://{self.request.host}{self.base_url}".rstrip("/")
        )

    async def prepare(self, *, _redirect_to_login: Any = False) -> None:
        """Call `arrive` in place of Jupyter's own checks: the dispatcher checks permissions."""
        await self.arrive()

    async def arrive(self) -> None:
        """Authenticate the caller, and refuse writes that another site may have triggered."""
        self._jupyter_current_user = None
        self.current_user = None
        if not self.check_host():
            raise web.HTTPError(403)
        found = await self.authenticate()
        self.credentials, self.ambient = found.credentials, found.ambient
        if isinstance(self.credentials, Identified) and self.credentials.groups is not None:
            dispatcher = await self.service.dispatcher()
            await self.in_thread(dispatcher.recognise, self.credentials)
        if self.request.method not in _SAFE:
            self.check_same_site()
            if self.needs_xsrf:
                await self.check_xsrf_token()

    async def authenticate(self) -> Authenticated:
        """Authenticate the caller."""
        return await authenticate(self, self.service.administrators)

    @property
    def needs_xsrf(self) -> bool:
        """Whether a write needs the XSRF token: always on pages, on the API only with a cookie."""
        return True

    @property
    def login_cookie(self) -> str | None:
        """The login key that the browser's cookie will hold after this response."""
        if self._new_login_key is not None:
            return self._new_login_key or None
        return self.get_cookie(cookie_name(self)) or None

    @property
    def xsrf_token(self) -> bytes:
        """The XSRF token for forms: bound to the login if the request has a login cookie."""
        key = self.login_cookie
        if key is None:
            return super().xsrf_token
        return make_xsrf_token(key).encode()

    async def check_xsrf_token(self) -> None:
        """Refuse a write without the XSRF token of the login that it comes with.

        Where the Jupyter server itself identifies the caller, its own token is accepted too: its
        pages can't know that there is another login.

        Raises
        ------
        HTTPError
            When the token is missing or belongs to another login.
        """
        key = self.login_cookie
        if key is not None and isinstance(self.credentials, KeyHolder) and self.ambient:
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
        """Start a response without the header that identifies the software."""
        super().clear()
        self.clear_header("Server")

    def set_cookie(self, name: str, value: str | bytes, *args: Any, **more: Any) -> None:
        """Set a cookie; over TLS it is marked secure, including the XSRF token's."""
        more["secure"] = self.request.protocol == "https"
        super().set_cookie(name, value, *args, **more)

    def check_xsrf_cookie(self) -> None:
        """Do nothing: `prepare` has already checked, after authentication."""

    def check_same_site(self) -> None:
        """Refuse a request that comes from another site according to the browser.

        Raises
        ------
        Forbidden
            When ``Origin`` or ``Sec-Fetch-Site`` says so.
        """
        origin = self.request.headers.get("Origin")
        fetched = self.request.headers.get("Sec-Fetch-Site", "same-origin")
        elsewhere = origin is not None and _get_origin(origin) not in self._own_origins
        if elsewhere or fetched not in {"same-origin", "none"}:
            raise errors.Forbidden(
                "This request comes from another site.",
                hint="Use the sessions' own pages, or a program with a key.",
            )

    @property
    def _own_origins(self) -> set[tuple[str, str]]:
        own = {(self.request.protocol, self.request.host)}
        # An untrusted proxy that ends TLS still sends this header; a page of another site can't
        # make a browser send it.
        if self.request.headers.get("X-Forwarded-Proto") == "https":
            own.add(("https", self.request.host))
        if self.service.public_url:
            own.add(_get_origin(self.service.public_url))
        return own

    async def call(
        self,
        operation: Operation[Req, Ans],
        request: Req,
        upload: Path | bytes | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Ans:
        """Call an operation as the caller."""
        own = self.service.own_uses.get(operation.name)
        if own is not None:
            done: Ans = await own(request, self.credentials, self.server_url)
            return done
        dispatcher = await self.service.dispatcher()
        future = dispatcher.submit(
            operation,
            request,
            self.credentials,
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

    async def call_together(self, *requests: tuple[Operation[Any, Any], Any]) -> list[Any]:
        """Call operations that only read, in one transaction, as the caller.

        Returns
        -------
        list
            The answer to each, or the error that it failed with; see `unwrap`.
        """
        dispatcher = await self.service.dispatcher()
        address = self.request.remote_ip or ""
        results = await self.service.answered(
            dispatcher.read_together(
                requests, self.credentials, server=self.server_url, address=address
            )
        )
        if self.ambient and any(isinstance(result, errors.NotLoggedIn) for result in results):
            self.sign_out()
        return results

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run blocking work in a thread."""
        return await asyncio.get_running_loop().run_in_executor(None, work, *arguments)

    async def while_connected(self, work: Coroutine[Any, Any, T]) -> T:
        """Run expensive work for as long as the caller stays connected.

        Raises
        ------
        tornado.web.Finish
            When the caller has disconnected.
        """
        if self._disconnected:
            work.close()
            raise web.Finish
        costly: asyncio.Task[T] = asyncio.create_task(work)
        self._costly = costly
        try:
            return await costly
        except asyncio.CancelledError:
            if self._disconnected:
                raise web.Finish from None
            raise
        finally:
            self._costly = None

    def on_connection_close(self) -> None:
        """Cancel work for a caller who has disconnected."""
        self._disconnected = True
        if self._costly is not None:
            self._costly.cancel()
        super().on_connection_close()

    async def sign_in(self, login: schemas.NewLogin) -> None:
        """Set the browser's login cookie; its previous login ends."""
        before = self.login_cookie
        if before is not None and before != login.key:
            dispatcher = await self.service.dispatcher()
            await self.service.answered(dispatcher.end_replaced(before, login.key))
        self._new_login_key = login.key
        set_login_cookie(self, login)
        if self.service.stands_alone:
            # For scripts; in a Jupyter server, the cookie of this name belongs to Jupyter.
            self.set_cookie("_xsrf", make_xsrf_token(login.key), path=self.base_url)

    def sign_out(self) -> None:
        """Delete the login cookie."""
        if self.login_cookie is not None:
            delete_login_cookie(self)
            self._new_login_key = ""
            self.set_header("Clear-Site-Data", '"cache"')

    def failure(self, status_code: int, error: object) -> errors.SessionsError:
        """Convert any failure into the common error format, without internal details."""
        if isinstance(error, errors.ContentDamaged):
            self.log.error("%s", error.message)
        if isinstance(error, errors.SessionsError):
            return error
        if status_code == 404:
            return errors.NotFound("There is nothing at this address.", hint="Check the address.")
        if status_code == 405:
            return errors.BadRequest(
                "This address does not accept that method.", hint="See the API's reference."
            )
        if status_code == 403:
            return errors.Forbidden(
                "The request has no XSRF token, or names another host.",
                hint="Send the _xsrf cookie's value as X-XSRFToken, or use a key.",
            )
        if status_code < 500:
            return errors.BadRequest("The request is not valid.", hint="Check its format.")
        opaque = secrets.token_hex(8)
        self.log.error("defect %s: %r", opaque, error, exc_info=error)  # type: ignore[arg-type]  # an exception, or None
        return errors.InternalError(
            f"The server failed with an unexpected error ({opaque}). Everything "
            "acknowledged before is saved.",
            hint="Give this number to the server's administrator, who finds the "
            "details in the server's log.",
        )

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Respond with an error; a response that has begun is broken off, with one line in the log.

        Tornado would try to finish it, and log what goes wrong with that as well.
        """
        if not self._headers_written:
            super().send_error(status_code, **kwargs)
            return
        self.failure(status_code, kwargs.get("exc_info", (None, None))[1])
        connection: Any = self.request.connection
        connection.stream.close()

    def set_error_headers(self, error: errors.SessionsError) -> None:
        """Set ``Retry-After`` where trying again helps, and the size where a range was outside."""
        if error.retry_after is not None:
            self.set_header("Retry-After", str(error.retry_after))
        if isinstance(error, errors.RangeNotSatisfiable) and error.size is not None:
            self.set_header("Content-Range", f"bytes */{error.size}")

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Leave logging to `failure`: callers' errors are reported only to them."""

    def _log(self) -> None:
        # A capability URL grants access and a ticket logs in: neither is written to a log.
        # `server.log_filter` removes keys typed into a path from every line.
        self.request.uri = _unrevealing(self.request.uri or "")
        if "Referer" in self.request.headers:
            self.request.headers["Referer"] = _unrevealing(self.request.headers["Referer"])
        super()._log()


def _unrevealing(url: str) -> str:
    """Remove the secrets from a URL."""
    return hide_token(url).partition("?")[0]


def _get_origin(url: str) -> tuple[str, str]:
    """Return a URL's scheme and host with its port, empty where it has none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc


def unwrap(result: Any) -> Any:
    """Return an answer of `call_together`, or raise the error that is in its place."""
    if isinstance(result, errors.SessionsError):
        raise result
    return result


class ApiHandler(SessionsHandler):
    """Base of the API's handlers: JSON, a common error format and no access for other sites."""

    def set_default_headers(self) -> None:
        """Set headers so that no other origin can load the JSON and no cache stores it."""
        self.set_header("Content-Type", "application/json")
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")

    @property
    def needs_xsrf(self) -> bool:
        """Whether the write is authenticated by a cookie."""
        return self.ambient

    def compute_etag(self) -> str | None:
        """Return None: responses are not cached."""
        return None

    def read_query(self) -> dict[str, str]:
        """Return the query's fields.

        Raises
        ------
        BadRequest
            When a field is given twice.
        """
        read = {}
        for name in self.request.query_arguments:
            values = self.get_query_arguments(name, strip=False)
            if len(values) != 1:
                raise errors.BadRequest(f"{name} is given twice.", hint="Give it once.")
            read[name] = values[0]
        return read

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Respond in the common error format."""
        error = self.failure(status_code, kwargs.get("exc_info", (None, None))[1])
        status = error.status if isinstance(error, errors.SessionsError) else status_code
        self.set_status(status_code if status_code == 405 else status)
        self.set_error_headers(error)
        self.set_header("Content-Type", "application/json")
        self.finish(_encode(error.to_wire()))
