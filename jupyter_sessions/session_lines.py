"""Read the lines of a cell that are for sessions: ``%session …``, ``%%session off``, ``%oph_…``.

Every part reads them alike: the magics that run them, the recorders that leave some cells out, the
store that marks commands which only manage sessions, and `replay`, which doesn't run those again.
"""

from __future__ import annotations

import re
import shlex

_COMMAND = re.compile(r"^[ \t]*%session[ \t]+(\S.*?)[ \t]*$", re.MULTILINE)
_OFF = re.compile(r"\s*%%session[ \t]+off[ \t]*(?:\n|\Z)")
_MANAGES = re.compile(r"%(?:session|oph_\w+|(?:re)?load_ext\s+jupyter_sessions)(?:\s.*)?")
_RUNS_AGAIN = re.compile(r"%oph_\w+\s.*\bexecute\s*=\s*y")

#: The command that runs recorded commands again.
_REPLAY = "replay"


def split_line(line: str) -> list[str]:
    """Split what follows ``%session`` into words, as a shell does.

    Raises
    ------
    ValueError
        If a quotation mark is not closed.
    """
    return shlex.split(line)


def list_commands(source: str) -> list[str]:
    """List the names of the commands in the ``%session`` lines of a source."""
    return [_name(line) for line in _COMMAND.findall(source)]


def replays_commands(source: str) -> bool:
    """Return whether a source has a line that runs recorded commands again."""
    return _REPLAY in list_commands(source)


def turns_recording_off(source: str) -> bool:
    """Return whether a source begins with ``%%session off``, and so is not recorded."""
    return _OFF.match(source) is not None


def manages_sessions(source: str) -> bool:
    """Return whether a source consists only of lines that create, show or share sessions.

    Lines that run commands again are work, and their outputs are shown.
    """
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    return bool(lines) and all(
        _MANAGES.fullmatch(line) and not replays_commands(line) and not _RUNS_AGAIN.match(line)
        for line in lines
    )


def _name(line: str) -> str:
    try:
        return split_line(line)[0]
    except (ValueError, IndexError):  # a quotation mark is not closed, or nothing is quoted
        return line.split()[0]
