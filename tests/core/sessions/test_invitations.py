"""Invitations: what they open, for whom, how often, and when they let nobody in."""

from __future__ import annotations

from concurrent.futures import wait
from datetime import timedelta

import pytest
from sqlalchemy import select

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.core.auth.principals import digest
from jupyter_sessions.core.types import Identified, KeyHolder
from jupyter_sessions.store.tables import keys
from tests.conftest import Store
from tests.core.asking import do, join, log, members, refused


@pytest.fixture
def code(house):
    """Give the code of ann's session; bob, cleo and dan are known here, and not in it."""
    join(house, "bob", "cleo", "dan")
    return house.new("ann", label="Weather").code


def invite(house: Store, code: str, *roles: str, by: str = "ann", **more) -> schemas.NewInvitation:
    """Make an invitation."""
    made: schemas.NewInvitation = do(house, by, api.INVITE, code=code, roles=list(roles), **more)
    return made


def listed(house: Store, code: str, by: str = "ann") -> dict[int, schemas.Invitation]:
    """Return a session's invitations by number."""
    return {one.id: one for one in do(house, by, api.LIST_INVITATIONS, code=code).items}


def test_an_invitation_makes_who_has_its_key_a_member_with_its_roles(house, code):
    made = invite(house, code, "write", name="for the lab")
    assert made.key.startswith("jinv_") and len(made.key) > 40
    joined = do(house, "bob", api.JOIN, key=made.key)
    assert (joined.changed, joined.session.code) == (True, code)
    assert joined.session.roles == ["read", "write"]
    assert members(house, code, "ann")["bob"] == ["read", "write"]
    told = {m.user: m for m in do(house, "ann", api.LIST_MEMBERS, code=code).members}["bob"]
    assert (told.granted_by, told.guest) == ("ann", False)
    house.record(code, "1 + 1", by="bob")


def test_an_invitation_is_for_reading_once_and_for_a_week_unless_more_is_said(house, code):
    made = invite(house, code).invitation
    assert (made.roles, made.uses, made.used, made.state) == (["read"], 1, 0, "active")
    assert made.expires == house.clock() + timedelta(days=7)


def test_an_invitation_always_has_an_end_and_what_is_cut_is_said(house, code):
    made = invite(house, code, expires=60 * 24 * 365)
    assert made.clamped
    assert made.invitation.expires == house.clock() + timedelta(days=30)
    made = invite(house, code, expires=5)
    assert not made.clamped
    assert made.invitation.expires == house.clock() + timedelta(minutes=5)


def test_uses_are_counted_and_the_last_one_is_the_last(house, code):
    made = invite(house, code, "write", uses=2)
    for who in ("bob", "cleo"):
        do(house, who, api.JOIN, key=made.key)
    with refused(errors.InvitationUnusable):
        do(house, "dan", api.JOIN, key=made.key)
    shown = listed(house, code)[made.invitation.id]
    assert (shown.used, shown.uses, shown.state) == (2, 2, "used_up")


def test_of_many_who_join_at_once_no_more_come_in_than_may(house, code):
    people = [f"p{number}" for number in range(12)]
    join(house, *people)
    made = invite(house, code, uses=3)
    asked = [
        house.dispatcher.submit(
            api.JOIN, schemas.InvitationByKey(key=made.key), house.credentials(who)
        )
        for who in people
    ]
    wait(asked)
    failures = [future.exception() for future in asked if future.exception()]
    assert len(failures) == 9
    assert {type(failure) for failure in failures} == {errors.InvitationUnusable}
    assert len(members(house, code, "ann")) == 4


def test_roles_that_are_held_already_are_never_lowered(house, code):
    house.grant(code, "bob", "admin", by="ann")
    made = invite(house, code, "read", "execute")
    joined = do(house, "bob", api.JOIN, key=made.key)
    assert not joined.changed
    assert members(house, code, "ann")["bob"] == ["read", "write", "execute", "admin"]
    assert listed(house, code)[made.invitation.id].used == 0
    assert do(house, "ann", api.JOIN, key=made.key).changed is False
    house.grant(code, "cleo", "execute", by="ann")
    assert do(house, "cleo", api.JOIN, key=made.key).session.roles == ["read", "execute"]


def test_joining_twice_changes_nothing_and_uses_nothing_up(house, code):
    made = invite(house, code, "write", uses=2)
    do(house, "bob", api.JOIN, key=made.key)
    events = len(log(house, code, "ann"))
    assert do(house, "bob", api.JOIN, key=made.key).changed is False
    assert listed(house, code)[made.invitation.id].used == 1
    assert len(log(house, code, "ann")) == events


