"""Publish, list, download and remove files by path; the path is data, not a place on disk."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, delete, func, insert, select, update

from jupyter_sessions import api, schemas
from jupyter_sessions.core import normalize, pagination
from jupyter_sessions.core.context import Context
from jupyter_sessions.core.history.recording import name_blobs
from jupyter_sessions.core.registry import implements
from jupyter_sessions.core.sessions import events
from jupyter_sessions.errors import BadName, BadRequest, Conflict, NotFound
from jupyter_sessions.names import fold_name
from jupyter_sessions.store.blobs import Blob
from jupyter_sessions.store.tables import blobs, files, users
from jupyter_sessions.urls import build_file_url, build_session_url

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_FOLDER = "inode/directory"
_UNKNOWN = "application/octet-stream"
# Extensions that Python's table lacks or that systems disagree on.
_TYPES = {
    ".ipynb": "application/x-ipynb+json",
    ".parquet": "application/vnd.apache.parquet",
    ".nc": "application/x-netcdf",
    ".md": "text/markdown",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".py": "text/x-python",
    ".r": "text/x-r",
    ".jl": "text/x-julia",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".toml": "application/toml",
    ".npy": "application/x-npy",
    ".webp": "image/webp",
    ".js": "text/javascript",
    ".log": "text/plain",
}

_FILE: Select[Any] = (
    select(files, users.c.name.label("publisher"), blobs.c.encoding)
    .join(users, users.c.id == files.c.publisher_id)
    .join(blobs, blobs.c.sha256 == files.c.sha256)
)


def media_type(path: str) -> str:
    """Guess a file's media type from its extension, never from its content."""
    ending = "." + path.rpartition(".")[2].lower()
    return _TYPES.get(ending) or mimetypes.guess_type(path, strict=False)[0] or _UNKNOWN


def _file(context: Context, row: Row[Any]) -> schemas.File:
    return schemas.File(
        path=row.path,
        name=row.path.rpartition("/")[2],
        folder=False,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        publisher=row.publisher,
        published=row.published,
        command=row.command,
        url=_url(context, row.path),
    )


def _url(context: Context, path: str) -> str | None:
    if context.server is None or context.open_session is None:
        return None
    return build_file_url(build_session_url(context.server, context.session.code), path)


def is_below(folder: str) -> Any:
    """Return the condition for `files` below a folder (case-folded, without a final slash)."""
    # "0" follows "/" in every collation by code point, which both databases use here.
    return and_(files.c.folded > f"{folder}/", files.c.folded < f"{folder}0")


def find(context: Context, path: str) -> tuple[schemas.File, Blob]:
    """Return a published file and its blob.

    Raises
    ------
    NotFound
        If nothing is published under that path.
    """
    row = context.connection.execute(
        _FILE.add_columns(blobs.c.digests).where(
            files.c.session_id == context.session.id,
            files.c.folded == fold_name(normalize.path(path)),
        )
    ).one_or_none()
    if row is None:
        raise NotFound(
            f"There is no published file {path!r} in this session.",
            hint="It may have been unpublished. To list the files, run `files`.",
        )
    by = "" if row.command is None else f" (published by command {row.command})"
    used_as = f"{row.path!r} in session {context.session.code}{by}"
    return _file(context, row), Blob(row.sha256, row.size, row.encoding, row.digests, used_as)


@implements(api.GET_FILE)
def get(context: Context, request: schemas.FileNamed) -> schemas.File:
    """Show the attributes of a file."""
    return find(context, request.path)[0]


@implements(api.DOWNLOAD_FILE)
def download(context: Context, request: schemas.FileNamed) -> tuple[schemas.File, Blob]:
    """Find a file's content; the transport streams it."""
    return find(context, request.path)


@implements(api.LIST_FILES)
def list_files(context: Context, request: schemas.ListFiles) -> schemas.Page[schemas.File]:
    """List a folder, files and folders together by name, or all files below it."""
    folder = fold_name(normalize.path(request.folder)) if request.folder else ""
    after = pagination.name(request.after or "")
    entries = _deep if request.deep else _children
    found: list[tuple[schemas.File, str]] = []
    for entry, cursor in entries(context, folder, after, request.limit + 1):
        if len(found) == request.limit:
            return schemas.Page(items=[entry for entry, _ in found], next=found[-1][1])
        found.append((entry, cursor))
    if not found and folder and not after:
        raise NotFound(
            f"The web space has no folder {request.folder!r}.", hint="To list them, run `files`."
        )
    return schemas.Page(items=[entry for entry, _ in found])


def _in_folder(context: Context, folder: str) -> Select[Any]:
    statement = _FILE.where(files.c.session_id == context.session.id).order_by(files.c.folded)
    return statement.where(is_below(folder)) if folder else statement


def _past(after: str) -> ColumnElement[bool]:
    """Return the condition for `files` after a file, or after a folder (with a final slash)."""
    if after.endswith("/"):
        return files.c.folded >= f"{after[:-1]}0"
    return files.c.folded > after


def _deep(
    context: Context, folder: str, after: str, limit: int
) -> Iterator[tuple[schemas.File, str]]:
    statement = _in_folder(context, folder).where(_past(after)).limit(limit)
    for row in context.connection.execute(statement):
        yield _file(context, row), row.folded


