"""What ties a kernel to a session: the way there, the outbox, and the recorder."""

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
from jupyter_sessions.recorder import OUTPUT_LIMIT, Recorder, record

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_sessions.client.transports.base import Transport

#: Seconds that leaving a session may take; what is not delivered then waits on disk.
_LEFT_WITHIN = 10.0

#: The same where the kernel ends: its manager kills it after five.
_EXIT_WITHIN = 4.0

#: Seconds to wait for what was run before, by a command that looks at it.
_SETTLED_WITHIN = 2.0

#: Seconds to wait for word of the running cell: recorders tell of it after half a second.
_TOLD_WITHIN = 1.5

#: How many bytes of outputs are kept of one command.
LIMIT_VARIABLE = "JUPYTER_SESSIONS_COMMAND_BYTES"

#: What a session means that refuses commands by these errors, with its owner's name in braces.
SHUT_OUT = {
    errors.RoleMissing.code: "takes no commands from you any more: {} owns it, and you have lost "
    "the role write.",
    errors.NoSuchSession.code: "is not open to you any more: {}, who owns it, or an admin has "
    "revoked your role, or it was removed.",
}

_attached: WeakSet[Attachment] = WeakSet()


@cache
def _leave_at_exit() -> None:
    """Have kernels that end deliver what they can."""
    atexit.register(lambda: [attachment.leave(_EXIT_WITHIN) for attachment in list(_attached)])