def test_nobody_invites_to_what_they_do_not_hold(house, code):
    house.grant(code, "bob", "write", by="ann")
    with refused(errors.RoleMissing):
        invite(house, code, "read", by="bob")
    with refused(errors.BadRole):
        invite(house, code, "owner")
    house.grant(code, "bob", "admin", by="ann")
    made = invite(house, code, "admin", by="bob")
    assert "admin" in do(house, "cleo", api.JOIN, key=made.key).session.roles


def test_an_invitation_is_worth_what_its_maker_may_still_give(house, code):
    house.grant(code, "bob", "admin", by="ann")
    made = invite(house, code, "write", by="bob", uses=5)
    do(house, "cleo", api.JOIN, key=made.key)
    for roles in (["write"], ["read"], ["execute"]):
        house.grant(code, "bob", *roles, by="ann")
        assert listed(house, code)[made.invitation.id].state == "void"
        with refused(errors.InvitationUnusable):
            do(house, "dan", api.JOIN, key=made.key)
    do(house, "ann", api.REVOKE_ROLES, code=code, users=["bob"])
    assert listed(house, code)[made.invitation.id].state == "void"
    with refused(errors.InvitationUnusable):
        do(house, "dan", api.JOIN, key=made.key)
    # Who came in before stays, as with a grant; and who may invite again, may.
    assert members(house, code, "ann")["cleo"] == ["read", "write"]
    house.grant(code, "bob", "admin", by="ann")
    assert do(house, "dan", api.JOIN, key=made.key).changed


def test_an_invitation_ends_with_the_account_of_who_made_it(house, code):
    house.grant(code, "bob", "admin", by="ann")
    made = invite(house, code, by="bob")
    do(house, "root", api.DISABLE_ACCOUNT, name="bob")
    with refused(errors.InvitationUnusable):
        do(house, "cleo", api.JOIN, key=made.key)
    do(house, "root", api.ENABLE_ACCOUNT, name="bob")
    assert listed(house, code)[made.invitation.id].state == "revoked"


@pytest.mark.parametrize("state", ["disabled", "closed", "removed", "expired"])
def test_a_session_that_is_not_open_lets_nobody_in(house, code, state):
    made = invite(house, code)
    if state == "expired":
        do(house, "ann", api.SET_SESSION_TIMEOUTS, code=code, lifetime=1)
        house.clock.forward(minutes=2)
    else:
        change = {
            "disabled": api.DISABLE_SESSION,
            "closed": api.CLOSE_SESSION,
            "removed": api.REMOVE_SESSION,
        }
        do(house, "ann", change[state], code=code)
    with refused(errors.InvitationUnusable):
        do(house, "bob", api.JOIN, key=made.key)
    with refused(errors.NoSuchSession):
        do(house, "bob", api.GET_SESSION, code=code)


def test_all_keys_that_let_nobody_in_get_one_answer(house, code):
    old, used, back = (invite(house, code, expires=1) for _ in range(3))
    do(house, "cleo", api.JOIN, key=used.key)
    do(house, "ann", api.UNINVITE, code=code, id=back.invitation.id)
    house.clock.forward(minutes=2)
    ticket = do(house, "ann", api.MAKE_TICKET).ticket
    wrong = [old.key, used.key, back.key, ticket, "jinv_" + "x" * 43, "", "\0", old.key[:-1]]
    for operation in (api.JOIN, api.LOOK_AT_INVITATION):
        told = set()
        for index, key in enumerate(wrong):
            who = f"another{index}"
            house.keys[who] = Identified(who)
            house.dispatcher._services.joining.succeeded("from ")
            with pytest.raises(errors.InvitationUnusable) as refusal:
                do(house, who, operation, key=key)
            told.add(str(refusal.value.to_wire()))
        assert len(told) == 1


def test_who_tries_too_many_keys_waits(house, code):
    made = invite(house, code, uses=5)
    for number in range(5):
        with refused(errors.InvitationUnusable):
            do(house, "bob", api.JOIN, key=f"jinv_{number}")
    with refused(errors.TooManyTries, match="attempts to join"):
        do(house, "bob", api.JOIN, key="jinv_5")
    # Nobody else waits for it, nor does who has the right key after all.
    with refused(errors.InvitationUnusable):
        do(house, "cleo", api.JOIN, key="jinv_5")
    do(house, "bob", api.JOIN, key=made.key)
    for number in range(5):
        with refused(errors.InvitationUnusable):
            do(house, "nobody", api.LOOK_AT_INVITATION, key=f"jinv_{number}")
    with refused(errors.TooManyTries):
        do(house, "nobody", api.LOOK_AT_INVITATION, key="jinv_5")
    assert do(house, "nobody", api.LOOK_AT_INVITATION, key=made.key).label == "Weather"


