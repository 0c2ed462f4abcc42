"""Outputs that stay JSON on their way through the server.

The outputs of a command may consist of millions of values. To build them as Python objects would
hold up everyone whom the process serves, and the server only stores them and passes them on.

In the answers of the dispatcher, `outputs` and `output_list` are a `msgspec.Raw`: the JSON that is
stored. A server sends it as it is; a caller in the same process decodes it. In requests that were
received, outputs are an `EncodedOutput`, whose parts have been checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, cast

import msgspec
from msgspec import Raw

from jupyter_sessions import errors, schemas
from jupyter_sessions.core.history import json_scan
from jupyter_sessions.local_files import release_memory
from jupyter_sessions.schemas import Command, CommandSummary, Output, Page, Resumed
from jupyter_sessions.schemas.encoded import (
    EncodedError,
    EncodedOutput,
    EncodedRecordCommands,
    EncodedStream,
    get_encoded_part,
    is_encoded,
)

_QUOTE = ord('"')

T = TypeVar("T")
Req = TypeVar("Req", bound=schemas.Request)

_decode = msgspec.json.Decoder(list[Output]).decode
_encode = msgspec.json.Encoder().encode
_split = msgspec.json.Decoder(list[Raw]).decode

NOTHING = Raw(b"[]")


def declare(outputs: Raw) -> list[Output]:
    """Return JSON for a field that the schemas declare as outputs."""
    return cast("list[Output]", outputs)


def as_json(outputs: list[Output]) -> Raw:
    """Return the JSON in such a field, or encode outputs that are still values."""
    found: object = outputs
    return found if isinstance(found, Raw) else Raw(_encode(outputs))


def split(outputs: Raw) -> list[Raw]:
    """Return the JSON of each output, for a caller who needs few of them."""
    return _split(outputs)


def decode_outputs(answer: T) -> T:
    """Decode the outputs in an answer of the dispatcher, and return the answer."""
    for holder, name in _find_outputs(answer):
        outputs = getattr(holder, name, None)
        if isinstance(outputs, Raw):
            setattr(holder, name, _decode(outputs))
    return answer


def _find_outputs(answer: object) -> Iterator[tuple[Any, str]]:
    match answer:
        case Command():
            yield answer.response, "outputs"
            yield answer.so_far, "outputs"
        case Resumed():
            for command in answer.commands:
                yield from _find_outputs(command)
        case Page(items=[CommandSummary(), *_]):
            for summary in answer.items:
                yield summary, "output_list"


#: What a request is decoded as when it is received, where that differs from its schema.
RECEIVED: dict[type[schemas.Request], type[schemas.Request]] = {
    schemas.RecordCommands: EncodedRecordCommands
}

#: The most lines of a text that is longer than `json_scan.SMALL`, and the most media types of such
#: an output.
MOST_LINES = 500_000
MOST_MEDIA = 1_000

_decode_encoded = msgspec.json.Decoder(list[EncodedOutput]).decode
_check_output = msgspec.json.Decoder(Output).decode
_decode_text = msgspec.json.Decoder(str | list[str]).decode
_decode_lines = msgspec.json.Decoder(list[str]).decode
_decode_bundle = msgspec.json.Decoder(dict[str, Raw]).decode


def encode_outputs(outputs: Sequence[Output]) -> list[EncodedOutput]:
    """Return outputs in the encoded form, which they may have already."""
    if all(map(is_encoded, outputs)):
        return cast("list[EncodedOutput]", outputs)
    return _decode_encoded(_encode(outputs))


def decode_request(kind: type[Req], encoded: bytes) -> Req:
    """Decode a request whose JSON is UTF-8, and check all of it.

    Raises
    ------
    msgspec.ValidationError, BadRequest
        As `check_outputs` does.
    """
    request = msgspec.json.decode(encoded, type=RECEIVED.get(kind, kind))
    check_outputs(request)
    return cast("Req", request)


def check_outputs(request: schemas.Request) -> None:
    """Check the parts of encoded outputs, which nothing has decoded yet.

    Raises
    ------
    msgspec.ValidationError
        If they don't match the schemas.
    BadRequest
        If they have more lines or media types than the server takes.
    """
    if not isinstance(request, schemas.RecordCommands):
        return
    for number, recording in enumerate(request.commands):
        for half in ("response", "so_far"):
            holder = getattr(recording, half)
            for index, output in enumerate(holder.outputs if holder else ()):
                try:
                    _check(output)
                    if len(get_encoded_part(output)) > json_scan.SMALL:
                        release_memory()
                except msgspec.ValidationError as error:
                    place = f".commands[{number}].{half}.outputs[{index}]"
                    raise _name_place(error, place) from None


def _name_place(error: msgspec.ValidationError, place: str) -> msgspec.ValidationError:
    """Return the error for a value that is within another one."""
    said, _, within = str(error).partition(" - at `$")
    return msgspec.ValidationError(f"{said} - at `${place}{within or '`'}")


def _check(output: EncodedOutput) -> None:
    if isinstance(output, EncodedStream) and memoryview(output.text)[0] == _QUOTE:
        return  # a string, which is all that it may be
    encoded = _encode(output)
    if len(encoded) <= json_scan.SMALL:
        _check_output(encoded)
        return
    parts: dict[str, Callable[[bytes], None]]
    match output:
        case EncodedStream():
            parts = {"text": _check_text}
        case EncodedError():
            parts = {"traceback": _check_traceback}
        case _:
            parts = {"data": _check_data, "metadata": _check_metadata}
    del encoded
    for name, check in parts.items():
        try:
            check(bytes(getattr(output, name)))
        except msgspec.ValidationError as error:
            raise _name_place(error, f".{name}") from None


def _check_text(text: bytes) -> None:
    if text[:1] != b'"':
        _count_lines(text)
        _decode_text(text)


def _check_traceback(text: bytes) -> None:
    _count_lines(text)
    _decode_lines(text)


def _count_lines(text: bytes) -> None:
    if json_scan.count_strings(text) > 2 * MOST_LINES:
        raise errors.BadRequest(
            f"A text has more than {MOST_LINES:,} lines in a list.",
            hint="Send it as one string.",
        )


def _check_data(data: bytes) -> None:
    names = set()
    for member in _read_members(data):
        if member.name in names:
            raise msgspec.ValidationError(f"Duplicate field `{member.name[:100]}`")
        names.add(member.name)
        if len(names) > MOST_MEDIA:
            raise errors.BadRequest(
                f"An output has more than {MOST_MEDIA:,} media types.", hint="Send several."
            )
        value = data[member.start : member.end]
        if value[:1] != b'"':
            _check_numbers(value, "[...]")


def _check_metadata(metadata: bytes) -> None:
    if metadata[:1] != b"{":
        _decode_bundle(metadata)  # which fails
    _check_numbers(metadata, "")


def _check_numbers(value: bytes, place: str) -> None:
    if json_scan.has_unreadable_number(value):
        raise _name_place(msgspec.ValidationError("Number out of range"), place)


def _read_members(data: bytes) -> Iterator[json_scan.Member]:
    if data[:1] != b"{":
        _decode_bundle(data)  # which fails
    try:
        yield from json_scan.read_members(data)
    except ValueError as error:
        raise msgspec.ValidationError(str(error)) from None


def read_bundle(data: Raw) -> dict[str, Raw]:
    """Return the representations of an output that was checked, by media type."""
    if len(memoryview(data)) <= json_scan.SMALL:
        return _decode_bundle(data)
    encoded = bytes(data)
    release_memory()
    return {
        each.name: Raw(encoded[each.start : each.end]) for each in json_scan.read_members(encoded)
    }
