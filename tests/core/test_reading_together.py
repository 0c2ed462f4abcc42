"""Several operations in one transaction: each checked as if it came alone, all of one state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from jupyter_sessions import api, errors, schemas
from tests.conftest import Store
from tests.core.asking import join, publish, record, recorded


@contextmanager
def counted(store: Store) -> Iterator[Callable[[], int]]:
    """Count the transactions that begin meanwhile."""
    begun: list[Any] = []
    engines = store.dispatcher.database._engines
    watched = {engines.reader, engines.writer}

    def begin(connection: Any) -> None:
        begun.append(connection)

    for engine in watched:
        event.listen(engine, "begin", begin)
    try:
        yield lambda: len(begun)
    finally:
        for engine in watched:
            event.remove(engine, "begin", begin)


def together(store: Store, who: str, *requests: tuple[Any, Any]) -> list[Any]:
    return store.dispatcher.read_together(requests, store.credentials(who)).result()


def test_what_is_read_together_is_one_transaction(store: Store) -> None:
    code = store.new().code
    record(store, code, recorded(store, "1"))
    named = schemas.SessionNamed(code=code)
    asked = (api.GET_SESSION, named), (api.LIST_COMMANDS, schemas.ListCommands(code=code))
    with counted(store) as transactions:
        session, page = together(store, "root", *asked)
        assert transactions() == 1
    assert session == store.call("root", api.GET_SESSION, named)
    assert [each.number for each in page.items] == [1]


def test_each_is_refused_as_if_it_came_alone(store: Store) -> None:
    join(store, "ann", "bob")
    mine, theirs = store.new("ann").code, store.new("bob").code
    store.grant(mine, "bob", "read", by="ann")
    asked = [
        (api.GET_SESSION, schemas.SessionNamed(code=mine)),
        (api.GET_SESSION, schemas.SessionNamed(code=theirs)),
        (api.LIST_INVITATIONS, schemas.ListInvitations(code=mine)),
        (api.LIST_ACCOUNTS, schemas.ListAccounts()),
        (api.GET_COMMAND, schemas.CommandNamed(code=mine, number=7)),
    ]
    for who in ("ann", "bob", "nobody"):
        for (operation, request), found in zip(asked, together(store, who, *asked), strict=True):
            try:
                alone: Any = store.call(who, operation, request)
            except errors.SessionsError as error:
                alone = error
            if isinstance(alone, errors.SessionsError):
                assert (type(found), found.message) == (type(alone), alone.message)
            else:
                assert found == alone


def test_of_what_writes_only_the_check_is_performed(store: Store) -> None:
    join(store, "ann", "bob")
    code = store.new("ann").code
    store.grant(code, "bob", "read", by="ann")
    closing = api.CLOSE_SESSION, schemas.SessionNamed(code=code)
    assert together(store, "ann", closing) == [None]
    (refusal,) = together(store, "bob", closing)
    assert isinstance(refusal, errors.RoleMissing)
    assert store.call("ann", api.GET_SESSION, schemas.SessionNamed(code=code)).state == "active"


def test_the_default_session_is_known_by_that_name(store: Store) -> None:
    join(store, "ann")
    named = schemas.SessionNamed(code="default")
    session, members = together(store, "ann", (api.GET_SESSION, named), (api.LIST_MEMBERS, named))
    assert session.default
    assert [each.user for each in members.members] == ["ann"]


def test_an_upload_is_admitted_before_its_content_and_in_its_transaction_and_not_between(
    store: Store,
) -> None:
    code = store.new().code
    credentials = store.credentials("root")
    request = schemas.PublishFile(code=code, path="x.txt")
    with counted(store) as transactions:
        writer = store.dispatcher.open_upload(api.PUBLISH_FILE, request, credentials).result()
        assert transactions() == 1
        writer.write(b"content")
        store.dispatcher.submit(api.PUBLISH_FILE, request, credentials, upload=writer).result()
        assert transactions() == 2


@pytest.mark.parametrize("who", ["reader", "stranger", "nobody"])
def test_no_upload_is_opened_for_who_may_not_publish(store: Store, who: str) -> None:
    join(store, "reader", "stranger")
    code = store.new().code
    store.grant(code, "reader", "read")
    request = schemas.PublishFile(code=code, path="x.txt")
    opening = store.dispatcher.open_upload(api.PUBLISH_FILE, request, store.credentials(who))
    expected = {"reader": errors.RoleMissing, "stranger": errors.NoSuchSession}
    with pytest.raises(expected.get(who, errors.NotLoggedIn)):
        opening.result()


def test_whoever_loses_the_role_during_an_upload_publishes_nothing(store: Store) -> None:
    join(store, "ann")
    code = store.new().code
    store.grant(code, "ann", "write")
    request = schemas.PublishFile(code=code, path="x.txt")
    credentials = store.credentials("ann")
    writer = store.dispatcher.open_upload(api.PUBLISH_FILE, request, credentials).result()
    writer.write(b"content")
    store.call("root", api.REVOKE_ROLES, schemas.RevokeRoles(code=code, users=["ann"]))
    publishing = store.dispatcher.submit(api.PUBLISH_FILE, request, credentials, upload=writer)
    with pytest.raises(errors.NoSuchSession):
        publishing.result()
    assert store.call("root", api.GET_SESSION, schemas.SessionNamed(code=code)).files == 0


def test_a_session_counts_its_published_files(store: Store) -> None:
    join(store, "ann")
    code, other = store.new("ann").code, store.new("ann").code
    publish(store, code, "a.txt", "b/c.txt", "b/d.txt", by="ann")
    listed = store.call("ann", api.LIST_SESSIONS, schemas.ListSessions())
    assert {each.code: each.files for each in listed.items} == {code: 3, other: 0}


def test_a_file_names_its_page_where_a_server_shows_the_store(store: Store) -> None:
    code = store.new().code
    asked = schemas.PublishFile(code=code, path="a b/c.txt")
    assert store.call("root", api.PUBLISH_FILE, asked, upload=b"x").url is None
    server = "https://example.org/hub"
    published = store.call("root", api.PUBLISH_FILE, asked, upload=b"x", server=server)
    assert published.url == f"{server}/sessions/{code}/experiment/files/a%20b/c.txt"
    listed = store.call("root", api.LIST_FILES, schemas.ListFiles(code=code), server=server)
    assert [each.url for each in listed.items] == [published.url.removesuffix("/c.txt")]
