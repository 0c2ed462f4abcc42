"""What is run in a kernel or in IPython, as commands.

Under ipykernel a `Subscriber` listens to the kernel's own iopub channel, in plain IPython a
`TerminalRecorder` sits in the shell. Both tell a `Tracker`, which hands on recordings.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from jupyter_sessions.recorder.tracker import OUTPUT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_sessions.recorder.delivery import Sink
    from jupyter_sessions.recorder.iopub.message_log import Log

# A log that nobody asked for would be written into the user's cell.
logging.getLogger(__name__).addHandler(logging.NullHandler())

__all__ = ["OUTPUT_LIMIT", "Recorder", "record"]


class Recorder(Protocol):
    """What records the commands of this process."""

    @property
    def paused(self) -> bool:
        """Whether commands that start from now on are left out."""

    def pause(self) -> None:
        """Leave out later commands; the one that calls this is still recorded."""

    def unpause(self) -> None:
        """Record later commands; the one that calls this is left out."""

    def skip_current_cell(self) -> None:
        """Leave out the command that calls this."""

    def stop(self, timeout: float) -> bool:
        """End for good, when all until now is handed over or `timeout` seconds have passed.

        Returns
        -------
        bool
            Whether all was handed over. A second call changes nothing.
        """


def record(
    shell: InteractiveShell,
    sink: Sink,
    *,
    limit: int = OUTPUT_LIMIT,
    log: Log | None = None,
    leaves_out: Callable[[str], bool] = lambda source: False,  # noqa: ARG005
) -> Recorder:
    """Record what is run in this process from now on; the command that calls this is left out.

    Parameters
    ----------
    shell
        The IPython shell of this process, in a kernel or in a terminal.
    sink
        Called from a thread of its own, with each command: when it has run for half a second
        (without a response), ever more rarely while it goes on putting out something, when it has
        ended, and again, with the same id and at most once a second, when outputs of an ended
        command have changed (an updated display, a thread that goes on printing).
    limit
        How many bytes of outputs to keep of a command; what goes past is cut, with a note.
    log
        Where commands and what they put out are written before they can do harm; what stands there
        when the process is gone, `jupyter_sessions.recorder.iopub.message_log.Remains` reads.
    leaves_out
        Tells of a source with ``%session`` in it whether it must not be written there.

    Returns
    -------
    Recorder
        It records until it is stopped or the process ends.
    """
    if hasattr(shell, "kernel"):
        from jupyter_sessions.recorder.kernel import KernelRecorder

        return KernelRecorder(shell, sink, limit=limit, log=log, leaves_out=leaves_out)
    from jupyter_sessions.recorder.ipython import TerminalRecorder

    return TerminalRecorder(shell, sink, limit=limit, log=log, leaves_out=leaves_out)
