"""Recordings whose outputs stay JSON on their way to the store.

The outputs of a command may consist of millions of values, and whoever passes them on does not need
them as Python objects. Each part of an `EncodedOutput` is JSON, which is stored unaltered once the
store has checked it.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Raw, Struct

from jupyter_sessions.schemas.commands import CommandResponse, RecordCommands, Recording, SoFar
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