class Attachment:
    """A kernel that records into a session, or only looks at one.

    Parameters
    ----------
    shell
        The kernel's IPython shell.
    session
        The session, as it was when it was taken up.
    transport
        The way to it; closed when the attachment is left.

    Attributes
    ----------
    courier
        What delivers the commands; None where nothing is recorded.
    """

    def __init__(
        self, shell: InteractiveShell, session: schemas.Session, transport: Transport
    ) -> None:
        self.code = session.code
        self._label = session.label
        self._owner = session.owner
        self.transport = transport
        self._shell: Any = shell  # IPython's history manager may be None by its types
        self._told = threading.Condition()
        self._running: schemas.Recording | None = None
        self._last_ended = self._running_cell
        self._unrecorded: set[int] = set()
        self.courier: OutboxDelivery | None = None
        self._recorder: Recorder | None = None
        self._only_looking = ""
        self._limit, self._limit_problem = _limit()
        self._here = PresenceHeartbeat(transport, session.code, "kernel", agent(shell))
        self.adapt(session)
        forking.reset_in_child(self)

    def reset_in_child(self) -> None:
        """Leave the recording to the parent, which goes on with it."""
        self._told = threading.Condition()
        self._recorder = None
        self._only_looking = "this process was forked from the kernel that is recorded"
        _attached.discard(self)

    def adapt(self, session: schemas.Session) -> None:
        """Record, or stop recording, as the session is now.

        Parameters
        ----------
        session
            How it is.
        """
        self._only_looking = why_not(session)
        if self._only_looking:
            self.stop()
        else:
            self.start()

    def start(self) -> None:
        """Record from the next cell on, if nothing does yet."""
        if self._recorder is None:
            self.courier = OutboxDelivery(self.transport, self.code)
            self._recorder = record(
                self._shell,
                self._take,
                limit=self._limit,
                log=self.courier.write_ahead(),
                leaves_out=is_unrecorded,
            )
            _attached.add(self)
            _leave_at_exit()

    def stop(self, timeout: float = _LEFT_WITHIN) -> int:
        """Record no more, and bring what was recorded into the session.

        Parameters
        ----------
        timeout
            How many seconds that may take.

        Returns
        -------
        int
            How many commands still wait for the server.
        """
        _attached.discard(self)
        if self._recorder is None or self.courier is None:
            return 0
        recorder, self._recorder = self._recorder, None
        courier = self.courier
        recorder.stop(timeout / 2)
        courier.close(timeout / 2)
        self.courier = None
        return courier.waiting

    @property
    def records(self) -> bool:
        """Whether commands are recorded, or one only looks."""
        return self._recorder is not None

    @property
    def _running_cell(self) -> int:
        return running_cell(self._shell)

    def _take(self, recording: schemas.Recording) -> None:
        if self.courier is not None:
            self.courier.send(recording)
        with self._told:
            if recording.response is None:
                self._running = recording
            else:
                count = recording.request.execution_count or 0
                self._last_ended = max(self._last_ended, count)
            self._told.notify_all()

    def session(self) -> schemas.Session:
        """Ask how the session is now."""
        return self.transport.call(api.GET_SESSION, schemas.SessionNamed(code=self.code))

    def status(
        self, session: schemas.Session | None = None, failure: errors.SessionsError | None = None
    ) -> list[Line]:
        """Say whether commands are recorded, and what keeps some from their session.

        Parameters
        ----------
        session
            How the session is now, if that is known.
        failure
            Why it is not.
        """
        if self._recorder is None or self.courier is None:
            why = failure.message if failure is not None else f"{self._only_looking}."
            return [Line(f"Not recording: {why}", Tone.WARNING)]
        why = why_not(session) if session is not None else ""
        if failure is not None or why:
            said = failure.message if failure is not None else f"{why[:1].upper()}{why[1:]}."
            lines = [Line(f"Recording, but only onto this disk for now. {said}", Tone.WARNING)]
        elif self._recorder.paused:
            lines = [Line("Recording is paused: `%session unpause` goes on.", Tone.WARNING)]
        else:
            lines = [Line("Recording: each cell from here on is in this session.", Tone.DONE)]
        if self._limit_problem:
            lines.append(Line(self._limit_problem, Tone.WARNING))
        if self.courier.problem is not None:
            lines.append(Line(self.courier.problem, Tone.WARNING))
        elif self.courier.waiting:
            lines.append(Line(f"On their way into the session: {self.courier.waiting}."))
        return lines

    def explain_shut_out(self) -> list[Line]:
        """Say that the session takes nothing from this user any more, and ask what to do.

        Returns
        -------
        list of Line
            Nothing where it takes commands, or only rests.
        """
        if self.courier is not None and self.courier.gone is not None:
            gone = self.courier.gone
            kept = "What runs here is kept in the outbox on this disk until then."
            return [Line(gone.message, Tone.WARNING), Line(f"{gone.hint} {kept}")]
        held = self.courier.held if self.courier is not None else ""
        if self.courier is None or held not in SHUT_OUT:
            return []
        name = f"{one_line(self._label)} ({self.code})" if self._label else self.code
        said = f"The session {name} {SHUT_OUT[held].format(one_line(self._owner))}"
        many = self.courier.waiting
        wait = "1 command waits" if many == 1 else f"{many} commands wait"
        return [
            Line(said, Tone.WARNING),
            Line(f"{wait} on this disk, and so will each cell from here on. What to do with them?"),
            Line("  keep them, should you get the role again: nothing to type"),
            Line("  record no more: %session detach"),
            Line(f"  bring them into a session of yours: %session outbox {self.code} --into OTHER"),
            Line(f"  give them up: %session outbox {self.code} --discard"),
        ]

    def recorder(self) -> Recorder:
        """Return what records.

        Raises
        ------
        WrongState
            When nothing does, since one may only look.
        """
        if self._recorder is None:
            raise errors.WrongState(
                f"This kernel is not recorded: {self._only_looking}.",
                hint="Ask the owner for the role write, then `%session resume` again.",
            )
        return self._recorder

    def skip_current_cell(self) -> None:
        """Leave the cell that runs now out of the record."""
        if self._recorder is not None:
            self._recorder.skip_current_cell()
            self._unrecorded.add(self._running_cell)

    def settle(self) -> bool:
        """Wait until the cells before this one are in the session; False where they are not."""
        if self._recorder is None or self.courier is None or self._recorder.paused:
            return False
        before = self._running_cell - 1
        while before in self._unrecorded:
            before -= 1
        with self._told:
            self._told.wait_for(lambda: self._last_ended >= before, _SETTLED_WITHIN)
        return self.courier.flush(_SETTLED_WITHIN)

    def running_command(self) -> int | None:
        """Return the number in the session of the cell that runs now, if it is recorded."""
        if not self.settle() or self._running_cell in self._unrecorded:
            return None

        def told() -> bool:
            running = self._running
            return running is not None and running.request.execution_count == self._running_cell

        with self._told:
            if not self._told.wait_for(told, _TOLD_WITHIN) or self._running is None:
                return None
            request = schemas.RecordCommands(code=self.code, commands=[self._running])
        # The courier sends it, too: whoever comes second learns the same number.
        return self.transport.call(api.RECORD_COMMANDS, request).numbers[0]

    def leave(self, timeout: float = _LEFT_WITHIN, *, close: bool = True) -> int:
        """Stop recording for good; see `stop`. Without `close` the transport stays open."""
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
    """Return the number of the cell that runs now."""
    # Whether `execution_count` is already the next cell's depends on IPython's version.
    return len(shell.history_manager.input_hist_raw) - 1


def _limit() -> tuple[int, str]:
    """Return how many bytes to keep of a command, and what is wrong with what the user set."""
    given = os.environ.get(LIMIT_VARIABLE, "").strip()
    if not given:
        return OUTPUT_LIMIT, ""
    if given.isdecimal():
        return int(given), ""
    said = f"{LIMIT_VARIABLE} is {given!r}, no number of bytes: the usual limit holds."
    return OUTPUT_LIMIT, said


def why_not(session: schemas.Session) -> str:
    """Say why nothing can be recorded into a session; empty where it can."""
    if session.state != "active":
        return f"the session is {session.state}"
    if "write" not in session.roles:
        return "you may look, but recording needs the role write"
    return ""
