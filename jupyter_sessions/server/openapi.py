"""Generate the OpenAPI document from the operations table."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from jupyter_sessions import __version__
from jupyter_sessions.api import OPERATIONS, PREFIX, Needs, Operation

_REF = "#/components/schemas/{name}"
_JSON = "application/json"
_BYTES = "application/octet-stream"


def document(server: str) -> bytes:
    """Return a server's OpenAPI document as JSON."""
    return msgspec.json.encode({**_common(), "servers": [{"url": server + PREFIX}]})


@cache
def _common() -> dict[str, Any]:
    operations = list(OPERATIONS.values())
    kinds = [operation.request for operation in operations]
    kinds += [operation.answer for operation in operations if operation.answer is not bytes]
    _, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _describe(operation, components)
        # A WebSocket begins as a GET.
        method = operation.method.lower().replace("ws", "get")
        paths.setdefault(operation.path, {})[method] = described
    paths["/sessions/{code}/xmlrpc"] = {"post": _XMLRPC}
    components["Error"] = {
        "type": "object",
        "required": ["code", "message", "hint"],
        "properties": {name: {"type": "string"} for name in ("code", "message", "hint")},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "jupyter_sessions",
            "version": __version__,
            "description": "Shared experiment sessions for Jupyter.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                # The scheme of Jupyter's own API: `token …`.
                "jupyter": {"type": "apiKey", "in": "header", "name": "Authorization"},
            },
        },
    }


_DOWNLOAD_HEADERS = [
    {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string"},
    }
    for name, description in {
        "Range": "One range of bytes. Several are answered with the whole content.",
        "If-Range": "The ETag of the content that the range belongs to.",
        "If-None-Match": "The ETag of the content that you have.",
    }.items()
]
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A random text, new for each request. If you send the same "
    "request with it again within a day, it is done only once and "
    "gets the same answer.",
    "schema": {"type": "string", "pattern": "^[!-~]{16,200}$"},
}


def _describe(operation: Operation[Any, Any], components: dict[str, Any]) -> dict[str, Any]:
    fields = components[operation.request.__name__]["properties"]
    required = set(components[operation.request.__name__].get("required", ()))
    in_path = operation.path_fields
    in_query = [
        name
        for name in fields
        if name not in in_path
        and (operation.method in {"GET", "WS"} or operation.content == "upload")
    ]
    described: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.name.partition(".")[0]],
        "summary": operation.summary,
        "description": f"Needs {_needs(operation)}.",
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": fields[name]}
            for name in in_path
        ]
        + [
            {"name": name, "in": "query", "required": name in required, "schema": fields[name]}
            for name in in_query
        ]
        + ([_IDEMPOTENCY_KEY] if operation.keyed else [])
        + (_DOWNLOAD_HEADERS if operation.content == "download" else []),
        "responses": {
            **_done(operation),
            "4XX": _error("The request can't be carried out."),
            "5XX": _error("The server can't carry it out now."),
        },
        "security": _security(operation),
        **_beyond_openapi(operation),
    }
    in_body = {name: schema for name, schema in fields.items() if name not in {*in_path, *in_query}}
    if operation.content == "upload":
        described["requestBody"] = {"required": True, "content": {_BYTES: {"schema": {}}}}
    elif in_body:
        schema = {
            "type": "object",
            "properties": in_body,
            "required": sorted(required & in_body.keys()),
            "additionalProperties": False,
        }
        described["requestBody"] = {"required": True, "content": {_JSON: {"schema": schema}}}
    return described


#: The one address that is not a line of the table: it serves many of them.
_XMLRPC: dict[str, Any] = {
    "operationId": "xmlrpc",
    "tags": ["xmlrpc"],
    "summary": "Call the session's operations by XML-RPC.",
    "description": "Requires what the called operation requires. A failure is a fault.",
    "parameters": [{"name": "code", "in": "path", "required": True, "schema": {"type": "string"}}],
    "requestBody": {"required": True, "content": {"text/xml": {"schema": {"type": "string"}}}},
    "responses": {
        "200": {
            "description": "An answer, or a fault.",
            "content": {"text/xml": {"schema": {"type": "string"}}},
        },
        "4XX": {
            "description": "The request is not valid XML.",
            "content": {_JSON: {"schema": {"$ref": _REF.format(name="Error")}}},
        },
    },
    "security": [{"key": []}],
}


def _security(operation: Operation[Any, Any]) -> list[dict[str, list[str]]]:
    if operation.needs is Needs.NOTHING:
        return []
    return [{"jupyter" if operation.needs.jupyter else "key": []}]


def _needs(operation: Operation[Any, Any]) -> str:
    if operation.needs.role is None:
        return operation.needs.value
    if operation.author_needs is not None:
        return (
            f"the role {operation.needs.value}, or "
            f"{operation.author_needs.value} for the caller's own"
        )
    return f"the role {operation.needs.value}"


def _beyond_openapi(operation: Operation[Any, Any]) -> dict[str, Any]:
    """Return the extra properties that a front end needs before it offers an operation."""
    told: dict[str, Any] = {}
    if operation.needs.role is not None:
        told["x-role"] = operation.needs.value
        told["x-states"] = sorted(operation.states)
    if operation.author_needs is not None:
        told["x-role-for-own"] = operation.author_needs.value
    if operation.method == "WS":
        told["x-message"] = operation.answer.__name__
    return told


def _done(operation: Operation[Any, Any]) -> dict[str, Any]:
    if operation.method == "WS":
        told = f"A WebSocket opens: each message is one {operation.answer.__name__} as JSON."
        return {"101": {"description": told}}
    done = {"200": {"description": "Done.", "content": _answer(operation)}}
    if operation.content == "download":
        done["206"] = {"description": "The requested part.", "content": _answer(operation)}
        done["304"] = {"description": "The content has not changed."}
    return done


def _answer(operation: Operation[Any, Any]) -> dict[str, Any]:
    if operation.content == "download":
        return {_BYTES: {"schema": {}}}
    (schema,), _ = msgspec.json.schema_components([operation.answer], ref_template=_REF)
    return {_JSON: {"schema": schema}}


def _error(description: str) -> dict[str, Any]:
    schema = {"$ref": _REF.format(name="Error")}
    return {"description": description, "content": {_JSON: {"schema": schema}}}
