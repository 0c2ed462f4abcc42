"""Grants and revokes: what they mean, and that all of a request takes effect or nothing of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_sessions import api, errors, schemas
from jupyter_sessions.roles import Roles, expand, from_names
from tests.conftest import Store
from tests.core.asking import do, join, log, members, refused

NAMES = ("read", "write", "execute", "admin")


@pytest.fixture
def code(store):
    """Give the code of ann's session; bob, cleo and dan are known here, and not in it."""
    join(store, "bob", "cleo", "dan")
    return store.new("ann").code


def grants(store: Store, by: str, code: str, **roles: list[str]) -> schemas.Members:
    """Grant several people roles in one request."""
    wanted = [schemas.Grant(user=user, roles=names) for user, names in roles.items()]
    answer: schemas.Members = do(store, by, api.GRANT_ROLES, code=code, grants=wanted)
    return answer


def test_roles_imply_others(store, code):
    for granted, held in [
        ([], ["read"]),
        (["read"], ["read"]),
        (["write"], ["read", "write"]),
        (["execute"], ["execute"]),
        (["admin"], ["read", "write", "execute", "admin"]),
        (["execute", "read"], ["read", "execute"]),
        (["write", "execute", "write"], ["read", "write", "execute"]),
    ]:
        grants(store, "ann", code, bob=granted)
        assert members(store, code, "ann")["bob"] == held


def test_a_grant_replaces_what_was_held(store, code):
    grants(store, "ann", code, bob=["admin"])
    grants(store, "ann", code, bob=["execute"])
    assert members(store, code, "ann")["bob"] == ["execute"]


def test_who_executes_alone_neither_reads_nor_writes(store, code):
    grants(store, "ann", code, bob=["execute"])
    with refused(errors.RoleMissing, match="needs the role read, and you have execute"):
        do(store, "bob", api.GET_SESSION, code=code)
    with refused(errors.RoleMissing, match="needs the role write"):
        store.record(code, "1", by="bob")


def test_a_missing_role_is_named_together_with_who_can_grant_it(store, code):
    grants(store, "ann", code, bob=["write"])
    with pytest.raises(errors.RoleMissing) as refusal:
        grants(store, "bob", code, cleo=["read"])
    assert "role admin" in refusal.value.message
    assert "ann" in refusal.value.hint


def test_members_are_told_the_owner_first_and_then_by_name(store, code):
    join(store, "Zoe", "aaron")
    grants(store, "ann", code, Zoe=[], bob=[], aaron=[])
    assert list(members(store, code, "ann")) == ["ann", "aaron", "bob", "Zoe"]
    told = do(store, "ann", api.LIST_MEMBERS, code=code).members
    assert [member.owner for member in told] == [True, False, False, False]
    assert [member.granted_by for member in told] == [None, "ann", "ann", "ann"]


def test_many_are_granted_at_a_time_with_one_event_each(store, code):
    answer = grants(store, "ann", code, bob=["write"], cleo=["admin"], dan=[])
    assert [member.user for member in answer.members] == ["ann", "bob", "cleo", "dan"]
    told = [event.data for event in log(store, code, "ann") if event.kind == "member.granted"]
    assert told == [
        {"user": "bob", "roles": ["read", "write"]},
        {"user": "cleo", "roles": ["read", "write", "execute", "admin"]},
        {"user": "dan", "roles": ["read"]},
    ]


def test_one_bad_grant_is_named_and_none_takes_effect(store, code):
    for user, roles, error, names_it in [
        ("unheard-of", ["read"], errors.NotFound, "unheard-of"),
        ("", ["read"], errors.NotFound, "''"),
        ("\0", ["read"], errors.NotFound, "x00"),
        ("bob\0", ["read"], errors.NotFound, "bob"),
        ("cleo", ["reed"], errors.BadRole, "reed"),
        ("cleo", ["owner"], errors.BadRole, "owner"),
        ("cleo", ["READ"], errors.BadRole, "READ"),
        ("cleo", ["read|write"], errors.BadRole, "read|write"),
        ("ann", ["read"], errors.Forbidden, "ann"),
        ("BOB", ["admin"], errors.Conflict, "bob"),
    ]:
        grants(store, "ann", code, bob=["read"])
        before, told = members(store, code, "ann"), len(log(store, code, "ann"))
        wanted = [
            schemas.Grant(user="bob", roles=["admin"]),
            schemas.Grant(user="dan", roles=["admin"]),
            schemas.Grant(user=user, roles=roles),
        ]
        with pytest.raises(error) as refusal:
            do(store, "ann", api.GRANT_ROLES, code=code, grants=wanted)
        assert names_it in refusal.value.message
        assert members(store, code, "ann") == before
        assert len(log(store, code, "ann")) == told


def test_an_admin_grants_admin_but_nobody_less_grants_at_all(store, code):
    grants(store, "ann", code, bob=["admin"])
    grants(store, "bob", code, cleo=["admin"])
    assert members(store, code, "cleo")["cleo"] == ["read", "write", "execute", "admin"]
    grants(store, "ann", code, cleo=["write", "execute"])
    with refused(errors.RoleMissing):
        grants(store, "cleo", code, dan=["read"])


