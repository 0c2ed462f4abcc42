"""Record commands, each once however often it is sent, and determine who ran them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import UNSET
from sqlalchemy import bindparam, insert, select, update

from jupyter_sessions import api, schemas
from jupyter_sessions.core import normalize, permissions
from jupyter_sessions.core.accounts import users
from jupyter_sessions.core.context import Context, Principal
from jupyter_sessions.core.history.outputs import PreparedCommand, keep, known_until, size_if_small
from jupyter_sessions.core.registry import Batch, Preparation, implements
from jupyter_sessions.core.sessions import events
from jupyter_sessions.errors import Conflict, NoSuchSession
from jupyter_sessions.names import fold_name
from jupyter_sessions.roles import Roles
from jupyter_sessions.store import search
from jupyter_sessions.store.blobs import Blob
from jupyter_sessions.store.engines import upsert
from jupyter_sessions.store.statements import CompiledStatement
from jupyter_sessions.store.tables import blobs, commands
from jupyter_sessions.store.types import is_in, number_in


class Runners:
    """Determine the users of the commands that a principal records.

    A principal's claims about other users are not trusted. A command is attributed to the named
    runner only if the principal vouches for it (the Jupyter server that saw who sent the request)
    and that user may write in the session. In any other case the command is recorded with an
    unknown user. It is never attributed to the principal, who did not run it.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._numbers: dict[str | None, int] = {}

    def number(self, runner: str | None) -> int:
        """Return the number of the user to whom a command is attributed."""
        if runner not in self._numbers:
            self._numbers[runner] = self._find(runner)
        return self._numbers[runner]

    def check_own(self, command: Any) -> None:
        """Check that the principal may complete a command that was recorded before.

        Raises
        ------
        Conflict
            If it belongs to another user.
        """
        principal = self._context.principal
        if command.user_id == principal.user_id or principal.vouches:
            return
        if command.user_id != users.unknown(self._context.connection, self._context.now):
            raise Conflict(
                f"Command {command.number} was recorded under this id by someone else.",
                hint="An id belongs to one command of one user; use a new one.",
            )

    def _find(self, runner: str | None) -> int:
        context, principal = self._context, self._context.principal
        if runner is not None and fold_name(runner) == fold_name(principal.name):
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

# How many characters are prepared where a request arrives; more would delay other requests there.
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

