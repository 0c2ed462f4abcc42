"""Guests: one session and no other, a name that nobody has, a mark everywhere, and their end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.dispatcher import Dispatcher
from jupyter_sessions.core.types import Identified, KeyHolder, Limits
from tests.conftest import Clock, Store
from tests.core.asking import do, join, log, members, refused


@pytest.fixture
def store(database, tmp_path) -> Iterator[Store]:
    """Give a store that lets guests in."""
    clock = Clock()
    dispatcher = Dispatcher(database, tmp_path / "blobs", Limits(guests=True), clock=clock)
    yield Store(dispatcher, clock)
    dispatcher.close()


@pytest.fixture
def code(store):
    """Give the code of ann's session; bob and cleo are known here, and not in it."""
    join(store, "bob", "cleo")
    return store.new("ann", label="Weather").code


def invite(store: Store, code: str, *roles: str, by: str = "ann", **more) -> schemas.NewInvitation:
    """Make an invitation."""
    made: schemas.NewInvitation = do(
        store, by, api.INVITE, code=code, roles=list(roles), **({"uses": 9} | more)
    )
    return made


def enter(store: Store, key: str, name: str = "gail") -> str:
    """Come in as a guest, and return how they are called."""
    entered = do(store, "nobody", api.ENTER_AS_GUEST, key=key, name=name)
    store.keys[entered.login.user] = KeyHolder(entered.login.key)
    return str(entered.login.user)


def test_without_the_servers_leave_there_are_no_guests(database, tmp_path):
    dispatcher = Dispatcher(database, tmp_path / "blobs")
    store = Store(dispatcher, Clock())
    made = invite(store, store.new().code, by="root")
    with refused(errors.Forbidden, match="does not admit guests"):
        do(store, "nobody", api.ENTER_AS_GUEST, key=made.key, name="gail")
    with refused(errors.Forbidden, match="does not admit guests"):
        do(store, "nobody", api.ENTER_AS_GUEST, key="jinv_x", name="gail")
    dispatcher.close()


def test_a_guest_works_in_the_session_and_is_marked_wherever_they_are_told_of(store, code):
    gail = enter(store, invite(store, code, "write").key)
    assert gail == "guest~gail"
    store.record(code, "1 + 1", by=gail)
    me = do(store, gail, api.WHO_AM_I)
    assert (me.name, me.display_name, me.guest, me.administrator) == (gail, "gail", True, False)
    told = {m.user: m for m in do(store, "ann", api.LIST_MEMBERS, code=code).members}
    assert (told[gail].guest, told[gail].display_name, told[gail].granted_by) == (
        True,
        "gail",
        "ann",
    )
    assert not told["ann"].guest
    (command,) = do(store, "ann", api.LIST_COMMANDS, code=code).items
    assert (command.user, command.guest) == (gail, True)
    events = log(store, code, "ann")
    assert [(e.kind, e.user, e.guest) for e in events[-2:]] == [
        ("member.joined", gail, True),
        ("command.recorded", gail, True),
    ]
    assert not events[0].guest


def test_a_guest_has_that_session_alone(store, code):
    other = store.new("ann").code
    invitation = invite(store, other)
    gail = enter(store, invite(store, code, "write").key)
    assert [s.code for s in do(store, gail, api.LIST_SESSIONS).items] == [code]
    with refused(errors.NoSuchSession):
        do(store, gail, api.GET_SESSION, code=other)
    with refused(errors.NoSuchSession):
        do(store, gail, api.GET_SESSION, code="default")
    for operation, more in [
        (api.CREATE_SESSION, {}),
        (api.JOIN, {"key": invitation.key}),
        (api.SWITCH_GROUP, {"group": None}),
        (api.ISSUE_LOGIN, {"user": "bob"}),
        (api.LIST_ACCOUNTS, {}),
    ]:
        with refused(errors.Forbidden):
            do(store, gail, operation, **more)
    with refused(errors.NotFound, match="no user"):
        store.grant(other, gail, "read", by="ann")
    with refused(errors.Conflict, match="guest"):
        do(store, "ann", api.TRANSFER_SESSION, code=code, user=gail)


def test_a_guest_can_be_given_other_roles_in_the_session_but_never_admin(store, code):
    gail = enter(store, invite(store, code).key)
    store.grant(code, gail, "write", by="ann")
    store.record(code, "1", by=gail)
    with refused(errors.Forbidden, match="guests can't have the role admin"):
        store.grant(code, gail, "admin", by="ann")
    do(store, gail, api.JOIN, key=invite(store, code, "admin").key)
    assert members(store, code, "ann")[gail] == ["read", "write", "execute"]
    with refused(errors.Forbidden, match="admin"):
        enter(store, invite(store, code, "admin").key, "hal")


