"""One handler over the whole table: decoding, the call, the answer."""

from __future__ import annotations

from typing import Any

import msgspec
from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from jupyter_sessions.api import Operation
from jupyter_sessions.server import openapi
from jupyter_sessions.server.auth import Arrival, kernel_user
from jupyter_sessions.server.handlers.base import ApiHandler
from jupyter_sessions.server.handlers.bodies import BodyHandler
from jupyter_sessions.server.handlers.request import read_request

# Above this size, in bytes, a body is decoded and an answer encoded beside the event loop.
_LARGE = 1 << 16

_encode = msgspec.json.Encoder().encode


class OperationHandler(BodyHandler):
    """All operations that share a path, by method."""

    def initialize(self, operations: dict[str, Operation[Any, Any]]) -> None:
        """Take the operations from the route."""
        self.operations = operations
        self._body = bytearray()

    async def arrival(self) -> Arrival:
        """Find out who comes: what the Jupyter server itself does is for its own users."""
        own_uses = self.service.own_uses
        if any(each.name in own_uses for each in self.operations.values()):
            return await kernel_user(self, self.service.administrators)
        return await super().arrival()

    @property
    def idempotency_key(self) -> str | None:
        """The key by which the request can be sent again."""
        return self.request.headers.get("Idempotency-Key")

    async def keep(self, chunk: bytes) -> None:
        """Keep a piece of the request's JSON."""
        self._body += chunk

    @allow_unauthenticated
    async def get(self, *path: str) -> None:
        """Do the path's operation of this method."""
        await self.operate(path)

    @allow_unauthenticated
    async def post(self, *path: str) -> None:
        """Do the path's operation of this method."""
        await self.operate(path)

    @allow_unauthenticated
    async def put(self, *path: str) -> None:
        """Do the path's operation of this method."""
        await self.operate(path)

    @allow_unauthenticated
    async def patch(self, *path: str) -> None:
        """Do the path's operation of this method."""
        await self.operate(path)

    @allow_unauthenticated
    async def delete(self, *path: str) -> None:
        """Do the path's operation of this method."""
        await self.operate(path)

    async def operate(self, path: tuple[str, ...]) -> None:
        """Decode the request, do the operation, and encode the answer."""
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
        """Return the operation that this request means."""
        operation = self.operations.get(self.request.method or "")
        if operation is None:
            raise web.HTTPError(405)
        return operation


class OpenApiHandler(ApiHandler):
    """The API's own description."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Answer with the OpenAPI document."""
        await self.finish(openapi.document(self.server_url))


class NoSuchAddress(ApiHandler):
    """Every other address under the API."""

    async def arrive(self) -> None:
        """Answer all methods alike."""
        raise web.HTTPError(404)
