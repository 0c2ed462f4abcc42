"""Recordings whose outputs stay JSON on their way to the store.

The outputs of a command may consist of millions of values, and whoever passes them on does not need
them as Python objects. Each part of an `EncodedOutput` is JSON, which is stored unaltered once the
store has checked it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, TypeGuard

from msgspec import Meta, Raw, Struct
from msgspec.json import Encoder
from msgspec.structs import replace

from jupyter_sessions.schemas.commands import (
    CommandResponse,
    Output,
    RecordCommands,
    Recording,
    SoFar,
    Stream,
)
from jupyter_sessions.schemas.fields import Count, ready


class EncodedStream(Struct, tag_field="output_type", tag="stream", forbid_unknown_fields=True):
    """A `Stream` whose text is JSON."""

    name: str
    text: Raw


class EncodedDisplay(
    Struct, tag_field="output_type", tag="display_data", forbid_unknown_fields=True
):
    """A `DisplayData` whose parts are JSON."""

    data: Raw
    metadata: Raw


class EncodedResult(
    Struct, tag_field="output_type", tag="execute_result", forbid_unknown_fields=True
):
    """An `ExecuteResult` whose parts are JSON."""

    data: Raw
    metadata: Raw
    execution_count: Count | None


class EncodedError(Struct, tag_field="output_type", tag="error", forbid_unknown_fields=True):
    """An `ErrorOutput` whose traceback is JSON."""

    ename: str
    evalue: str
    traceback: Raw


EncodedOutput = EncodedStream | EncodedDisplay | EncodedResult | EncodedError


#: The field of each kind of output that is large if anything is.
_LARGE_FIELDS = {
    EncodedStream: "text",
    EncodedDisplay: "data",
    EncodedResult: "data",
    EncodedError: "traceback",
}
_MARK = b'"\\u0000"'
_encode = Encoder().encode

#: JSON in parts, which are joined without anything between them.
Parts = Iterator[bytes | memoryview]


def is_encoded(output: object) -> TypeGuard[EncodedOutput]:
    """Tell whether an output is an `EncodedOutput`."""
    return type(output) in _LARGE_FIELDS


def get_encoded_part(output: EncodedOutput) -> memoryview:
    """Return the part of an output that is large if anything is."""
    return memoryview(getattr(output, _LARGE_FIELDS[type(output)]))


def encode_in_parts(
    outputs: Iterable[Output | EncodedOutput], encode: Callable[[Any], bytes] = _encode
) -> Parts:
    """Yield the JSON of a list of outputs, without copying the large parts of encoded ones.

    Parameters
    ----------
    outputs
        The outputs.
    encode
        Encodes the others.
    """
    before = b"["
    for output in outputs:
        yield before
        before = b","
        if is_encoded(output):
            field = _LARGE_FIELDS[type(output)]
            packed = _encode(replace(output, **{field: Raw(_MARK)}))
            # The mark may also occur in what precedes a text, and in what follows data.
            head, _, tail = packed.partition(_MARK) if field == "data" else packed.rpartition(_MARK)
            yield head
            yield get_encoded_part(output)
            yield tail
        else:
            yield encode(output)
    yield b"[]" if before == b"[" else b"]"


def encode_recording(recording: Recording, encode: Callable[[Any], bytes] = _encode) -> Parts:
    """Yield the JSON of a recording, without copying the large parts of encoded outputs.

    Parameters
    ----------
    recording
        The recording.
    encode
        Encodes everything else.
    """
    half = "so_far" if recording.response is None else "response"
    holder = getattr(recording, half)
    if holder is None or not any(map(is_encoded, holder.outputs)):
        yield encode(recording)
        return
    stand_in = Stream(name=secrets.token_hex(16), text="")
    plain = replace(recording, **{half: replace(holder, outputs=[stand_in])})
    head, _, tail = encode(plain).partition(b"[" + _encode(stand_in) + b"]")
    yield head
    yield from encode_in_parts(holder.outputs, encode)
    yield tail


def encode_recordings(recordings: Iterable[Recording]) -> Parts:
    """Yield the JSON of the body that records these commands; see `encode_recording`."""
    before = b'{"commands":['
    for recording in recordings:
        yield before
        yield from encode_recording(recording)
        before = b","
    yield b"]}"


class EncodedResponse(CommandResponse):
    """A response with encoded outputs."""

    outputs: list[EncodedOutput]  # type: ignore[assignment]  # as they are received


class EncodedSoFar(SoFar):
    """What a running command has put out so far, with encoded outputs."""

    outputs: list[EncodedOutput]  # type: ignore[assignment]  # as above


class EncodedRecording(Recording):
    """A recording with encoded outputs."""

    response: EncodedResponse | None = None
    so_far: EncodedSoFar | None = None


class EncodedRecordCommands(RecordCommands):
    """A request with encoded outputs."""

    commands: Annotated[list[EncodedRecording], Meta(min_length=1, max_length=500)]  # type: ignore[assignment]


ready(
    EncodedStream,
    EncodedDisplay,
    EncodedResult,
    EncodedError,
    EncodedResponse,
    EncodedSoFar,
    EncodedRecording,
    EncodedRecordCommands,
)
