"""Interpret iopub messages as the commands of their kernel and the outputs of these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from jupyter_sessions import schemas
from jupyter_sessions.recorder.iopub.wire import Message, Origin, execution_id, read_source
from jupyter_sessions.recorder.outputs import output_from_content
from jupyter_sessions.recorder.tracker import MAX_ENDED, Ending, Tracker
from jupyter_sessions.schemas.commands import KERNEL_RESTARTED

#: The number of requests to leave out that are remembered before they arrive.
_SKIPPED = 100

#: The number of requests for which it is remembered which command they started, and whether they
#: ended.
_REMEMBERED = 4 * MAX_ENDED

_OUTPUTS = frozenset({"display_data", "execute_result", "error"})


class Selection:
    """Decides which commands are recorded: those started while recording is on, with exceptions.

    A command is subject to what was set before its first message arrived. No clock is used: the
    clocks of a kernel and a server differ, and each may be set back.

    Safe to change from any thread while another one uses it.

    Parameters
    ----------
    leaves_out
        Returns whether a source is never recorded.
    on
        Whether recording is on at first.
    """

    def __init__(self, leaves_out: Callable[[str], bool] | None = None, *, on: bool = True) -> None:
        self._leaves_out = leaves_out
        self._on = on
        self._skipped: dict[Origin, None] = {}

    @property
    def paused(self) -> bool:
        """Whether a command that arrives from now on is left out."""
        return not self._on

    def switch(self, on: bool) -> None:
        """Turn recording of commands that arrive from now on on or off."""
        self._on = on

    def skip(self, origin: Origin) -> None:
        """Leave out the next command of this request; without a client, of any client's."""
        self._skipped[origin] = None
        while len(self._skipped) > _SKIPPED:
            del self._skipped[next(iter(self._skipped))]

    def includes(self, origin: Origin, source: str) -> bool:
        """Return whether a command that arrives now is recorded."""
        for skipped in (origin, Origin(origin.msg_id)):
            if skipped in self._skipped:
                del self._skipped[skipped]
                return False
        if self._leaves_out is not None and self._leaves_out(source):
            return False
        return self._on


