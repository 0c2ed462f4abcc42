"""The file beside a journal that keeps those of its commands that were refused for good."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from jupyter_sessions import errors, schemas
from jupyter_sessions.client.outbox.entries import Destination, Failure
from jupyter_sessions.client.outbox.log_file import private

#: What the file's name ends in, in place of the journal's own ending.
ENDING = ".refused"


class Refused(msgspec.Struct):
    """A line of the file.

    Attributes
    ----------
    at
        When the command was refused.
    to
        Where it was to go.
    error
        Why it was refused.
    recording
        The command, as JSON.
    """

    at: datetime
    to: Destination
    error: Failure
    recording: msgspec.Raw


schemas.ready(Refused)


def add(
    journal: Path, destination: Destination, error: errors.SessionsError, recording: bytes
) -> None:
    """Write a command down; it is on the disk when this returns.

    Raises
    ------
    OSError
        When the disk does not take it.
    """
    why = Failure(**error.to_wire())
    line = Refused(
        at=datetime.now(UTC), to=destination, error=why, recording=msgspec.Raw(recording)
    )
    with open(journal.with_suffix(ENDING), "ab", opener=private) as file:
        file.write(msgspec.json.encode(line) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read(journal: Path) -> list[Refused]:
    """Read what was refused of a journal."""
    found = []
    try:
        with journal.with_suffix(ENDING).open("rb") as file:
            for line in file:
                try:
                    found.append(msgspec.json.decode(line, type=Refused))
                except (msgspec.DecodeError, UnicodeDecodeError):
                    continue  # torn by the death of its writer: that command still waits
    except FileNotFoundError:
        return []
    return found


def remove(journal: Path) -> None:
    """Remove the file."""
    journal.with_suffix(ENDING).unlink(missing_ok=True)
