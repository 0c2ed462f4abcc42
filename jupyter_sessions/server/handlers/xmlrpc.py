"""Serve a session's operations over XML-RPC, for generic clients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from jupyter_server.auth.decorator import allow_unauthenticated

from jupyter_sessions import errors, schemas
from jupyter_sessions.api import OPERATIONS, Operation
from jupyter_sessions.core.history.encoded import decode_request
from jupyter_sessions.core.types import Anonymous
from jupyter_sessions.server.auth import Authenticated, key_holder
from jupyter_sessions.server.handlers.operations import BodyHandler
from jupyter_sessions.server.handlers.xmlrpc_values import (
    build_fault,
    plain,
    read_call,
    to_values,
    write_answer,
    write_fault,
)
from jupyter_sessions.validation import refused

#: The largest call, and the largest file in a response, in bytes.
LARGEST = 8 << 20
_MOST_CALLS = 1_000  # at once
_CONTENT = "content"
_KEY = "idempotency_key"

#: The operations that can be called: those of a session, except for the WebSocket.
CALLABLE: dict[str, Operation[Any, Any]] = {
    name: operation
    for name, operation in sorted(OPERATIONS.items())
    if operation.in_session and operation.method != "WS"
}


def list_parameters(operation: Operation[Any, Any]) -> list[str]:
    """Return the names of an operation's parameters, in positional order."""
    fields = [name for name in operation.request.__struct_fields__ if name != "code"]
    first = [name for name in fields if name in operation.path_fields]
    content = [_CONTENT] if operation.content == "upload" else []
    key = [_KEY] if operation.keyed else []
    return [*first, *content, *(name for name in fields if name not in first), *key]


