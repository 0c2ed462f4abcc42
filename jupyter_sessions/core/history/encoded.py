"""Outputs that stay JSON on their way through the server.

The outputs of a command may consist of millions of values. To build them as Python objects would
hold up everyone whom the process serves, and the server only stores them and passes them on. So in
the answers of the dispatcher, `outputs` and `output_list` are a `msgspec.Raw`: the JSON that is
stored. A server sends it as it is; a caller in the same process decodes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar, cast

import msgspec

from jupyter_sessions.schemas.commands import Command, CommandSummary, Output, Resumed
from jupyter_sessions.schemas.fields import Page

T = TypeVar("T")

_decode = msgspec.json.Decoder(list[Output]).decode
_encode = msgspec.json.Encoder().encode

NOTHING = msgspec.Raw(b"[]")


def declare(outputs: msgspec.Raw) -> list[Output]:
    """Return JSON for a field that the schemas declare as outputs."""
    return cast("list[Output]", outputs)


def as_json(outputs: list[Output]) -> msgspec.Raw:
    """Return the JSON in such a field, or that of outputs that are none yet."""
    found: object = outputs
    return found if isinstance(found, msgspec.Raw) else msgspec.Raw(_encode(outputs))


def decode_outputs(answer: T) -> T:
    """Decode the outputs in an answer of the dispatcher, and return the answer."""
    for holder, name in _find_outputs(answer):
        outputs = getattr(holder, name, None)
        if isinstance(outputs, msgspec.Raw):
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
