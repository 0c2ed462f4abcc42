"""Record what is run in a kernel or in plain IPython, as commands with their outputs.

Under ipykernel a `Subscriber` listens to the kernel's iopub channel; in plain IPython a
`TerminalRecorder` hooks into the shell. Both report to a `Tracker`, which delivers recordings.
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

# Without a handler, log messages would appear in the output of the user's cell.
logging.getLogger(__name__).addHandler(logging.NullHandler())

__all__ = ["OUTPUT_LIMIT", "Recorder", "record"]


class Recorder(Protocol):
    """Records the commands of this process."""

    @property
    def paused(self) -> bool:
        """Whether commands that start from now on are left out."""

    def pause(self) -> None:
        """Leave out later commands; the calling command is still recorded."""

    def unpause(self) -> None:
        """Record later commands; the calling command is left out."""

    def skip_current_cell(self) -> None:
        """Leave out the calling command."""

    def stop(self, timeout: float) -> bool:
        """Stop permanently, once everything so far is delivered or after `timeout` seconds.

        Returns
        -------
        bool
            Whether everything was delivered. A second call has no effect.
        """


def record(
    shell: InteractiveShell,
    sink: Sink,
    *,
    limit: int = OUTPUT_LIMIT,
    log: Log | None = None,
    leaves_out: Callable[[str], bool] = lambda source: False,  # noqa: ARG005
) -> Recorder:
    """Record what is run in this process from now on; the calling command is left out.

    Parameters
    ----------
    shell
        The IPython shell of this process, in a kernel or a terminal.
    sink
        Called with each command, from a separate thread: when it has run for half a second (without
        a response), at growing intervals while it keeps producing output, when it has ended, and
        again, with the same id and at most once a second, when outputs of an ended command have
        changed (an updated display, a thread that keeps printing).
    limit
        The maximum size of a command's outputs in bytes. Larger outputs are cut, with a note.
    log
        Where commands and their outputs are written before they can crash the process. If the
        process dies, `jupyter_sessions.recorder.iopub.message_log.Remains` reads it.
    leaves_out
        Returns whether a source that contains ``%session`` must not be written there.

    Returns
    -------
    Recorder
        A recorder that runs until it is stopped or the process ends.
    """
    if hasattr(shell, "kernel"):
        from jupyter_sessions.recorder.kernel import KernelRecorder

        return KernelRecorder(shell, sink, limit=limit, log=log, leaves_out=leaves_out)
    from jupyter_sessions.recorder.ipython import TerminalRecorder

    return TerminalRecorder(shell, sink, limit=limit, log=log, leaves_out=leaves_out)
