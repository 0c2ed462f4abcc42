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
def house(database, tmp_path) -> Iterator[Store]:
    """Give a store that lets guests in."""
    clock = Clock()
    dispatcher = Dispatcher(database, tmp_path / "blobs", Limits(guests=True), clock=clock)
    yield Store(dispatcher, clock)
    dispatcher.close()


@pytest.fixture
def code(house):
    """Give the code of ann's session; bob and cleo are known here, and not in it."""
    join(house, "bob", "cleo")
    return house.new("ann", label="Weather").code


def invite(house: Store, code: str, *roles: str, by: str = "ann", **more) -> schemas.NewInvitation:
    """Make an invitation."""
    made: schemas.NewInvitation = do(
        house, by, api.INVITE, code=code, roles=list(roles), **({"uses": 9} | more)
    )
    return made


def enter(house: Store, key: str, name: str = "gail") -> str:
    """Come in as a guest, and return how they are called."""
    entered = do(house, "nobody", api.ENTER_AS_GUEST, key=key, name=name)
    house.keys[entered.login.user] = KeyHolder(entered.login.key)
    return str(entered.login.user)


def test_without_the_servers_leave_there_are_no_guests(database, tmp_path):
    dispatcher = Dispatcher(database, tmp_path / "blobs")
    house = Store(dispatcher, Clock())
    made = invite(house, house.new().code, by="root")
    with refused(errors.Forbidden, match="does not admit guests"):
        do(house, "nobody", api.ENTER_AS_GUEST, key=made.key, name="gail")
    with refused(errors.Forbidden, match="does not admit guests"):
        do(house, "nobody", api.ENTER_AS_GUEST, key="jinv_x", name="gail")
    dispatcher.close()


def test_a_guest_works_in_the_session_and_is_marked_wherever_they_are_told_of(house, code):
    gail = enter(house, invite(house, code, "write").key)
    assert gail == "guest~gail"
    house.record(code, "1 + 1", by=gail)
    me = do(house, gail, api.WHO_AM_I)
    assert (me.name, me.display_name, me.guest, me.administrator) == (gail, "gail", True, False)
    told = {m.user: m for m in do(house, "ann", api.LIST_MEMBERS, code=code).members}
    assert (told[gail].guest, told[gail].display_name, told[gail].granted_by) == (
        True,
        "gail",
        "ann",
    )
    assert not told["ann"].guest
    (command,) = do(house, "ann", api.LIST_COMMANDS, code=code).items
    assert (command.user, command.guest) == (gail, True)
    events = log(house, code, "ann")
    assert [(e.kind, e.user, e.guest) for e in events[-2:]] == [
        ("member.joined", gail, True),
        ("command.recorded", gail, True),
    ]
    assert not events[0].guest


def test_a_guest_has_that_session_alone(house, code):
    other = house.new("ann").code
    invitation = invite(house, other)
    gail = enter(house, invite(house, code, "write").key)
    assert [s.code for s in do(house, gail, api.LIST_SESSIONS).items] == [code]
    with refused(errors.NoSuchSession):
        do(house, gail, api.GET_SESSION, code=other)
    with refused(errors.NoSuchSession):
        do(house, gail, api.GET_SESSION, code="default")
    for operation, more in [
        (api.CREATE_SESSION, {}),
        (api.JOIN, {"key": invitation.key}),
        (api.SWITCH_GROUP, {"group": None}),
        (api.ISSUE_LOGIN, {"user": "bob"}),
        (api.LIST_ACCOUNTS, {}),
    ]:
        with refused(errors.Forbidden):
            do(house, gail, operation, **more)
    with refused(errors.NotFound, match="no user"):
        house.grant(other, gail, "read", by="ann")
    with refused(errors.Conflict, match="guest"):
        do(house, "ann", api.TRANSFER_SESSION, code=code, user=gail)


def test_a_guest_can_be_given_other_roles_in_the_session_but_never_admin(house, code):
    gail = enter(house, invite(house, code).key)
    house.grant(code, gail, "write", by="ann")
    house.record(code, "1", by=gail)
    with refused(errors.Forbidden, match="guests can't have the role admin"):
        house.grant(code, gail, "admin", by="ann")
    do(house, gail, api.JOIN, key=invite(house, code, "admin").key)
    assert members(house, code, "ann")[gail] == ["read", "write", "execute"]
    with refused(errors.Forbidden, match="admin"):
        enter(house, invite(house, code, "admin").key, "hal")


@pytest.mark.parametrize("name", ["bob", "BOB", "ｂｏｂ", "gail", "Gail", "root"])
def test_a_guest_can_not_take_a_name_that_somebody_has(house, code, name):
    made = invite(house, code)
    enter(house, made.key, "gail")
    house.new("root")
    with refused(errors.Conflict, match="already"):
        enter(house, made.key, name)
    assert do(house, "ann", api.LIST_INVITATIONS, code=code).items[0].used == 1


