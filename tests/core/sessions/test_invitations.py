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
def code(store):
    """Give the code of ann's session; bob, cleo and dan are known here, and not in it."""
    join(store, "bob", "cleo", "dan")
    return store.new("ann", label="Weather").code


def invite(store: Store, code: str, *roles: str, by: str = "ann", **more) -> schemas.NewInvitation:
    """Make an invitation."""
    made: schemas.NewInvitation = do(store, by, api.INVITE, code=code, roles=list(roles), **more)
    return made


def listed(store: Store, code: str, by: str = "ann") -> dict[int, schemas.Invitation]:
    """Return a session's invitations by number."""
    return {one.id: one for one in do(store, by, api.LIST_INVITATIONS, code=code).items}


def test_an_invitation_makes_who_has_its_key_a_member_with_its_roles(store, code):
    made = invite(store, code, "write", name="for the lab")
    assert made.key.startswith("jinv_") and len(made.key) > 40
    joined = do(store, "bob", api.JOIN, key=made.key)
    assert (joined.changed, joined.session.code) == (True, code)
    assert joined.session.roles == ["read", "write"]
    assert members(store, code, "ann")["bob"] == ["read", "write"]
    told = {m.user: m for m in do(store, "ann", api.LIST_MEMBERS, code=code).members}["bob"]
    assert (told.granted_by, told.guest) == ("ann", False)
    store.record(code, "1 + 1", by="bob")


def test_an_invitation_is_for_reading_once_and_for_a_week_unless_more_is_said(store, code):
    made = invite(store, code).invitation
    assert (made.roles, made.uses, made.used, made.state) == (["read"], 1, 0, "active")
    assert made.expires == store.clock() + timedelta(days=7)


def test_an_invitation_always_has_an_end_and_what_is_cut_is_said(store, code):
    made = invite(store, code, expires=60 * 24 * 365)
    assert made.clamped
    assert made.invitation.expires == store.clock() + timedelta(days=30)
    made = invite(store, code, expires=5)
    assert not made.clamped
    assert made.invitation.expires == store.clock() + timedelta(minutes=5)


def test_uses_are_counted_and_the_last_one_is_the_last(store, code):
    made = invite(store, code, "write", uses=2)
    for who in ("bob", "cleo"):
        do(store, who, api.JOIN, key=made.key)
    with refused(errors.InvitationUnusable):
        do(store, "dan", api.JOIN, key=made.key)
    shown = listed(store, code)[made.invitation.id]
    assert (shown.used, shown.uses, shown.state) == (2, 2, "used_up")


def test_of_many_who_join_at_once_no_more_come_in_than_may(store, code):
    people = [f"p{number}" for number in range(12)]
    join(store, *people)
    made = invite(store, code, uses=3)
    asked = [
        store.dispatcher.submit(
            api.JOIN, schemas.InvitationByKey(key=made.key), store.credentials(who)
        )
        for who in people
    ]
    wait(asked)
    failures = [future.exception() for future in asked if future.exception()]
    assert len(failures) == 9
    assert {type(failure) for failure in failures} == {errors.InvitationUnusable}
    assert len(members(store, code, "ann")) == 4


def test_roles_that_are_held_already_are_never_lowered(store, code):
    store.grant(code, "bob", "admin", by="ann")
    made = invite(store, code, "read", "execute")
    joined = do(store, "bob", api.JOIN, key=made.key)
    assert not joined.changed
    assert members(store, code, "ann")["bob"] == ["read", "write", "execute", "admin"]
    assert listed(store, code)[made.invitation.id].used == 0
    assert do(store, "ann", api.JOIN, key=made.key).changed is False
    store.grant(code, "cleo", "execute", by="ann")
    assert do(store, "cleo", api.JOIN, key=made.key).session.roles == ["read", "execute"]


def test_joining_twice_changes_nothing_and_uses_nothing_up(store, code):
    made = invite(store, code, "write", uses=2)
    do(store, "bob", api.JOIN, key=made.key)
    events = len(log(store, code, "ann"))
    assert do(store, "bob", api.JOIN, key=made.key).changed is False
    assert listed(store, code)[made.invitation.id].used == 1
    assert len(log(store, code, "ann")) == events


def test_nobody_invites_to_what_they_do_not_hold(store, code):
    store.grant(code, "bob", "write", by="ann")
    with refused(errors.RoleMissing):
        invite(store, code, "read", by="bob")
    with refused(errors.BadRole):
        invite(store, code, "owner")
    store.grant(code, "bob", "admin", by="ann")
    made = invite(store, code, "admin", by="bob")
    assert "admin" in do(store, "cleo", api.JOIN, key=made.key).session.roles


