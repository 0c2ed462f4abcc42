"""All routes of the extension, in the order in which they are tried."""

from __future__ import annotations

from typing import Any

from tornado.web import RequestHandler

from jupyter_sessions.api import FOLLOW_EVENTS, PREFIX
from jupyter_sessions.server.capability import CapabilityHandler
from jupyter_sessions.server.live import LiveHandler
from jupyter_sessions.server.operations import NoSuchAddress, operation_routes, pattern
from jupyter_sessions.server.pages import page_routes


def routes() -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """Return them: pattern below the base URL, handler, arguments."""
    return [
        (PREFIX + pattern(FOLLOW_EVENTS.path), LiveHandler, {}),
        *operation_routes(),
        (f"{PREFIX}(?:/.*)?", NoSuchAddress, {}),
        (r"/sessions/w/([^/]+)/(.*)", CapabilityHandler, {}),
        *page_routes(),
    ]
