"""What stands in the files of the outbox, line by line."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from jupyter_sessions import paths, schemas
from jupyter_sessions.client.outbox import write_ahead

#: What the name of a journal's file ends in.
ENDING = ".journal"

#: What becomes of a command whose process is gone.
PROCESS_ENDED = (
    "The process that ran this ended before it did; what it put out last may be missing."
)

_LONGEST_HEADER = 1 << 16


class Destination(msgspec.Struct, frozen=True):
    """Where a journal's commands go: the first line of its file.

    Attributes
    ----------
    server
        The server's base URL; None for the user's own store.
    user
        Who records them there.
    session
        The session's code.
    """

    server: str | None
    user: str
    session: str


@dataclass(eq=False)
class Slot:
    """One version of a recording, on disk or, while the disk takes nothing, in memory.

    Attributes
    ----------
    name
        The recording's identity.
    start, length
        Where its JSON stands in the file, in bytes.
    running
        Whether its command had not ended yet.
    content
        Its JSON where that is in memory.
    """

    name: str
    start: int
    length: int
    running: bool
    content: bytes | None = None


class Failure(msgspec.Struct, frozen=True):
    """Why a server did not take commands: an error as it came over the wire."""

    code: str
    message: str
    hint: str = ""


class Hold(msgspec.Struct, frozen=True):
    """That a session took nothing, and may later.

    Attributes
    ----------
    at
        When that was.
    why
        What the server said.
    tries
        How often, one after the other.
    """

    at: datetime
    why: Failure
    tries: int = 1

    def wait(self, first: float, longest: float) -> float:
        """Return how many seconds to wait: `first`, and twice as many with each further try."""
        doubled: float = first * 2 ** min(self.tries - 1, 30)
        return min(doubled, longest)

    def over(self, first: float, longest: float) -> bool:
        """Whether it is time to try again.

        By the wall clock, since another process may have written it: set forward, a try comes
        early; set back, at once, or later by `longest` at most.
        """
        waited = (datetime.now(UTC) - self.at).total_seconds()
        return not 0 <= waited < self.wait(first, longest)


class Asked(msgspec.Struct):
    """What is read of a recording's request."""

    source: str
    started: datetime


class Line(msgspec.Struct):
    """What is read of a journal's line to know what waits; the rest is skipped."""

    id: str | None = None
    request: Asked | None = None
    keyed: bool = False
    response: msgspec.Raw = msgspec.Raw(b"null")
    delivered: list[int] = []
    held: Hold | None = None

    @property
    def running(self) -> bool:
        """Whether the command had not ended yet."""
        return bytes(self.response) == b"null"

    @property
    def identity(self) -> str | None:
        """The identity of the recording; None where the line holds none."""
        if self.id is None or self.request is None:
            return self.id
        started = None if self.keyed else self.request.started
        return schemas.identify(self.id, self.request.source, started)


schemas.ready(Destination, Failure, Hold, Asked, Line)


def folder() -> Path:
    """Return where the files stand; it may not be there yet."""
    return paths.home() / "outbox"


def new_path() -> Path:
    """Return the path of a journal that is to begin now: its name says after which others."""
    number = 1 + max(map(number_of, folder().glob(f"*{ENDING}")), default=0)
    return folder() / f"{number:08d}-{secrets.token_hex(8)}{ENDING}"


def number_of(journal: Path) -> int:
    """Return where a journal stands among those that there were when it began.

    It is what orders them, and not when they were written: clocks are set. Those of earlier
    versions have no number, and so are the oldest.
    """
    number, hyphen, _ = journal.stem.partition("-")
    return int(number) if hyphen and number.isdecimal() else 0


def read_line(line: bytes) -> Line | None:
    """Read a line of a journal; None where the disk lost it when the machine died."""
    try:
        return msgspec.json.decode(line, type=Line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def read_destination(journal: Path) -> Destination | None:
    """Read where a journal's commands go; None of what is none, or empty."""
    # A journal is empty when all in it is delivered; its process may have written ahead since.
    for path in (journal, write_ahead.header_of(journal)):
        destination = _destination_in(path) if path is not None else None
        if destination is not None:
            return destination
    return None


def _destination_in(path: Path) -> Destination | None:
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.readline(_LONGEST_HEADER), type=Destination)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def aborted(
    recording: schemas.Recording, written: datetime, why: str = PROCESS_ENDED
) -> schemas.Recording:
    """End a command whose process is gone: it was last heard of when it was `written`."""
    so_far = recording.so_far or schemas.SoFar(outputs=[], until=recording.request.started)
    ended = max(written, so_far.until)
    response = schemas.CommandResponse(
        status="aborted",
        outputs=so_far.outputs,
        finished=ended,
        duration=(ended - recording.request.started).total_seconds(),
        note=why,
    )
    return msgspec.structs.replace(recording, response=response, so_far=None)