def test_an_invitation_is_worth_what_its_maker_may_still_give(store, code):
    store.grant(code, "bob", "admin", by="ann")
    made = invite(store, code, "write", by="bob", uses=5)
    do(store, "cleo", api.JOIN, key=made.key)
    for roles in (["write"], ["read"], ["execute"]):
        store.grant(code, "bob", *roles, by="ann")
        assert listed(store, code)[made.invitation.id].state == "void"
        with refused(errors.InvitationUnusable):
            do(store, "dan", api.JOIN, key=made.key)
    do(store, "ann", api.REVOKE_ROLES, code=code, users=["bob"])
    assert listed(store, code)[made.invitation.id].state == "void"
    with refused(errors.InvitationUnusable):
        do(store, "dan", api.JOIN, key=made.key)
    # Who came in before stays, as with a grant; and who may invite again, may.
    assert members(store, code, "ann")["cleo"] == ["read", "write"]
    store.grant(code, "bob", "admin", by="ann")
    assert do(store, "dan", api.JOIN, key=made.key).changed


def test_an_invitation_ends_with_the_account_of_who_made_it(store, code):
    store.grant(code, "bob", "admin", by="ann")
    made = invite(store, code, by="bob")
    do(store, "root", api.DISABLE_ACCOUNT, name="bob")
    with refused(errors.InvitationUnusable):
        do(store, "cleo", api.JOIN, key=made.key)
    do(store, "root", api.ENABLE_ACCOUNT, name="bob")
    assert listed(store, code)[made.invitation.id].state == "revoked"


@pytest.mark.parametrize("state", ["disabled", "closed", "removed", "expired"])
def test_a_session_that_is_not_open_lets_nobody_in(store, code, state):
    made = invite(store, code)
    if state == "expired":
        do(store, "ann", api.SET_SESSION_TIMEOUTS, code=code, lifetime=1)
        store.clock.forward(minutes=2)
    else:
        change = {
            "disabled": api.DISABLE_SESSION,
            "closed": api.CLOSE_SESSION,
            "removed": api.REMOVE_SESSION,
        }
        do(store, "ann", change[state], code=code)
    with refused(errors.InvitationUnusable):
        do(store, "bob", api.JOIN, key=made.key)
    with refused(errors.NoSuchSession):
        do(store, "bob", api.GET_SESSION, code=code)


def test_all_keys_that_let_nobody_in_get_one_answer(store, code):
    old, used, back = (invite(store, code, expires=1) for _ in range(3))
    do(store, "cleo", api.JOIN, key=used.key)
    do(store, "ann", api.UNINVITE, code=code, id=back.invitation.id)
    store.clock.forward(minutes=2)
    ticket = do(store, "ann", api.MAKE_TICKET).ticket
    wrong = [old.key, used.key, back.key, ticket, "jinv_" + "x" * 43, "", "\0", old.key[:-1]]
    for operation in (api.JOIN, api.LOOK_AT_INVITATION):
        told = set()
        for index, key in enumerate(wrong):
            who = f"another{index}"
            store.keys[who] = Identified(who)
            store.dispatcher._services.joining.succeeded("from ")
            with pytest.raises(errors.InvitationUnusable) as refusal:
                do(store, who, operation, key=key)
            told.add(str(refusal.value.to_wire()))
        assert len(told) == 1


def test_who_tries_too_many_keys_waits(store, code):
    made = invite(store, code, uses=5)
    for number in range(5):
        with refused(errors.InvitationUnusable):
            do(store, "bob", api.JOIN, key=f"jinv_{number}")
    with refused(errors.TooManyTries, match="attempts to join"):
        do(store, "bob", api.JOIN, key="jinv_5")
    # Nobody else waits for it, nor does who has the right key after all.
    with refused(errors.InvitationUnusable):
        do(store, "cleo", api.JOIN, key="jinv_5")
    do(store, "bob", api.JOIN, key=made.key)
    for number in range(5):
        with refused(errors.InvitationUnusable):
            do(store, "nobody", api.LOOK_AT_INVITATION, key=f"jinv_{number}")
    with refused(errors.TooManyTries):
        do(store, "nobody", api.LOOK_AT_INVITATION, key="jinv_5")
    assert do(store, "nobody", api.LOOK_AT_INVITATION, key=made.key).label == "Weather"


