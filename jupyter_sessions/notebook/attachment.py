"""Attach a kernel to a session: transport, outbox and recorder."""

from __future__ import annotations

import atexit
import os
import socket
import threading
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from jupyter_sessions import api, errors, forking, schemas
from jupyter_sessions.cli.results import Line, Tone
from jupyter_sessions.cli.unrecorded import is_unrecorded
from jupyter_sessions.cli.values import one_line
from jupyter_sessions.client.outbox.delivery import OutboxDelivery
from jupyter_sessions.client.presence import PresenceHeartbeat
from jupyter_sessions.notebook.kernel_attachment import (
    RECORDING,
    STILL_PAUSED,
    KernelAttachment,
    count_waiting,
    describe_revoked,
    explain_refusal,
    explain_waiting,
    find_revoker,
    warn_not_recording,
    warn_on_disk,
)
from jupyter_sessions.recorder import OUTPUT_LIMIT, Recorder, record

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_sessions.client.transports.base import Transport

#: Seconds for leaving a session; undelivered commands wait on disk.
_LEAVE_TIMEOUT = 10.0

#: The same when the kernel ends: its manager kills it after five.
_EXIT_WITHIN = 4.0

#: Seconds that a command which shows the history waits for earlier commands.
_SETTLED_WITHIN = 2.0

#: Seconds to wait for the running cell to be reported: recorders do so after half a second.
_REPORT_TIMEOUT = 1.5

#: Bytes of outputs kept for one command.
LIMIT_VARIABLE = "JUPYTER_SESSIONS_COMMAND_BYTES"

#: Explanations of the errors by which a session refuses commands, with its owner's name in braces.
SHUT_OUT = {
    errors.RoleMissing.code: "no longer accepts commands from you, since you have "
    "lost the role write. Its owner is {}.",
    errors.NoSuchSession.code: "is no longer open to you: its owner {} or an admin "
    "has revoked your role, or it was removed.",
}

_attached: WeakSet[Attachment] = WeakSet()


@cache
def _leave_at_exit() -> None:
    """Let kernels deliver what they can when they exit."""
    atexit.register(lambda: [attachment.leave(_EXIT_WITHIN) for attachment in list(_attached)])


