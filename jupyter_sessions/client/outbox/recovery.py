"""Inspect and take over the outbox's files of running and ended processes."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from jupyter_sessions import schemas
from jupyter_sessions.client.outbox import journal_file
from jupyter_sessions.client.outbox.journal import (
    REFUSED_ENDING,
    Adopt,
    Journal,
    Refused,
    read_refused,
)
from jupyter_sessions.client.outbox.journal_file import (
    Destination,
    Failure,
    Hold,
    Slot,
    remove_empty,
)
from jupyter_sessions.session_lines import manages_sessions

_TAIL = 1 << 16
_SOURCE = 200


class Undelivered(msgspec.Struct, kw_only=True):
    """Undelivered commands on this disk that have one destination and one reason.

    Attributes
    ----------
    server, user, session
        Their destination; `server` is None for the user's own store.
    state
        ``waiting`` for the server, ``held`` while the session refuses commands, or ``refused``
        permanently.
    commands
        The number of commands.
    managing
        How many of them only manage sessions, as a ``%session`` line does.
    first, last
        When the first and the last of them were started.
    source
        The source of the first, cut to 200 characters.
    why, since
        The server's reason, and when it was given; None without one.
    file
        The name of their journal.
    """

    server: str | None
    user: str
    session: str
    state: str
    commands: int
    managing: int
    first: datetime
    last: datetime
    source: str
    why: Failure | None
    since: datetime | None
    file: str


def take_over_journals(
    server: str | None,
    user: str,
    again: tuple[float, float] | None,
    taken_up: str = "",
    adopt: Adopt | None = None,
) -> Iterator[Journal]:
    """Take over the journals that ended processes of this user left for a server.

    Empty journals of ended processes are removed, for any server.

    Parameters
    ----------
    again
        The initial and maximum wait in seconds before refused commands are retried; None to retry
        at once.
    taken_up
        The code of a session that was just resumed, and so can be retried at once.
    adopt
        Returns whether somebody else completes a command that was running; else it is aborted.

    Yields
    ------
    Journal
        A journal that now belongs to this process, the oldest first.
    """
    for path in _journals():
        destination = journal_file.read_destination(path)
        if destination is None:
            remove_empty(path)
        elif (destination.server, destination.user) == (server, user):
            hold = _last_hold(path) if destination.session != taken_up else None
            if hold is not None and again is not None and not hold.over(*again):
                continue
            try:
                journal = Journal.take_over(path, destination, adopt)
            except (BlockingIOError, FileNotFoundError):
                continue
            yield journal


def any_for(server: str | None) -> bool:
    """Tell cheaply whether the outbox holds anything for a server."""
    return any(to.server == server for to in map(journal_file.read_destination, _journals()) if to)


def survey() -> list[Undelivered]:
    """List the undelivered commands of all processes, the oldest first."""
    found = []
    for path in sorted({*_journals(), *_with_refused()}, key=_order):
        found += _in_journal(path)
        found += _read_undelivered(path)
    return sorted(found, key=lambda each: each.first)


@contextmanager
def opened(path: Path, own: Collection[Journal] = ()) -> Iterator[Journal | None]:
    """Open a journal of the outbox; yield None if another process has it.

    Parameters
    ----------
    path
        Its file.
    own
        The journals that this process writes; if `path` is one of these, it is used.
    """
    mine = next((journal for journal in own if journal.path == path), None)
    if mine is not None:
        yield mine
        return
    destination = journal_file.read_destination(path)
    if destination is None:
        kept = read_refused(path)
        if not kept:
            yield None
            return
        destination = kept[0].to
        os.close(os.open(path, os.O_CREAT, 0o600))  # only the refused commands are left
    try:
        journal = Journal.take_over(path, destination)
    except (BlockingIOError, FileNotFoundError):
        yield None
        return
    try:
        yield journal
    finally:
        journal.close()


def get_journal_file(name: str) -> Path:
    """Return the file of the journal with a name."""
    return journal_file.folder() / f"{name}{journal_file.ENDING}"


def move(journal: Journal, other: Journal) -> int:
    """Move the ended commands that wait in one journal to another, and return their number."""
    ended = _ended(journal)
    for slot in ended:
        other.keep(slot.name, [journal.read(slot)], running=False)
    other.sync()
    if other.trouble:
        raise OSError(other.trouble)
    journal.settle(ended)
    return len(ended)


def discard(journal: Journal) -> int:
    """Delete the ended commands that wait and the refused ones, and return their number."""
    ended = _ended(journal)
    journal.settle(ended)
    return len(ended) + journal.forget_refused()


def _ended(journal: Journal) -> list[Slot]:
    return [slot for slot in journal.head(journal.waiting, 1 << 62) if not slot.running]


# ---- reading files that may be another process's


schemas.ready(Undelivered)


def _in_journal(path: Path) -> list[Undelivered]:
    destination = journal_file.read_destination(path)
    if destination is None:
        return []
    waiting: dict[str, tuple[int, journal_file.Line]] = {}
    names: dict[int, str] = {}
    hold: Hold | None = None
    start = 0
    with path.open("rb") as file:
        for line in file:
            told = journal_file.read_line(line) if line.endswith(b"\n") else None
            if told is not None:
                hold = told.held or (None if told.delivered else hold)
                if (name := told.identity) is not None:
                    names[start] = name
                    waiting[name] = start, told
                for at in told.delivered:
                    if at in names and waiting.get(names[at], (None,))[0] == at:
                        del waiting[names[at]]
            start += len(line)
    asked = [told.request for _, told in waiting.values() if not told.running]
    state = "waiting" if hold is None else "held"
    why, since = (hold.why, hold.at) if hold else (None, None)
    return _build_undelivered(path, destination, state, asked, why, since)


def _read_undelivered(path: Path) -> list[Undelivered]:
    reasons: dict[Failure, list[Refused]] = {}
    for line in read_refused(path):
        reasons.setdefault(line.error, []).append(line)
    found = []
    for why, group in reasons.items():
        lines = [journal_file.read_line(bytes(line.recording)) for line in group]
        asked = [line.request if line else None for line in lines]
        found += _build_undelivered(path, group[0].to, "refused", asked, why, group[-1].at)
    return found


def _build_undelivered(
    path: Path,
    to: Destination,
    state: str,
    commands: list[journal_file.RequestHead | None],
    why: Failure | None,
    since: datetime | None,
) -> list[Undelivered]:
    asked = [each for each in commands if each is not None]
    if not asked:
        return []
    told = Undelivered(
        server=to.server,
        user=to.user,
        session=to.session,
        state=state,
        commands=len(commands),
        managing=sum(manages_sessions(each.source) for each in asked),
        first=asked[0].started,
        last=asked[-1].started,
        source=asked[0].source[:_SOURCE],
        why=why,
        since=since,
        file=path.stem,
    )
    return [told]


def _last_hold(path: Path) -> Hold | None:
    """Return the hold if the journal's last entry is that its session refused commands."""
    try:
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - _TAIL, 0))
            lines = file.read().splitlines()
    except OSError:
        return None
    told = journal_file.read_line(lines[-1]) if lines else None
    return told.held if told is not None else None


def _journals() -> list[Path]:
    return sorted(journal_file.folder().glob(f"*{journal_file.ENDING}"), key=_order)


def _with_refused() -> list[Path]:
    found = journal_file.folder().glob(f"*{REFUSED_ENDING}")
    return [path.with_suffix(journal_file.ENDING) for path in found]


def _order(path: Path) -> tuple[int, float]:
    number = journal_file.get_journal_number(path)
    try:
        # Journals of earlier versions have no number, only the time when they were written.
        return number, 0.0 if number else path.stat().st_mtime
    except OSError:
        return number, 0.0