class MessageRecorder:
    """Reports the meaning of one kernel's messages to a tracker.

    Parameters
    ----------
    tracker
        Tracks the commands.
    selection
        Decides which commands to record.
    kernel, notebook, language
        Where the commands run, as their requests state it.
    """

    def __init__(
        self,
        tracker: Tracker,
        selection: Selection,
        *,
        kernel: str = "",
        notebook: str = "",
        language: str = "python",
    ) -> None:
        self.tracker = tracker
        self._selection = selection
        self._commands: dict[Origin, str] = {}
        self._ended: dict[Origin, None] = {}
        self._failed: set[Origin] = set()
        self._where = {"kernel": kernel, "notebook": notebook, "language": language}
        self._captures = OutputWidgets()

    def move(self, notebook: str) -> None:
        """Set the notebook path of later requests."""
        self._where["notebook"] = notebook

    def place(self, *, kernel: str = "", notebook: str = "", language: str = "python") -> None:
        """Set where later requests run."""
        self._where = {"kernel": kernel, "notebook": notebook, "language": language}

    def fail(self, origin: Origin) -> None:
        """Record, from any thread, that a command failed, though its outputs may not show it."""
        self._failed.add(origin)

    def skip(self, origin: Origin, now: float) -> None:
        """Leave out the command of a request, which may have started already.

        If no client is named, this is a running command, or else the next one.
        """
        command = self._find(origin)
        if command is None:
            self._selection.skip(origin)
        else:
            self.tracker.drop(command, now)

    def end(self, origin: Origin, now: float, note: str) -> None:
        """Treat the command of a request as ended at this point; see `skip`."""
        command = self._find(origin)
        if command is not None:
            self.tracker.end(command, now, note=note)

    def _find(self, origin: Origin) -> str | None:
        if origin.client:
            return self._commands.get(origin)
        newest = reversed(self._commands.items())
        named = (command for known, command in newest if known.msg_id == origin.msg_id)
        return next(filter(self.tracker.is_open, named), None)

    def end_answered(
        self, origin: Origin, now: float, answered: datetime | None, *, failed: bool
    ) -> None:
        """Treat the command of a request as ended, since the kernel has answered the request."""
        self._ended[origin] = None
        status: Ending = "error" if failed or origin in self._failed else "completed"
        self.tracker.end(self._commands.get(origin, ""), now, answered, status=status)

    def open_unstarted(self, requests: Sequence[Message], now: float) -> None:
        """Open the command that a kernel died of before it could report the start.

        Parameters
        ----------
        requests
            The requests that were sent and never answered, in order, each as the message that would
            have reported its start. The first that has not ended was the last to start.
        now
            The time on the monotonic clock.
        """
        unended = (each for each in requests if each.origin not in self._ended)
        last = next(unended, None)
        if last is not None and last.origin not in self._commands:
            self.take(last, now)

    def take(self, message: Message, now: float) -> None:
        """Process a message that arrived at `now`, a reading of the monotonic clock in seconds."""
        content = message.content
        command = self._commands.get(message.origin, "")
        if content is None:
            self.tracker.add_unreadable(command)
        elif message.type == "execute_input":
            self._open(message, content, now)
        elif message.type == "status":
            self._change_state(message, command, content, now)
        elif message.type in ("comm_open", "comm_msg"):
            self._captures.take(message, content)
        elif message.type == "update_display_data":
            self._update(message, content)
        elif not self._captures.capture(message.origin) and self.tracker.knows(command):
            self._put_out(message, command, content)

    def _open(self, message: Message, content: dict[str, Any], now: float) -> None:
        source, origin = read_source(message), message.origin
        # What arrives from now on does not belong to an earlier command with the same request.
        self._commands.pop(origin, None)
        if not origin.msg_id or not self._selection.includes(origin, source):
            return
        command = execution_id(origin, message.process, message.date, source)
        self._remember(origin, command)
        count = content.get("execution_count")
        request = schemas.CommandRequest(
            source=source,
            started=message.date,
            execution_count=count if isinstance(count, int) and count >= 0 else None,
            **self._where,
        )
        self.tracker.open(command, request, now, message.process)

    def _remember(self, origin: Origin, command: str) -> None:
        if len(self._commands) >= _REMEMBERED:
            kept = ((known, of) for known, of in self._commands.items() if self.tracker.knows(of))
            self._commands = dict(kept)
        self._commands[origin] = command

    def _change_state(
        self, message: Message, command: str, content: dict[str, Any], now: float
    ) -> None:
        state = content.get("execution_state")
        if state == "idle":
            self._ended[message.origin] = None
            while len(self._ended) > _REMEMBERED:
                del self._ended[next(iter(self._ended))]
            status: Ending | None = "error" if message.origin in self._failed else None
            self._failed.discard(message.origin)
            self.tracker.end(command, now, message.date, status=status)
        elif state == "starting":
            living = message.process or None
            self.tracker.end_all(now, KERNEL_RESTARTED, living, message.date)
            self.tracker.forget_ended()
            self._captures = OutputWidgets()

    def _update(self, message: Message, content: dict[str, Any]) -> None:
        display_id = _display_id(content)
        output = _output("display_data", content)
        if display_id and isinstance(output, schemas.DisplayData):
            self.tracker.update(display_id, output, message.size)

    def _put_out(self, message: Message, command: str, content: dict[str, Any]) -> None:
        if message.type == "stream":
            name, text = content.get("name"), content.get("text")
            if isinstance(name, str) and isinstance(text, str):
                self.tracker.write(command, name, text)
        elif message.type == "clear_output":
            self.tracker.clear(command, wait=bool(content.get("wait")))
        elif message.type in _OUTPUTS:
            output = _output(message.type, content)
            if output is None:
                self.tracker.add_unreadable(command)
            else:
                self.tracker.add(command, output, message.size, _display_id(content))


class OutputWidgets:
    """The output widgets of a kernel, and the commands whose outputs they capture.

    A front end shows a captured output inside the widget and keeps it in the widget's state, so it
    is not among the outputs of the cell.
    """

    def __init__(self) -> None:
        self._widgets: set[str] = set()
        self._capturing: dict[Origin, list[str]] = {}

    def take(self, message: Message, content: dict[str, Any]) -> None:
        """Process a comm message: a widget may be created, or start or stop capturing."""
        comm_id = content.get("comm_id")
        data = content.get("data")
        state = data.get("state") if isinstance(data, dict) else None
        if not isinstance(comm_id, str) or not isinstance(state, dict):
            return
        if message.type == "comm_open" and state.get("_model_name") == "OutputModel":
            self._widgets.add(comm_id)
        if comm_id in self._widgets and isinstance(state.get("msg_id"), str):
            self._cease(comm_id)
            if msg_id := state["msg_id"]:
                # A cell that captures names itself, not a request of another client with the same
                # message id.
                named = message.origin if message.origin.msg_id == msg_id else Origin(msg_id)
                self._capturing.setdefault(named, []).append(comm_id)

    def _cease(self, comm_id: str) -> None:
        for origin, widgets in list(self._capturing.items()):
            if comm_id in widgets:
                widgets.remove(comm_id)
            if not widgets:
                del self._capturing[origin]

    def capture(self, origin: Origin) -> bool:
        """Return whether a widget captures the outputs of a request now."""
        if not self._capturing:
            return False
        return origin in self._capturing or Origin(origin.msg_id) in self._capturing


def _display_id(content: dict[str, Any]) -> str | None:
    transient = content.get("transient")
    display_id = transient.get("display_id") if isinstance(transient, dict) else None
    return display_id if isinstance(display_id, str) else None


def _output(kind: str, content: dict[str, Any]) -> schemas.Output | None:
    try:
        return output_from_content(kind, content)
    except ValueError:
        return None
