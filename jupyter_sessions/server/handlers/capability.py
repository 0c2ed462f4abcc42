"""Serve capability URLs: sandboxed user content for every holder of the token."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any
from urllib.parse import quote, urlencode

from jupyter_server.auth.decorator import allow_unauthenticated

from jupyter_sessions import errors
from jupyter_sessions.core.types import CommandOutputs, PublishedFile, Viewed
from jupyter_sessions.server.handlers.base import SessionsHandler
from jupyter_sessions.server.handlers.byte_ranges import is_unmodified, make_etag
from jupyter_sessions.server.handlers.files import send
from jupyter_sessions.server.pages.urls import Links
from jupyter_sessions.server.rendering.document import (
    FRAME_POLICY,
    HTML,
    frame_document,
    image_document,
)
from jupyter_sessions.server.rendering.files import PREVIEW_BYTES
from jupyter_sessions.server.rendering.mime import RASTER_IMAGES
from jupyter_sessions.server.rendering.outputs import decode_output, definitions_before
from jupyter_sessions.urls import build_capability_url, get_token

_POLICY = (
    "sandbox allow-scripts; default-src 'none'; "
    "script-src 'unsafe-inline' 'unsafe-eval' blob: {w}; "
    "style-src 'unsafe-inline' {w}; img-src data: blob: {w}; font-src data: {w}; connect-src {w}; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)


class CapabilityHandler(SessionsHandler):
    """Serve published files and rich outputs, and nothing else."""

    _version = ""

    async def arrive(self) -> None:
        """Skip authentication: the token determines what may be seen."""

    def set_default_headers(self) -> None:
        """Set the sandbox headers on every response, errors included; they name the token's URL."""
        # Tornado calls this before it knows the path's parts.
        place = build_capability_url(self.server_url, get_token(self.request.path))
        # A host that violates the header's grammar gets a sandbox that names no URL.
        safe = place if not set(place) & set(" ;,'\"\\<>\r\n") else "'none'"
        self.set_header("Content-Security-Policy", _POLICY.format(w=safe))
        self.set_header("Access-Control-Allow-Origin", "*")
        # For scripts of the content that read parts of its large files.
        self.set_header("Access-Control-Expose-Headers", "Accept-Ranges, Content-Range")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "private, no-store")

    def compute_etag(self) -> str | None:
        """Return None: responses are not cached."""
        return None

    @allow_unauthenticated
    async def get(self, token: str, path: str) -> None:
        """Serve a published file, its preview, or an output of a command.

        With ``framed=1``, respond with a page of ours that shows the content in a frame, for
        callers who can't set a policy for their own page. With ``document=1``, an image is shown in
        a document.
        """
        name = f"./{quote(path.rpartition('/')[2], safe='')}"
        if self.get_query_argument("framed", ""):
            self.set_header("Content-Security-Policy", FRAME_POLICY)
            kept = {
                key: value
                for key in ("document", "preview")
                if (value := self.get_query_argument(key, ""))
            }
            await self._finish_document(frame_document(f"{name}?{urlencode(kept)}"), HTML)
            return
        dispatcher = await self.service.dispatcher()
        found = await self.service.answered(dispatcher.view(token, path))
        self._version = found.version
        if self.request.headers.get("Sec-Fetch-Dest") == "document":
            # Content with the whole window could navigate it anywhere; in a frame of ours it can't.
            self.redirect(self._framed(found))
        elif self._is_cached():
            self._keep_cached()
            self.set_status(304)
            await self.finish()
        elif isinstance(found, CommandOutputs):
            await self._output(found, path)
        elif self.get_query_argument("preview", ""):
            await self._preview(found)
        elif self._is_document(found.file.media_type):
            await self._finish_document(image_document(name), HTML)
        else:
            self._allow_cache(found.file.media_type)
            if not _can_be_document(found.file.media_type):
                # For what reads parts of a large file, such as a film: they must be of one content.
                self.set_header("ETag", make_etag(self._version))
            self.set_header("Content-Type", typed(found.file.media_type))
            await send(self, dispatcher, found.blob)

    def _framed(self, found: Viewed) -> str:
        links = Links(self.base_url)
        if isinstance(found, CommandOutputs):
            return links.command(found.code, found.number)
        return links.files(found.code, found.file.path, alone=1)

    async def _output(self, found: CommandOutputs, path: str) -> None:
        if not path.isdecimal() or len(path) > 9 or int(path) >= len(found.outputs):
            raise errors.NotFound(
                "This command does not have that output.", hint="See the command's page."
            )
        index = int(path)
        output = await self.in_thread(decode_output, found.outputs[index])
        before = await self.in_thread(definitions_before, found.outputs[:index])
        await self._document(self.service.renderer.render_output(found.viewer, output, before))

    async def _preview(self, found: PublishedFile) -> None:
        dispatcher = await self.service.dispatcher()

        def read() -> bytes:
            start = bytearray()
            for piece in dispatcher.blobs.stream(found.blob):
                start += piece
                if len(start) >= PREVIEW_BYTES:
                    break
            return bytes(start[:PREVIEW_BYTES])

        await self._document(self.service.renderer.render_file(found.viewer, found.file, read))

    async def _document(self, rendering: Coroutine[Any, Any, tuple[bytes, str]]) -> None:
        document, media_type = await self.while_connected(rendering)
        if self._is_document(media_type):
            document, media_type = image_document(f"./{self.path_args[1]}"), HTML
        self._allow_cache(media_type)
        await self._finish_document(document, media_type)

    def _is_document(self, media_type: str) -> bool:
        """Tell whether a document is requested for content that is not one."""
        wanted = self.get_query_argument("document", "")
        return bool(wanted) and media_type.startswith("image/")

    def _allow_cache(self, media_type: str) -> None:
        """Allow the browser to keep an image, which it may show again once we have confirmed it.

        Whatever can contain scripts is not kept: a document must not come from a cache.
        """
        if self._version and media_type in RASTER_IMAGES:
            self._keep_cached()

    def _keep_cached(self) -> None:
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("ETag", make_etag(self._version))

    def _is_cached(self) -> bool:
        """Tell whether the browser has kept this content, for which we gave it an ETag."""
        headers = self.request.headers
        return bool(self._version) and is_unmodified(headers, make_etag(self._version))

    async def _finish_document(self, document: bytes, media_type: str) -> None:
        self.set_header("Content-Type", media_type)
        await self.finish(document)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Respond in plain text, inside the sandbox."""
        error = self.failure(status_code, kwargs.get("exc_info", (None, None))[1])
        self.set_status(status_code if status_code == 405 else error.status)
        self.set_error_headers(error)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{error.message} {error.hint}")


def _can_be_document(media_type: str) -> bool:
    """Tell whether a browser may show content of this type as a document of its own."""
    return media_type.startswith("text/") or media_type.endswith(("xml", "pdf"))


def typed(media_type: str) -> str:
    """Return a Content-Type, with the charset where text needs it."""
    needs = media_type.startswith("text/") or media_type.endswith(("json", "xml", "javascript"))
    return f"{media_type}; charset=utf-8" if needs else media_type
