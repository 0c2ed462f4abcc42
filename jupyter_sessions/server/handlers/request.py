"""Parse and validate HTTP requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar, cast

import msgspec

from jupyter_sessions import errors, schemas
from jupyter_sessions.api import OPERATIONS, Operation
from jupyter_sessions.core.history import json_scan
from jupyter_sessions.core.history.encoded import RECEIVED, check_outputs
from jupyter_sessions.formatting import has_more_values
from jupyter_sessions.local_files import split_pieces
from jupyter_sessions.schemas.encoded import encode_recordings
from jupyter_sessions.validation import refused

Req = TypeVar("Req", bound=schemas.Request)

#: The most values of a request other than a recording.
_MOST_VALUES = 300_000
#: How deep in a recording its outputs' values begin, which are stored unaltered.
_OUTER_LEVELS = 7
_DUPLICATE = "an object has the same key twice"
_HINT = "See the reference, or openapi.json, for what the operation takes."


def read_request(
    operation: Operation[Req, Any],
    path: Mapping[str, str],
    query: Mapping[str, str],
    body: bytes | bytearray,
) -> Req:
    """Build an operation's request from the parts of an HTTP request.

    Raises
    ------
    NoSuchSession
        When the code is not even well formed: the caller can't tell the difference.
    BadRequest
        When anything else does not match the operation's schema.
    """
    try:
        fields = _in_path(operation, path)
        if operation.method in {"GET", "WS"} or operation.content == "upload":
            return msgspec.convert({**query, **fields}, operation.request, strict=False)
        if query:
            raise errors.BadRequest("This operation does not take a query.", hint=_HINT)
        content = _read_body(operation.name, body)
        request = operation.request(**fields, **msgspec.structs.asdict(content))
        check_outputs(request)
        return request
    except msgspec.ValidationError as error:
        raise refused(error) from None
    except RecursionError:
        raise errors.BadRequest("The body's JSON is nested too deeply.", hint=_HINT) from None


def _in_path(operation: Operation[Req, Any], path: Mapping[str, str]) -> dict[str, Any]:
    read = msgspec.convert(dict(path), _PATHS[operation.name], strict=False)
    return msgspec.structs.asdict(read)


def _read_body(name: str, received: bytes | bytearray) -> msgspec.Struct:
    """Decode a body. Outputs are views of a large one, which is not copied."""
    large = len(received) > json_scan.SMALL
    body = cast("bytes", received) if large else bytes(received)
    try:
        if large:
            _check_size(name, body)
        read = msgspec.json.decode(body or b"{}", type=_BODIES[name])
        if large:
            _check_large(read, body)
        else:
            _check_keys(body)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise errors.BadRequest(f"The body is not JSON: {error}.", hint=_HINT) from None
    return read


def _check_size(name: str, body: bytes) -> None:
    """Refuse a body of so many values that to build them would hold up the server."""
    if OPERATIONS[name].request not in RECEIVED and has_more_values(body, _MOST_VALUES):
        raise errors.TooLarge(
            f"The request has more than {_MOST_VALUES:,} values.", hint="Send it in parts."
        )


def _check_large(read: msgspec.Struct, body: bytes) -> None:
    """Refuse what `_check_keys` and a full decoding would, except within outputs' values."""
    if not json_scan.is_utf8(body):
        raise ValueError("it is not UTF-8")
    if not _is_canonical(read, body) and json_scan.has_duplicates(body, _OUTER_LEVELS):
        raise ValueError(_DUPLICATE)


def _is_canonical(read: Any, body: bytes) -> bool:
    """Tell whether re-encoding a body gives the same text, so that no key is there twice."""
    if read.__struct_fields__ != ("commands",) or not isinstance(read.commands, list):
        return msgspec.json.encode(read) == body
    start = 0
    for piece in split_pieces(encode_recordings(read.commands)):
        end = start + len(piece)
        if body[start:end] != piece:
            return False
        start = end
    return start == len(body)


def _check_keys(body: bytes) -> None:
    """Refuse duplicate keys: msgspec takes the last, which could bypass a check of the first."""
    # If re-encoding gives the same text, there were none. Other spacing and escapes take the slow
    # path.
    if body and msgspec.json.encode(msgspec.json.decode(body)) != body:
        json.loads(body, object_pairs_hook=_each_once)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError(_DUPLICATE)
    return read


def _part(operation: Operation[Any, Any], *, inside: bool) -> type[msgspec.Struct]:
    """Build the struct of an operation's fields that stand in the path, or of the others."""
    fields: list[Any] = []
    received = RECEIVED.get(operation.request, operation.request)
    for field in msgspec.structs.fields(received):
        if (field.name in operation.path_fields) is not inside:
            continue
        if field.default is not msgspec.NODEFAULT:
            fields.append((field.name, field.type, field.default))
        elif field.default_factory is not msgspec.NODEFAULT:
            factory = msgspec.field(default_factory=field.default_factory)
            fields.append((field.name, field.type, factory))
        else:
            fields.append((field.name, field.type))
    name = operation.request.__name__
    return msgspec.defstruct(name, fields, kw_only=True, forbid_unknown_fields=True)


_PATHS = {name: _part(operation, inside=True) for name, operation in OPERATIONS.items()}
_BODIES = {name: _part(operation, inside=False) for name, operation in OPERATIONS.items()}
schemas.ready(*_PATHS.values(), *_BODIES.values())
