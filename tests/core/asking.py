"""Short ways to ask a `Store` for what the tests of the core ask all the time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.types import Identified
from tests.conftest import Store, recording


def do(
    store: Store, who: str, operation: api.Operation, *, upload: Any = None, **fields: Any
) -> Any:
    """Do an operation as someone, with the request's fields as keywords."""
    more = {} if upload is None else {"upload": upload}
    return store.call(who, operation, operation.request(**fields), **more)


def refused(error: type[errors.SessionsError], match: str | None = None) -> Any:
    """Expect exactly this failure, with a hint that says what to do next."""

    def exactly(raised: errors.SessionsError) -> bool:
        return type(raised) is error and bool(raised.message) and bool(raised.hint)

    return pytest.RaisesExc(error, match=match, check=exactly)


def join(store: Store, *names: str) -> None:
    """Have people in the store, whom an identity provider vouches for: without passwords, fast."""
    for name in names:
        store.keys[name] = Identified(name)
        do(store, name, api.MAKE_TICKET)


def members(store: Store, code: str, by: str = "root") -> dict[str, list[str]]:
    """Return who is in a session, with their roles, in the order told."""
    found = do(store, by, api.LIST_MEMBERS, code=code).members
    return {member.user: list(member.roles) for member in found}


def commands(
    store: Store, code: str, by: str = "root", **query: Any
) -> list[schemas.CommandSummary]:
    """Return a page of the history."""
    return list(do(store, by, api.LIST_COMMANDS, code=code, **query).items)


def command(store: Store, code: str, number: int, by: str = "root") -> schemas.Command:
    """Return a whole command."""
    answer: schemas.Command = do(store, by, api.GET_COMMAND, code=code, number=number)
    return answer


def record(store: Store, code: str, *recordings: schemas.Recording, by: str = "root") -> list[int]:
    """Record these, in one request."""
    return list(do(store, by, api.RECORD_COMMANDS, code=code, commands=list(recordings)).numbers)


def recorded(
    store: Store, source: str = "1", *, later: float = 0, **more: Any
) -> schemas.Recording:
    """Make a recording as of now, or of some seconds `later`."""
    return recording(source, at=store.clock() + timedelta(seconds=later), **more)


def running(
    store: Store, uid: str, source: str = "1", *outputs: schemas.Output, after: float = 0
) -> schemas.Recording:
    """Make a recording of a command that still runs, with what it put out `after` some seconds."""
    now = store.clock()
    so_far = None
    if outputs or after:
        so_far = schemas.SoFar(outputs=list(outputs), until=now + timedelta(seconds=after))
    request = schemas.CommandRequest(source=source, started=now)
    return schemas.Recording(id=uid, request=request, so_far=so_far)


def publish(
    store: Store, code: str, *paths: str, content: bytes = b"x", by: str = "root", **more: Any
) -> list[schemas.File]:
    """Publish the same content under each path."""
    return [
        do(store, by, api.PUBLISH_FILE, upload=content, code=code, path=path, **more)
        for path in paths
    ]


def files(store: Store, code: str, by: str = "root", **query: Any) -> list[str]:
    """Return what one page of a folder's listing shows, folders with a slash behind."""
    page = do(store, by, api.LIST_FILES, code=code, **query)
    return [f"{file.path}/" if file.folder else file.path for file in page.items]


def content(store: Store, code: str, path: str, by: str = "root") -> bytes:
    """Return a published file's content."""
    _, blob = do(store, by, api.DOWNLOAD_FILE, code=code, path=path)
    return store.dispatcher.blobs.read(blob)


def log(store: Store, code: str, by: str = "root") -> list[schemas.Event]:
    """Return a session's whole log."""
    return list(do(store, by, api.LIST_EVENTS, code=code, limit=500).items)


def pages(ask: Callable[[str | None], schemas.Page[Any]]) -> list[list[Any]]:
    """Turn all pages of a list; `ask` gets each page's ``after``."""
    found, after = [], None
    while True:
        page = ask(after)
        found.append(list(page.items))
        after = page.next
        if after is None:
            return found
        assert page.items, "an empty page promises more"


def counted(store: Store, *tables: Any) -> dict[str, int]:
    """Return how many rows tables have, straight from the database."""

    def count(connection: Connection) -> dict[str, int]:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables
        }

    return store.dispatcher.database.read(lambda tx: count(tx.connection)).result()
