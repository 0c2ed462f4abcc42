"""Groups that an identity provider names: taken over, and no more than that."""

from __future__ import annotations

import pytest

from jupyter_sessions import api, errors
from jupyter_sessions.core.types import Identified, KeyHolder
from tests.conftest import Store
from tests.core.asking import do, join, refused


def come(house: Store, name: str, *groups: str) -> None:
    """Have someone come whom the provider knows in these groups."""
    credentials = Identified(name, groups=frozenset(groups))
    house.keys[name] = credentials
    house.dispatcher.recognise(credentials)


def mine(house: Store, name: str) -> list[str]:
    """Return the names of someone's groups."""
    return [group.name for group in do(house, name, api.LIST_GROUPS).items]


def test_who_comes_is_in_the_groups_that_are_named_and_in_those_alone(house):
    come(house, "ann", "Lab", "staff")
    assert mine(house, "ann") == ["Lab", "staff"]
    lab = do(house, "ann", api.GET_GROUP, name="lab")
    assert (lab.external, lab.roles, lab.owners, lab.users) == (True, [], [], 1)
    come(house, "ann", "staff", "new")
    assert mine(house, "ann") == ["new", "staff"]
    come(house, "ann")
    assert mine(house, "ann") == []
    assert do(house, "root", api.GET_GROUP, name="lab").users == 0


def test_who_is_named_no_more_is_out_of_sessions_and_logins_at_once(house):
    come(house, "ann", "lab")
    come(house, "bob", "lab")
    do(house, "root", api.CHANGE_GROUP, name="lab", roles=["read"])
    do(house, "ann", api.SWITCH_GROUP, group="lab")
    do(house, "bob", api.SWITCH_GROUP, group="lab")
    ticket = do(house, "bob", api.MAKE_TICKET).ticket
    house.keys["bob's key"] = KeyHolder(
        do(house, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket).key
    )
    code = house.new("ann").code
    assert do(house, "bob's key", api.GET_SESSION, code=code).roles == ["read"]
    come(house, "bob")
    for who in ("bob", "bob's key"):
        assert do(house, who, api.CHECK_LOGIN).group is None
        with refused(errors.NoSuchSession):
            do(house, who, api.GET_SESSION, code=code)


def test_who_is_in_such_a_group_is_changed_by_nobody_here(house):
    come(house, "ann", "lab")
    join(house, "cleo")
    do(house, "root", api.SET_GROUP_OWNERS, name="lab", users=["ann"])
    for operation, name in ((api.ADD_GROUP_USERS, "cleo"), (api.REMOVE_GROUP_USERS, "ann")):
        for who in ("ann", "root"):
            with refused(errors.Conflict, match="identity provider"):
                do(house, who, operation, name="lab", users=[name])
    assert do(house, "ann", api.CHANGE_GROUP, name="lab", roles=["read"]).roles == ["read"]


def test_a_group_made_here_is_not_taken_for_one_of_the_providers(house):
    join(house, "cleo")
    do(house, "root", api.ADD_GROUP, name="lab", owners=["cleo"], roles=["admin"])
    come(house, "ann", "LAB", "staff")
    assert mine(house, "ann") == ["staff"]
    come(house, "cleo")
    assert mine(house, "cleo") == ["lab"]


@pytest.mark.parametrize("name", ["a b", "a:b", "", "@", "a\0", "x" * 65])
def test_a_name_that_is_none_is_left_out(house, name):
    come(house, "ann", name, "staff")
    assert mine(house, "ann") == ["staff"]


def test_a_provider_that_knows_of_no_groups_changes_none(house):
    join(house, "cleo")
    do(house, "root", api.ADD_GROUP, name="lab", owners=["cleo"])
    assert house.credentials("cleo").groups is None
    assert mine(house, "cleo") == ["lab"]


def test_a_disabled_account_is_put_into_no_group(house):
    house.add("foo")
    do(house, "root", api.DISABLE_ACCOUNT, name="foo")
    come(house, "foo", "lab")
    with refused(errors.NotFound):
        do(house, "root", api.GET_GROUP, name="lab")
