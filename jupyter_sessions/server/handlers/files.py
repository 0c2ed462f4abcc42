"""Stream uploads and downloads of published files through the disk, not through memory."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from jupyter_sessions import schemas
from jupyter_sessions.api import Operation, Req
from jupyter_sessions.server.handlers.base import SessionsHandler
from jupyter_sessions.server.handlers.byte_ranges import (
    ByteRange,
    format_content_range,
    is_unmodified,
    make_etag,
    read_range,
)
from jupyter_sessions.server.handlers.operations import OperationHandler
from jupyter_sessions.server.handlers.request import read_request

if TYPE_CHECKING:
    from jupyter_sessions.core.dispatcher import Dispatcher
    from jupyter_sessions.store.blobs import Blob

_UPLOAD_WITHIN = 3600.0  # seconds
# The bytes of an upload that are read at once.
_READ_AT_ONCE = 1 << 19
# An upload goes to a thread in pieces of this many bytes: each hand-over costs as much as a write.
_WRITTEN_AT_ONCE = 1 << 20

_encode = msgspec.json.Encoder().encode


class ContentHandler(OperationHandler):
    """Upload and download published files, streamed through the disk and not through memory."""

    _upload: Any = None
    _published: schemas.Request | None = None

    def initialize(self, *arguments: Any, **settings: Any) -> None:
        """Start without any received content."""
        super().initialize(*arguments, **settings)
        self._received = bytearray()

    async def arrive(self) -> None:
        """Check that the caller may publish here before accepting a byte."""
        await super().arrive()
        operation = self.find_operation()
        if operation.content == "upload":
            self._published = self._read(operation)
            dispatcher = await self.service.dispatcher()
            opening = dispatcher.open_upload(operation, self._published, self.credentials)
            self._upload = await self.service.answered(opening)  # closed in on_finish
            self.proven = True
            connection: Any = self.request.connection
            connection.set_body_timeout(_UPLOAD_WITHIN)
            # Each piece costs a turn of the event loop, which takes longer than to hash it.
            connection.stream.read_chunk_size = _READ_AT_ONCE
            connection.params = copy(connection.params)
            connection.params.chunk_size = _READ_AT_ONCE

    def _read(self, operation: Operation[Req, Any]) -> Req:
        fields = dict(zip(operation.path_fields, self.path_args, strict=True))
        return read_request(operation, fields, self.read_query(), b"")

    @property
    def largest(self) -> int:
        """The largest allowed file, in bytes."""
        return self.service.limits.file

    async def keep(self, chunk: bytes) -> None:
        """Write a piece of the content into the blob store, not yet under a name."""
        if self._upload is not None:
            self._received += chunk
            if len(self._received) >= _WRITTEN_AT_ONCE:
                await self._write()

    async def _write(self) -> None:
        come, self._received = self._received, bytearray()
        await self.in_thread(self._upload.write, come)

    async def operate(self, path: tuple[str, ...]) -> None:  # noqa: ARG002  # see `path_args`
        """Publish or download a file."""
        self.check_refusal()
        operation = self.find_operation()
        if self._published is not None:
            await self._write()
            key = self.idempotency_key
            answer = await self.call(operation, self._published, self._upload, idempotency_key=key)
            await self.finish(_encode(answer))
        else:
            await self._download(await self.call(operation, self._read(operation)))

    async def _download(self, found: Any) -> None:
        file, blob = found
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'")
        self.set_header("Content-Disposition", attachment(file.name))
        self.set_header("ETag", make_etag(blob.sha256))
        await send(self, await self.service.dispatcher(), blob)

    def on_finish(self) -> None:
        """Discard content that was not stored."""
        self._let_go()
        super().on_finish()

    def on_connection_close(self) -> None:
        """Discard the content when the sender disconnects."""
        self._let_go()
        super().on_connection_close()

    def _let_go(self) -> None:
        if self._upload is not None:
            self._upload.close()


async def send(handler: SessionsHandler, dispatcher: Dispatcher, blob: Blob) -> None:
    """Stream a blob, or the part of it that the request wants, to the caller."""
    etag = make_etag(blob.sha256)
    if is_unmodified(handler.request.headers, etag):
        handler.set_status(304)
        await handler.finish()
        return
    part = read_range(handler.request.headers, blob.size, etag)
    handler.set_header("Accept-Ranges", "bytes")
    if part is None:
        part = ByteRange(0, blob.size)
    else:
        handler.set_status(206)
        handler.set_header("Content-Range", format_content_range(part, blob.size))
    handler.set_header("Content-Length", str(part.stop - part.start))
    pieces = dispatcher.blobs.stream(blob, part.start, part.stop)
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
