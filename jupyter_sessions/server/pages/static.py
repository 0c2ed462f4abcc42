"""Serve the pages' own style sheets, scripts and icons."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

#: Their folder in the package.
FOLDER = Path(__file__).parent.parent / "static"


@cache
def _version() -> str:
    """Return a digest of all static files: scripts import each other, so they change together."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def static_url(name: str) -> str:
    """Return the URL of a static file, relative to the pages' root.

    The version is part of the path, so that modules which import each other by relative names come
    from one version.
    """
    return f"static/{_version()}/{name}"


class StaticHandler(web.StaticFileHandler):
    """Serve our own files to everyone: the login form needs them before authentication."""

    def set_default_headers(self) -> None:
        """Set headers that restrict each file to its own content type and purpose."""
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("X-Content-Type-Options", "nosniff")

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002  # Tornado passes it
        """Cache a versioned file permanently."""
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")

    @allow_unauthenticated
    async def get(self, path: str, include_body: bool = True) -> None:
        """Respond with a file."""
        await super().get(path, include_body)

    @allow_unauthenticated
    async def head(self, path: str) -> None:
        """Respond with a file's headers."""
        await super().get(path, include_body=False)
