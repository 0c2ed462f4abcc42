"""Collect all routes of the extension, in matching order."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

from tornado.web import RequestHandler

from jupyter_sessions.api import FOLLOW_EVENTS, OPERATIONS, PREFIX, Operation
from jupyter_sessions.server.handlers.base import SessionsHandler
from jupyter_sessions.server.handlers.capability import CapabilityHandler
from jupyter_sessions.server.handlers.files import ContentHandler
from jupyter_sessions.server.handlers.live import LiveHandler
from jupyter_sessions.server.handlers.operations import (
    NoSuchAddress,
    OpenApiHandler,
    OperationHandler,
)
from jupyter_sessions.server.handlers.xmlrpc import XmlRpcHandler
from jupyter_sessions.server.pages import page_routes
from jupyter_sessions.urls import CAPABILITIES


def routes() -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """Return all routes: pattern below the base URL, handler and arguments."""
    return [
        (PREFIX + _pattern(FOLLOW_EVENTS.path), LiveHandler, {}),
        (f"{PREFIX}/sessions/([^/]+)/xmlrpc", XmlRpcHandler, {}),
        *_operation_routes(),
        (f"{PREFIX}(?:/.*)?", NoSuchAddress, {}),
        (f"{CAPABILITIES}([^/]+)/(.*)", CapabilityHandler, {}),
        *page_routes(),
    ]


def _operation_routes() -> list[tuple[str, type[SessionsHandler], dict[str, Any]]]:
    """Return the routes of the operations table, below the server's base URL."""
    by_path: dict[str, dict[str, Operation[Any, Any]]] = defaultdict(dict)
    for operation in OPERATIONS.values():
        if operation.method != "WS":
            by_path[operation.path][operation.method] = operation
    routes: list[tuple[str, type[SessionsHandler], dict[str, Any]]] = [
        (f"{PREFIX}/openapi.json", OpenApiHandler, {})
    ]
    # Literal paths come before paths with fields, which would match them as values.
    for path in sorted(by_path, key=lambda path: (path.count("{"), path)):
        operations = by_path[path]
        streamed = any(operation.content != "none" for operation in operations.values())
        kind = ContentHandler if streamed else OperationHandler
        routes.append((PREFIX + _pattern(path), kind, {"operations": operations}))
    return routes


def _pattern(path: str) -> str:
    """Return the regular expression for a path of the table.

    A session's own path may end with a slash, since it is the base URL of all its resources.
    """
    if path.endswith("{code}"):
        path += "/?"
    return re.sub(r"\{\w+\}", "([^/]+)", path.replace("{path}", "(.+)"))
