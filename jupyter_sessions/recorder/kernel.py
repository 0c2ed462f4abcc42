"""Record commands from within a Python kernel, by listening to its own iopub channel."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_sessions.recorder.delivery import settle_delivered
from jupyter_sessions.recorder.iopub.message_log import MessageLog
from jupyter_sessions.recorder.iopub.messages import Selection
from jupyter_sessions.recorder.iopub.subscriber import Subscriber
from jupyter_sessions.recorder.iopub.wire import Origin, read_origin
from jupyter_sessions.schemas.commands import KERNEL_ENDED, RECORDING_STOPPED, STOPPED_HERE

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

    from jupyter_sessions.recorder.delivery import Sink
    from jupyter_sessions.recorder.iopub.message_log import Log

#: Seconds to wait until the kernel confirms that the recorder receives its messages.
CONFIRMED_WITHIN = 2.0

#: Seconds to wait for the last commands when the kernel ends; managers kill it after five.
STOPPED_WITHIN = 2.0

#: Seconds to wait when pausing until the recorder has seen the cell that asks for it.
SWITCHED_WITHIN = 2.0

_log = logging.getLogger(__name__)


class KernelRecorder:
    """Records the commands of the kernel in this process; see `record`."""

    def __init__(
        self,
        shell: InteractiveShell,
        sink: Sink,
        *,
        limit: int,
        log: Log | None,
        leaves_out: Callable[[str], bool],
    ) -> None:
        from ipykernel import get_connection_file

        self._shell: Any = shell
        self._selection = Selection()
        self._selection.skip(self._origin())  # the cell that starts recording
        file, notebook = Path(get_connection_file()), os.environ.get("JPY_SESSION_NAME", "")
        self._ahead: MessageLog | None = None
        if log is not None:
            where = {"kernel": file.stem.removeprefix("kernel-"), "notebook": notebook}
            self._ahead = MessageLog(log, self._selection, leaves_out, where)
        self._subscriber = Subscriber(
            file, self._settling(sink), selection=self._selection, notebook=notebook, limit=limit
        )
        if not self._subscriber.wait_until_listening(CONFIRMED_WITHIN):
            _log.warning("This kernel did not confirm that it is recorded, which ipykernel 7 does.")
        if self._ahead is not None:
            kernel: Any = getattr(shell, "kernel", None)
            self._ahead.follow(kernel.iopub_thread)
        shell.events.register("post_run_cell", self._note_failure)
        atexit.register(self._end, STOPPED_WITHIN, KERNEL_ENDED)

    @property
    def paused(self) -> bool:
        """Whether commands that start from now on are left out."""
        return self._selection.paused

    def pause(self) -> None:
        """Leave out later commands; the calling command is still recorded."""
        self._switch(False)

    def unpause(self) -> None:
        """Record later commands; the calling command is left out."""
        self._switch(True)

    def _switch(self, on: bool) -> None:
        self._catch_up(SWITCHED_WITHIN)
        self._subscriber.do(lambda: self._selection.switch(on), SWITCHED_WITHIN)

    def _catch_up(self, timeout: float) -> None:
        """Have the recorder process all messages so far, also the start of the running cell."""
        # A flush makes the kernel send what it still holds back.
        sys.stdout.flush()
        sys.stderr.flush()
        self._subscriber.catch_up(timeout)

    def skip_current_cell(self) -> None:
        """Leave out the calling command."""
        origin, messages = self._origin(), self._subscriber.messages
        self._subscriber.call(lambda: messages.skip(origin, time.monotonic()))
        if self._ahead is not None:
            self._ahead.skip(origin)

    def stop(self, timeout: float) -> bool:
        """Stop permanently, once everything so far is delivered or after `timeout` seconds."""
        origin, messages = self._origin(), self._subscriber.messages
        self._catch_up(timeout / 2)
        self._subscriber.call(lambda: messages.end(origin, time.monotonic(), STOPPED_HERE))
        return self._end(timeout / 2, RECORDING_STOPPED)

    def _end(self, timeout: float, note: str) -> bool:
        atexit.unregister(self._end)
        if self._note_failure in self._shell.events.callbacks["post_run_cell"]:
            self._shell.events.unregister("post_run_cell", self._note_failure)
        stopped = self._subscriber.stop(timeout, note)
        if self._ahead is not None:
            self._ahead.close()
        return stopped

    def _settling(self, sink: Sink) -> Sink:
        """Return a sink that also removes delivered commands from the log."""
        return sink if self._ahead is None else settle_delivered(sink, self._ahead.settle)

    def _origin(self) -> Origin:
        return read_origin(self._shell.get_parent().get("header", {}))

    def _note_failure(self, result: ExecutionResult | None) -> None:
        # IPython reports some failures only as text: a usage error, a group of exceptions.
        if result is not None and not result.success:
            self._subscriber.messages.fail(self._origin())
            if self._ahead is not None:
                self._ahead.fail(self._origin())