@pytest.mark.parametrize("name", ["bob", "BOB", "ｂｏｂ", "gail", "Gail", "root"])
def test_a_guest_can_not_take_a_name_that_somebody_has(store, code, name):
    made = invite(store, code)
    enter(store, made.key, "gail")
    store.new("root")
    with refused(errors.Conflict, match="already"):
        enter(store, made.key, name)
    assert do(store, "ann", api.LIST_INVITATIONS, code=code).items[0].used == 1


@pytest.mark.parametrize("name", ["", " ", "guest~bob", "a/b", "a b", "a\u202eb", "x" * 65, "\0"])
def test_a_guests_name_is_a_name_that_a_user_could_have(store, code, name):
    with pytest.raises(errors.BadName):
        do(store, "nobody", api.ENTER_AS_GUEST, key=invite(store, code).key, name=name)


def test_names_are_not_tried_out_without_end(store, code):
    made = invite(store, code)
    for _ in range(5):
        with refused(errors.Conflict):
            enter(store, made.key, "bob")
    with refused(errors.TooManyTries):
        enter(store, made.key, "bob")
    enter(store, made.key, "gail")


def test_nobody_with_an_account_is_taken_for_a_guest_nor_the_other_way_round(store, code):
    gail = enter(store, invite(store, code).key)
    # Someone of that name comes later, with an account or from the identity provider.
    store.keys["gail"] = Identified("gail")
    assert do(store, "gail", api.LIST_SESSIONS).items == []
    with refused(errors.NoSuchSession):
        do(store, "gail", api.GET_SESSION, code=code)
    store.keys["sly"] = Identified(gail)
    with refused(errors.NotLoggedIn):
        do(store, "sly", api.LIST_SESSIONS)
    with refused(errors.WrongPassword):
        do(store, "nobody", api.LOG_IN, user=gail, password="")
    with refused(errors.Conflict, match="do not have passwords"):
        do(store, "root", api.SET_PASSWORD, name=gail, password="long enough")


def test_who_logs_out_as_a_guest_is_gone_and_so_is_their_name(store, code):
    made = invite(store, code, "write")
    gail = enter(store, made.key)
    store.record(code, "1", by=gail)
    do(store, gail, api.LOG_OUT)
    assert list(members(store, code, "ann")) == ["ann"]
    assert log(store, code, "ann")[-1].kind == "member.left"
    again = enter(store, made.key)
    assert again == gail
    # What was done under the name stays, and is not the new guest's to forget.
    with refused(errors.RoleMissing):
        do(store, again, api.FORGET_COMMAND, code=code, number=1)


def test_one_of_two_logins_can_end_before_the_guest_does(store, code):
    gail = enter(store, invite(store, code).key)
    ticket = do(store, gail, api.MAKE_TICKET).ticket
    second = do(store, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket)
    store.keys["browser"] = KeyHolder(second.key)
    do(store, "browser", api.LOG_OUT)
    assert do(store, gail, api.GET_SESSION, code=code).code == code


def test_a_guest_whose_login_has_run_out_is_gone(store, code):
    gail = enter(store, invite(store, code).key)
    store.clock.forward(days=8)
    store.dispatcher.tidy()
    assert list(members(store, code, "ann")) == ["ann"]
    with refused(errors.LoginRevoked):
        do(store, gail, api.GET_SESSION, code=code)


def test_an_invitation_that_is_taken_back_takes_its_guests_along(store, code):
    made, other = invite(store, code, "write"), invite(store, code)
    gail, hal = enter(store, made.key), enter(store, other.key, "hal")
    do(store, "bob", api.JOIN, key=made.key)
    do(store, "ann", api.UNINVITE, code=code, id=made.invitation.id)
    assert list(members(store, code, "ann")) == ["ann", "bob", hal]
    assert do(store, "ann", api.GET_SESSION, code=code).members == 3
    with pytest.raises(errors.LoginRevoked) as raised:
        do(store, gail, api.GET_SESSION, code=code)
    assert raised.value.hint == "Ask for another invitation."
    told = log(store, code, "ann")[-2:]
    assert [event.kind for event in told] == ["invitation.revoked", "member.left"]
    assert told[1].data == {"user": gail}


def test_a_guest_outlives_the_hour_in_which_an_invitation_can_be_used(store, code):
    gail = enter(store, invite(store, code, expires=60).key)
    store.clock.forward(hours=2)
    assert do(store, gail, api.GET_SESSION, code=code).code == code


def test_a_guest_who_is_revoked_is_gone(store, code):
    gail = enter(store, invite(store, code).key)
    do(store, "ann", api.REVOKE_ROLES, code=code, users=[gail])
    with refused(errors.LoginRevoked):
        do(store, gail, api.WHO_AM_I)


def test_a_guest_who_leaves_a_removed_session_harms_nothing(store, code):
    gail = enter(store, invite(store, code).key)
    do(store, "ann", api.REMOVE_SESSION, code=code)
    with refused(errors.NoSuchSession):
        do(store, gail, api.GET_SESSION, code=code)
    store.clock.forward(days=31)
    store.dispatcher.tidy()
    assert do(store, "root", api.LIST_ACCOUNTS, limit=500).next is None