def test_who_was_revoked_can_not_come_back_by_an_older_invitation(house, code):
    used, other = invite(house, code, uses=9), invite(house, code, "write", uses=9)
    do(house, "bob", api.JOIN, key=used.key)
    do(house, "ann", api.REVOKE_ROLES, code=code, users=["bob"])
    for made in (used, other):
        with refused(errors.InvitationUnusable):
            do(house, "bob", api.JOIN, key=made.key)
    newer = invite(house, code)
    assert do(house, "bob", api.JOIN, key=newer.key).changed
    assert listed(house, code)[other.invitation.id].used == 0


def test_a_lowered_member_is_not_raised_again_by_the_same_invitation(house, code):
    made = invite(house, code, "write", uses=9)
    do(house, "bob", api.JOIN, key=made.key)
    house.grant(code, "bob", "read", by="ann")
    assert do(house, "bob", api.JOIN, key=made.key).changed is False
    assert members(house, code, "ann")["bob"] == ["read"]


def test_taking_an_invitation_back_lets_those_stay_who_are_members(house, code):
    made = invite(house, code, uses=9)
    do(house, "bob", api.JOIN, key=made.key)
    for _ in range(2):
        back = do(house, "ann", api.UNINVITE, code=code, id=made.invitation.id)
        assert back.state == "revoked"
    with refused(errors.InvitationUnusable):
        do(house, "cleo", api.JOIN, key=made.key)
    assert members(house, code, "ann")["bob"] == ["read"]
    assert [e.kind for e in log(house, code, "ann")].count("invitation.revoked") == 1


def test_invitations_are_the_admins_alone_and_each_sessions_own(house, code):
    made = invite(house, code)
    house.grant(code, "bob", "write", "execute", by="ann")
    for operation, more in [
        (api.LIST_INVITATIONS, {}),
        (api.UNINVITE, {"id": made.invitation.id}),
        (api.INVITE, {}),
    ]:
        with refused(errors.RoleMissing):
            do(house, "bob", operation, code=code, **more)
        with refused(errors.NoSuchSession):
            do(house, "cleo", operation, code=code, **more)
    other = house.new("bob").code
    with refused(errors.NotFound):
        do(house, "bob", api.UNINVITE, code=other, id=made.invitation.id)
    assert listed(house, other, "bob") == {}


def test_the_list_turns_pages(house, code):
    made = [invite(house, code).invitation.id for _ in range(5)]
    first = do(house, "ann", api.LIST_INVITATIONS, code=code, limit=3)
    rest = do(house, "ann", api.LIST_INVITATIONS, code=code, limit=3, after=first.next)
    assert [one.id for one in [*first.items, *rest.items]] == made[::-1]
    assert rest.next is None


def test_an_invitations_key_is_kept_as_a_hash_and_told_once(house, code):
    made = invite(house, code, name="x")
    rows = house.dispatcher.database.read(
        lambda tx: tx.connection.execute(select(keys).where(keys.c.kind == "invitation")).all()
    ).result()
    assert [row.hash for row in rows] == [digest(made.key)]
    told = [str(event) for event in log(house, code, "ann")] + [str(listed(house, code))]
    assert not [text for text in told if made.key in text]
    assert log(house, code, "ann")[-1].data["id"] == made.invitation.id


def test_an_invitations_key_is_no_login(house, code):
    house.keys["holder"] = KeyHolder(invite(house, code).key)
    with refused(errors.LoginUnknown):
        do(house, "holder", api.LIST_SESSIONS)
    with refused(errors.NotLoggedIn):
        do(house, "nobody", api.LOG_IN_WITH_TICKET, ticket=invite(house, code).key)


def test_joining_is_told_in_the_log_with_the_invitation(house, code):
    made = invite(house, code, "write")
    do(house, "bob", api.JOIN, key=made.key)
    told = log(house, code, "ann")[-1]
    assert (told.kind, told.user) == ("member.joined", "bob")
    assert told.data == {
        "user": "bob",
        "roles": ["read", "write"],
        "invitation": made.invitation.id,
    }


def test_what_an_invitation_opens_is_shown_to_who_has_its_key(house, code):
    made = invite(house, code, "write")
    shown = do(house, "nobody", api.LOOK_AT_INVITATION, key=made.key)
    assert (shown.label, shown.owner, shown.made_by) == ("Weather", "ann", "ann")
    assert (shown.roles, shown.guests) == (["read", "write"], False)
    assert listed(house, code)[made.invitation.id].used == 0


def test_a_session_that_is_purged_takes_its_invitations_along(house, code):
    made = invite(house, code)
    do(house, "ann", api.REMOVE_SESSION, code=code)
    house.clock.forward(days=31)
    house.dispatcher.tidy()
    with refused(errors.InvitationUnusable):
        do(house, "bob", api.JOIN, key=made.key)
