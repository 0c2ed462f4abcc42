"""List, filter, search, show and forget recorded commands."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Integer, Row, Select, bindparam, select, update

from jupyter_sessions import api, schemas
from jupyter_sessions.core import normalize, pagination
from jupyter_sessions.core.accounts import users
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.damage import Damage
from jupyter_sessions.core.history import summaries
from jupyter_sessions.core.history.encoded import NOTHING, declare, split
from jupyter_sessions.core.history.outputs import check_texts, unpack
from jupyter_sessions.core.registry import implements
from jupyter_sessions.core.sessions import events
from jupyter_sessions.core.sessions.members import read_members as every_member
from jupyter_sessions.core.sessions.sessions import answer
from jupyter_sessions.errors import ContentDamaged, NotFound
from jupyter_sessions.store import search
from jupyter_sessions.store.blobs import Blob
from jupyter_sessions.store.statements import CompiledStatement
from jupyter_sessions.store.tables import blobs, commands
from jupyter_sessions.store.types import number_in, rows_in

_SOURCES = blobs.alias("sources")
_OUTPUTS = blobs.alias("outputs")

_SELECT_COMMAND: Select[Any] = (
    summaries.SUMMARY.add_columns(
        commands.c.kernel,
        commands.c.finished,
        commands.c.version,
        commands.c.outputs,
        commands.c.source_blob.label("source_sha"),
        _SOURCES.c.size.label("source_size"),
        _SOURCES.c.encoding.label("source_encoding"),
        commands.c.outputs_blob.label("outputs_sha"),
        _OUTPUTS.c.size.label("outputs_size"),
        _OUTPUTS.c.encoding.label("outputs_encoding"),
    )
    .outerjoin(_SOURCES, _SOURCES.c.sha256 == commands.c.source_blob)
    .outerjoin(_OUTPUTS, _OUTPUTS.c.sha256 == commands.c.outputs_blob)
)


def build_command(row: Row[Any], context: Context) -> schemas.Command:
    """Return the whole command for a row of `_SELECT_COMMAND`, reading its blobs.

    Its outputs are JSON; see `core.history.encoded`.

    Raises
    ------
    ContentDamaged, NotFound
        If its source or outputs differ from what was recorded, or do not exist.
    """
    summary = summaries.summary(row, context.services.damage)
    if row.forgotten:
        return schemas.Command(summary=summary, request=None, response=None)
    request = _request(row, _read_source(row, context))
    outputs = _read_outputs(row, context)
    if row.status == "running":
        so_far = None
        if row.finished:
            so_far = schemas.SoFar(outputs=declare(outputs), until=row.finished)
        return schemas.Command(summary=summary, request=request, response=None, so_far=so_far)
    response = _response(row, outputs, row.note)
    return schemas.Command(summary=summary, request=request, response=response)


def split_outputs(row: Row[Any], context: Context) -> list[msgspec.Raw]:
    """Return the JSON of each output of such a row; see `build_command` for errors."""
    return [] if row.forgotten else split(_read_outputs(row, context))


def _read_source(row: Any, context: Context) -> str:
    used_as = f"the source of command {row.number} in session {context.session.code}"
    check_texts(row.checksum, row.source, row.preview, used_as)
    blob = _blob(row, "source", used_as)
    return context.services.blobs.read(blob).decode() if blob else str(row.source)


def _read_outputs(row: Any, context: Context) -> msgspec.Raw:
    used_as = f"the outputs of command {row.number} in session {context.session.code}"
    blob = _blob(row, "outputs", used_as)
    try:
        return unpack(row.outputs, row.size, blob, context.services.blobs, used_as)
    except ContentDamaged:
        if blob is None:  # damage to blobs is noted where they are read
            context.services.damage.add(Damage("outputs", row.id))
        raise


def _build_command_or_note(row: Row[Any], context: Context) -> schemas.Command:
    """Return the command for a row; if its content is damaged, without outputs and with a note."""
    try:
        return build_command(row, context)
    except (ContentDamaged, NotFound) as failure:
        summary = summaries.summary(row, context.services.damage)
        response = _response(row, NOTHING, f"{row.note} {failure.message}".strip())
        return schemas.Command(
            summary=summary, request=_request(row, summary.source), response=response
        )


def _request(row: Row[Any], source: str) -> schemas.CommandRequest:
    return schemas.CommandRequest(
        source=source,
        started=row.started,
        language=row.language,
        kernel=row.kernel,
        notebook=row.notebook,
        execution_count=row.execution_count,
    )


def _response(row: Row[Any], outputs: msgspec.Raw, note: str) -> schemas.CommandResponse:
    return schemas.CommandResponse(
        status=row.status,
        outputs=declare(outputs),
        finished=row.finished,
        duration=row.duration,
        note=note,
    )


def _blob(row: Any, name: str, used_as: str) -> Blob | None:
    sha256 = getattr(row, f"{name}_sha")
    if sha256 is None:
        return None
    size, encoding = getattr(row, f"{name}_size"), getattr(row, f"{name}_encoding")
    return Blob(sha256, size, encoding, used_as=used_as)


def find(connection: Connection, session_id: int, number: int) -> Row[Any]:
    """Return the row of a command.

    Raises
    ------
    NotFound
        If the session has no command with that number.
    """
    row = connection.execute(
        _SELECT_COMMAND.where(commands.c.id == number_in(session_id, number))
    ).one_or_none()
    if row is None:
        raise NotFound(f"The session has no command {number}.", hint="To list them, run `history`.")
    return row


_FILTERS = {
    "user": commands.c.user_id == bindparam("user"),
    "status": commands.c.status == bindparam("status"),
    "since": commands.c.started >= bindparam("since"),
    "until": commands.c.started < bindparam("until"),
    "managing": commands.c.managing == bindparam("managing"),
}


def _wanted(context: Context, request: schemas.ListCommands) -> dict[str, Any]:
    """Return the values of the filters in a request."""
    wanted: dict[str, Any] = {}
    if request.user is not None:
        user = users.find(context.connection, request.user)
        wanted["user"] = user.id if user else 0
    if request.status is not None:
        wanted["status"] = request.status
    if request.since is not None:
        wanted["since"] = normalize.utc(request.since)
    if request.until is not None:
        wanted["until"] = normalize.utc(request.until)
    if not request.managing:
        wanted["managing"] = False
    return wanted


@cache
def _page_statement(newest: bool, filters: frozenset[str], full: bool) -> Select[Any]:
    return (
        (_SELECT_COMMAND if full else summaries.SUMMARY)
        .where(commands.c.id.between(bindparam("first"), bindparam("last")))
        .where(*(_FILTERS[name] for name in sorted(filters)))
        .order_by(commands.c.id.desc() if newest else commands.c.id)
        .limit(bindparam("rows", type_=Integer))
    )


@cache
def _page(newest: bool, filters: frozenset[str], full: bool = False) -> CompiledStatement:
    return CompiledStatement(_page_statement(newest, filters, full))


@implements(api.LIST_COMMANDS, costly=lambda request: bool(request.search))
def list_commands(
    context: Context, request: schemas.ListCommands
) -> schemas.Page[schemas.CommandSummary]:
    """List a page of the history."""
    newest = request.order == "newest"
    span = rows_in(context.session.id)
    if request.after is not None:
        (end,) = pagination.read(request.after, 1)
        span = rows_in(context.session.id, **{"before" if newest else "after": end})
    wanted = _wanted(context, request)
    values = {"first": span.first, "last": span.last, "rows": request.limit + 1, **wanted}
    filters = frozenset(wanted)
    budget = request.outputs_budget
    rows: Sequence[Any]
    if request.search:
        condition = search.found(context.transaction, span, request.search)
        if condition is None:
            return schemas.Page(items=[])
        statement = _page_statement(newest, filters, budget > 0).where(condition)
        rows = context.connection.execute(statement, values).all()
    else:
        rows = _page(newest, filters, budget > 0).rows(context.connection, **values)
    page = rows[: request.limit]
    return schemas.Page(
        items=_with_outputs(page, context, budget)
        if budget
        else [summaries.summary(row, context.services.damage) for row in page],
        next=pagination.write(page[-1].number) if len(rows) > request.limit else None,
    )


def _with_outputs(
    rows: Sequence[Any], context: Context, budget: int
) -> list[schemas.CommandSummary]:
    """Return the summaries for rows of `_SELECT_COMMAND`, with the content of those that fit."""
    listed = []
    for row in rows:
        shown = summaries.summary(row, context.services.damage)
        size = row.size + (row.source_size or 0)
        if not row.forgotten and size <= budget:
            # Damaged content does not hide the rest of the page; `get` explains it.
            with suppress(ContentDamaged, NotFound):
                source, outputs = _read_source(row, context), _read_outputs(row, context)
                shown.source, shown.source_cut = source, False
                shown.output_list = declare(outputs)
                budget -= size
        listed.append(shown)
    return listed


@implements(api.GET_COMMAND)
def get(context: Context, request: schemas.CommandNamed) -> schemas.Command:
    """Show a command with its recorded outputs."""
    row = find(context.connection, context.session.id, request.number)
    return build_command(row, context)


def _last(context: Context) -> int:
    """Return the number of the newest command that does more than manage sessions."""
    span = rows_in(context.session.id)
    (row,) = _page(True, frozenset({"managing"})).rows(
        context.connection, first=span.first, last=span.last, rows=1, managing=False
    )
    number: int = row.number
    return number


def _author(context: Context, request: schemas.CommandNamed) -> int | None:
    return context.connection.execute(
        select(commands.c.user_id).where(
            commands.c.id == number_in(context.session.id, request.number)
        )
    ).scalar()


@implements(api.FORGET_COMMAND, author=_author)
def forget(context: Context, request: schemas.CommandNamed) -> schemas.CommandSummary:
    """Erase a command's content; the record of who ran it and when stays."""
    row = find(context.connection, context.session.id, request.number)
    if not row.forgotten:
        context.connection.execute(
            update(commands)
            .where(commands.c.id == row.id)
            .values(
                source="",
                source_blob=None,
                preview="",
                checksum=None,
                media="",
                output_count=0,
                size=0,
                outputs=None,
                outputs_blob=None,
                note="",
                notebook="",
                forgotten=True,
            )
        )
        search.forget(context.transaction, [row.id])
        if not row.managing and request.number == _last(context):
            context.session.change(last_command="")
        events.append(context, "command.forgotten", {"number": request.number})
    number, notes = {request.number}, context.services.damage
    shown = summaries.by_number(context.connection, context.session.id, number, notes)
    return shown[request.number]


@implements(api.RESUME_SESSION)
def resume(context: Context, request: schemas.ResumeSession) -> schemas.Resumed:
    """Resume a session: return its attributes, members and last commands."""
    wanted = [] if request.managing else [~commands.c.managing]
    rows = context.connection.execute(
        _SELECT_COMMAND.where(rows_in(context.session.id).holds(commands.c.id), *wanted)
        .order_by(commands.c.id.desc())
        .limit(request.commands)
    ).all()
    events.append(context, "session.resumed", {"agent": request.agent})
    return schemas.Resumed(
        session=answer(context, context.session),
        members=every_member(context),
        commands=[_build_command_or_note(row, context) for row in reversed(rows)],
    )
