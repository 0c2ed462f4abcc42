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
def code(house):
    """Give the code of ann's session; bob, cleo and dan are known here, and not in it."""
    join(house, "bob", "cleo", "dan")
    return house.new("ann").code


def grants(house: Store, by: str, code: str, **roles: list[str]) -> schemas.Members:
    """Grant several people roles in one request."""
    wanted = [schemas.Grant(user=user, roles=names) for user, names in roles.items()]
    answer: schemas.Members = do(house, by, api.GRANT_ROLES, code=code, grants=wanted)
    return answer


def test_roles_imply_others(house, code):
    for granted, held in [
        ([], ["read"]),
        (["read"], ["read"]),
        (["write"], ["read", "write"]),
        (["execute"], ["execute"]),
        (["admin"], ["read", "write", "execute", "admin"]),
        (["execute", "read"], ["read", "execute"]),
        (["write", "execute", "write"], ["read", "write", "execute"]),
    ]:
        grants(house, "ann", code, bob=granted)
        assert members(house, code, "ann")["bob"] == held


def test_a_grant_replaces_what_was_held(house, code):
    grants(house, "ann", code, bob=["admin"])
    grants(house, "ann", code, bob=["execute"])
    assert members(house, code, "ann")["bob"] == ["execute"]


def test_who_executes_alone_neither_reads_nor_writes(house, code):
    grants(house, "ann", code, bob=["execute"])
    with refused(errors.RoleMissing, match="needs the role read, and you have execute"):
        do(house, "bob", api.GET_SESSION, code=code)
    with refused(errors.RoleMissing, match="needs the role write"):
        house.record(code, "1", by="bob")


def test_a_missing_role_is_named_together_with_who_can_grant_it(house, code):
    grants(house, "ann", code, bob=["write"])
    with pytest.raises(errors.RoleMissing) as refusal:
        grants(house, "bob", code, cleo=["read"])
    assert "role admin" in refusal.value.message
    assert "ann" in refusal.value.hint


def test_members_are_told_the_owner_first_and_then_by_name(house, code):
    join(house, "Zoe", "aaron")
    grants(house, "ann", code, Zoe=[], bob=[], aaron=[])
    assert list(members(house, code, "ann")) == ["ann", "aaron", "bob", "Zoe"]
    told = do(house, "ann", api.LIST_MEMBERS, code=code).members
    assert [member.owner for member in told] == [True, False, False, False]
    assert [member.granted_by for member in told] == [None, "ann", "ann", "ann"]


def test_many_are_granted_at_a_time_with_one_event_each(house, code):
    answer = grants(house, "ann", code, bob=["write"], cleo=["admin"], dan=[])
    assert [member.user for member in answer.members] == ["ann", "bob", "cleo", "dan"]
    told = [event.data for event in log(house, code, "ann") if event.kind == "member.granted"]
    assert told == [
        {"user": "bob", "roles": ["read", "write"]},
        {"user": "cleo", "roles": ["read", "write", "execute", "admin"]},
        {"user": "dan", "roles": ["read"]},
    ]


def test_one_bad_grant_is_named_and_none_takes_effect(house, code):
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
        grants(house, "ann", code, bob=["read"])
        before, told = members(house, code, "ann"), len(log(house, code, "ann"))
        wanted = [
            schemas.Grant(user="bob", roles=["admin"]),
            schemas.Grant(user="dan", roles=["admin"]),
            schemas.Grant(user=user, roles=roles),
        ]
        with pytest.raises(error) as refusal:
            do(house, "ann", api.GRANT_ROLES, code=code, grants=wanted)
        assert names_it in refusal.value.message
        assert members(house, code, "ann") == before
        assert len(log(house, code, "ann")) == told


def test_an_admin_grants_admin_but_nobody_less_grants_at_all(house, code):
    grants(house, "ann", code, bob=["admin"])
    grants(house, "bob", code, cleo=["admin"])
    assert members(house, code, "cleo")["cleo"] == ["read", "write", "execute", "admin"]
    grants(house, "ann", code, cleo=["write", "execute"])
    with refused(errors.RoleMissing):
        grants(house, "cleo", code, dan=["read"])


def test_nobody_can_raise_themselves(house, code):
    grants(house, "ann", code, bob=["write"])
    with refused(errors.RoleMissing):
        grants(house, "bob", code, bob=["admin"])
    assert members(house, code, "ann")["bob"] == ["read", "write"]


def test_an_owners_roles_stay_whatever_an_admin_does(house, code):
    grants(house, "ann", code, bob=["admin"])
    with refused(errors.Forbidden, match="ann owns"):
        grants(house, "bob", code, ann=["read"])
    with refused(errors.Forbidden, match="ann owns"):
        do(house, "bob", api.REVOKE_ROLES, code=code, users=["ann"])
    with refused(errors.Forbidden, match="ann owns"):
        do(house, "ann", api.REVOKE_ROLES, code=code, users=["ann"])
    assert members(house, code, "bob")["ann"][-1] == "owner"


def test_one_bad_revoke_is_named_and_nobody_loses_a_role(house, code):
    for stranger in ["unheard-of", "dan", "ann", "\0"]:
        grants(house, "ann", code, bob=[], cleo=[])
        before = members(house, code, "ann")
        with pytest.raises((errors.NotFound, errors.Forbidden)) as refusal:
            do(house, "ann", api.REVOKE_ROLES, code=code, users=["bob", "cleo", stranger])
        assert stranger.strip("\0") in refusal.value.message
        assert members(house, code, "ann") == before


def test_a_revoke_takes_all_roles_of_many_at_once(house, code):
    grants(house, "ann", code, bob=["admin"], cleo=["write"], dan=[])
    left = do(house, "ann", api.REVOKE_ROLES, code=code, users=["bob", "cleo", "bob"]).members
    assert [member.user for member in left] == ["ann", "dan"]
    for who in ("bob", "cleo"):
        with refused(errors.NoSuchSession):
            do(house, who, api.GET_SESSION, code=code)
    assert do(house, "ann", api.GET_SESSION, code=code).members == 2


def test_an_admin_can_leave_and_what_they_granted_stays(house, code):
    grants(house, "ann", code, bob=["admin"])
    grants(house, "bob", code, cleo=["write"])
    do(house, "bob", api.REVOKE_ROLES, code=code, users=["bob"])
    assert members(house, code, "ann")["cleo"] == ["read", "write"]


def test_a_regrant_keeps_since_when_someone_is_a_member(house, code):
    grants(house, "ann", code, bob=[])
    then = house.clock()
    house.clock.forward(days=1)
    grants(house, "ann", code, bob=["write"])
    told = {member.user: member for member in do(house, "ann", api.LIST_MEMBERS, code=code).members}
    assert told["bob"].since == then


def test_revoked_and_granted_again_is_a_new_membership(house, code):
    grants(house, "ann", code, bob=["admin"])
    do(house, "ann", api.REVOKE_ROLES, code=code, users=["bob"])
    house.clock.forward(days=1)
    grants(house, "ann", code, bob=[])
    told = {member.user: member for member in do(house, "ann", api.LIST_MEMBERS, code=code).members}
    assert (told["bob"].since, told["bob"].roles) == (house.clock(), ["read"])


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
def test_only_what_can_be_a_name_is_told_how_to_add(house, code, name, added):
    with pytest.raises(errors.SessionsError) as refusal:
        house.grant(code, name, "read", by="ann")
    assert (f"account add {name}" in refusal.value.hint) is added
    refusal.value.hint.encode("ascii")
