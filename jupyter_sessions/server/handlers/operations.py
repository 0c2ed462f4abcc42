"""Handle operations: receive and decode request bodies, call the operation, send the response."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.api import Operation
from jupyter_sessions.server import openapi
from jupyter_sessions.server.auth import Authenticated, authenticate_kernel_user
from jupyter_sessions.server.handlers.base import ApiHandler
from jupyter_sessions.server.handlers.request import read_request

# Largest body from an unauthenticated caller, in bytes: a login needs far less.
_UNKNOWN = 1 << 20

# Up to this many bytes of a refused request are read and discarded: closing the connection while
# the client still sends would lose the response.
_IGNORED = 1 << 24


@web.stream_request_body
class BodyHandler(ApiHandler):
    """Base of API handlers with request bodies; `take` determines what is kept.

    An error before or during the upload is sent once the client is ready to read it.

    Attributes
    ----------
    proven
        Whether the caller is known to be logged in.
    """

    _refusal: errors.SessionsError | web.HTTPError | None = None
    _size = 0
    proven = False

    async def prepare(self, *, _redirect_to_login: Any = False) -> None:
        """Call `arrive`, and defer its errors until the body has been received."""
        connection: Any = self.request.connection
        # Tornado's own response to a larger body has no explanation.
        connection.set_max_body_size(sys.maxsize)
        try:
            await self.arrive()
            length = self.request.headers.get("Content-Length", "0")
            # Tornado refuses a length that is not a number; Python refuses numbers of some thousand
            # digits.
            size = int(length[:18]) if length.isdecimal() else 0
            await self._admit(size)
        except (errors.SessionsError, web.HTTPError) as error:
            if self.request.headers.get("Expect"):
                raise  # the client waits for "100 Continue" before it sends
            self._refusal = error

    @property
    def largest(self) -> int:
        """The largest body from an authenticated caller, in bytes."""
        return 2 * self.service.limits.command

    async def keep(self, chunk: bytes) -> None:
        """Keep a piece of the body."""
        raise NotImplementedError

    async def data_received(self, chunk: bytes) -> None:
        """Receive a piece of the body, or discard it."""
        self._size += len(chunk)
        if self._refusal is None:
            try:
                await self._admit(self._size)
                await self.keep(chunk)
            except errors.SessionsError as error:
                self._refusal = error
        if self._refusal is not None and self._size > _IGNORED:
            status = getattr(self._refusal, "status_code", 500)
            self.send_error(status, exc_info=(type(self._refusal), self._refusal, None))

    def check_refusal(self) -> None:
        """Raise the error that stopped the request from being received."""
        if self._refusal is not None:
            raise self._refusal

    async def _admit(self, size: int) -> None:
        """Check that the caller may send a body of this size.

        Raises
        ------
        NotLoggedIn
            When only an authenticated caller may.
        TooLarge
            When no caller may.
        """
        if size > _UNKNOWN and not self.proven:
            dispatcher = await self.service.dispatcher()
            check = dispatcher.check(api.WHO_AM_I, schemas.Nothing(), self.credentials)
            await self.service.answered(check)
            self.proven = True
        if size > self.largest:
            raise errors.TooLarge(
                f"The request is larger than the {self.largest / 2**20:.0f} MiB that "
                "the server accepts.",
                hint="Send it in parts, or ask the server's administrator for a higher limit.",
            )


# Larger bodies and responses, in bytes, are decoded and encoded in a thread.
_LARGE = 1 << 16


_encode = msgspec.json.Encoder().encode


class OperationHandler(BodyHandler):
    """Handle all operations that share a path, by method."""

    def initialize(self, operations: dict[str, Operation[Any, Any]]) -> None:
        """Take the operations from the route."""
        self.operations = operations
        self._body = bytearray()

    async def authenticate(self) -> Authenticated:
        """Authenticate the caller; the Jupyter server's own operations are for its own users."""
        own_uses = self.service.own_uses
        if any(each.name in own_uses for each in self.operations.values()):
            return await authenticate_kernel_user(self, self.service.administrators)
        return await super().authenticate()

    @property
    def idempotency_key(self) -> str | None:
        """The key under which the request can be repeated safely."""
        return self.request.headers.get("Idempotency-Key")

    async def keep(self, chunk: bytes) -> None:
        """Keep a piece of the request's JSON."""
        self._body += chunk

    @allow_unauthenticated
    async def get(self, *path: str) -> None:
        """Call the path's operation for this method."""
        await self.operate(path)

    @allow_unauthenticated
    async def post(self, *path: str) -> None:
        """Call the path's operation for this method."""
        await self.operate(path)

    @allow_unauthenticated
    async def put(self, *path: str) -> None:
        """Call the path's operation for this method."""
        await self.operate(path)

    @allow_unauthenticated
    async def patch(self, *path: str) -> None:
        """Call the path's operation for this method."""
        await self.operate(path)

    @allow_unauthenticated
    async def delete(self, *path: str) -> None:
        """Call the path's operation for this method."""
        await self.operate(path)

    async def operate(self, path: tuple[str, ...]) -> None:
        """Decode the request, call the operation, and encode the response."""
        self.check_refusal()
        operation = self.find_operation()
        body = self._body
        fields = dict(zip(operation.path_fields, path, strict=True))
        if len(body) > _LARGE:
            request = await self.in_thread(read_request, operation, fields, self.read_query(), body)
        else:
            request = read_request(operation, fields, self.read_query(), body)
        answer = await self.call(operation, request, idempotency_key=self.idempotency_key)
        large = operation.answer is not bytes and getattr(answer, "response", None) is not None
        await self.finish(await self.in_thread(_encode, answer) if large else _encode(answer))

    def find_operation(self) -> Operation[Any, Any]:
        """Return the operation that matches this request."""
        operation = self.operations.get(self.request.method or "")
        if operation is None:
            raise web.HTTPError(405)
        return operation


class OpenApiHandler(ApiHandler):
    """Serve the API's own description."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Respond with the OpenAPI document."""
        await self.finish(openapi.document(self.server_url))


class NoSuchAddress(ApiHandler):
    """Respond to every other address under the API."""

    async def arrive(self) -> None:
        """Treat all methods alike."""
        raise web.HTTPError(404)
