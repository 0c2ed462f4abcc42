"""Commands on their way into a session: each once, whatever comes how often."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET
from sqlalchemy import bindparam, insert, select, update

from jupyter_sessions import api, schemas
from jupyter_sessions.core import normalize, permissions
from jupyter_sessions.core.accounts import users
from jupyter_sessions.core.context import Context, Principal
from jupyter_sessions.core.history.outputs import Kept, keep, known_until, size_if_small
from jupyter_sessions.core.registry import Batch, Preparation, implements
from jupyter_sessions.core.sessions import events
from jupyter_sessions.errors import Conflict, NoSuchSession
from jupyter_sessions.roles import Roles
from jupyter_sessions.store import search
from jupyter_sessions.store.blobs import Blob
from jupyter_sessions.store.engines import upsert
from jupyter_sessions.store.statements import CompiledStatement
from jupyter_sessions.store.tables import blobs, commands
from jupyter_sessions.store.types import is_in, number_in


class Runners:
    """Tells the users of the commands that a principal records.

    Nobody is taken at their word about others: a command goes to the one named as its runner only
    if the principal vouches for it (the Jupyter server that has seen who sent the request), and
    only if that user may write in the session. It is recorded in any other case too, and its user
    is unknown; never is it the principal's, who has not run it.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._numbers: dict[str | None, int] = {}

    def number(self, runner: str | None) -> int:
        """Return the number of the user to whom a command goes."""
        if runner not in self._numbers:
            self._numbers[runner] = self._find(runner)
        return self._numbers[runner]

    def check_own(self, command: Any) -> None:
        """See that a command recorded before may be completed by the principal.

        Raises
        ------
        Conflict
            When it is another user's.
        """
        principal = self._context.principal
        if command.user_id == principal.user_id or principal.vouches:
            return
        if command.user_id != users.unknown(self._context.connection, self._context.now):
            raise Conflict(
                f"Command {command.number} was recorded under this id by someone else.",
                hint="An id stands for one command of one user; use new ones.",
            )

    def _find(self, runner: str | None) -> int:
        context, principal = self._context, self._context.principal
        if runner is not None and normalize.fold(runner) == normalize.fold(principal.name):
            return principal.user_id
        row = users.find(context.connection, runner) if runner and principal.vouches else None
        if row is not None and not row.disabled and self._may_write(row):
            return int(row.id)
        return users.unknown(context.connection, context.now)

    def _may_write(self, row: Any) -> bool:
        as_runner = Principal(user_id=row.id, name=row.name, via="identity")
        try:
            session = permissions.load(
                self._context.connection,
                as_runner,
                self._context.session.code,
                now=self._context.now,
                lock=False,
            )
        except NoSuchSession:
            return False
        return Roles.WRITE in session.roles


_LAST_COMMAND = 200

# How many characters are prepared where a request comes in: more would hold up others there.
_LIGHT = 1 << 18


_KNOWN = CompiledStatement(
    select(
        commands.c.id,
        commands.c.uid,
        commands.c.number,
        commands.c.user_id,
        commands.c.status,
        commands.c.started,
        commands.c.source,
        commands.c.source_blob,
        commands.c.finished,
        commands.c.forgotten,
        commands.c.note,
        commands.c.size,
        commands.c.version,
        commands.c.outputs,
        commands.c.outputs_blob,
    ).where(commands.c.session_id == bindparam("session_id"), is_in(commands.c.uid, "uids"))
)

# What a command keeps, whatever is said of it later.
_ASKED = frozenset(
    (
        "uid",
        "started",
        "language",
        "kernel",
        "notebook",
        "execution_count",
        "source",
        "source_blob",
        "managing",
    )
)

# What differs where later outputs of a command come.
_CHANGING = ("status", "note", "outputs", "outputs_blob")

_INSERT = CompiledStatement(insert(commands), columns=commands.columns.keys())


def _is_light(request: schemas.RecordCommands) -> bool:
    left = _LIGHT
    for recording in request.commands:
        size = size_if_small(recording)
        if size is None:
            return False
        left -= size
    return left >= 0


def _join(
    requests: Sequence[schemas.RecordCommands], kept: Sequence[dict[str, Kept]]
) -> tuple[schemas.RecordCommands, dict[str, Kept]]:
    commands = [recording for request in requests for recording in request.commands]
    joined = schemas.RecordCommands(code=requests[0].code, commands=commands)
    return joined, {uid: one for each in kept for uid, one in each.items()}


def _split(
    answer: schemas.Recorded, requests: Sequence[schemas.RecordCommands]
) -> list[schemas.Recorded]:
    numbers = iter(answer.numbers)
    return [
        schemas.Recorded(numbers=list(itertools.islice(numbers, len(request.commands))))
        for request in requests
    ]


# What comes in two requests is new in the first, and known in the second.
_TOGETHER = Batch(marks=dict.keys, join=_join, split=_split)


def _prepare(preparation: Preparation, request: schemas.RecordCommands) -> dict[str, Kept]:
    """Store what is large; of what comes twice in one request, the newest version counts."""
    newest: dict[str, schemas.Recording] = {}
    for recording in request.commands:
        identity = recording.identity
        before = newest.get(identity)
        if before is None or _place(recording) >= _place(before):
            newest[identity] = recording
    services = preparation.services
    return {
        identity: keep(recording, services.blobs, services.limits.command)
        for identity, recording in newest.items()
    }


# How much the word on a command is worth: that it was aborted is often guessed by who survived.
_WORTH = {"running": 0, "aborted": 1, "completed": 2, "error": 2}


