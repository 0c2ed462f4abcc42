"""Outputs of recorded commands, displayed in a notebook once more.

One's own come as they were, those of others contained.
"""

from __future__ import annotations

import sys

from jupyter_sessions import schemas
from jupyter_sessions.cli.rendering.sandbox import joined, shown


def display_outputs(command: schemas.Command, *, own: bool) -> None:
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
            case schemas.Stream(name=name, text=text):
                stream = sys.stderr if name == "stderr" else sys.stdout
                stream.write(joined(text))
                stream.flush()
            case schemas.ErrorOutput(traceback=traceback, ename=name, evalue=value):
                sys.stderr.write("\n".join(traceback) or f"{name}: {value}")
                sys.stderr.write("\n")
                sys.stderr.flush()
            case (
                schemas.DisplayData(data=data, metadata=about)
                | schemas.ExecuteResult(data=data, metadata=about)
            ):
                bundle = shown(data, command.summary.user or schemas.UNKNOWN_USER, own=own)
                display(bundle, metadata=about, raw=True)  # type: ignore[no-untyped-call]
