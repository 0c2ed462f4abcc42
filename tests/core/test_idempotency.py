"""Requests that are sent again by an idempotency key: answered as the first time, done once."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.types import KeyHolder
from jupyter_sessions.store.tables import done_requests
from tests.conftest import PASSWORD, Store
from tests.core.asking import counted, do, join, log, refused


def new_key() -> str:
    return secrets.token_urlsafe(24)


def keyed(store: Store, who: str, operation: Any, key: str, **fields: Any) -> Any:
    upload = {"upload": fields.pop("upload")} if "upload" in fields else {}
    request = operation.request(**fields)
    return store.call(who, operation, request, idempotency_key=key, **upload)


def test_a_session_that_is_asked_for_twice_by_one_key_is_made_once(store):
    key = new_key()
    first = keyed(store, "root", api.CREATE_SESSION, key, label="One")
    again = keyed(store, "root", api.CREATE_SESSION, key, label="One")
    assert again == first
    assert keyed(store, "root", api.CREATE_SESSION, new_key(), label="One").code != first.code
    assert len(do(store, "root", api.LIST_SESSIONS).items) == 2


def test_a_key_for_another_request_is_a_conflict_and_changes_nothing(store):
    key = new_key()
    keyed(store, "root", api.CREATE_SESSION, key, label="One")
    with refused(errors.Conflict, match="Idempotency-Key"):
        keyed(store, "root", api.CREATE_SESSION, key, label="Two")
    assert len(do(store, "root", api.LIST_SESSIONS).items) == 1


def test_a_key_is_of_one_person_and_one_operation(store):
    join(store, "ann", "bob")
    key = new_key()
    codes = {keyed(store, who, api.CREATE_SESSION, key).code for who in ("ann", "bob")}
    assert len(codes) == 2
    assert keyed(store, "root", api.ADD_GROUP, key, name="lab").name == "lab"


def test_a_request_that_failed_is_done_when_it_is_sent_again(store, code):
    join(store, "bob")
    key = new_key()
    with refused(errors.NoSuchSession):
        keyed(store, "bob", api.UPDATE_SESSION, key, code=code, label="Bob's")
    store.grant(code, "bob", "write")
    assert keyed(store, "bob", api.UPDATE_SESSION, key, code=code, label="Bob's").label == "Bob's"


def test_what_can_be_done_once_only_is_answered_again(store, code):
    join(store, "bob")
    grants = [schemas.Grant(user="bob", roles=["read"])]
    for operation, fields in (
        (api.GRANT_ROLES, {"grants": grants}),
        (api.REVOKE_ROLES, {"users": ["bob"]}),
        (api.PUBLISH_FILE, {"path": "x", "upload": b"content"}),
        (api.UNPUBLISH_FILE, {"path": "x"}),
        (api.TRANSFER_SESSION, {"user": "bob"}),
    ):
        key = new_key()
        first = keyed(store, "root", operation, key, code=code, **fields)
        events = len(log(store, code, "bob")) if operation is api.TRANSFER_SESSION else None
        assert keyed(store, "root", operation, key, code=code, **fields) == first
        if events is not None:
            assert len(log(store, code, "bob")) == events
    key = new_key()
    first = keyed(store, "bob", api.REMOVE_SESSION, key, code=code)
    assert keyed(store, "bob", api.REMOVE_SESSION, key, code=code) == first


def test_other_content_under_the_same_key_is_a_conflict(store, code):
    key = new_key()
    keyed(store, "root", api.PUBLISH_FILE, key, code=code, path="x", upload=b"first")
    with refused(errors.Conflict):
        keyed(store, "root", api.PUBLISH_FILE, key, code=code, path="x", upload=b"other")
    file = do(store, "root", api.GET_FILE, code=code, path="x")
    assert file.size == 5


def test_whose_login_has_ended_gets_no_answer_again(store):
    store.add("ann")
    key = new_key()
    keyed(store, "ann", api.CREATE_SESSION, key)
    do(store, "ann", api.LOG_OUT)
    with refused(errors.LoginRevoked):
        keyed(store, "ann", api.CREATE_SESSION, key)


def test_no_secret_is_kept_and_who_asks_again_gets_one_that_works(store, code):
    join(store, "bob")
    key = new_key()
    fields = {"code": code, "roles": ["write"]}
    first = keyed(store, "root", api.INVITE, key, **fields)
    again = keyed(store, "root", api.INVITE, key, **fields)
    assert again.invitation == first.invitation
    assert again.key != first.key
    with refused(errors.InvitationUnusable):
        do(store, "bob", api.JOIN, key=first.key)
    assert do(store, "bob", api.JOIN, key=again.key).changed

    ticket = do(store, "root", api.MAKE_TICKET).ticket
    logins = [keyed(store, "nobody", api.LOG_IN_WITH_TICKET, key, ticket=ticket) for _ in range(2)]
    store.keys["again"] = KeyHolder(logins[1].key)
    assert do(store, "again", api.WHO_AM_I).name == "root"

    keyed(store, "root", api.ADD_ACCOUNT, key, name="cleo", password=PASSWORD)
    rows = store.dispatcher.database.read(
        lambda tx: tx.connection.execute(select(done_requests)).all()
    ).result()
    kept = str(rows)
    for secret in (key, first.key, again.key, ticket, PASSWORD, *(each.key for each in logins)):
        assert secret not in kept


def test_what_was_ended_since_is_not_brought_back(store, code):
    key = new_key()
    made = keyed(store, "root", api.INVITE, key, code=code, roles=["read"])
    do(store, "root", api.UNINVITE, code=code, id=made.invitation.id)
    with refused(errors.Conflict):
        keyed(store, "root", api.INVITE, key, code=code, roles=["read"])


def test_answers_hold_secrets_only_where_they_are_taken_out(store):
    known = {
        schemas.NewLogin,
        schemas.NewInvitation,
        schemas.Entered,
        schemas.Ticket,
        schemas.LoginLink,
    }

    def secret_ones(kind: Any) -> set[Any]:
        if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
            return set()
        fields = msgspec.structs.fields(kind)
        own = {kind} if {"key", "ticket"} & {field.name for field in fields} else set()
        return own.union(*(secret_ones(field.type) for field in fields))

    for operation in api.OPERATIONS.values():
        found = secret_ones(operation.answer)
        assert found <= known, operation.name
        if found & {schemas.Ticket, schemas.LoginLink}:
            assert not operation.keyed, operation.name


def test_the_same_request_that_comes_many_times_at_once_is_done_once(store):
    key = new_key()
    with ThreadPoolExecutor(8) as threads:
        made = list(
            threads.map(
                lambda _: keyed(store, "root", api.CREATE_SESSION, key, label="x").code, range(24)
            )
        )
    assert len(set(made)) == 1
    assert counted(store, done_requests) == {"done_requests": 1}


@pytest.mark.parametrize("key", ["", "short", "x" * 201, "not\nof plain text at all", "é" * 20])
def test_a_key_that_could_be_guessed_is_refused(store, key):
    with refused(errors.BadRequest, match="Idempotency-Key"):
        keyed(store, "root", api.CREATE_SESSION, key)


def test_answers_are_kept_for_a_day(store):
    key = new_key()
    first = keyed(store, "root", api.CREATE_SESSION, key)
    store.clock.forward(hours=23)
    store.dispatcher.tidy()
    assert keyed(store, "root", api.CREATE_SESSION, key) == first
    store.clock.forward(hours=2)
    store.dispatcher.tidy()
    assert counted(store, done_requests) == {"done_requests": 0}