def _place(recording: schemas.Recording) -> tuple[int, datetime | int]:
    """Return what orders the versions of a command; of two in one place the later one counts.

    Until when one that runs is known was counted, from its start, by whoever records it: no clock
    that is set changes that order. When it ended is a word of some clock, and orders nothing.
    """
    if recording.response is not None:
        return _WORTH[recording.response.status], recording.version
    return 0, normalize.utc(known_until(recording) or recording.request.started)


@implements(api.RECORD_COMMANDS, prepare=_prepare, light=_is_light, together=_TOGETHER)
def record(context: Context, request: schemas.RecordCommands) -> schemas.Recorded:
    """Record commands.

    A new command gets the next number. A known one keeps its number: what it did not have yet (what
    it has put out while it runs, its response, later outputs of a thread) is taken over from the
    same user, and what is there already changes nothing.
    """
    kept: dict[str, Kept] = context.prepared
    runners = Runners(context)
    ran = {each.identity: each.runner for each in request.commands if each.runner is not UNSET}
    known = _known(context, kept)
    numbers = {uid: row.number for uid, row in known.items()}
    # In their order, in which followers are told of them too.
    for is_known, uids in itertools.groupby(kept, known.__contains__):
        if is_known:
            for uid in uids:
                runners.check_own(known[uid])
                _update(context, known[uid], kept[uid])
        else:
            fresh = list(uids)
            ran_by = {uid: runners.number(ran[uid]) for uid in fresh if uid in ran}
            numbers |= _add(context, fresh, kept, ran_by)
    return schemas.Recorded(numbers=[numbers[recording.identity] for recording in request.commands])


def _known(context: Context, kept: dict[str, Kept]) -> dict[str, Any]:
    uids = [*kept, *(each.id for each in kept.values())]
    rows = _KNOWN.rows(context.connection, session_id=context.session.id, uids=uids)
    found = {row.uid: row for row in rows}
    known = {}
    for uid, each in kept.items():
        row = found.get(uid)
        if row is None and (before := found.get(each.id)) is not None:
            row = before if _is_same(before, each) else None
        if row is not None:
            known[uid] = row
    return known


def _is_same(row: Any, kept: Kept) -> bool:
    """Tell whether what an earlier version recorded under an id is this command, or another."""
    asked = kept.columns
    if not kept.keyed and row.started != asked["started"]:
        return False
    source = row.source, row.source_blob
    return row.forgotten or source == (asked["source"], asked["source_blob"])


def _add(
    context: Context, uids: list[str], kept: dict[str, Kept], ran_by: dict[str, int]
) -> dict[str, int]:
    session = context.session
    numbers = dict(zip(uids, itertools.count(session.commands + 1), strict=False))
    name_blobs(context, (blob for uid in uids for blob in kept[uid].blobs))
    of_all = {
        "session_id": session.id,
        "user_id": context.principal.user_id,
        "real_user_id": context.principal.real_user_id,
    }
    rows = [
        {
            **kept[uid].columns,
            **of_all,
            "id": number_in(session.id, number),
            "number": number,
            "user_id": ran_by.get(uid, of_all["user_id"]),
        }
        for uid, number in numbers.items()
    ]
    _INSERT.run(context.connection, rows)
    search.index(context.transaction, {row["id"]: kept[row["uid"]].searched for row in rows})
    session.change(commands=session.commands + len(rows))
    sources = [row["source"] for row in rows if not row["managing"]]
    if sources:
        session.change(last_command=sources[-1][:_LAST_COMMAND])
    for kind, group in itertools.groupby(rows, lambda row: _kind(row["status"])):
        events.append(context, kind, *({"number": row["number"]} for row in group))
    return numbers


def _kind(status: str) -> str:
    return "command.started" if status == "running" else "command.recorded"


def _update(context: Context, row: Any, kept: Kept) -> None:
    """Complete a running command, or take over later outputs, of a completed one, too."""
    columns = kept.columns
    if row.forgotten or not _tells_more(columns, row):
        return
    completed = row.status == "running" and columns["status"] != "running"
    name_blobs(context, kept.blobs)
    # What was asked is settled; only what came back may still grow.
    columns = {name: value for name, value in columns.items() if name not in _ASKED}
    context.connection.execute(update(commands).where(commands.c.id == row.id).values(columns))
    search.forget(context.transaction, [row.id])
    search.index(context.transaction, {row.id: kept.searched})
    kind = "command.recorded" if completed else "command.updated"
    events.append(context, kind, {"number": row.number})


def _tells_more(columns: dict[str, Any], row: Any) -> bool:
    """Tell whether this is news of a command, and no earlier or lesser word than is known.

    What ended is compared by no clock: of two words of one worth the later that comes counts.
    """
    worth, known = _WORTH[columns["status"]], _WORTH[row.status]
    if worth != known:
        return worth > known
    if worth == _WORTH["running"]:
        until = columns["finished"]
        # Both are counted from one start by one recorder, as `_place` says.
        if until is None or (row.finished is not None and until < row.finished):
            return False
    elif worth == _WORTH["aborted"] and columns["size"] <= row.size:
        return False  # nobody knows which guess is the later one: the fuller stays
    elif 0 < columns["version"] < row.version:
        return False  # it was thought to be lost on its way
    return any(columns[name] != getattr(row, name) for name in _CHANGING)


def name_blobs(context: Context, stored: Iterable[Blob]) -> None:
    """Write down stored blobs, so that rows can name them."""
    rows = [
        {
            "sha256": blob.sha256,
            "size": blob.size,
            "encoding": blob.encoding,
            "digests": blob.digests,
            "stored": context.now,
        }
        for blob in {blob.sha256: blob for blob in stored}.values()
    ]
    if rows:
        statement = upsert(context.connection, blobs)
        context.connection.execute(
            statement.on_conflict_do_update(
                index_elements=[blobs.c.sha256],
                set_={name: statement.excluded[name] for name in ("stored", "encoding", "digests")},
            ),
            rows,
        )