# What never changes after a command was first recorded.
_REQUEST_FIELDS = frozenset(
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

# What differs when later outputs of a command arrive.
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


class _Prepared(NamedTuple):
    """The identities of a request's commands, in their order, and what to store of each."""

    identities: list[str]
    by_identity: dict[str, PreparedCommand]


def _join(
    requests: Sequence[schemas.RecordCommands], prepared: Sequence[_Prepared]
) -> tuple[schemas.RecordCommands, _Prepared]:
    commands = [recording for request in requests for recording in request.commands]
    joined = schemas.RecordCommands(code=requests[0].code, commands=commands)
    return joined, _Prepared(
        [uid for each in prepared for uid in each.identities],
        {uid: one for each in prepared for uid, one in each.by_identity.items()},
    )


def _split(
    answer: schemas.Recorded, requests: Sequence[schemas.RecordCommands]
) -> list[schemas.Recorded]:
    numbers = iter(answer.numbers)
    return [
        schemas.Recorded(numbers=list(itertools.islice(numbers, len(request.commands))))
        for request in requests
    ]


# A command that occurs in two requests is new in the first and known in the second.
_TOGETHER = Batch(marks=lambda prepared: prepared.by_identity.keys(), join=_join, split=_split)


def _prepare(preparation: Preparation, request: schemas.RecordCommands) -> _Prepared:
    """Store large parts; of a command that occurs twice in a request, the newest version counts."""
    newest: dict[str, schemas.Recording] = {}
    identities = [recording.identity for recording in request.commands]
    for identity, recording in zip(identities, request.commands, strict=True):
        before = newest.get(identity)
        if before is None or _place(recording) >= _place(before):
            newest[identity] = recording
    services = preparation.services
    kept = {
        identity: keep(recording, identity, services.blobs, services.limits.command)
        for identity, recording in newest.items()
    }
    return _Prepared(identities, kept)


# How reliable a status is: "aborted" is often a guess by another process after a crash.
_WORTH = {"running": 0, "aborted": 1, "completed": 2, "error": 2}


def _place(recording: schemas.Recording) -> tuple[int, datetime | int]:
    """Return a sort key for the versions of a command; among equal keys the later one counts.

    That holds within one request, of which nothing has been acknowledged yet.

    For a running command, the recorder measures the time of its outputs from its start, so setting
    a clock does not change that order. The end time comes from a wall clock and orders nothing.
    """
    if recording.response is not None:
        return _WORTH[recording.response.status], recording.version
    return 0, normalize.utc(known_until(recording) or recording.request.started)


@implements(api.RECORD_COMMANDS, prepare=_prepare, light=_is_light, together=_TOGETHER)
def record(context: Context, request: schemas.RecordCommands) -> schemas.Recorded:
    """Record commands.

    A new command gets the next number. A known command keeps its number, and what it lacks (outputs
    of a running command, its response, later outputs of a thread) is taken from the same user's
    recording; what is there already stays. A completed command is altered only by a greater version
    with the same status: by its own recorder's later outputs.
    """
    prepared: _Prepared = context.prepared
    identities, kept = prepared
    runners = Runners(context)
    ran = {
        identity: each.runner
        for identity, each in zip(identities, request.commands, strict=True)
        if each.runner is not UNSET
    }
    known = _known(context, kept)
    numbers = {uid: row.number for uid, row in known.items()}
    # In their order, in which followers receive them too.
    for is_known, uids in itertools.groupby(kept, known.__contains__):
        if is_known:
            for uid in uids:
                runners.check_own(known[uid])
                _update(context, known[uid], kept[uid])
        else:
            fresh = list(uids)
            ran_by = {uid: runners.number(ran[uid]) for uid in fresh if uid in ran}
            numbers |= _add(context, fresh, kept, ran_by)
    return schemas.Recorded(numbers=[numbers[identity] for identity in identities])


def _known(context: Context, prepared: dict[str, PreparedCommand]) -> dict[str, Any]:
    uids = [*prepared, *(each.id for each in prepared.values())]
    rows = _KNOWN.rows(context.connection, session_id=context.session.id, uids=uids)
    found = {row.uid: row for row in rows}
    known = {}
    for uid, each in prepared.items():
        row = found.get(uid)
        if row is None and (before := found.get(each.id)) is not None:
            row = before if _is_same(before, each) else None
        if row is not None:
            known[uid] = row
    return known


def _is_same(row: Any, prepared: PreparedCommand) -> bool:
    """Return whether a row of an earlier version, with the same id, is of this command."""
    asked = prepared.columns
    if not prepared.keyed and row.started != asked["started"]:
        return False
    source = row.source, row.source_blob
    return row.forgotten or source == (asked["source"], asked["source_blob"])


def _add(
    context: Context, uids: list[str], prepared: dict[str, PreparedCommand], ran_by: dict[str, int]
) -> dict[str, int]:
    session = context.session
    numbers = dict(zip(uids, itertools.count(session.commands + 1), strict=False))
    name_blobs(context, (blob for uid in uids for blob in prepared[uid].blobs))
    of_all = {
        "session_id": session.id,
        "user_id": context.principal.user_id,
        "real_user_id": context.principal.real_user_id,
    }
    rows = [
        {
            **prepared[uid].columns,
            **of_all,
            "id": number_in(session.id, number),
            "number": number,
            "user_id": ran_by.get(uid, of_all["user_id"]),
        }
        for uid, number in numbers.items()
    ]
    _INSERT.run(context.connection, rows)
    search.index(context.transaction, {row["id"]: prepared[row["uid"]].searched for row in rows})
    session.change(commands=session.commands + len(rows))
    sources = [row["source"] for row in rows if not row["managing"]]
    if sources:
        session.change(last_command=sources[-1][:_LAST_COMMAND])
    for kind, group in itertools.groupby(rows, lambda row: _kind(row["status"])):
        events.append(context, kind, *({"number": row["number"]} for row in group))
    return numbers


def _kind(status: str) -> str:
    return "command.started" if status == "running" else "command.recorded"


def _update(context: Context, row: Any, prepared: PreparedCommand) -> None:
    """Complete a running command, or store its recorder's later outputs."""
    columns = prepared.columns
    if row.forgotten or not _is_newer(prepared, row):
        return
    completed = row.status == "running" and columns["status"] != "running"
    name_blobs(context, prepared.blobs)
    # The request is final; only the response may still grow.
    columns = {name: value for name, value in columns.items() if name not in _REQUEST_FIELDS}
    context.connection.execute(update(commands).where(commands.c.id == row.id).values(columns))
    search.forget(context.transaction, [row.id])
    search.index(context.transaction, {row.id: prepared.searched})
    kind = "command.recorded" if completed else "command.updated"
    events.append(context, kind, {"number": row.number})


def _is_newer(prepared: PreparedCommand, row: Any) -> bool:
    """Return whether a recording has news of a command, rather than older or less reliable data.

    Ended commands are not compared by a clock, but by the versions that their recorder counts.
    """
    columns = prepared.columns
    worth, known = _WORTH[columns["status"]], _WORTH[row.status]
    if known == _WORTH["completed"]:
        # It was acknowledged as complete: only its own recorder knows of later outputs.
        if columns["status"] != row.status or columns["version"] <= row.version:
            return False
    elif worth != known:
        # Who chose the id by hand has said how the command ended, and has not guessed it.
        settled = prepared.keyed and not columns["version"] and known == _WORTH["aborted"]
        return worth > known and not settled
    elif worth == _WORTH["running"]:
        until = columns["finished"]
        # Both times are measured from the same start by the same recorder; see `_place`.
        if until is None or (row.finished is not None and until < row.finished):
            return False
    elif prepared.keyed or columns["size"] <= row.size:
        return False  # it is unknown which guess is later, so the fuller one stays
    return any(columns[name] != getattr(row, name) for name in _CHANGING)


def name_blobs(context: Context, stored: Iterable[Blob]) -> None:
    """Insert rows for stored blobs, so that other rows can refer to them."""
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
