"""What the attachments of a kernel have in common, whoever records: their interface and words."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.cli.commands.outbox import describe_waiting
from jupyter_sessions.cli.results import Line, Tone
from jupyter_sessions.cli.values import one_line
from jupyter_sessions.client.outbox import recovery

if TYPE_CHECKING:
    from jupyter_sessions.client.outbox.delivery import OutboxDelivery
    from jupyter_sessions.client.transports.base import Transport

RECORDING = Line("Recording: each cell from now on goes into this session.", Tone.DONE)

#: Seconds that a cell waits to learn who revoked the user's role.
_REVOKER_WITHIN = 2.0

_PAUSED = "Recording is paused. To resume it, type `%session unpause`."
#: The answer to the command that pauses, and the warning that it is still so.
NOW_PAUSED, STILL_PAUSED = Line(_PAUSED, Tone.DONE), Line(_PAUSED, Tone.WARNING)


class Pausable(Protocol):
    """A recorder that can be paused."""

    def pause(self) -> None:
        """Exclude later commands; the one that calls this is still recorded."""
        ...

    def unpause(self) -> None:
        """Record later commands; the one that calls this is excluded."""
        ...


class KernelAttachment(Protocol):
    """A kernel's attachment to a session: by a recorder in the kernel, or by its Jupyter server.

    Attributes
    ----------
    code
        The session's code.
    transport
        The transport to the session; closed when the attachment is left.
    delivery
        Delivers the commands; None if nothing is recorded, or if the server does.
    """

    code: str
    transport: Transport
    delivery: OutboxDelivery | None

    @property
    def records(self) -> bool:
        """Whether commands are recorded, rather than the session only viewed."""
        ...

    def start(self) -> None:
        """Record from the next cell on, unless a recording is active."""
        ...

    def stop(self) -> int:
        """Stop recording; return the number of commands that still wait to be delivered."""
        ...

    def leave(self, *, close: bool = True) -> int:
        """Stop recording permanently; see `stop`. Without `close` the transport stays open."""
        ...

    def status(
        self, session: schemas.Session | None = None, failure: errors.SessionsError | None = None
    ) -> list[Line]:
        """Report whether commands are recorded, and what keeps some from being delivered.

        Parameters
        ----------
        session
            The session's present state, if known.
        failure
            Why it is not known.
        """
        ...

    def recorder(self) -> Pausable:
        """Return the recorder.

        Raises
        ------
        WrongState
            When nothing is recorded, since the user may only view the session.
        """
        ...

    def skip_current_cell(self) -> None:
        """Exclude the running cell from the record."""
        ...

    def settle(self) -> bool:
        """Wait until earlier cells are in the session; return False if they are not."""
        ...

    def running_command(self) -> int | None:
        """Return the session's number of the running cell, if it is recorded."""
        ...

    def adapt(self, session: schemas.Session) -> None:
        """Start or stop recording, depending on the session's present state."""
        if explain_refusal(session):
            self.stop()
        else:
            self.start()

    def session(self) -> schemas.Session:
        """Return the session's present state from the server."""
        return self.transport.call(api.GET_SESSION, schemas.SessionNamed(code=self.code))

    def explain_shut_out(self, failure: errors.SessionsError | None = None) -> list[Line]:
        """Explain that the session no longer takes this user's commands, and what to do.

        Parameters
        ----------
        failure
            Why the session could not be looked at, if that was tried.

        Returns
        -------
        list of Line
            Empty if it takes commands, refuses them only temporarily, or the server handles that.
        """
        if not isinstance(failure, errors.NoSuchSession):
            return []
        revoker = find_revoker(self.transport, self.code)
        if revoker is None:
            return []
        said = Line(describe_revoked(self.code, revoker), Tone.WARNING)
        return [said, *explain_waiting(self.code)]


def find_revoker(transport: Transport, code: str) -> str | None:
    """Return who revoked this user's roles, if the server says so soon."""
    found: list[str | None] = []

    def ask() -> None:
        with suppress(errors.SessionsError):
            request = schemas.SessionNamed(code=code)
            found.append(transport.call(api.SESSION_EXISTS, request).ended_by)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(_REVOKER_WITHIN)
    return found[0] if found else None


def describe_revoked(name: str, revoker: str) -> str:
    """Say who ended this user's access to a session."""
    return (
        f"The session {name} is no longer open to you: {one_line(revoker)} has revoked your role."
    )


def explain_waiting(code: str) -> list[Line]:
    """Say how many commands wait for a session that takes none, and what the user can do."""
    waiting = [each for each in recovery.survey() if each.session == code]
    wait = describe_waiting(waiting) if waiting else "So far no command waits on this disk"
    return [
        Line(f"{wait}, and so will each cell from now on. You can:"),
        Line("  keep them until you get the role again: type nothing"),
        Line("  stop recording: %session detach"),
        Line(f"  move them into another session: %session outbox {code} --into OTHER"),
        Line(f"  discard them: %session outbox {code} --discard"),
    ]


def explain_refusal(session: schemas.Session) -> str:
    """Explain why nothing can be recorded into a session; empty if it can."""
    if session.state != "active":
        return f"the session is {session.state}"
    if "write" not in session.roles:
        return "recording needs the role write, which you don't have"
    return ""


def warn_not_recording(why: str) -> Line:
    """Say why nothing is recorded."""
    return Line(f"Not recording: {why}", Tone.WARNING)


def warn_on_disk(why: str) -> Line:
    """Say why commands are only kept on this disk."""
    return Line(f"Recording, but only to this disk for now. {why}".strip(), Tone.WARNING)


def count_waiting(waiting: int) -> Line:
    """Say how many commands are being delivered."""
    return Line(f"Being delivered to the session: {waiting}.")
