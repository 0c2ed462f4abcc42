"""Groups that an identity provider names: taken over, and no more than that."""

from __future__ import annotations

import pytest

from jupyter_sessions import api, errors
from jupyter_sessions.core.types import Identified, KeyHolder
from tests.conftest import Store
from tests.core.asking import do, join, refused


def come(store: Store, name: str, *groups: str) -> None:
    """Have someone come whom the provider knows in these groups."""
    credentials = Identified(name, groups=frozenset(groups))
    store.keys[name] = credentials
    store.dispatcher.recognise(credentials)


def mine(store: Store, name: str) -> list[str]:
    """Return the names of someone's groups."""
    return [group.name for group in do(store, name, api.LIST_GROUPS).items]


def test_who_comes_is_in_the_groups_that_are_named_and_in_those_alone(store):
    come(store, "ann", "Lab", "staff")
    assert mine(store, "ann") == ["Lab", "staff"]
    lab = do(store, "ann", api.GET_GROUP, name="lab")
    assert (lab.external, lab.roles, lab.owners, lab.users) == (True, [], [], 1)
    come(store, "ann", "staff", "new")
    assert mine(store, "ann") == ["new", "staff"]
    come(store, "ann")
    assert mine(store, "ann") == []
    assert do(store, "root", api.GET_GROUP, name="lab").users == 0


def test_who_is_named_no_more_is_out_of_sessions_and_logins_at_once(store):
    come(store, "ann", "lab")
    come(store, "bob", "lab")
    do(store, "root", api.CHANGE_GROUP, name="lab", roles=["read"])
    do(store, "ann", api.SWITCH_GROUP, group="lab")
    do(store, "bob", api.SWITCH_GROUP, group="lab")
    ticket = do(store, "bob", api.MAKE_TICKET).ticket
    store.keys["bob's key"] = KeyHolder(
        do(store, "nobody", api.LOG_IN_WITH_TICKET, ticket=ticket).key
    )
    code = store.new("ann").code
    assert do(store, "bob's key", api.GET_SESSION, code=code).roles == ["read"]
    come(store, "bob")
    for who in ("bob", "bob's key"):
        assert do(store, who, api.CHECK_LOGIN).group is None
        with refused(errors.NoSuchSession):
            do(store, who, api.GET_SESSION, code=code)


def test_who_is_in_such_a_group_is_changed_by_nobody_here(store):
    come(store, "ann", "lab")
    join(store, "cleo")
    do(store, "root", api.SET_GROUP_OWNERS, name="lab", users=["ann"])
    for operation, name in ((api.ADD_GROUP_USERS, "cleo"), (api.REMOVE_GROUP_USERS, "ann")):
        for who in ("ann", "root"):
            with refused(errors.Conflict, match="identity provider"):
                do(store, who, operation, name="lab", users=[name])
    assert do(store, "ann", api.CHANGE_GROUP, name="lab", roles=["read"]).roles == ["read"]


def test_a_group_made_here_is_not_taken_for_one_of_the_providers(store):
    join(store, "cleo")
    do(store, "root", api.ADD_GROUP, name="lab", owners=["cleo"], roles=["admin"])
    come(store, "ann", "LAB", "staff")
    assert mine(store, "ann") == ["staff"]
    come(store, "cleo")
    assert mine(store, "cleo") == ["lab"]


@pytest.mark.parametrize("name", ["a b", "a:b", "", "@", "a\0", "x" * 65])
def test_a_name_that_is_none_is_left_out(store, name):
    come(store, "ann", name, "staff")
    assert mine(store, "ann") == ["staff"]


def test_a_provider_that_knows_of_no_groups_changes_none(store):
    join(store, "cleo")
    do(store, "root", api.ADD_GROUP, name="lab", owners=["cleo"])
    assert store.credentials("cleo").groups is None
    assert mine(store, "cleo") == ["lab"]


def test_a_disabled_account_is_put_into_no_group(store):
    store.add("foo")
    do(store, "root", api.DISABLE_ACCOUNT, name="foo")
    come(store, "foo", "lab")
    with refused(errors.NotFound):
        do(store, "root", api.GET_GROUP, name="lab")