class XmlRpcHandler(BodyHandler):
    """The XML-RPC server of each session.

    Callers authenticate with a key in each request. A browser's cookie is not accepted, since a
    page of another site could have sent it.
    """

    def initialize(self) -> None:
        """Start without any part of the call."""
        self._body = bytearray()
        self._sent_size = 0

    @property
    def largest(self) -> int:
        """The largest call, in bytes."""
        return LARGEST

    async def keep(self, chunk: bytes) -> None:
        """Keep a piece of the call."""
        self._body += chunk

    async def authenticate(self) -> Authenticated:
        """Accept a key as bearer token or Basic password, or the server's own token."""
        holder = key_holder(self, basic=True)
        if holder is not None:
            return Authenticated(holder, ambient=False)
        found = await super().authenticate()
        return Authenticated(Anonymous(), ambient=False) if found.ambient else found

    @allow_unauthenticated
    async def post(self, code: str) -> None:
        """Handle a call."""
        self.check_refusal()
        if not self._is_xml:
            raise errors.BadRequest(
                "An XML-RPC call must be sent as text/xml.", hint="Use an XML-RPC client library."
            )
        if "Idempotency-Key" in self.request.headers:
            raise errors.BadRequest(
                "XML-RPC does not accept an Idempotency-Key header, since one "
                "request can contain many calls.",
                hint=f"Give each call its own key, as its parameter {_KEY}.",
            )
        method, parameters = await self.in_thread(read_call, self._body)
        answer = await self._answer(code, method, parameters)
        body = await self.in_thread(write_answer, answer)
        self.set_header("Content-Type", "text/xml; charset=utf-8")
        await self.finish(body)

    @property
    def _is_xml(self) -> bool:
        media_type = self.request.headers.get("Content-Type", "").partition(";")[0]
        return media_type.strip().lower() in {"text/xml", "application/xml"}

    async def _answer(self, code: str, method: str, parameters: list[Any]) -> Any:
        if method == "system.multicall":
            return await self._all(code, parameters)
        if method in _ABOUT:
            return _ABOUT[method](parameters)
        operation = CALLABLE.get(method)
        if operation is None:
            raise _unknown(method)
        call = await self.in_thread(read_parameters, operation, code, parameters)
        answer = await self.call(
            operation, call.request, call.content, idempotency_key=call.idempotency_key
        )
        if operation.content == "download":
            return await self._read(*answer)
        return await self.in_thread(to_values, answer)

    async def _read(self, file: schemas.File, blob: Any) -> bytes:
        self._sent_size += file.size
        if self._sent_size > LARGEST:
            raise errors.TooLarge(
                f"XML-RPC returns files of at most {LARGEST / 2**20:.0f} MiB, but "
                f"{file.path} has {file.size / 2**20:.0f} MiB.",
                hint="Download it over HTTP: GET content/PATH.",
            )
        dispatcher = await self.service.dispatcher()
        content: bytes = await self.in_thread(dispatcher.blobs.read, blob)
        return content

    async def _all(self, code: str, parameters: list[Any]) -> list[Any]:
        calls = _only(parameters, list)
        if len(calls) > _MOST_CALLS:
            raise errors.TooLarge(
                f"There are more than {_MOST_CALLS:,} calls in one request.",
                hint="Split them into several requests.",
            )
        answers: list[Any] = []
        for call in calls:
            try:
                match call:
                    case {"methodName": "system.multicall"}:
                        raise _unknown("system.multicall can't contain itself")
                    case {"methodName": str(method), "params": list(given), **rest} if not rest:
                        answers.append([await self._answer(code, method, given)])
                    case _:
                        raise errors.BadRequest(
                            "Each call must be a struct of methodName and params.",
                            hint="Use xmlrpc.client.MultiCall.",
                        )
            except errors.SessionsError as error:
                answers.append(build_fault(error))
        return answers

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Respond to a failed call with a fault, and to other errors like the rest of the API."""
        if self.request.method != "POST" or not self._is_xml:
            super().write_error(status_code, **kwargs)
            return
        error = self.failure(status_code, kwargs.get("exc_info", (None, None))[1])
        self.set_status(200)
        self.set_header("Content-Type", "text/xml; charset=utf-8")
        self.finish(write_fault(error))


@dataclass(frozen=True)
class Call:
    """A call of an operation.

    Attributes
    ----------
    request
        The operation's request.
    content
        The content of an upload.
    idempotency_key
        The key under which the call can be repeated safely.
    """

    request: schemas.Request
    content: bytes | None
    idempotency_key: str | None


def read_parameters(operation: Operation[Any, Any], code: str, parameters: list[Any]) -> Call:
    """Read an operation's call from its parameters: one struct or positional values.

    Raises
    ------
    NoSuchSession
        When the code is not even well formed: the caller can't tell the difference.
    BadRequest
        When anything else does not match the operation's schema.
    """
    names = list_parameters(operation)
    hint = f"Pass {', '.join(names) or 'nothing'}, in this order or as one struct."
    if len(parameters) == 1 and isinstance(parameters[0], dict):
        fields = dict(parameters[0])
    elif len(parameters) <= len(names):
        fields = dict(zip(names, parameters, strict=False))
    else:
        raise errors.BadRequest(f"{operation.name} got too many parameters.", hint=hint)
    if "code" in fields:
        raise errors.BadRequest("Both the URL and the call name a session.", hint=hint)
    content = None
    if operation.content == "upload":
        content = fields.pop(_CONTENT, None)
        if not isinstance(content, bytes):
            raise errors.BadRequest("The content must be base64.", hint=hint)
    # Each call of a system.multicall needs a key of its own, so it is no header.
    key = fields.pop(_KEY, None) if operation.keyed else None
    if key is not None and not isinstance(key, str):
        raise errors.BadRequest(f"The {_KEY} must be a string.", hint=hint)
    try:
        body = msgspec.json.encode({**plain(fields), "code": code})
        return Call(decode_request(operation.request, body), content, key)
    except msgspec.ValidationError as error:
        raise refused(error) from None


def _only(parameters: list[Any], kind: type) -> Any:
    if len(parameters) != 1 or not isinstance(parameters[0], kind):
        raise errors.BadRequest(
            "This method takes one parameter.", hint="See system.methodHelp and the reference."
        )
    return parameters[0]


def _unknown(method: str) -> errors.NotFound:
    return errors.NotFound(
        f"There is no method {method[:100]!r}.",
        hint="To list the methods, call system.listMethods.",
    )


def _find_operation(parameters: list[Any]) -> Operation[Any, Any] | str:
    method = _only(parameters, str)
    if method in CALLABLE:
        return CALLABLE[method]
    if method in _HELP:
        return _HELP[method]
    raise _unknown(method)


def _list(parameters: list[Any]) -> list[str]:
    if parameters:
        raise errors.BadRequest(
            "system.listMethods does not take parameters.", hint="Leave them out."
        )
    return sorted([*CALLABLE, *_HELP])


def _help(parameters: list[Any]) -> str:
    found = _find_operation(parameters)
    if isinstance(found, str):
        return found
    takes = ", ".join(list_parameters(found)) or "nothing"
    return f"{found.summary} Takes {takes}: in this order, or as one struct."


def _signature(parameters: list[Any]) -> list[list[str]] | str:
    found = _find_operation(parameters)
    if isinstance(found, str):
        return "undef"
    gives = "base64" if found.content == "download" else "struct"
    return [[gives, "struct"], *([] if list_parameters(found) else [[gives]])]


_HELP = {
    "system.listMethods": "List the names of all methods.",
    "system.methodHelp": "Describe what a method does and takes.",
    "system.methodSignature": "Return the types that a method takes and returns.",
    "system.multicall": "Make several calls at once; each returns its own result or fault.",
}
_ABOUT: dict[str, Callable[[list[Any]], Any]] = {
    "system.listMethods": _list,
    "system.methodHelp": _help,
    "system.methodSignature": _signature,
}
