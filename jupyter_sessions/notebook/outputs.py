"""Outputs of recorded commands, displayed in a notebook once more.

One's own come as they were, those of others contained.
"""

from __future__ import annotations

import sys

from jupyter_sessions import model
from jupyter_sessions.commands.contained import joined, shown


def display_outputs(command: model.Command, *, own: bool) -> None:
    """Display a command's outputs.

    Parameters
    ----------
    command
        The command.
    own
        Whether the one who looks ran it.
    """
    from IPython.display import display

    for output in command.outputs:
        match output:
            case model.Stream(name=name, text=text):
                stream = sys.stderr if name == "stderr" else sys.stdout
                stream.write(joined(text))
                stream.flush()
            case model.ErrorOutput(traceback=traceback, ename=name, evalue=value):
                sys.stderr.write("\n".join(traceback) or f"{name}: {value}")
                sys.stderr.write("\n")
                sys.stderr.flush()
            case (
                model.DisplayData(data=data, metadata=about)
                | model.ExecuteResult(data=data, metadata=about)
            ):
                bundle = shown(data, command.summary.user or model.UNKNOWN_USER, own=own)
                display(bundle, metadata=about, raw=True)  # type: ignore[no-untyped-call]
