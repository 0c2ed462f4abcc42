"""Messages between the server and its rendering workers, in frames over pipes."""

from __future__ import annotations

from typing import BinaryIO, Literal

import msgspec
from msgspec import Struct

from jupyter_sessions import schemas

_HEAD = 4  # bytes of the length prefix

Renderer = Literal["code", "terminal", "plain", "output", "file"]

#: Reasons for not rendering: too much time or memory, too large a source or result, a failing
#: renderer, or a busy server.
Failure = Literal["", "slow", "memory", "large", "failed", "busy"]

#: The detail of a job whose worker ended: it may succeed another time.
KILLED = "its worker ended"


class Job(Struct, array_like=True):
    """Content to be rendered.

    `option` is the language of code, the number of uncollapsed lines of terminal text or, as JSON,
    other facts about an output or file.
    """

    renderer: Renderer
    content: bytes
    option: str = ""


class Batch(Struct, array_like=True):
    """Jobs that share `seconds` of processor time, with at most `longest` for each."""

    jobs: list[Job]
    seconds: float
    longest: float


class Rendered(Struct, array_like=True):
    """The result of a job: HTML, or the reason why there is none.

    The result of `plain` is text. `rest` is the HTML of the collapsed lines, `lines` the number of
    all lines, `kind` the class of a document's body. `detail` is for the log.
    """

    html: str = ""
    rest: str = ""
    lines: int = 0
    kind: str = ""
    failure: Failure = ""
    detail: str = ""

    @property
    def size(self) -> int:
        """Its approximate size in bytes."""
        return len(self.html) + len(self.rest) + 200

    @property
    def final(self) -> bool:
        """Whether the job would end like this again.

        Content that took too long will take too long again; what a busy server skipped, or a worker
        left when it ended, may succeed.
        """
        return self.failure != "busy" and self.detail != KILLED


class Reply(Struct, array_like=True):
    """A worker's frame: the next job's result, or None when it is ready for another batch.

    `retire` asks the server to replace the worker.
    """

    rendered: Rendered | None = None
    retire: bool = False


schemas.ready(Job, Batch, Rendered, Reply)

_encode = msgspec.msgpack.Encoder().encode
decode_batch = msgspec.msgpack.Decoder(Batch).decode
decode_reply = msgspec.msgpack.Decoder(Reply).decode


def write_frame(pipe: BinaryIO, frame: Batch | Reply) -> None:
    """Write a complete frame."""
    content = _encode(frame)
    pipe.write(len(content).to_bytes(_HEAD, "big") + content)
    pipe.flush()


def read_frame(pipe: BinaryIO) -> bytes | None:
    """Read a frame; return None if the other side has ended."""
    head = pipe.read(_HEAD)
    if len(head) < _HEAD:
        return None
    length = int.from_bytes(head, "big")
    content = pipe.read(length)
    return content if len(content) == length else None
