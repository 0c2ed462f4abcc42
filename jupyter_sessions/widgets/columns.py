"""Sessions, commands and files as the lines of a list, in columns that stand below each other."""

from __future__ import annotations

from jupyter_sessions import schemas
from jupyter_sessions.cli.values import moment, one_line, seconds, size

#: How a command ended.
MARKS = {"completed": "✓", "error": "✗", "running": "…", "aborted": "⊘"}


def _column(text: str, width: int) -> str:
    from wcwidth import wcswidth

    line = one_line(text)
    if len(line) > width:
        line = line[: width - 1] + "…"
    return line + " " * max(0, width - max(0, wcswidth(line)))


def _blank(line: str) -> str:
    # A list would draw several blanks as one.
    return line.rstrip().replace(" ", "\u00a0")


def session_line(session: schemas.Session) -> str:
    """Write a session: label, owner, one's highest role, commands, last use."""
    state = "" if session.state == "active" else f"  ({session.state})"
    columns = (
        _column(session.label or "(no label)", 32),
        _column(session.owner, 12),
        _column(", ".join(session.roles[-1:]), 7),
        f"{session.commands:>6}",
        moment(session.last_used) + state,
    )
    return _blank("  ".join(columns))


def command_line(command: schemas.CommandSummary) -> str:
    """Write a command: number, how it ended, start, user, duration, source."""
    source = "(forgotten)" if command.forgotten else command.source.strip()
    took = "" if command.duration is None else seconds(command.duration)
    columns = (
        f"{command.number:>5} {MARKS.get(command.status, ' ')}",
        command.started.astimezone().strftime("%m-%d %H:%M"),
        _column(command.user, 12),
        f"{took:>8}",
        _column(source, 90),
    )
    return _blank("  ".join(columns))


def file_line(file: schemas.File) -> str:
    """Write a file or a folder: name, size, publisher, when."""
    name = f"{file.name}/" if file.folder else file.name
    about = () if file.folder else (_column(file.publisher, 12), moment(file.published))
    return _blank("  ".join((_column(name, 44), f"{size(file.size):>9}", *about)))