def test_who_was_revoked_can_not_come_back_by_an_older_invitation(store, code):
    used, other = invite(store, code, uses=9), invite(store, code, "write", uses=9)
    do(store, "bob", api.JOIN, key=used.key)
    do(store, "ann", api.REVOKE_ROLES, code=code, users=["bob"])
    for made in (used, other):
        with refused(errors.InvitationUnusable):
            do(store, "bob", api.JOIN, key=made.key)
    newer = invite(store, code)
    assert do(store, "bob", api.JOIN, key=newer.key).changed
    assert listed(store, code)[other.invitation.id].used == 0


def test_a_lowered_member_is_not_raised_again_by_the_same_invitation(store, code):
    made = invite(store, code, "write", uses=9)
    do(store, "bob", api.JOIN, key=made.key)
    store.grant(code, "bob", "read", by="ann")
    assert do(store, "bob", api.JOIN, key=made.key).changed is False
    assert members(store, code, "ann")["bob"] == ["read"]


def test_taking_an_invitation_back_lets_those_stay_who_are_members(store, code):
    made = invite(store, code, uses=9)
    do(store, "bob", api.JOIN, key=made.key)
    for _ in range(2):
        back = do(store, "ann", api.UNINVITE, code=code, id=made.invitation.id)
        assert back.state == "revoked"
    with refused(errors.InvitationUnusable):
        do(store, "cleo", api.JOIN, key=made.key)
    assert members(store, code, "ann")["bob"] == ["read"]
    assert [e.kind for e in log(store, code, "ann")].count("invitation.revoked") == 1


def test_invitations_are_the_admins_alone_and_each_sessions_own(store, code):
    made = invite(store, code)
    store.grant(code, "bob", "write", "execute", by="ann")
    for operation, more in [
        (api.LIST_INVITATIONS, {}),
        (api.UNINVITE, {"id": made.invitation.id}),
        (api.INVITE, {}),
    ]:
        with refused(errors.RoleMissing):
            do(store, "bob", operation, code=code, **more)
        with refused(errors.NoSuchSession):
            do(store, "cleo", operation, code=code, **more)
    other = store.new("bob").code
    with refused(errors.NotFound):
        do(store, "bob", api.UNINVITE, code=other, id=made.invitation.id)
    assert listed(store, other, "bob") == {}


def test_the_list_turns_pages(store, code):
    made = [invite(store, code).invitation.id for _ in range(5)]
    first = do(store, "ann", api.LIST_INVITATIONS, code=code, limit=3)
    rest = do(store, "ann", api.LIST_INVITATIONS, code=code, limit=3, after=first.next)
    assert [one.id for one in [*first.items, *rest.items]] == made[::-1]
    assert rest.next is None


def test_an_invitations_key_is_kept_as_a_hash_and_told_once(store, code):
    made = invite(store, code, name="x")
    rows = store.dispatcher.database.read(
        lambda tx: tx.connection.execute(select(keys).where(keys.c.kind == "invitation")).all()
    ).result()
    assert [row.hash for row in rows] == [digest(made.key)]
    told = [str(event) for event in log(store, code, "ann")] + [str(listed(store, code))]
    assert not [text for text in told if made.key in text]
    assert log(store, code, "ann")[-1].data["id"] == made.invitation.id


def test_an_invitations_key_is_no_login(store, code):
    store.keys["holder"] = KeyHolder(invite(store, code).key)
    with refused(errors.LoginUnknown):
        do(store, "holder", api.LIST_SESSIONS)
    with refused(errors.NotLoggedIn):
        do(store, "nobody", api.LOG_IN_WITH_TICKET, ticket=invite(store, code).key)


def test_joining_is_told_in_the_log_with_the_invitation(store, code):
    made = invite(store, code, "write")
    do(store, "bob", api.JOIN, key=made.key)
    told = log(store, code, "ann")[-1]
    assert (told.kind, told.user) == ("member.joined", "bob")
    assert told.data == {
        "user": "bob",
        "roles": ["read", "write"],
        "invitation": made.invitation.id,
    }


def test_what_an_invitation_opens_is_shown_to_who_has_its_key(store, code):
    made = invite(store, code, "write")
    shown = do(store, "nobody", api.LOOK_AT_INVITATION, key=made.key)
    assert (shown.label, shown.owner, shown.made_by) == ("Weather", "ann", "ann")
    assert (shown.roles, shown.guests) == (["read", "write"], False)
    assert listed(store, code)[made.invitation.id].used == 0


def test_a_session_that_is_purged_takes_its_invitations_along(store, code):
    made = invite(store, code)
    do(store, "ann", api.REMOVE_SESSION, code=code)
    store.clock.forward(days=31)
    store.dispatcher.tidy()
    with refused(errors.InvitationUnusable):
        do(store, "bob", api.JOIN, key=made.key)
