"""What the server and its rendering workers send each other, in frames over pipes."""

from __future__ import annotations

from typing import BinaryIO, Literal

import msgspec
from msgspec import Struct

from jupyter_sessions import schemas

_HEAD = 4  # bytes, which hold the length of what follows

Renderer = Literal["code", "terminal", "plain", "output", "file"]

#: Why something was not rendered: it takes too much time or memory, its source or its HTML is too
#: large, its renderer fails on it, or too much else is being rendered.
Failure = Literal["", "slow", "memory", "large", "failed", "busy"]

#: The detail of what was not rendered as its worker ended: another time it may be.
KILLED = "its worker ended"


class Job(Struct, array_like=True):
    """Content to render.

    `option` is the language of code, how many lines of a terminal's text are not folded away, or
    what else there is to know of an output or a file, as JSON.
    """

    renderer: Renderer
    content: bytes
    option: str = ""


class Batch(Struct, array_like=True):
    """Jobs that have `seconds` of processor time together, and each at most `longest`."""

    jobs: list[Job]
    seconds: float
    longest: float


class Rendered(Struct, array_like=True):
    """What came of a job: HTML, or why there is none.

    What comes of `plain` is text. `rest` is the HTML of a text's folded lines, `lines` how many it
    has in all, `kind` the class of a document's body. `detail` is for the log.
    """

    html: str = ""
    rest: str = ""
    lines: int = 0
    kind: str = ""
    failure: Failure = ""
    detail: str = ""

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return len(self.html) + len(self.rest) + 200


class Reply(Struct, array_like=True):
    """A worker's frame: what came of the next job, None when it is ready for another batch.

    `retire` asks to be replaced.
    """

    rendered: Rendered | None = None
    retire: bool = False


schemas.ready(Job, Batch, Rendered, Reply)

_encode = msgspec.msgpack.Encoder().encode
decode_batch = msgspec.msgpack.Decoder(Batch).decode
decode_reply = msgspec.msgpack.Decoder(Reply).decode


def write_frame(pipe: BinaryIO, frame: Batch | Reply) -> None:
    """Write a frame, all of it."""
    content = _encode(frame)
    pipe.write(len(content).to_bytes(_HEAD, "big") + content)
    pipe.flush()


def read_frame(pipe: BinaryIO) -> bytes | None:
    """Read a frame; None where the other side has ended."""
    head = pipe.read(_HEAD)
    if len(head) < _HEAD:
        return None
    length = int.from_bytes(head, "big")
    content = pipe.read(length)
    return content if len(content) == length else None