@pytest.mark.parametrize("name", ["", " ", "guest~bob", "a/b", "a b", "a\u202eb", "x" * 65, "\0"])
def test_a_guests_name_is_a_name_that_a_user_could_have(house, code, name):
    with pytest.raises(errors.BadName):
        do(house, "nobody", api.ENTER_AS_GUEST, key=invite(house, code).key, name=name)


def test_names_are_not_tried_out_without_end(house, code):
    made = invite(house, code)
    for _ in range(5):
        with refused(errors.Conflict):
            enter(house, made.key, "bob")
    with refused(errors.TooManyTries):
        enter(house, made.key, "bob")
    enter(house, made.key, "gail")


def test_nobody_with_an_account_is_taken_for_a_guest_nor_the_other_way_round(house, code):
    gail = enter(house, invite(house, code).key)
    # Someone of that name comes later, with an account or from the identity provider.
    house.keys["gail"] = Identified("gail")
    assert do(house, "gail", api.LIST_SESSIONS).items == []
    with refused(errors.NoSuchSession):
        do(house, "gail", api.GET_SESSION, code=code)
    house.keys["sly"] = Identified(gail)
    with refused(errors.NotLoggedIn):
        do(house, "sly", api.LIST_SESSIONS)
    with refused(errors.WrongPassword):
        do(house, "nobody", api.LOG_IN, user=gail, password="")
    with refused(errors.Conflict, match="do not have passwords"):
        do(house, "root", api.SET_PASSWORD, name=gail, password="long enough")


def test_who_logs_out_as_a_guest_is_gone_and_so_is_their_name(house, code):
    made = invite(house, code, "write")
    gail = enter(house, made.key)
    house.record(code, "1", by=gail)
    do(house, gail, api.LOG_OUT)
    assert list(members(house, code, "ann")) == ["ann"]
    assert log(house, code, "ann")[-1].kind == "member.left"
    again = enter(house, made.key)
    assert again == gail
    # What was done under the name stays, and is not the new guest's to forget.
    with refused(errors.RoleMissing):
        do(house, again, api.FORGET_COMMAND, code=code, number=1)


def test_one_of_two_logins_can_end_before_the_guest_does(house, code):
    gail = enter(house, invite(house, code).key)
    ticket = do(house, gail, api.MAKE_TICKET).ticket
    second = do(house, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket)
    house.keys["browser"] = KeyHolder(second.key)
    do(house, "browser", api.LOG_OUT)
    assert do(house, gail, api.GET_SESSION, code=code).code == code


def test_a_guest_whose_login_has_run_out_is_gone(house, code):
    gail = enter(house, invite(house, code).key)
    house.clock.forward(days=8)
    house.dispatcher.tidy()
    assert list(members(house, code, "ann")) == ["ann"]
    with refused(errors.LoginRevoked):
        do(house, gail, api.GET_SESSION, code=code)


def test_an_invitation_that_is_taken_back_takes_its_guests_along(house, code):
    made, other = invite(house, code, "write"), invite(house, code)
    gail, hal = enter(house, made.key), enter(house, other.key, "hal")
    do(house, "bob", api.JOIN, key=made.key)
    do(house, "ann", api.UNINVITE, code=code, id=made.invitation.id)
    assert list(members(house, code, "ann")) == ["ann", "bob", hal]
    assert do(house, "ann", api.GET_SESSION, code=code).members == 3
    with pytest.raises(errors.LoginRevoked) as raised:
        do(house, gail, api.GET_SESSION, code=code)
    assert raised.value.hint == "Ask for another invitation."
    told = log(house, code, "ann")[-2:]
    assert [event.kind for event in told] == ["invitation.revoked", "member.left"]
    assert told[1].data == {"user": gail}


def test_a_guest_outlives_the_hour_in_which_an_invitation_can_be_used(house, code):
    gail = enter(house, invite(house, code, expires=60).key)
    house.clock.forward(hours=2)
    assert do(house, gail, api.GET_SESSION, code=code).code == code


def test_a_guest_who_is_revoked_is_gone(house, code):
    gail = enter(house, invite(house, code).key)
    do(house, "ann", api.REVOKE_ROLES, code=code, users=[gail])
    with refused(errors.LoginRevoked):
        do(house, gail, api.WHO_AM_I)


def test_a_guest_who_leaves_a_removed_session_harms_nothing(house, code):
    gail = enter(house, invite(house, code).key)
    do(house, "ann", api.REMOVE_SESSION, code=code)
    with refused(errors.NoSuchSession):
        do(house, gail, api.GET_SESSION, code=code)
    house.clock.forward(days=31)
    house.dispatcher.tidy()
    assert do(house, "root", api.LIST_ACCOUNTS, limit=500).next is None