def test_nobody_can_raise_themselves(store, code):
    grants(store, "ann", code, bob=["write"])
    with refused(errors.RoleMissing):
        grants(store, "bob", code, bob=["admin"])
    assert members(store, code, "ann")["bob"] == ["read", "write"]


def test_an_owners_roles_stay_whatever_an_admin_does(store, code):
    grants(store, "ann", code, bob=["admin"])
    with refused(errors.Forbidden, match="ann owns"):
        grants(store, "bob", code, ann=["read"])
    with refused(errors.Forbidden, match="ann owns"):
        do(store, "bob", api.REVOKE_ROLES, code=code, users=["ann"])
    with refused(errors.Forbidden, match="ann owns"):
        do(store, "ann", api.REVOKE_ROLES, code=code, users=["ann"])
    assert members(store, code, "bob")["ann"][-1] == "owner"


def test_one_bad_revoke_is_named_and_nobody_loses_a_role(store, code):
    for stranger in ["unheard-of", "dan", "ann", "\0"]:
        grants(store, "ann", code, bob=[], cleo=[])
        before = members(store, code, "ann")
        with pytest.raises((errors.NotFound, errors.Forbidden)) as refusal:
            do(store, "ann", api.REVOKE_ROLES, code=code, users=["bob", "cleo", stranger])
        assert stranger.strip("\0") in refusal.value.message
        assert members(store, code, "ann") == before


def test_a_revoke_takes_all_roles_of_many_at_once(store, code):
    grants(store, "ann", code, bob=["admin"], cleo=["write"], dan=[])
    left = do(store, "ann", api.REVOKE_ROLES, code=code, users=["bob", "cleo", "bob"]).members
    assert [member.user for member in left] == ["ann", "dan"]
    for who in ("bob", "cleo"):
        with refused(errors.NoSuchSession):
            do(store, who, api.GET_SESSION, code=code)
    assert do(store, "ann", api.GET_SESSION, code=code).members == 2


def test_an_admin_can_leave_and_what_they_granted_stays(store, code):
    grants(store, "ann", code, bob=["admin"])
    grants(store, "bob", code, cleo=["write"])
    do(store, "bob", api.REVOKE_ROLES, code=code, users=["bob"])
    assert members(store, code, "ann")["cleo"] == ["read", "write"]


def test_a_regrant_keeps_since_when_someone_is_a_member(store, code):
    grants(store, "ann", code, bob=[])
    then = store.clock()
    store.clock.forward(days=1)
    grants(store, "ann", code, bob=["write"])
    told = {member.user: member for member in do(store, "ann", api.LIST_MEMBERS, code=code).members}
    assert told["bob"].since == then


def test_revoked_and_granted_again_is_a_new_membership(store, code):
    grants(store, "ann", code, bob=["admin"])
    do(store, "ann", api.REVOKE_ROLES, code=code, users=["bob"])
    store.clock.forward(days=1)
    grants(store, "ann", code, bob=[])
    told = {member.user: member for member in do(store, "ann", api.LIST_MEMBERS, code=code).members}
    assert (told["bob"].since, told["bob"].roles) == (store.clock(), ["read"])


@given(st.lists(st.sampled_from(NAMES), max_size=6))
def test_roles_mean_the_same_in_any_order_and_number(names):
    held = from_names(names)
    assert held == from_names(reversed(names)) == from_names(held.names or ["read"])
    assert held == expand(held)
    assert Roles.OWNER not in held
    assert held & Roles.READ or held == Roles.EXECUTE


@pytest.mark.parametrize(
    ("name", "added"), [("misspelt", True), ("\u202ebob", False), ("b b; rm", False), ("", False)]
)
def test_only_what_can_be_a_name_is_told_how_to_add(store, code, name, added):
    with pytest.raises(errors.SessionsError) as refusal:
        store.grant(code, name, "read", by="ann")
    assert (f"account add {name}" in refusal.value.hint) is added
    refusal.value.hint.encode("ascii")


def test_who_lost_their_roles_is_told_who_revoked_them_and_nobody_else_is(store, code):
    join(store, "eve")
    grants(store, "ann", code, bob=["read"], cleo=["admin"])

    def told(who: str) -> tuple[bool, str | None]:
        answer = do(store, who, api.SESSION_EXISTS, code=code)
        return answer.exists, answer.ended_by

    assert told("bob") == (True, None)
    do(store, "cleo", api.REVOKE_ROLES, code=code, users=["bob"])
    assert told("bob") == (False, "cleo")
    assert told("eve") == (False, None)
    grants(store, "ann", code, bob=["read"])
    assert told("bob") == (True, None)
    do(store, "ann", api.REVOKE_ROLES, code=code, users=["bob"])
    assert told("bob") == (False, "ann")