class Attachment(KernelAttachment):
    """A kernel that records into a session, or only views it.

    Parameters
    ----------
    shell
        The kernel's IPython shell.
    session
        The session when it was resumed.
    transport
        The transport to it; closed when the attachment is left.

    Attributes
    ----------
    delivery
        Delivers the commands; None if nothing is recorded.
    """

    def __init__(
        self, shell: InteractiveShell, session: schemas.Session, transport: Transport
    ) -> None:
        self.code = session.code
        self._label = session.label
        self._owner = session.owner
        self.transport = transport
        self._shell: Any = shell  # IPython's types allow None for the history manager
        self._reported = threading.Condition()
        self._running: schemas.Recording | None = None
        self._last_ended = self._running_cell
        self._unrecorded: set[int] = set()
        self.delivery: OutboxDelivery | None = None
        self._recorder: Recorder | None = None
        self._only_looking = ""
        self._revoker: str | None = None
        self._revoker_known = False
        self._limit, self._limit_problem = _limit()
        self._here = PresenceHeartbeat(transport, session.code, "kernel", agent(shell))
        self.adapt(session)
        forking.reset_in_child(self)

    def reset_in_child(self) -> None:
        """Leave the recording to the parent process, which continues it."""
        self._reported = threading.Condition()
        self._recorder = None
        self._only_looking = "this process was forked from the kernel that is recorded"
        _attached.discard(self)

    def adapt(self, session: schemas.Session) -> None:
        """Start or stop recording, depending on the session's present state.

        Parameters
        ----------
        session
            Its present state.
        """
        self._only_looking = explain_refusal(session)
        if self._only_looking:
            self.stop()
        else:
            self.start()

    def start(self) -> None:
        """Record from the next cell on, unless a recording is active."""
        if self._recorder is None:
            self.delivery = OutboxDelivery(self.transport, self.code)
            self._recorder = record(
                self._shell,
                self._take,
                limit=self._limit,
                log=self.delivery.write_ahead(),
                leaves_out=is_unrecorded,
            )
            _attached.add(self)
            _leave_at_exit()

    def stop(self, timeout: float = _LEAVE_TIMEOUT) -> int:
        """Stop recording, and deliver what was recorded.

        Parameters
        ----------
        timeout
            The maximum number of seconds.

        Returns
        -------
        int
            The number of commands that still wait for the server.
        """
        _attached.discard(self)
        if self._recorder is None or self.delivery is None:
            return 0
        recorder, self._recorder = self._recorder, None
        delivery = self.delivery
        recorder.stop(timeout / 2)
        delivery.close(timeout / 2)
        self.delivery = None
        return delivery.waiting

    @property
    def records(self) -> bool:
        """Whether commands are recorded, rather than the session only viewed."""
        return self._recorder is not None

    @property
    def _running_cell(self) -> int:
        return running_cell(self._shell)

    def _take(self, recording: schemas.Recording) -> None:
        if self.delivery is not None:
            self.delivery.send(recording)
        with self._reported:
            if recording.response is None:
                self._running = recording
            else:
                count = recording.request.execution_count or 0
                self._last_ended = max(self._last_ended, count)
            self._reported.notify_all()

    def status(
        self, session: schemas.Session | None = None, failure: errors.SessionsError | None = None
    ) -> list[Line]:
        """Report whether commands are recorded; see `KernelAttachment.status`."""
        if self._recorder is None or self.delivery is None:
            why = failure.message if failure is not None else f"{self._only_looking}."
            return [warn_not_recording(why)]
        why = explain_refusal(session) if session is not None else ""
        if failure is not None or why:
            said = failure.message if failure is not None else f"{why[:1].upper()}{why[1:]}."
            lines = [warn_on_disk(said)]
        elif self._recorder.paused:
            lines = [STILL_PAUSED]
        else:
            lines = [RECORDING]
        if self._limit_problem:
            lines.append(Line(self._limit_problem, Tone.WARNING))
        if self.delivery.held in SHUT_OUT and (failure is not None or why):
            return lines  # why is said, and the outbox's hint says how many commands wait
        if self.delivery.problem is not None:
            lines.append(Line(self.delivery.problem, Tone.WARNING))
        elif self.delivery.waiting:
            lines.append(count_waiting(self.delivery.waiting))
        return lines

    def _find_revoker(self) -> str | None:
        """Return who revoked this user's roles; ask only once."""
        if not self._revoker_known:
            self._revoker_known = True
            self._revoker = find_revoker(self.transport, self.code)
        return self._revoker

    def explain_shut_out(self, failure: errors.SessionsError | None = None) -> list[Line]:
        """Explain that the session no longer takes this user's commands, and what to do."""
        if self.delivery is not None and self.delivery.store_error is not None:
            gone = self.delivery.store_error
            kept = "Until then, what you run is kept in the outbox on this disk."
            return [Line(gone.message, Tone.WARNING), Line(f"{gone.hint} {kept}")]
        held = self.delivery.held if self.delivery is not None else ""
        if failure is not None and failure.code in SHUT_OUT:
            held = failure.code
        if held not in SHUT_OUT:
            self._revoker, self._revoker_known = None, False
            return []
        name = f"{one_line(self._label)} ({self.code})" if self._label else self.code
        said = f"The session {name} {SHUT_OUT[held].format(one_line(self._owner))}"
        if held == errors.NoSuchSession.code and (revoker := self._find_revoker()):
            said = describe_revoked(name, revoker)
        if self.delivery is None:
            return [Line(said, Tone.WARNING), warn_not_recording(f"{self._only_looking}.")]
        return [Line(said, Tone.WARNING), *explain_waiting(self.code)]

    def recorder(self) -> Recorder:
        """Return the recorder.

        Raises
        ------
        WrongState
            When nothing is recorded, since the user may only view the session.
        """
        if self._recorder is None:
            raise errors.WrongState(
                f"This kernel is not recorded: {self._only_looking}.",
                hint="Ask the owner for the role write, then type `%session resume` again.",
            )
        return self._recorder

    def skip_current_cell(self) -> None:
        """Exclude the running cell from the record."""
        if self._recorder is not None:
            self._recorder.skip_current_cell()
            self._unrecorded.add(self._running_cell)

    def settle(self) -> bool:
        """Wait until earlier cells are in the session; return False if they are not."""
        if self._recorder is None or self.delivery is None or self._recorder.paused:
            return False
        before = self._running_cell - 1
        while before in self._unrecorded:
            before -= 1
        with self._reported:
            self._reported.wait_for(lambda: self._last_ended >= before, _SETTLED_WITHIN)
        return self.delivery.flush(_SETTLED_WITHIN)

    def running_command(self) -> int | None:
        """Return the session's number of the running cell, if it is recorded."""
        if not self.settle() or self._running_cell in self._unrecorded:
            return None

        def is_reported() -> bool:
            running = self._running
            return running is not None and running.request.execution_count == self._running_cell

        with self._reported:
            if not self._reported.wait_for(is_reported, _REPORT_TIMEOUT) or self._running is None:
                return None
            request = schemas.RecordCommands(code=self.code, commands=[self._running])
        # The background delivery sends it, too: both get the same number.
        return self.transport.call(api.RECORD_COMMANDS, request).numbers[0]

    def leave(self, timeout: float = _LEAVE_TIMEOUT, *, close: bool = True) -> int:
        """Stop recording permanently; see `stop`. Without `close` the transport stays open."""
        waiting = self.stop(timeout)
        self._here.leave()
        if close:
            self.transport.close()
        return waiting


def agent(shell: Any) -> str:
    """Name the kernel, or the program in its place."""
    kernel = getattr(shell, "kernel", None)
    program = "IPython" if kernel is None else getattr(kernel, "implementation", "kernel")
    return f"{program} on {socket.gethostname()}"[:200]


def running_cell(shell: Any) -> int:
    """Return the number of the running cell."""
    # Whether `execution_count` already is the next cell's depends on IPython's version.
    return len(shell.history_manager.input_hist_raw) - 1


def _limit() -> tuple[int, str]:
    """Return the bytes of outputs to keep, and an error in the user's setting."""
    given = os.environ.get(LIMIT_VARIABLE, "").strip()
    if not given:
        return OUTPUT_LIMIT, ""
    if given.isdecimal():
        return int(given), ""
    said = (
        f"{LIMIT_VARIABLE} is {given!r}, which is not a number of bytes, so the "
        "default limit is used."
    )
    return OUTPUT_LIMIT, said
