"""Iopub messages as commands: what each message means for the commands of its kernel."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from jupyter_sessions import model
from jupyter_sessions.recorder.outputs import output_from_content
from jupyter_sessions.recorder.tracker import Tracker
from jupyter_sessions.recorder.wire import Message

KERNEL_RESTARTED = "The kernel was restarted while this ran."

_OUTPUTS = frozenset({"display_data", "execute_result", "error"})


class Selection:
    """Which commands are recorded: those that start while recording is on, but for chosen ones.

    It may be changed from any thread while another asks it.

    Parameters
    ----------
    since
        Leave out commands that started before this.
    leaves_out
        Tells of a source whether it is never recorded.
    """

    def __init__(
        self,
        since: datetime | None = None,
        leaves_out: Callable[[str], bool] | None = None,
    ) -> None:
        self._since = since
        self._leaves_out = leaves_out
        self._switches: list[tuple[datetime, bool]] = []
        self._skipped: set[str] = set()

    @property
    def paused(self) -> bool:
        """Whether a command that starts from now on is left out."""
        return bool(self._switches) and not self._switches[-1][1]

    def switch(self, on: bool, now: datetime) -> None:
        """Record (or not) commands that start after `now`."""
        self._switches = [*self._switches, (now, on)]

    def skip(self, command_id: str) -> None:
        """Leave out one command, wherever it stands."""
        self._skipped.add(command_id)

    def includes(self, command_id: str, started: datetime, source: str) -> bool:
        """Tell whether a command is recorded."""
        if command_id in self._skipped or (self._since and started <= self._since):
            return False
        if self._leaves_out is not None and self._leaves_out(source):
            return False
        passed = [on for when, on in self._switches if when < started]
        return passed[-1] if passed else True


class MessageRecorder:
    """Tells a tracker what the messages of one kernel mean.

    Parameters
    ----------
    tracker
        What follows the commands.
    selection
        Which commands to follow.
    kernel, notebook, language
        What the requests say about where they ran.
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
        self._failed: set[str] = set()
        self._where = {"kernel": kernel, "notebook": notebook, "language": language}
        self._captures = OutputWidgets()

    def move(self, notebook: str) -> None:
        """Say from now on that requests come from a notebook of this path."""
        self._where["notebook"] = notebook

    def place(self, *, kernel: str = "", notebook: str = "", language: str = "python") -> None:
        """Say from now on that requests ran there."""
        self._where = {"kernel": kernel, "notebook": notebook, "language": language}

    def fail(self, command_id: str) -> None:
        """Take note, from any thread, that a command failed, though its outputs may not show it."""
        self._failed.add(command_id)

    def skip(self, command_id: str) -> None:
        """Leave out a command, which may have started already."""
        self._selection.skip(command_id)
        self.tracker.drop(command_id, datetime.now(UTC))

    def take(self, message: Message, now: float) -> None:
        """Act on a message that came at `now`, a reading of the monotonic clock in seconds."""
        content = message.content
        if content is None:
            self.tracker.add_unreadable(message.parent)
        elif message.type == "execute_input":
            self._open(message, content, now)
        elif message.type == "status":
            self._change_state(message, content)
        elif message.type in ("comm_open", "comm_msg"):
            self._captures.take(message.type, content)
        elif message.type == "update_display_data":
            self._update(message, content)
        elif not self._captures.capture(message.parent) and self.tracker.knows(message.parent):
            self._put_out(message, content)

    def _open(self, message: Message, content: dict[str, Any], now: float) -> None:
        source = str(content.get("code", ""))
        if not message.parent:
            return
        if not self._selection.includes(message.parent, message.date, source):
            return
        count = content.get("execution_count")
        request = model.CommandRequest(
            source=source,
            started=message.date,
            execution_count=count if isinstance(count, int) and count >= 0 else None,
            **self._where,
        )
        self.tracker.open(message.parent, request, now, message.process)

    def _change_state(self, message: Message, content: dict[str, Any]) -> None:
        state = content.get("execution_state")
        if state == "idle":
            failed = message.parent in self._failed
            self._failed.discard(message.parent)
            self.tracker.end(message.parent, message.date, status="error" if failed else None)
        elif state == "starting":
            self.tracker.end_all(message.date, KERNEL_RESTARTED, message.process or None)
            self.tracker.forget_ended()
            self._captures = OutputWidgets()

    def _update(self, message: Message, content: dict[str, Any]) -> None:
        display_id = _display_id(content)
        output = _output("display_data", content)
        if display_id and isinstance(output, model.DisplayData):
            self.tracker.update(display_id, output, message.size)

    def _put_out(self, message: Message, content: dict[str, Any]) -> None:
        if message.type == "stream":
            name, text = content.get("name"), content.get("text")
            if isinstance(name, str) and isinstance(text, str):
                self.tracker.write(message.parent, name, text)
        elif message.type == "clear_output":
            self.tracker.clear(message.parent, wait=bool(content.get("wait")))
        elif message.type in _OUTPUTS:
            output = _output(message.type, content)
            if output is None:
                self.tracker.add_unreadable(message.parent)
            else:
                self.tracker.add(message.parent, output, message.size, _display_id(content))


class OutputWidgets:
    """The output widgets of a kernel, and the commands whose outputs they capture.

    A front end shows a captured output inside the widget and keeps it in the widget's state: it is
    not among the outputs of the cell.
    """

    def __init__(self) -> None:
        self._widgets: set[str] = set()
        self._capturing: dict[str, list[str]] = {}

    def take(self, kind: str, content: dict[str, Any]) -> None:
        """Act on a comm message: a widget may be made, begin or cease to capture."""
        comm_id = content.get("comm_id")
        data = content.get("data")
        state = data.get("state") if isinstance(data, dict) else None
        if not isinstance(comm_id, str) or not isinstance(state, dict):
            return
        if kind == "comm_open" and state.get("_model_name") == "OutputModel":
            self._widgets.add(comm_id)
        if comm_id in self._widgets and isinstance(state.get("msg_id"), str):
            self._cease(comm_id)
            if state["msg_id"]:
                self._capturing.setdefault(state["msg_id"], []).append(comm_id)

    def _cease(self, comm_id: str) -> None:
        for command_id, widgets in list(self._capturing.items()):
            if comm_id in widgets:
                widgets.remove(comm_id)
            if not widgets:
                del self._capturing[command_id]

    def capture(self, command_id: str) -> bool:
        """Tell whether a widget captures what the command puts out now."""
        return command_id in self._capturing


def _display_id(content: dict[str, Any]) -> str | None:
    transient = content.get("transient")
    display_id = transient.get("display_id") if isinstance(transient, dict) else None
    return display_id if isinstance(display_id, str) else None


def _output(kind: str, content: dict[str, Any]) -> model.Output | None:
    try:
        return output_from_content(kind, content)
    except ValueError:
        return None
