"""One handler over the whole table: routes, decoding, the call, the answer."""

from __future__ import annotations

import asyncio
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

from jupyter_sessions import errors
from jupyter_sessions.api import OPERATIONS, PREFIX, Operation
from jupyter_sessions.core.dispatch import Dispatcher
from jupyter_sessions.server import openapi
from jupyter_sessions.server.door import read_request
from jupyter_sessions.server.handlers import SessionsHandler

# Above this size, in bytes, a body is decoded and an answer encoded beside the event loop.
_LARGE = 1 << 16
_UPLOAD_WITHIN = 3600.0  # seconds

_encode = msgspec.json.Encoder().encode


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

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with the one shape of errors."""
        error = self.failure(status_code, kwargs.get("exc_info", (None, None))[1])
        status = error.status if isinstance(error, errors.SessionsError) else status_code
        self.set_status(status_code if status_code == 405 else status)
        if status in {429, 503}:
            self.set_header("Retry-After", "5")
        self.set_header("Content-Type", "application/json")
        self.finish(_encode(error.to_wire()))


class OperationHandler(ApiHandler):
    """All operations that share a path, by method."""

    def initialize(self, operations: dict[str, Operation[Any, Any]]) -> None:
        """Take the operations from the route."""
        self.operations = operations

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
        operation = self.find_operation()
        body = self.request.body
        fields = dict(zip(operation.path_fields, path, strict=True))
        if len(body) > _LARGE:
            request = await self.in_thread(read_request, operation, fields, self.read_query(), body)
        else:
            request = read_request(operation, fields, self.read_query(), body)
        answer = await self.call(operation, request)
        large = operation.answer is not bytes and getattr(answer, "response", None) is not None
        await self.finish(await self.in_thread(_encode, answer) if large else _encode(answer))

    def find_operation(self) -> Operation[Any, Any]:
        """Return the operation that this request means."""
        operation = self.operations.get(self.request.method or "")
        if operation is None:
            raise web.HTTPError(405)
        return operation

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


@web.stream_request_body
class ContentHandler(OperationHandler):
    """Published files, going up and coming down, streamed through the disk and not the memory."""

    _upload: Any = None
    _size = 0

    async def arrive(self) -> None:
        """See that the caller may publish here before taking a byte."""
        await super().arrive()
        operation = self.find_operation()
        if operation.content == "upload":
            fields = dict(zip(operation.path_fields, self.path_args, strict=True))
            request = read_request(operation, fields, self.read_query(), b"")
            dispatcher = await self.extension.dispatcher()
            await asyncio.wrap_future(dispatcher.check(operation, request, self.asker))
            connection: Any = self.request.connection
            connection.set_body_timeout(_UPLOAD_WITHIN)
            connection.set_max_body_size(self._limit + 1)
            self._upload = tempfile.NamedTemporaryFile()  # noqa: SIM115  # closed in on_finish

    @property
    def _limit(self) -> int:
        return self.extension.limits.file

    async def data_received(self, chunk: bytes) -> None:
        """Put a piece of the content on disk."""
        if self._upload is None:
            raise web.HTTPError(400)
        self._size += len(chunk)
        if self._size > self._limit:
            raise errors.TooLarge(
                f"The file has more than {self._limit / 2**20:.0f} MiB.",
                hint="Publish it in parts, or ask the server's administrator for a higher limit.",
            )
        await self.in_thread(self._upload.write, chunk)

    async def operate(self, path: tuple[str, ...]) -> None:
        """Publish or download."""
        operation = self.find_operation()
        fields = dict(zip(operation.path_fields, path, strict=True))
        request = read_request(operation, fields, self.read_query(), b"")
        if operation.content == "upload":
            self._upload.flush()
            upload = Path(self._upload.name)
            await self.finish(_encode(await self.call(operation, request, upload)))
        else:
            await self._download(await self.call(operation, request))

    async def _download(self, found: Any) -> None:
        file, blob = found
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'")
        self.set_header("Content-Length", str(file.size))
        self.set_header("Content-Disposition", attachment(file.name))
        await send(self, await self.extension.dispatcher(), blob)

    def on_finish(self) -> None:
        """Let the temporary file go."""
        if self._upload is not None:
            self._upload.close()
        super().on_finish()


async def send(handler: SessionsHandler, dispatcher: Dispatcher, blob: Any) -> None:
    """Stream a blob to the caller."""
    pieces = dispatcher.blobs.stream(blob)
    while (piece := await handler.in_thread(next, pieces, None)) is not None:
        handler.write(piece)
        await handler.flush()
    await handler.finish()


def attachment(name: str) -> str:
    """Return a Content-Disposition that keeps any name (RFC 6266, RFC 5987)."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)
    stem, dot, ending = name.rpartition(".")
    if dot and ending.isascii() and ending.isalnum():
        plain = f"{plain[: len(stem)]}.{ending}"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


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


def operation_routes() -> list[tuple[str, type[SessionsHandler], dict[str, Any]]]:
    """Return the routes of the table, below the server's base URL."""
    by_path: dict[str, dict[str, Operation[Any, Any]]] = defaultdict(dict)
    for operation in OPERATIONS.values():
        if operation.method != "WS":
            by_path[operation.path][operation.method] = operation
    routes: list[tuple[str, type[SessionsHandler], dict[str, Any]]] = [
        (f"{PREFIX}/openapi.json", OpenApiHandler, {})
    ]
    # Literal paths before those with fields, which would take them for values.
    for path in sorted(by_path, key=lambda path: (path.count("{"), path)):
        operations = by_path[path]
        streamed = any(operation.content != "none" for operation in operations.values())
        kind = ContentHandler if streamed else OperationHandler
        routes.append((PREFIX + pattern(path), kind, {"operations": operations}))
    return routes


def pattern(path: str) -> str:
    """Return the regular expression for a path of the table."""
    for name in ("code", "number", "name"):
        path = path.replace(f"{{{name}}}", "([^/]+)")
    return path.replace("{path}", "(.+)")