def _children(
    context: Context, folder: str, after: str, limit: int
) -> Iterator[tuple[schemas.File, str]]:
    """Yield a folder's children, skipping the content of its folders."""
    prefix = f"{folder}/" if folder else ""
    depth = len(prefix)
    rows: list[Row[Any]] = []
    while True:
        if not rows:
            statement = _in_folder(context, folder).where(_past(after)).limit(limit)
            rows = list(context.connection.execute(statement))
            if not rows:
                return
        row = rows.pop(0)
        if after.endswith("/") and row.folded.startswith(after):
            continue
        name, slash, _ = row.folded[depth:].partition("/")
        after = f"{prefix}{name}/" if slash else row.folded
        yield (_folder(context, row, f"{prefix}{name}") if slash else _file(context, row)), after


def _folder(context: Context, first: Row[Any], folded: str) -> schemas.File:
    totals = context.connection.execute(
        select(
            func.count().label("files"),
            func.sum(files.c.size).label("size"),
            func.max(files.c.published).label("published"),
            func.count(files.c.publisher_id.distinct()).label("publishers"),
            func.count(files.c.command).label("from_commands"),
            func.min(files.c.command).label("first"),
            func.max(files.c.command).label("last"),
        )
        .where(files.c.session_id == context.session.id)
        .where(is_below(folded))
    ).one()
    same = totals.from_commands == totals.files and totals.first == totals.last
    path = "/".join(first.path.split("/")[: folded.count("/") + 1])
    return schemas.File(
        path=path,
        name=path.rpartition("/")[2],
        folder=True,
        media_type=_FOLDER,
        size=int(totals.size),
        sha256="",
        publisher=first.publisher if totals.publishers == 1 else "",
        published=totals.published,
        command=totals.first if same else None,
        files=totals.files,
        url=_url(context, path),
    )


@implements(api.PUBLISH_FILE)
def publish(context: Context, request: schemas.PublishFile) -> schemas.File:
    """Publish the uploaded content under a path, replacing an existing file."""
    if context.upload is None:
        raise BadRequest(
            "The request has no content to publish.", hint="Send it as the request's body."
        )
    path = normalize.path(request.path)
    if request.command is not None and request.command > context.session.commands:
        raise NotFound(
            f"The session has no command {request.command}.",
            hint="Name the command that made the file, or leave it out.",
        )
    folded = fold_name(path)
    existing = _check_place(context, path, folded)
    name_blobs(context, [context.upload])
    values = {
        "media_type": _checked_type(request.media_type) or media_type(path),
        "size": context.upload.size,
        "sha256": context.upload.sha256,
        "publisher_id": context.principal.user_id,
        "published": context.now,
        "command": request.command,
    }
    if existing is None:
        context.connection.execute(
            insert(files).values(session_id=context.session.id, path=path, folded=folded, **values)
        )
    else:
        context.connection.execute(update(files).where(files.c.id == existing.id).values(values))
    told = {"path": path, "size": context.upload.size, "sha256": context.upload.sha256}
    if request.command is not None:
        told["command"] = request.command
    if existing is not None:
        told["replaced"] = existing.sha256
    events.append(context, "file.published", told)
    return find(context, path)[0]


def _check_place(context: Context, path: str, folded: str) -> Row[*tuple[Any, ...]] | None:
    """Return the file at the path; refuse a path that conflicts with others."""
    parents = [folded[:index] for index, letter in enumerate(folded) if letter == "/"]
    rows = context.connection.execute(
        select(files.c.id, files.c.path, files.c.folded, files.c.sha256).where(
            files.c.session_id == context.session.id, files.c.folded.in_([folded, *parents])
        )
    ).all()
    inside = context.connection.execute(
        select(files.c.path)
        .where(files.c.session_id == context.session.id, is_below(folded))
        .limit(1)
    ).scalar()
    if inside is not None:
        raise Conflict(
            f"{path!r} is a folder: it holds {inside!r}.", hint="Publish it under another path."
        )
    for row in rows:
        if row.folded != folded:
            raise Conflict(
                f"{row.path!r} is a file, so nothing can be published in it.",
                hint="Publish it under another path, or unpublish the file first.",
            )
        if row.path != path:
            raise Conflict(
                f"{path!r} is too similar to {row.path!r}, which is published already.",
                hint="To replace it, use exactly its name. Otherwise choose a name "
                "that differs more.",
            )
    return rows[0] if rows else None


def _checked_type(media_type: str) -> str:
    media_type = media_type.partition(";")[0].strip().lower()
    if media_type and not _MEDIA_TYPE.fullmatch(media_type):
        raise BadName(f"{media_type!r} is not a valid media type.", hint="Write it like image/png.")
    return media_type


@implements(api.UNPUBLISH_FILE)
def unpublish(context: Context, request: schemas.FileNamed) -> schemas.Unpublished:
    """Remove a file, or a folder with its content, from the web space."""
    folded = fold_name(normalize.path(request.path))
    in_session = files.c.session_id == context.session.id
    where = and_(in_session, (files.c.folded == folded) | is_below(folded))
    gone = context.connection.execute(
        select(files.c.path, files.c.sha256).where(where).order_by(files.c.folded)
    ).all()
    if not gone:
        raise NotFound(
            f"There is no published file {request.path!r} in this session.",
            hint="To list the files, run `files`.",
        )
    context.connection.execute(delete(files).where(where))
    events.append(
        context, "file.unpublished", *({"path": row.path, "sha256": row.sha256} for row in gone)
    )
    return schemas.Unpublished(paths=[row.path for row in gone])
