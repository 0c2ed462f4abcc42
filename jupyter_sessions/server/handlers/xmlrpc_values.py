"""Convert XML-RPC values: parse untrusted calls and write responses without losing data.

Text that XML can't represent (a terminal's colours) is sent as ``base64`` of its UTF-8, both ways.
Timestamps are text in RFC 3339, as over HTTP: XML-RPC's own have neither a time zone nor fractions
of seconds; they are accepted as UTC. Integers are ``int`` or ``i8``; larger ones are text. None is
``nil``.
"""

from __future__ import annotations

import math
import re
from base64 import b64encode
from datetime import UTC, datetime
from itertools import starmap
from typing import Any
from xml.parsers.expat import ExpatError
from xmlrpc import client

import msgspec
from defusedxml.xmlrpc import DefusedExpatParser

from jupyter_sessions import errors
from jupyter_sessions.formatting import has_more_values

#: The most values that an answer may have.
MOST_VALUES = 100_000
_HINT = "Send it as Python's xmlrpc.client.ServerProxy does."
# Errors that Python's parser raises on invalid XML-RPC; defusedxml raises ValueError for what it
# forbids.
_MALFORMED = (
    ExpatError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    client.Error,
)
_REPLACEMENT = "\ufffd"
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_call(body: bytes | bytearray) -> tuple[str, list[Any]]:
    """Parse a call: the method's name and its parameters.

    Raises
    ------
    BadRequest
        When it is not a valid call, or holds values that JSON can't represent.
    """
    target = client.Unmarshaller(use_builtin_types=True)
    parser = DefusedExpatParser(target, forbid_dtd=True)
    try:
        parser.feed(bytes(body))
        parser.close()
        parameters: list[Any] = list(target.close())
        method = target.getmethodname()
    except _MALFORMED as error:
        raise errors.BadRequest(
            f"The body is not a valid XML-RPC call: {error}.", hint=_HINT
        ) from None
    if method is None:
        raise errors.BadRequest("The body does not name a method to call.", hint=_HINT)
    return method, parameters


def plain(value: Any) -> Any:
    """Return a value converted to JSON types.

    Raises
    ------
    BadRequest
        When a value is not a finite number, is binary data that is not text, or is nested too deep.
    """
    try:
        return _plain(value)
    except RecursionError:
        raise errors.BadRequest(
            "A value is nested too deeply.", hint="Use fewer levels of nesting."
        ) from None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, float) and not math.isfinite(value):
        raise errors.BadRequest(
            "A number is infinite or not a number.", hint="For a missing value, send nil."
        )
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise errors.BadRequest(
                "A base64 value is not UTF-8 text.", hint="Publish binary content as a file."
            ) from None
    return value


def to_values(answer: Any) -> Any:
    """Return an operation's answer as values that `write_answer` takes.

    Raises
    ------
    TooLarge
        When it has so many of them that to build them would hold up the server, or they are nested
        too deep.
    """
    encoded = msgspec.json.encode(answer)
    if has_more_values(encoded, MOST_VALUES):
        raise errors.TooLarge(
            f"The answer has more than {MOST_VALUES:,} values, too many for XML-RPC.",
            hint="Use HTTP instead.",
        )
    try:
        return msgspec.json.decode(encoded)
    except RecursionError:
        raise _nested_too_deep() from None


def write_answer(value: Any) -> bytes:
    """Encode a method's response.

    Raises
    ------
    TooLarge
        When it is nested too deep to be written.
    """
    try:
        return _document(f"<params><param>{_written(value)}</param></params>")
    except RecursionError:
        raise _nested_too_deep() from None


def _nested_too_deep() -> errors.TooLarge:
    return errors.TooLarge("The answer is nested too deeply for XML-RPC.", hint="Use HTTP instead.")


def write_fault(error: errors.SessionsError) -> bytes:
    """Encode a failure as a fault."""
    return _document(f"<fault>{_written(build_fault(error))}</fault>")


def build_fault(error: errors.SessionsError) -> dict[str, Any]:
    """Return a failure as a fault struct: its exit code and its full message."""
    said = f"{error.message} {error.hint}".strip()
    return {"faultCode": error.exit_code, "faultString": f"{said} [{error.code}]"}


def _document(inside: str) -> bytes:
    head = "<?xml version='1.0' encoding='utf-8'?>"
    return f"{head}<methodResponse>{inside}</methodResponse>".encode()


def _written(value: Any) -> str:
    # Python's own writer refuses large integers, and writes some values that no reader accepts.
    match value:
        case None:
            inside = "<nil/>"
        case bool():
            inside = f"<boolean>{value:d}</boolean>"
        case int() if value.bit_length() < 32:
            inside = f"<int>{value}</int>"
        case int() if value.bit_length() < 64:
            inside = f"<i8>{value}</i8>"
        case int() | str():
            inside = _text(str(value))
        case float():
            inside = f"<double>{value!r}</double>"
        case bytes():
            inside = f"<base64>{b64encode(value).decode()}</base64>"
        case list():
            inside = f"<array><data>{''.join(map(_written, value))}</data></array>"
        case dict():
            inside = f"<struct>{''.join(starmap(_member, value.items()))}</struct>"
        case _:
            raise TypeError(f"a {type(value).__name__} is not a valid value of an answer")
    return f"<value>{inside}</value>"


def _text(value: str) -> str:
    if _NOT_IN_XML.search(value):
        return f"<base64>{b64encode(value.encode()).decode()}</base64>"
    return f"<string>{_escaped(value)}</string>"


def _member(name: str, value: Any) -> str:
    # A name has no other representation, so characters that XML can't hold are replaced.
    held = _escaped(_NOT_IN_XML.sub(_REPLACEMENT, name))
    return f"<member><name>{held}</name>{_written(value)}</member>"


def _escaped(text: str) -> str:
    # Parsers read a bare carriage return as a line end.
    return client.escape(text).replace("\r", "&#13;")
