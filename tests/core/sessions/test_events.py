"""The log: every change in it, in order, without a gap, for good, and without a secret."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import select

from jupyter_sessions import api, errors
from jupyter_sessions.core.types import KeyHolder
from jupyter_sessions.store import tables
from tests.conftest import PASSWORD
from tests.core.asking import do, join, log, pages, publish, record, recorded, refused, running


def test_every_change_is_told_in_order_without_a_gap(store):
    join(store, "bob", "cleo")
    code = store.new("ann", label="Weather").code
    changes = [
        (api.UPDATE_SESSION, {"label": "Rain"}, "session.described"),
        (api.SET_SESSION_TIMEOUTS, {"lifetime": 100}, "session.timed"),
        (api.DISABLE_SESSION, {}, "session.disabled"),
        (api.ENABLE_SESSION, {}, "session.enabled"),
        (api.RESUME_SESSION, {"agent": "IPython"}, "session.resumed"),
        (api.REMOVE_SESSION, {}, "session.removed"),
        (api.RESTORE_SESSION, {}, "session.restored"),
    ]
    kinds = ["session.created"]
    for operation, fields, kind in changes:
        do(store, "ann", operation, code=code, **fields)
        kinds.append(kind)
    store.grant(code, "bob", "write", by="ann")
    record(store, code, running(store, "u"), by="bob")
    record(store, code, recorded(store, uid="u"), by="bob")
    publish(store, code, "a.txt", by="bob")
    do(store, "bob", api.UNPUBLISH_FILE, code=code, path="a.txt")
    do(store, "bob", api.FORGET_COMMAND, code=code, number=1)
    do(store, "ann", api.REVOKE_ROLES, code=code, users=["bob"])
    do(store, "ann", api.TRANSFER_SESSION, code=code, user="cleo")
    do(store, "cleo", api.CLOSE_SESSION, code=code)
    told = log(store, code, "cleo")
    assert [event.kind for event in told] == [
        *kinds, "member.granted", "command.started", "command.recorded", "file.published",
        "file.unpublished", "command.forgotten", "member.revoked", "session.transferred",
        "session.closed",
    ]  # fmt: skip
    assert [event.number for event in told] == list(range(1, len(told) + 1))
    assert [event.user for event in told[9:14]] == ["bob"] * 5
    assert do(store, "cleo", api.GET_SESSION, code=code).events == len(told)


def test_what_fails_and_what_only_looks_leaves_no_event(store):
    code = store.new("ann").code
    with refused(errors.NotFound):
        do(store, "ann", api.REVOKE_ROLES, code=code, users=["unheard-of"])
    do(store, "ann", api.LIST_COMMANDS, code=code)
    do(store, "ann", api.GET_SESSION, code=code)
    assert [event.kind for event in log(store, code, "ann")] == ["session.created"]


def test_an_event_shows_its_command_as_it_is_now(store):
    code = store.new().code
    record(store, code, running(store, "u", "sleep()"))
    (_, started) = log(store, code)
    assert (started.command.status, started.command.source) == ("running", "sleep()")
    record(store, code, recorded(store, "sleep()", uid="u"))
    assert log(store, code)[1].command.status == "completed"
    do(store, "root", api.FORGET_COMMAND, code=code, number=1)
    assert log(store, code)[1].command.source == ""


@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_all_pages_together_are_the_log(store, order):
    code = store.new().code
    store.record(code, *map(str, range(25)))
    found = pages(
        lambda after: do(
            store, "root", api.LIST_EVENTS, code=code, order=order, limit=10,
            after=after and int(after),
        )
    )  # fmt: skip
    assert [len(page) for page in found] == [10, 10, 6]
    numbers = [event.number for page in found for event in page]
    assert numbers == sorted(range(1, 27), reverse=order == "newest")


def test_sessions_have_logs_of_their_own(store):
    first, second = store.new().code, store.new().code
    store.record(first, "1")
    store.record(second, "1", "2")
    assert [event.number for event in log(store, second)] == [1, 2, 3]
    assert [event.number for event in log(store, first)] == [1, 2]


def test_no_secret_stands_anywhere_in_the_database(store):
    """A canary: what proves who one is must not be found in any column of any table."""
    store.add("bob")
    ticket = do(store, "bob", api.MAKE_TICKET).ticket
    code = store.new("bob").code
    store.record(code, "1", by="bob")
    token = do(store, "bob", api.CREATE_CAPABILITY_URL, code=code, command=1).url.split("/")[3]
    do(store, "bob", api.LOG_OUT)
    credentials = store.keys["bob"]
    assert isinstance(credentials, KeyHolder)
    secrets = [PASSWORD, credentials.key, ticket, token]

    def everything(transaction) -> str:
        rows = [
            row
            for table in tables.metadata.sorted_tables
            for row in transaction.connection.execute(select(table))
        ]
        return repr(rows)

    stored = store.dispatcher.database.read(everything).result()
    assert "argon2" in stored, "the accounts were looked at"
    for secret in secrets:
        assert secret not in stored


def test_what_concerns_accounts_is_told_with_who_did_it(store):
    store.add("bob")
    do(store, "root", api.DISABLE_ACCOUNT, name="bob")
    do(store, "root", api.ENABLE_ACCOUNT, name="bob")

    def everything(transaction) -> list[tuple[str, dict[str, str]]]:
        told = transaction.connection.execute(select(tables.server_events)).all()
        return [(row.kind, msgspec.json.decode(row.data)) for row in told]

    assert store.dispatcher.database.read(everything).result() == [
        ("account.added", {"user": "bob"}),
        ("login.created", {"user": "bob"}),
        ("account.disabled", {"user": "bob"}),
        ("account.enabled", {"user": "bob"}),
    ]


# ---- following ---------------------------------------------------------------------------------


def test_a_follower_is_let_in_where_they_were_and_no_one_else_is(store):
    join(store, "bob")
    code = store.new("ann").code
    store.record(code, "1", by="ann")
    follow = api.FOLLOW_EVENTS.request
    dispatcher = store.dispatcher
    assert dispatcher.follow(follow(code=code), store.credentials("ann")).result()[1] == 2
    assert dispatcher.follow(follow(code=code, after=1), store.credentials("ann")).result()[1] == 1
    assert (
        dispatcher.follow(follow(code=code, after=2**53), store.credentials("ann")).result()[1] == 2
    )
    with refused(errors.NoSuchSession):
        dispatcher.follow(follow(code=code), store.credentials("bob")).result()
    with refused(errors.NotLoggedIn):
        dispatcher.follow(follow(code=code), store.credentials("nobody")).result()


def test_who_follows_is_told_all_that_is_new_and_who_lost_the_role_nothing(store):
    join(store, "bob", "cleo")
    code = store.new("ann").code
    store.grant(code, "bob", by="ann")
    store.grant(code, "cleo", by="ann")
    session, after, _ = store.dispatcher.follow(
        api.FOLLOW_EVENTS.request(code=code), store.credentials("bob")
    ).result()
    askers = [store.credentials("bob"), store.credentials("cleo")]

    def advance(after: int, *, check: bool = False):
        return store.dispatcher.advance(session, code, after, askers, check=check).result()

    assert advance(after).events == []
    store.record(code, "1", by="ann")
    progress = advance(after)
    assert [event.kind for event in progress.events] == ["command.recorded"]
    assert progress.refused == {}
    do(store, "ann", api.REVOKE_ROLES, code=code, users=["bob"])
    store.record(code, "2", by="ann")
    progress = advance(progress.events[-1].number)
    assert [event.kind for event in progress.events] == ["member.revoked", "command.recorded"]
    assert list(progress.refused) == [store.credentials("bob")]
    do(store, "ann", api.DISABLE_SESSION, code=code)
    assert list(advance(progress.events[-1].number).refused) == askers
