"""The pages' own style sheets, scripts and icons."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado import web

#: Where they lie in the package.
FOLDER = Path(__file__).parent.parent / "static"


@cache
def _version() -> str:
    """A digest of all static files: scripts import each other, so they change together."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def static_url(name: str) -> str:
    """Return where a static file stands, relative to the pages' root.

    The version is a part of the path, so that modules which import each other by relative names
    come from one version.
    """
    return f"static/{_version()}/{name}"


class StaticHandler(web.StaticFileHandler):
    """Serves our own files to everyone: the login form needs them before anyone is known."""

    def set_default_headers(self) -> None:
        """Let nothing run or be read into here but what the files are."""
        self.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("X-Content-Type-Options", "nosniff")

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002  # Tornado passes it
        """Keep a file for good under its version."""
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")

    @allow_unauthenticated
    async def get(self, path: str, include_body: bool = True) -> None:
        """Answer with a file."""
        await super().get(path, include_body)

    @allow_unauthenticated
    async def head(self, path: str) -> None:
        """Answer with a file's headers."""
        await super().get(path, include_body=False)
